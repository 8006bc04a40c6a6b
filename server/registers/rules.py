"""What books allow: which rule counts a document, which period it falls into, which dates a number may bear.

Pure. Sources: Decree 30/2020 and party practice as in standards 3.2, 3.7 and 3.8.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise

from server.kernel.errors import Conflict, Invalid
from server.registers.model import Completeness, NumberLine
from server.registers.series import (
    FOREVER,
    TRANSITIONS,
    Book,
    NumberState,
    Period,
    PeriodKind,
    Series,
    SeriesRule,
)


def choose_rule(
    rules: Iterable[SeriesRule], book: Book, type_code: str, day: date, rule_id: str = ""
) -> SeriesRule:
    """Return the rule that counts this type in this book on this day, or the one named by ``rule_id``.

    A rule that names the type goes before one that counts all; among equals the one that began last. The
    rule of a congress is used only when it is named. Raises Invalid ``registers.no_series``.
    """
    fitting = [
        rule
        for rule in rules
        if rule.book is book
        and (rule.id == rule_id if rule_id else rule.period is not PeriodKind.CONGRESS)
        and rule.valid_from <= day < rule.valid_to
        and (not rule.types or type_code in rule.types)
    ]
    if not fitting:
        raise Invalid("registers.no_series", book=book.value, type=type_code, date=shown(day))
    return max(fitting, key=lambda rule: (bool(rule.types), rule.valid_from, rule.id))


def period_on(rule: SeriesRule, day: date) -> Period:
    """Return the period of the rule that holds the day.

    Raises Invalid ``registers.no_period`` when no term, congress or own span does: the next one has to be
    named in the rule first.
    """
    if rule.period is PeriodKind.YEAR:
        return Period(str(day.year), date(day.year, 1, 1), date(day.year + 1, 1, 1))
    if rule.period is PeriodKind.OWN and not rule.periods:
        return Period(rule.name, rule.valid_from, FOREVER)
    for period in rule.periods:
        if period.holds(day):
            return period
    raise Invalid("registers.no_period", name=rule.name, date=shown(day))


def first_number(rule: SeriesRule, period: Period, type_code: str) -> int:
    """Return the number a new series starts with: 1, or where the body joined in mid-period."""
    named = {start.type: start.number for start in rule.starts if period.holds(start.on)}
    return named.get(type_code, named.get("", 1))


def check_date(day: date, *, today: date, last: date | None, reason: str) -> None:
    """Raise Invalid ``registers.future_date`` or, without a reason, ``registers.back_dated``.

    ``last`` is the latest date in the same series: a number may not be older than the one before it.
    """
    if day > today:
        raise Invalid("registers.future_date", field="/date", date=shown(day), today=shown(today))
    if last is not None and day < last and not reason.strip():
        raise Invalid("registers.back_dated", field="/date", date=shown(day), last=shown(last))


def check_transition(now: NumberState, wanted: NumberState, text: str) -> None:
    """Raise Conflict ``registers.state`` when a number may not go from ``now`` to ``wanted``."""
    if wanted not in TRANSITIONS[now]:
        raise Conflict("registers.state", number=text, state=now.value, wanted=wanted.value)


def sources_of(wanted: NumberState) -> tuple[NumberState, ...]:
    """Return the states from which ``wanted`` may be reached."""
    return tuple(state for state, following in TRANSITIONS.items() if wanted in following)


def completeness(series: Series, lines: Sequence[NumberLine]) -> Completeness:
    """Return every number from the start to the one before the next; those without a row are missing."""
    known: Mapping[int, NumberLine] = {line.number: line for line in lines}
    numbers = range(series.start_number, series.next_number)
    full = [known.get(n) or NumberLine(n, str(n), "missing", None, "") for n in numbers]
    return Completeness(series, full, [line.number for line in full if line.state == "missing"])


def check_rules(rules: Sequence[SeriesRule]) -> None:
    """Raise Invalid ``registers.rules_overlap`` or ``registers.period_missing`` for rules that cannot work.

    Two rules of a body may not count the same type in the same book at the same time, and terms,
    congresses and own spans may not overlap.
    """
    for number, rule in enumerate(rules):
        if rule.period in (PeriodKind.TERM, PeriodKind.CONGRESS) and not rule.periods:
            raise Invalid("registers.period_missing", name=rule.name)
        spans = sorted(rule.periods, key=lambda period: period.start)
        for earlier, later in pairwise(spans):
            if later.start < earlier.end:
                raise Invalid("registers.periods_overlap", name=rule.name)
        for other in rules[number + 1 :]:
            if _overlap(rule, other):
                raise Invalid("registers.rules_overlap", first=rule.id, second=other.id)


def _overlap(one: SeriesRule, other: SeriesRule) -> bool:
    same_place = one.body_id == other.body_id and one.book is other.book
    same_time = one.valid_from < other.valid_to and other.valid_from < one.valid_to
    if PeriodKind.CONGRESS in (one.period, other.period):
        return False
    both_all = not one.types and not other.types
    return same_place and same_time and (both_all or bool(set(one.types) & set(other.types)))


def fold(*words: str) -> str:
    """Return words for look-up: small letters without marks, so ``so y te`` finds ``Sở Y tế``."""
    spread = unicodedata.normalize("NFD", " ".join(word for word in words if word).casefold())
    bare = "".join(c for c in spread if not unicodedata.combining(c))
    return " ".join(bare.replace("đ", "d").split())


def pattern_of(words: str) -> str:
    """Return a LIKE pattern (escape ``!``) that finds the words anywhere; "" finds everything."""
    bare = fold(words).replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{bare}%"


def shown(day: date) -> str:
    """Return a date as people read it: 05/01/2026."""
    return day.strftime("%d/%m/%Y")
