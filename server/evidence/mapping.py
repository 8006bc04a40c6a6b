"""The mapping of events to ETSI EN 319 522 and the timers of silence: data, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from server.evidence.model import SILENCE, Event
from server.kernel.clock import UTC, VIETNAM
from server.kernel.workdays import CLOSING

Sure = Literal["quoted", "read", "own"]


class EventName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One event of ours in the words of the standard."""

    name: str
    """Our word."""
    etsi: str
    """Letter and number of EN 319 522-1; "" = the standard has none."""
    uri: str
    """Identifier of EN 319 522-3, Table 2, or our own."""
    code: str
    """Status code 01 to 16 that goes with it; "" = none."""
    sure: Sure
    """How sure the mapping is."""
    vi: str
    """Words, Vietnamese."""
    en: str
    """Words, English."""


class _EventFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    policy: str
    event: tuple[EventName, ...]


class Timer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Terms of one kind of silence, in working days by urgency, and whom it is told."""

    normal: int
    urgent: int
    very_urgent: int
    express: int
    express_timed: int
    tell: tuple[str, ...]
    """``side:role`` each."""

    def days(self, urgency: str) -> int:
        """Return the term of an urgency in working days. Raises KeyError."""
        return self.terms()[urgency]

    def terms(self) -> Mapping[str, int]:
        """Return the terms by urgency."""
        return {
            "normal": self.normal,
            "urgent": self.urgent,
            "very_urgent": self.very_urgent,
            "express": self.express,
            "express_timed": self.express_timed,
        }


class _TimerFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    not_received: Timer
    not_opened: Timer
    not_answered: Timer


class Calendar(Protocol):
    """Working days."""

    def add(self, day: date, working_days: int) -> date:
        """Return the day that lies so many working days after; negative = before."""
        ...

    def is_working(self, day: date) -> bool:
        """Tell whether the day is worked."""
        ...


@dataclass(frozen=True)
class EvidenceRules:
    """Everything that is data about evidence."""

    policy: str
    """URI of the policy that evidence names."""
    events: Mapping[str, EventName]
    """By our word."""
    by_code: Mapping[str, EventName]
    """By status code."""
    timers: Mapping[Event, Timer]
    """By silence."""

    @classmethod
    def load(cls, folder: Path) -> EvidenceRules:
        """Read ``events.toml`` and ``timers.toml`` (blocking). Raises OSError, ValueError."""
        names = msgspec.toml.decode((folder / "events.toml").read_bytes(), type=_EventFile)
        timers = msgspec.toml.decode((folder / "timers.toml").read_bytes(), type=_TimerFile)
        events = {one.name: one for one in names.event}
        missing = {event.value for event in Event} - set(events)
        if missing or len(events) != len(names.event):
            raise ValueError(f"{folder / 'events.toml'}: missing or twice: {sorted(missing)}")
        return cls(
            policy=names.policy,
            events=events,
            by_code={one.code: one for one in names.event if one.code},
            timers=dict(
                zip(SILENCE, (timers.not_received, timers.not_opened, timers.not_answered), strict=True)
            ),
        )


def term_end(calendar: Calendar, received: datetime, working_days: int) -> datetime:
    """Return the instant, in UTC, at which a term that began with ``received`` ends: closing time.

    What comes after closing, or on a day that is not worked, counts as received on the next working day.
    """
    local = received.astimezone(VIETNAM)
    day = local.date()
    if not calendar.is_working(day) or local.time() > CLOSING:
        day = calendar.add(day, 1)
    return datetime.combine(calendar.add(day, working_days), CLOSING, tzinfo=VIETNAM).astimezone(UTC)


def latest_received(calendar: Calendar, now: datetime, working_days: int) -> datetime:
    """Return the latest instant of receipt whose term has ended by ``now``: the inverse of ``term_end``."""
    local = now.astimezone(VIETNAM)
    day = local.date()
    if not calendar.is_working(day) or local.time() < CLOSING:
        day = calendar.add(day, -1)
    if working_days:
        day = calendar.add(day, -working_days)
    return datetime.combine(day, CLOSING, tzinfo=VIETNAM).astimezone(UTC)
