"""What a series is: kinds of books and periods, rules, states of a number.

Spans are half-open: ``period_end`` is the first day that no longer belongs. Days are those of Viet Nam.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

FOREVER = date(9999, 12, 31)
"""End of a period that has none."""
Slug = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,79}$")]
Words = Annotated[str, Meta(min_length=1, max_length=500)]


class Book(StrEnum):
    """Kinds of books (standards 3.4, 3.8)."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"
    COPIES = "copies"
    CITIZEN = "citizen"
    """Letters of citizens (đơn thư)."""
    POSTAL = "postal"
    """What goes out by post."""


class PeriodKind(StrEnum):
    """How long a series runs before it starts again (standards 3.2, 3.7)."""

    YEAR = "year"
    """1 January to 31 December: state bodies, incoming books."""
    TERM = "term"
    """A term of the committee: party bodies."""
    CONGRESS = "congress"
    """A congress, with a series of its own."""
    OWN = "own"
    """Spans named in the rule, or without end."""


class SecretRule(StrEnum):
    """Where the numbers of state-secret papers go; their content never enters the system."""

    SHARED = "shared"
    """In the series of their type (party bodies): recorded as used outside."""
    OWN = "own"
    """In a register of their own, off the network (state bodies)."""


class NumberState(StrEnum):
    """Where an outgoing number stands."""

    ALLOCATED = "allocated"
    SEALED = "sealed"
    ISSUED = "issued"
    VOIDED = "voided"
    OUTSIDE = "outside"
    """Used outside, no content."""


class EntryState(StrEnum):
    """Where an entry of the incoming or postal book stands."""

    REGISTERED = "registered"
    VOIDED = "voided"
    """Entered by mistake; the number stays in the book with the reason."""


class Origin(StrEnum):
    """How a document came."""

    ELECTRONIC = "electronic"
    PAPER = "paper"


TRANSITIONS: Mapping[NumberState, frozenset[NumberState]] = {
    NumberState.ALLOCATED: frozenset({NumberState.SEALED, NumberState.VOIDED}),
    NumberState.SEALED: frozenset({NumberState.ISSUED, NumberState.VOIDED}),
    NumberState.ISSUED: frozenset(),
    NumberState.VOIDED: frozenset(),
    NumberState.OUTSIDE: frozenset(),
}
"""What may follow what; nothing leads back, and a number is never used again."""


class Period(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A span that a series covers."""

    label: Words
    """Name: ``Nhiệm kỳ 2025 - 2030``, ``2026``."""
    start: date
    """First day."""
    end: date = FOREVER
    """First day after it."""

    def holds(self, day: date) -> bool:
        """Tell whether the day belongs to it."""
        return self.start <= day < self.end


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A first number other than 1: the body joined in the middle of a period."""

    on: date
    """A day of the period concerned."""
    number: Annotated[int, Meta(ge=1, le=9_999_999)]
    """First number given here."""
    type: str = ""
    """Type, in a rule that counts per type; "" = every type."""


class SeriesRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the numbers of a body run in one book; series open from it by themselves."""

    id: Slug
    """Key."""
    body_id: Slug
    """Body whose book it is."""
    book: Book
    """Which book."""
    name: Words
    """Name of the book."""
    period: PeriodKind
    """How long a series runs."""
    valid_from: date
    """First day of the rule."""
    kept_by: str = ""
    """Body whose clerk keeps the book; "" = the body itself."""
    profile: str = ""
    """Format profile of its notations; "" for incoming, citizen and postal books."""
    symbol: str = ""
    """Abbreviation of the body in its notations."""
    types: tuple[str, ...] = ()
    """Types that it counts; empty = all that no other rule of the book names."""
    per_type: bool = False
    """One series for each type (party bodies) instead of one for all."""
    periods: tuple[Period, ...] = ()
    """Spans of terms, congresses and own periods; not used by years."""
    starts: tuple[Start, ...] = ()
    """Own first numbers."""
    width: Annotated[int, Meta(ge=0, le=9)] = 0
    """Least number of digits; 0 = as the profile says, 2 where there is none."""
    pattern: str = ""
    """Pattern of the notation; "" = the profile's."""
    secret: SecretRule = SecretRule.OWN
    """Where numbers of state-secret papers go."""
    valid_to: date = FOREVER
    """First day on which the rule no longer holds."""

    @property
    def keeper(self) -> str:
        """Body whose clerk keeps the book."""
        return self.kept_by or self.body_id


@dataclass(frozen=True, slots=True)
class Series:
    """A running count: one rule, one period, one type where the rule counts per type."""

    id: str
    """Id."""
    rule_id: str
    """Rule it was opened from."""
    body_id: str
    """Body whose book it is."""
    kept_by: str
    """Body whose clerk keeps it."""
    book: Book
    """Which book."""
    name: str
    """Name of the book."""
    profile: str
    """Format profile; "" = none."""
    type_code: str
    """Type it counts; "" = all of its rule."""
    period: PeriodKind
    """Kind of its period."""
    period_label: str
    """Name of its period."""
    period_start: date
    """First day."""
    period_end: date
    """First day after it."""
    start_number: int
    """First number given here."""
    next_number: int
    """Number that comes next."""
    last_date: date | None
    """Latest date of a number; None = no number yet."""
