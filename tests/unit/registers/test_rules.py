"""Rules of series: which rule counts what, periods, starts, dates; and numbering against a simple model."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from server.kernel.errors import Conflict, Invalid
from server.registers.bookforms import BookFormError, BookForms
from server.registers.config import load_rules
from server.registers.model import NumberLine
from server.registers.rules import (
    check_date,
    check_rules,
    check_transition,
    choose_rule,
    completeness,
    first_number,
    fold,
    pattern_of,
    period_on,
    sources_of,
)
from server.registers.series import (
    Book,
    NumberState,
    Period,
    PeriodKind,
    Series,
    SeriesRule,
    Start,
)

ROOT = Path(__file__).resolve().parents[3]
TODAY = date(2026, 11, 22)
TERM = Period("Nhiệm kỳ 2025 - 2030", date(2025, 10, 1), date(2030, 10, 1))


def a_rule(
    name: str,
    *,
    types: tuple[str, ...] = (),
    period: PeriodKind = PeriodKind.YEAR,
    periods: tuple[Period, ...] = (),
    starts: tuple[Start, ...] = (),
    valid_from: date = date(2025, 1, 1),
    book: Book = Book.OUTGOING,
) -> SeriesRule:
    return SeriesRule(
        id=name,
        body_id="z02",
        book=book,
        name=name,
        period=period,
        valid_from=valid_from,
        types=types,
        periods=periods,
        starts=starts,
    )


def a_series(start: int, following: int) -> Series:
    return Series(
        id="s",
        rule_id="r",
        body_id="z02",
        kept_by="z02-01",
        book=Book.OUTGOING,
        name="Văn bản đi",
        profile="state",
        type_code="",
        period=PeriodKind.YEAR,
        period_label="2026",
        period_start=date(2026, 1, 1),
        period_end=date(2027, 1, 1),
        start_number=start,
        next_number=following,
        last_date=None,
    )


def test_a_rule_that_names_the_type_goes_first() -> None:
    rules = [a_rule("all"), a_rule("decisions", types=("quyet-dinh",))]

    assert choose_rule(rules, Book.OUTGOING, "quyet-dinh", TODAY).id == "decisions"
    assert choose_rule(rules, Book.OUTGOING, "bao-cao", TODAY).id == "all"


def test_no_rule_for_a_day_is_said() -> None:
    with pytest.raises(Invalid) as refused:
        choose_rule([a_rule("later", valid_from=date(2027, 1, 1))], Book.OUTGOING, "bao-cao", TODAY)

    assert refused.value.code == "registers.no_series"


def test_a_congress_is_used_only_when_named() -> None:
    congress = a_rule("congress", period=PeriodKind.CONGRESS, periods=(TERM,))

    with pytest.raises(Invalid):
        choose_rule([congress], Book.OUTGOING, "nghi-quyet", TODAY)
    assert choose_rule([congress], Book.OUTGOING, "nghi-quyet", TODAY, "congress") is congress


@given(st.dates(date(2000, 1, 1), date(2100, 12, 30)))
def test_a_year_holds_each_of_its_days(day: date) -> None:
    period = period_on(a_rule("year"), day)

    assert period.holds(day)
    assert period.start == date(day.year, 1, 1)
    assert not period.holds(period.end)


def test_an_own_period_without_spans_never_ends() -> None:
    assert period_on(a_rule("own", period=PeriodKind.OWN), date(2199, 1, 1)).holds(date(9998, 1, 1))


def test_a_series_starts_at_one_or_where_the_body_joined() -> None:
    joined = a_rule("r", starts=(Start(date(2026, 6, 1), 57, "quyet-dinh"), Start(date(2026, 6, 1), 12)))

    this_year, next_year = period_on(joined, TODAY), period_on(joined, date(2027, 1, 1))
    assert first_number(joined, this_year, "quyet-dinh") == 57
    assert first_number(joined, this_year, "bao-cao") == 12
    assert first_number(joined, next_year, "quyet-dinh") == 1


@given(st.dates(date(2026, 1, 1), date(2027, 1, 1)), st.dates(date(2026, 1, 1), TODAY))
def test_dates_never_run_backwards_without_a_reason(day: date, last: date) -> None:
    allowed = last <= day <= TODAY
    try:
        check_date(day, today=TODAY, last=last, reason="")
    except Invalid:
        assert not allowed
    else:
        assert allowed


def test_a_reason_excuses_an_older_date_and_never_a_future_one() -> None:
    check_date(TODAY - timedelta(days=9), today=TODAY, last=TODAY, reason="cấp số muộn")
    with pytest.raises(Invalid):
        check_date(TODAY + timedelta(days=1), today=TODAY, last=None, reason="vội")


@pytest.mark.parametrize("state", list(NumberState))
def test_nothing_follows_the_end_of_a_number(state: NumberState) -> None:
    final = {NumberState.ISSUED, NumberState.VOIDED, NumberState.OUTSIDE}
    for wanted in NumberState:
        if state in final:
            with pytest.raises(Conflict):
                check_transition(state, wanted, "12-QĐ/TU")


def test_voiding_is_possible_until_issue() -> None:
    assert set(sources_of(NumberState.VOIDED)) == {NumberState.ALLOCATED, NumberState.SEALED}


def test_a_missing_number_is_found() -> None:
    lines = [NumberLine(n, str(n), "issued", TODAY, "") for n in (57, 58, 60)]

    report = completeness(a_series(57, 61), lines)

    assert report.missing == [59]
    assert not report.complete
    assert [line.state for line in report.lines] == ["issued", "issued", "missing", "issued"]


def test_two_rules_for_one_type_are_refused() -> None:
    with pytest.raises(Invalid) as refused:
        check_rules([a_rule("one", types=("bao-cao",)), a_rule("two", types=("bao-cao", "quyet-dinh"))])

    assert refused.value.code == "registers.rules_overlap"


def test_a_term_needs_a_period_and_periods_do_not_overlap() -> None:
    with pytest.raises(Invalid) as none:
        check_rules([a_rule("term", period=PeriodKind.TERM)])
    with pytest.raises(Invalid) as twice:
        check_rules([a_rule("term", period=PeriodKind.TERM, periods=(TERM, TERM))])

    assert none.value.code == "registers.period_missing"
    assert twice.value.code == "registers.periods_overlap"


@pytest.mark.parametrize(
    ("typed", "stored"), [("so y te", "Sở Y tế"), ("DONG MAU", "Đồng Mẫu"), ("quyết  định", "QUYẾT ĐỊNH")]
)
def test_look_up_needs_no_marks(typed: str, stored: str) -> None:
    assert fold(typed) == fold(stored)


def test_signs_of_the_pattern_are_words_like_others() -> None:
    assert pattern_of("50%_!") == "%50!%!_!!%"


def test_the_demo_rules_work_for_their_bodies() -> None:
    rules = load_rules(ROOT / "config" / "registers" / "demo.toml").rules

    for body in {one.body_id for one in rules}:
        check_rules([one for one in rules if one.body_id == body])


def test_every_book_has_its_printed_form() -> None:
    forms = BookForms.load(ROOT / "config" / "registers" / "books.toml")

    assert [forms.on(book, TODAY).book for book in Book] == list(Book)


def test_a_column_that_no_row_has_is_named(tmp_path: Path) -> None:
    path = tmp_path / "books.toml"
    text = (ROOT / "config" / "registers" / "books.toml").read_text(encoding="utf-8")
    path.write_text(text.replace('key = "signer"', 'key = "singer"', 1), encoding="utf-8")

    with pytest.raises(BookFormError, match="singer"):
        BookForms.load(path)


class Numbering(RuleBasedStateMachine):
    """A series as the rules move it, beside a plain list of what was handed out."""

    def __init__(self) -> None:
        super().__init__()
        self.today = date(2026, 1, 1)
        self.following = 1
        self.last: date | None = None
        self.states: dict[int, NumberState] = {}
        self.model: list[int] = []

    @rule(days=st.integers(0, 40))
    def time_passes(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(back=st.integers(-3, 30), reason=st.sampled_from(["", "cấp số muộn"]))
    def take(self, back: int, reason: str) -> None:
        day = self.today - timedelta(days=back)
        refused = back < 0 or (self.last is not None and day < self.last and not reason)
        try:
            check_date(day, today=self.today, last=self.last, reason=reason)
        except Invalid:
            assert refused
            return
        assert not refused
        self.states[self.following] = NumberState.ALLOCATED
        self.model.append(self.following)
        self.following += 1
        self.last = max(day, self.last or day)

    @precondition(lambda self: self.states)
    @rule(data=st.data(), wanted=st.sampled_from([s for s in NumberState if s is not NumberState.ALLOCATED]))
    def move(self, data: st.DataObject, wanted: NumberState) -> None:
        number = data.draw(st.sampled_from(sorted(self.states)))
        before = self.states[number]
        order = [NumberState.ALLOCATED, NumberState.SEALED, NumberState.ISSUED]
        forward = wanted in order and before in order and order.index(wanted) == order.index(before) + 1
        void = wanted is NumberState.VOIDED and before in order[:2]
        try:
            check_transition(before, wanted, str(number))
        except Conflict:
            assert not forward
            assert not void
            return
        assert forward or void
        self.states[number] = wanted

    @invariant()
    def every_number_is_in_the_book_once(self) -> None:
        lines = [NumberLine(n, str(n), state.value, None, "") for n, state in self.states.items()]
        report = completeness(a_series(1, self.following), lines)
        assert report.complete
        assert [line.number for line in report.lines] == self.model == list(range(1, self.following))


TestNumbering = Numbering.TestCase
