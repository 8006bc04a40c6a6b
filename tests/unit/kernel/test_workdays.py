"""Working days against an oracle that walks one day at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kernel.workdays import CalendarDay, CalendarError, Names, WorkingDays

CALENDAR = Path(__file__).resolve().parents[3] / "config" / "calendars" / "vn.toml"
DAYS = st.dates(date(2024, 1, 1), date(2029, 1, 1))
NAME = Names(vi="nghỉ", en="rest")


def listed(day: date, kind: str) -> CalendarDay:
    return CalendarDay(first=day, kind="holiday" if kind == "holiday" else "working", name=NAME, basis="")


CALENDARS = st.dictionaries(DAYS, st.sampled_from(["holiday", "working"]), max_size=60).map(
    lambda days: (days, WorkingDays([listed(day, kind) for day, kind in days.items()]))
)


def works(days: dict[date, str], day: date) -> bool:
    return days[day] == "working" if day in days else day.weekday() < 5


def walk(days: dict[date, str], start: date, count: int) -> date:
    step = timedelta(days=1 if count > 0 else -1)
    day = start
    for _ in range(abs(count)):
        day += step
        while not works(days, day):
            day += step
    return day


@given(CALENDARS, DAYS, st.integers(-120, 300))
def test_adding_days_agrees_with_walking_them(
    calendar: tuple[dict[date, str], WorkingDays], start: date, count: int
) -> None:
    days, fast = calendar

    assert fast.add(start, count) == walk(days, start, count)


@given(CALENDARS, DAYS, DAYS)
def test_days_between_agree_with_counting_them(
    calendar: tuple[dict[date, str], WorkingDays], start: date, end: date
) -> None:
    days, fast = calendar
    low, high = min(start, end), max(start, end)
    counted = sum(works(days, low + timedelta(days=n)) for n in range(1, (high - low).days + 1))

    assert fast.between(start, end) == (counted if end >= start else -counted)


@given(CALENDARS, DAYS)
def test_a_day_is_worked_as_the_calendar_says(
    calendar: tuple[dict[date, str], WorkingDays], day: date
) -> None:
    days, fast = calendar

    assert fast.is_working(day) is works(days, day)


@given(CALENDARS, DAYS, st.integers(1, 200))
def test_a_term_has_as_many_days_left_as_it_was_given(
    calendar: tuple[dict[date, str], WorkingDays], start: date, count: int
) -> None:
    _, fast = calendar

    assert fast.left(start, fast.add(start, count)) == count


@pytest.fixture
def vietnam() -> WorkingDays:
    return WorkingDays.read(CALENDAR.read_bytes())


def test_the_calendar_that_ships_knows_tet_and_swapped_saturdays(vietnam: WorkingDays) -> None:
    assert not vietnam.is_working(date(2026, 2, 17))
    assert vietnam.is_working(date(2026, 8, 22))
    note = vietnam.note(date(2026, 2, 17))
    assert note is not None
    assert note.name.vi == "Tết Nguyên đán Bính Ngọ"


def test_a_term_over_tet_skips_the_holidays(vietnam: WorkingDays) -> None:
    assert vietnam.add(date(2026, 2, 13), 3) == date(2026, 2, 25)


def test_what_comes_in_after_closing_counts_from_the_next_working_day(vietnam: WorkingDays) -> None:
    before = datetime(2026, 11, 20, 9, 59, tzinfo=UTC)  # Friday 16:59 in Viet Nam
    after = datetime(2026, 11, 20, 10, 1, tzinfo=UTC)

    assert vietnam.due(before, 2) == datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert vietnam.due(after, 2) == datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def test_a_day_listed_twice_is_named() -> None:
    day = date(2026, 1, 1)

    with pytest.raises(CalendarError, match="2026-01-01"):
        WorkingDays([listed(day, "holiday"), listed(day, "working")])


def test_a_broken_file_is_a_calendar_error() -> None:
    with pytest.raises(CalendarError):
        WorkingDays.read(b"days = 3")


def test_a_term_of_centuries_is_refused(vietnam: WorkingDays) -> None:
    with pytest.raises(ValueError, match="working days"):
        vietnam.add(date(2026, 1, 1), 10**9)
