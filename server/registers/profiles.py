"""Format profiles: how the documents of a bloc look, are named, numbered and signed (standards 3.7).

A profile is data (``config/profiles/*.toml``). Several files may carry the same code with different
dates; the one in force on a day is used, so an old document keeps the form it had.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from server.kernel.errors import Invalid
from server.render.model import Field, Kind, Margins

POINTS_PER_MM = 72 / 25.4
Word = Annotated[str, Meta(min_length=1, max_length=200)]
TypeCode = Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,39}$")]
MAX_MM = 420


class ProfileError(ValueError):
    """A profile file is wrong: says file and what."""


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name in both languages of the interface."""

    vi: Word
    """Vietnamese."""
    en: Word
    """English."""


class LineStyle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a line is set; ``text`` may hold ``{superior}`` and ``{body}`` in headings."""

    text: str = ""
    """Words; "" where the words come from elsewhere."""
    size: int = 13
    """Size of the letters in points."""
    bold: bool = False
    """Bold."""
    italic: bool = False
    """Italic."""
    rule: Literal["", "third", "half", "full"] = ""
    """Rule under the line."""
    underline: bool = False
    """Underlined."""


class PageStyle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The page and what stands in its middle."""

    margins: Margins
    """Margins in millimetres."""
    text_size: int
    """Size of the body text in points."""
    left_share: int
    """Width of the left column of the heading in per cent."""
    title_size: int
    """Size of the name of the type in points."""
    subject_rule: Literal["", "third", "half", "full", "dashes"]
    """Rule under the subject."""
    reference_prefix: str
    """Words before a letter's subject under its number."""
    reference_italic: bool = False
    """Whether a letter's subject is italic."""


class HeadingStyle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The two columns of the heading."""

    left: tuple[LineStyle, ...]
    """Superior body and issuing body."""
    right: tuple[LineStyle, ...]
    """National title and motto, or the title of the Party."""


class NotationStyle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Patterns of number and notation; words: number, type, body, unit, year."""

    named: Word
    """For a named type."""
    letter: Word
    """For a letter (công văn)."""
    letter_without_unit: Word
    """For a letter whose drafting unit has no abbreviation."""
    normative: Word
    """For a legal normative document."""
    copy: Word
    """For a copy."""
    width: Annotated[int, Meta(ge=1, le=9)]
    """Least number of digits; shorter numbers get leading zeros."""
    label: str
    """Words before the number on the page."""
    blank_mm: Annotated[int, Meta(ge=8, le=60)]
    """Width of the place left for the number, in millimetres."""


class DateStyle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The line of place and date."""

    pattern: Word
    """Words: place, day, month, year."""
    size: int
    """Size of the letters in points."""
    blank_mm: Annotated[int, Meta(ge=20, le=100)]
    """Width of the place left for the date, in millimetres."""


class SignatureStyle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signature block."""

    authority: LineStyle
    """Line of authority (TM. ...)."""
    title: LineStyle
    """Line of the signer's own title."""
    name: LineStyle
    """Line of the name."""
    image_mm: tuple[int, int]
    """Width and height of the place for the person's image."""
    seal_mm: int
    """Diameter of the seal."""


class RecipientStyle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The block of recipients."""

    label: LineStyle
    """``Nơi nhận:``."""
    size: int
    """Size of the entries in points."""
    addressee_label: str
    """Words before the addressees of a letter."""
    keep: str
    """Last entry: where the file copy is kept; word: unit."""
    keep_without_unit: str
    """The same where the unit has no abbreviation."""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that are stamped, by code."""

    urgency: dict[str, Word]
    """Levels of urgency."""
    secrecy: dict[str, Word]
    """State-secret levels: known so that they can be refused."""
    marks: dict[str, Word]
    """Draft and circulation marks."""
    copies: dict[str, Word]
    """Kinds of copies."""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rectangle on an uploaded page, millimetres from the top left corner."""

    page: Literal["first", "last"]
    """Which page."""
    x: Annotated[int, Meta(ge=0, le=MAX_MM)]
    """Left edge."""
    y: Annotated[int, Meta(ge=0, le=MAX_MM)]
    """Upper edge."""
    w: Annotated[int, Meta(ge=5, le=MAX_MM)]
    """Width."""
    h: Annotated[int, Meta(ge=4, le=MAX_MM)]
    """Height."""


class Places(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the fields of an uploaded document go unless somebody moves them."""

    number: Place
    """Number."""
    date: Place
    """Date."""
    signature: Place
    """The person's image."""
    seal: Place
    """The seal, over a third of the person's image on its left (standards 3.5)."""


