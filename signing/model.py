"""Words that all of this package shares, as the standards spell them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Baseline level of a PAdES signature (ETSI EN 319 142-1, clause 6)."""

    B_B = "B-B"
    B_T = "B-T"
    B_LT = "B-LT"
    B_LTA = "B-LTA"


class FieldKind(StrEnum):
    """What a prepared form field is for."""

    NUMBER = "number"
    """Text: the number of the document, filled by the records clerk."""
    DATE = "date"
    """Text: the place and date line, filled with the number."""
    PERSON = "person"
    """Signature of a competent person."""
    SEAL = "seal"
    """Signature of a body, shown as its seal."""

    @property
    def is_text(self) -> bool:
        """Whether the field holds text and not a signature."""
        return self in (FieldKind.NUMBER, FieldKind.DATE)


class Align(StrEnum):
    """Horizontal place of text in its field (ISO 32000-1, 12.7.3.3, ``/Q``)."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle on the page as a reader sees it."""

    x: float
    """Left edge in points from the left of the displayed page."""
    y: float
    """Lower edge in points from the bottom of the displayed page."""
    width: float
    """Points, above 0."""
    height: float
    """Points, above 0."""

    @property
    def right(self) -> float:
        """Right edge in points."""
        return self.x + self.width

    @property
    def top(self) -> float:
        """Upper edge in points."""
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Field:
    """One form field to be placed before the first signature."""

    kind: FieldKind
    name: str
    """Name in the form, unique in the file, without a full stop (which separates levels in PDF)."""
    page: int
    """Page as people count: the first is 1; -1 is the last."""
    rectangle: Rectangle
    font_size: float = 13.0
    """Points; text fields only. Decree 30 prints number and date at 13."""
    italic: bool = False
    """Text fields only: written in the italic face, when one is given (Decree 30: the date line)."""
    align: Align = Align.LEFT
    locks: tuple[str, ...] = ()
    """Signature fields only: names of the fields that this signature makes read-only (FieldMDP)."""


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """All fields of one document, in the order in which they are drawn (later ones above)."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class FieldState:
    """A form field found in a file."""

    name: str
    """Fully qualified name."""
    kind: FieldKind | None
    """The kind it was prepared as; None when another program made it."""
    signature: bool
    """True for a signature field, False for any other."""
    filled: bool
    """A value is present: the field is signed, or holds text."""
    value: str
    """Text of a filled text field, else empty."""
    page: int | None
    """Page counted from 1; None when the field is on no page."""
    rectangle: Rectangle | None
    """Where it is on the displayed page; None when it is on no page."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file ready for its first (or next) signature."""

    pdf: bytes
    rewritten: bool
    """True when the file carried no signature and had to be written anew because its structure was
    unsound (rubbish after its end, hybrid references); False when it was only appended to."""
