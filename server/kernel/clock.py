"""Time as a parameter. Instants are aware datetimes in UTC; the office reads them at +07:00."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Protocol

UTC = timezone(timedelta(0), "UTC")
VIETNAM = timezone(timedelta(hours=7), "+07:00")
"""Indochina time; Viet Nam has had no other offset since 1975 and no daylight saving."""


class Clock(Protocol):
    """Where the present comes from."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that tests set and move."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the instant it stands at."""
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move forward (or back)."""
        self.at += by


def text(instant: datetime) -> str:
    """Fixed-width RFC 3339 in UTC with microseconds, as rows keep it; sorts as time does."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def local_date(instant: datetime) -> date:
    """Return the calendar day in Viet Nam at that instant."""
    return instant.astimezone(VIETNAM).date()
