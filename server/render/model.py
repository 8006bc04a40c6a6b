"""What can be rendered: typed pages, and where their fields came to lie.

A form holds only finished words and measures; nothing in it is markup, so no text of a user can become
an instruction of the typesetter. Lengths are millimetres, sizes of letters points.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

import msgspec


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of text in one style."""

    text: str
    """The words, shown exactly as they are."""
    bold: bool = False
    """Bold."""
    italic: bool = False
    """Italic."""


Runs: TypeAlias = tuple[Run, ...]


class Paragraph(msgspec.Struct, frozen=True, tag_field="kind", tag="paragraph", forbid_unknown_fields=True):
    """A justified paragraph."""

    runs: Runs
    """Its text."""
    indent: bool = True
    """First line is set in by 10 mm (Decree 30 annex I: 1 cm or 1.27 cm)."""
    align: Literal["justify", "left", "center"] = "justify"
    """How the lines lie."""


class NumberedList(msgspec.Struct, frozen=True, tag_field="kind", tag="numbered", forbid_unknown_fields=True):
    """Items with running numbers ``1.``, ``2.`` and so on."""

    items: tuple[Runs, ...]
    """Text of each item."""
    start: int = 1
    """Number of the first item."""


class Table(msgspec.Struct, frozen=True, tag_field="kind", tag="table", forbid_unknown_fields=True):
    """A ruled table whose header is repeated on each page."""

    widths: tuple[int, ...]
    """Relative widths of the columns."""
    header: tuple[Runs, ...]
    """Cells of the header; empty = no header."""
    rows: tuple[tuple[Runs, ...], ...]
    """Cells of each row; every row has as many cells as there are widths."""


Block: TypeAlias = Paragraph | NumberedList | Table


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of a heading or of a signature block."""

    text: str
    """The words."""
    size: int = 13
    """Size of the letters in points."""
    bold: bool = False
    """Bold."""
    italic: bool = False
    """Italic."""
    rule: Literal["", "third", "half", "full"] = ""
    """Rule under the line, as part of its width."""
    underline: bool = False
    """Underlined."""


class Blank(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line with a place that is filled after the person has signed (standards: number, date)."""

    before: str
    """Words before the place, such as ``Số: `` or ``Sông Mẫu, ``."""
    after: str
    """Words after the place, such as ``/QĐ-UBND``."""
    width: int
    """Width of the place in millimetres."""
    size: int = 13
    """Size of the letters in points, also of those filled in."""
    italic: bool = False
    """Italic."""
    text: str = ""
    """Words already known; "" leaves the place blank and reports it as a field."""


class SignatureBlock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Authority, title, place for the person's image and the seal, and the name of one signer."""

    lines: tuple[Line, ...]
    """Authority and title, top to bottom."""
    name: Line
    """Full name of the signer."""
    image_width: int = 45
    """Width of the place for the handwritten signature, in millimetres."""
    image_height: int = 26
    """Height of that place."""
    seal: int = 36
    """Diameter of the seal; 0 = no seal is set (standards 3.5: a third of the image, on its left)."""


class Recipients(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The block of recipients at the lower left."""

    label: Line
    """``Nơi nhận:``."""
    items: tuple[str, ...]
    """One recipient a line, without the leading hyphen."""
    size: int = 11
    """Size of the letters in points."""


class Margins(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Margins of the page in millimetres."""

    top: int = 20
    """Above."""
    bottom: int = 20
    """Below."""
    left: int = 30
    """On the left."""
    right: int = 20
    """On the right."""


class CheckMark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How anybody checks the paper: a QR and the same in letters, at the lower left of the last page."""

    qr: str
    """The QR as SVG, made by this program."""
    code: str
    """The look-up code as it is printed."""
    address: str
    """Address of the look-up of this code, also a link of the file."""
    words: str
    """Sentence above the code."""


class DocumentForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document in the form of its bloc, ready to be set; the profile has been applied already."""

    template: str = "document"
    """Template in ``config/forms`` without its ending."""
    title: str
    """Title of the file: type and subject."""
    margins: Margins = Margins()
    """Margins."""
    text_size: int = 14
    """Size of the body text in points."""
    left: tuple[Line, ...]
    """Left column of the heading: superior body, issuing body."""
    right: tuple[Line, ...]
    """Right column of the heading: national title and motto, or title of the Party."""
    left_share: int = 42
    """Width of the left column in per cent."""
    number: Blank
    """Number and notation, under the left column."""
    date: Blank
    """Place and date, under the right column."""
    reference: tuple[str, ...] = ()
    """Subject lines under the number, for letters; empty for named types."""
    reference_italic: bool = False
    """Whether those lines are italic."""
    urgency: str = ""
    """Word of urgency, framed, under the number; "" = none."""
    marks: tuple[str, ...] = ()
    """Further marks such as ``DỰ THẢO`` or ``LƯU HÀNH NỘI BỘ``."""
    type_title: str = ""
    """Name of the type in capitals; "" for letters."""
    title_size: int = 14
    """Size of the name of the type."""
    subject: str = ""
    """Subject under the name of the type."""
    subject_rule: Literal["", "third", "half", "full", "dashes"] = "third"
    """Rule under the subject."""
    addressee_label: str = "Kính gửi:"
    """Words before the addressees."""
    addressees: tuple[str, ...] = ()
    """Whom a letter addresses."""
    blocks: tuple[Block, ...]
    """The content."""
    signatures: tuple[SignatureBlock, ...]
    """Signers, the lead body first; more than one for co-issued documents."""
    recipients: Recipients
    """Recipients."""
    check: CheckMark | None = None
    """QR and look-up code; None = the document bears none."""


class Kind(StrEnum):
    """What a place on the page is for."""

    NUMBER = "number"
    DATE = "date"
    SIGNATURE = "signature"
    SEAL = "seal"


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A place left blank on a page, in points, origin at the bottom left, as PDF counts."""

    kind: Kind
    """What for."""
    page: int
    """Page, from 0."""
    x: float
    """Left edge."""
    y: float
    """Bottom edge."""
    w: float
    """Width."""
    h: float
    """Height."""
    index: int = 0
    """Which signer, from 0, in co-issued documents."""
    size: int = 13
    """Size of letters to fill in, in points."""
    italic: bool = False
    """Whether letters filled in are italic."""


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """A set document."""

    pdf: bytes
    """The file, PDF/A-2b."""
    pages: int
    """Number of pages."""
    fields: tuple[Field, ...] = ()
    """Places left blank; empty for slips and registers."""
