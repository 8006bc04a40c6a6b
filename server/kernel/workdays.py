"""Working days: the one core through which every deadline is counted.

Saturdays and Sundays rest (QĐ 188/1999/QĐ-TTg); holidays rest and swapped days work as the calendar says
(``config/calendars/vn.toml``, dated data with its legal basis). Counting is by arithmetic and bisection, so
a term of years costs no more than one of days. Pure: the calendar comes in as bytes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

import msgspec

from server.kernel.clock import UTC, VIETNAM

WEEK = 7
WORKING_PER_WEEK = 5
EPOCH = date(1970, 1, 5)
"""A Monday; days are counted from it."""
CLOSING = time(17, 0)
"""End of office hours when none is named [M]."""
SPAN_MAX = 100_000
"""Longest term in working days: about four centuries."""


class CalendarError(ValueError):
    """A calendar is wrong: says what."""


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name in both languages."""

    vi: str
    """Vietnamese."""
    en: str
    """English."""


class CalendarDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day, or a row of days, that differs from the week."""

    first: date
    """First day."""
    kind: Literal["holiday", "working"]
    """Rest on a weekday, or work on a Saturday or Sunday in its place."""
    name: Names
    """Why."""
    basis: str
    """Legal basis; [M] where it is unverified."""
    last: date | None = None
    """Last day; None = the first one only."""

    def days(self) -> list[date]:
        """Return every day of the row."""
        span = ((self.last or self.first) - self.first).days
        return [self.first + timedelta(days=n) for n in range(span + 1)]


class CalendarFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a calendar file holds."""

    name: Names
    """Name of the calendar."""
    known_until: date
    """Last day for which holidays are listed; later days count by the week alone."""
    days: tuple[CalendarDay, ...]
    """Days that differ."""


@dataclass(frozen=True, slots=True)
class DayNote:
    """Why a day rests or works against its place in the week."""

    day: date
    """The day."""
    name: Names
    """Why."""
    basis: str
    """Legal basis."""


class WorkingDays:
    """Working days of one calendar."""

    def __init__(self, days: Iterable[CalendarDay] = (), *, known_until: date = date.max) -> None:
        rests: dict[date, CalendarDay] = {}
        works: dict[date, CalendarDay] = {}
        for row in days:
            if row.last is not None and row.last < row.first:
                raise CalendarError(f"{row.first}: the last day lies before the first")
            for day in row.days():
                if day in rests or day in works:
                    raise CalendarError(f"{day}: listed twice")
                (rests if row.kind == "holiday" else works)[day] = row
        # Only what differs from the week counts: a holiday on a Sunday takes no working day away.
        self._lost = sorted(_ordinal(day) for day in rests if day.weekday() < WORKING_PER_WEEK)
        self._won = sorted(_ordinal(day) for day in works if day.weekday() >= WORKING_PER_WEEK)
        self._notes = {**rests, **works}
        self.known_until = known_until

    @classmethod
    def read(cls, data: bytes) -> WorkingDays:
        """Build from the bytes of a calendar file. Raises CalendarError."""
        try:
            file = msgspec.toml.decode(data, type=CalendarFile)
        except msgspec.MsgspecError as error:
            raise CalendarError(str(error)) from error
        return cls(file.days, known_until=file.known_until)

    def is_working(self, day: date) -> bool:
        """Tell whether the day is worked."""
        return self._before(_ordinal(day) + 1) > self._before(_ordinal(day))

    def note(self, day: date) -> DayNote | None:
        """Return why a day differs from the week; None = it does not."""
        row = self._notes.get(day)
        return None if row is None else DayNote(day, row.name, row.basis)

    def add(self, day: date, working_days: int) -> date:
        """Return the day that lies so many working days after; 0 = the day itself, negative = before.

        The day itself is not counted (Civil Code 2015, Article 147: a term starts on the day after [M]), so
        one working day after a Friday, a Saturday or a Sunday is Monday. Raises ValueError beyond
        ``SPAN_MAX``.
        """
        if abs(working_days) > SPAN_MAX:
            raise ValueError(f"{working_days} working days")
        if working_days == 0:
            return day
        start = _ordinal(day)
        # The n-th working day after is the first whose own count, itself included, reaches the target.
        target = (
            self._before(start + 1) + working_days
            if working_days > 0
            else self._before(start) + working_days + 1
        )
        return _day(self._reach(target))

    def between(self, start: date, end: date) -> int:
        """Return the working days after ``start`` up to and with ``end``; negative backwards."""
        return self._before(_ordinal(end) + 1) - self._before(_ordinal(start) + 1)

    def left(self, today: date, due: date) -> int:
        """Return the working days from today to a due day; 0 = due today, negative = it has passed."""
        return self.between(today, due)

    def due(self, received: datetime, working_days: int, *, closing: time = CLOSING) -> datetime:
        """Return the instant, in UTC, at which a term of working days ends: closing time of its last day.

        What comes in after closing, or on a day that is not worked, counts as received on the next working
        day at opening, before the term starts. ``received`` is aware; ``working_days`` at least 1.
        """
        local = received.astimezone(VIETNAM)
        day = local.date()
        if not self.is_working(day) or local.time() > closing:
            day = self.add(day, 1)
        last = self.add(day, working_days)
        return datetime.combine(last, closing, tzinfo=VIETNAM).astimezone(UTC)

    def _before(self, ordinal: int) -> int:
        """Return the working days from the epoch up to, and without, that day."""
        weeks, rest = divmod(ordinal, WEEK)
        by_week = weeks * WORKING_PER_WEEK + min(rest, WORKING_PER_WEEK)
        return by_week - bisect_left(self._lost, ordinal) + bisect_left(self._won, ordinal)

    def _reach(self, target: int) -> int:
        """Return the first day up to and with which there are ``target`` working days."""
        slack = len(self._lost) + len(self._won) + WEEK
        estimate = target * WEEK // WORKING_PER_WEEK
        low, high = estimate - 2 * slack, estimate + 2 * slack
        while low < high:
            middle = (low + high) // 2
            if self._before(middle + 1) >= target:
                high = middle
            else:
                low = middle + 1
        return low


def _ordinal(day: date) -> int:
    return (day - EPOCH).days


def _day(ordinal: int) -> date:
    return EPOCH + timedelta(days=ordinal)