class DocumentType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A type of document."""

    code: TypeCode
    """Stable key, the name without marks: ``quyet-dinh``."""
    name: Word
    """Name as written: ``Quyết định``."""
    abbreviation: str = ""
    """Letters in the notation; "" = none (công văn of state bodies)."""
    letter: bool = False
    """Set as a letter: subject under the number, addressees, no title."""
    normative: bool = False
    """A legal normative document: its number carries the year."""
    copy: bool = False
    """A copy (sao y, trích sao, sao lục): numbered in a series of its own."""
    edxml: int = 0
    """Number in the table of types of QCVN 102 (standards 1.4); 0 = none."""
    unsure: bool = False
    """The abbreviation was written from memory and waits for a comparison with the text."""


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form of the documents of a bloc."""

    code: TypeCode
    """Key that bodies name: ``party``, ``state``."""
    name: Names
    """Name."""
    basis: Word
    """Legal basis."""
    valid_from: date
    """First day in force."""
    template: TypeCode
    """Template in ``config/forms``."""
    page: PageStyle
    """Page."""
    heading: HeadingStyle
    """Heading."""
    notation: NotationStyle
    """Number and notation."""
    date_line: DateStyle
    """Place and date."""
    authority: dict[str, Word]
    """Word before the title, by mode of signing (TM, KT, TL, TUQ, Q); direct has none."""
    signature: SignatureStyle
    """Signature block."""
    recipients: RecipientStyle
    """Recipients."""
    words: Words
    """Stamped words."""
    fields: Places
    """Default places on an uploaded page."""
    types: tuple[DocumentType, ...]
    """Types, in the order of the law."""
    valid_to: date | None = None
    """First day no longer in force; None = open."""

    def in_force(self, day: date) -> bool:
        """Tell whether it is in force on that day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def type_of(self, code: str) -> DocumentType:
        """Return a type; raises Invalid ``registers.type_unknown``."""
        for item in self.types:
            if item.code == code:
                return item
        raise Invalid("registers.type_unknown", type=code, profile=self.name.vi)


class Profiles:
    """Every profile of the installation, by code and day."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self._profiles = sorted(profiles, key=lambda profile: (profile.code, profile.valid_from))
        _check(self._profiles)

    @classmethod
    def load(cls, folder: Path) -> Profiles:
        """Read ``*.toml`` of a folder (blocking: at start only). Raises ProfileError, OSError."""
        return cls([_read(path) for path in sorted(folder.glob("*.toml"))])

    def codes(self) -> list[str]:
        """Return the codes of all profiles, sorted."""
        return sorted({profile.code for profile in self._profiles})

    def in_force(self, day: date) -> list[Profile]:
        """Return the profiles in force on a day, by code."""
        return [profile for profile in self._profiles if profile.in_force(day)]

    def on(self, code: str, day: date) -> Profile:
        """Return the profile in force; raises Invalid ``registers.profile_unknown``."""
        for profile in self._profiles:
            if profile.code == code and profile.in_force(day):
                return profile
        raise Invalid("registers.profile_unknown", profile=code, date=day.strftime("%d/%m/%Y"))


def _read(path: Path) -> Profile:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Profile)
    except msgspec.MsgspecError as error:
        raise ProfileError(f"{path.name}: {error}") from error


def _check(profiles: list[Profile]) -> None:
    for profile in profiles:
        codes = [item.code for item in profile.types]
        twice = {code for code in codes if codes.count(code) > 1}
        if twice:
            raise ProfileError(f"{profile.code}: types defined twice: {', '.join(sorted(twice))}")
        for pattern in (
            profile.notation.named,
            profile.notation.letter,
            profile.notation.letter_without_unit,
            profile.notation.normative,
            profile.notation.copy,
        ):
            check_pattern(pattern, profile.code)
    for earlier, later in pairwise(profiles):
        overlap = earlier.valid_to is None or later.valid_from < earlier.valid_to
        if earlier.code == later.code and overlap:
            raise ProfileError(f"{earlier.code}: two profiles in force on {later.valid_from}")


NOTATION_WORDS = {"number": "1", "type": "T", "body": "B", "unit": "U", "year": "2026"}


def check_pattern(pattern: str, where: str) -> None:
    """Raise ProfileError unless the pattern uses known words and the number exactly once."""
    try:
        pattern.format(**NOTATION_WORDS)
    except (KeyError, IndexError, ValueError) as error:
        raise ProfileError(f"{where}: notation pattern {pattern!r} is wrong") from error
    if pattern.count("{number}") != 1:
        raise ProfileError(f"{where}: notation pattern {pattern!r} must have {{number}} once")


def default_fields(profile: Profile, page_count: int, page_height: float = 841.89) -> tuple[Field, ...]:
    """Return where the fields of an uploaded document go, in points from the bottom left.

    ``page_height`` in points is that of the pages concerned; ``page_count`` at least 1.
    """
    found = []
    for kind, place in (
        (Kind.NUMBER, profile.fields.number),
        (Kind.DATE, profile.fields.date),
        (Kind.SIGNATURE, profile.fields.signature),
        (Kind.SEAL, profile.fields.seal),
    ):
        found.append(
            Field(
                kind=kind,
                page=0 if place.page == "first" else page_count - 1,
                x=round(place.x * POINTS_PER_MM, 2),
                y=round(page_height - (place.y + place.h) * POINTS_PER_MM, 2),
                w=round(place.w * POINTS_PER_MM, 2),
                h=round(place.h * POINTS_PER_MM, 2),
                size=profile.date_line.size,
                italic=kind is Kind.DATE,
            )
        )
    return tuple(found)
