"""Signing for a purpose: which field is used, what is filled and what is shown (Decree 30, Phụ lục I)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from signing.errors import FieldFault, FontFault, SigningError
from signing.fonts import TextFont
from signing.keys.protocol import SignatureAlgorithm, Signer, SignerIdentity
from signing.model import Align, Field, FieldKind, FieldPlan, Level, Rectangle
from signing.pades import appearance, fields
from signing.pades.appearance import MILLIMETRE, SEAL_DIAMETER_MM, Appearance, StampImage
from signing.pades.deferred import Finished, Pending, complete, started
from signing.pades.fields import FormField
from signing.pades.geometry import PageGeometry
from signing.pades.pages import geometry_of, page
from signing.pades.placing import Placement, SignatureText, fill, place
from signing.pades.prepare import add_fields
from signing.pades.revision import Revision
from signing.pades.syntax import Buffer
from signing.pades.values import Value
from signing.services import Services

_MARGIN = 57.0
"""Points from the edge (2 cm) for signatures that no field was prepared for."""


class Purpose(StrEnum):
    """What a signature is put on a document for."""

    APPROVE = "approve"
    """A competent person signs."""
    ISSUE = "issue"
    """The records clerk gives number and date and seals for the body."""
    ATTACHMENT = "attachment"
    """The body signs an attachment in a file of its own: text at the top right of page 1, no image."""
    COPY = "copy"
    """The body certifies an electronic copy: text at the top right of page 1, no image."""


_REASONS = {
    Purpose.APPROVE: "Ký duyệt",
    Purpose.ISSUE: "Phát hành",
    Purpose.ATTACHMENT: "Ký văn bản kèm theo",
    Purpose.COPY: "Sao y",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is wanted of one signature."""

    purpose: Purpose | None = None
    """None: an invisible signature."""
    image: StampImage | None = None
    """The handwritten signature or the seal; without it the signature is shown as text."""
    number: str = ""
    """The number given (issue), or number and notation (attachment)."""


def sign_for(
    pdf: Buffer,
    key: Signer,
    request: Request,
    font: TextFont | None,
    now: datetime,
    *,
    level: Level = Level.B_B,
    services: Services = Services(),  # noqa: B008 - immutable
) -> Finished:
    """Sign a file for a purpose, with the key's own algorithm. Raises as :func:`begin_for` and the key."""
    pending = begin_for(pdf, key.identity, request, font, now, level=level, algorithm=key.algorithm)
    return complete(pending, key, now, services)


def begin_for(
    pdf: Buffer,
    identity: SignerIdentity,
    request: Request,
    font: TextFont | None,
    now: datetime,
    *,
    level: Level = Level.B_B,
    algorithm: SignatureAlgorithm | None = None,
) -> Pending:
    """Begin a signature for a purpose; :func:`signing.pades.deferred.finish` ends it.

    Approve and issue take the next empty field prepared for a person or a seal; when there is none, a field
    is made low on the last page. ``font`` is needed whenever text is shown. Whatever is filled or made on
    the way is part of the same update. Raises SigningError.
    """

    def change(revision: Revision, entries: dict[str, Value], digits: int) -> str:
        name, look = _chosen(revision, identity, request, font, now)
        place(revision, Placement(name, request.purpose is None, look, entries, digits))
        return name

    words = SignatureText(reason=_REASONS[request.purpose] if request.purpose else "")
    return started(pdf, identity, words, now, change, level=level, algorithm=algorithm, mend=True)


def _chosen(
    revision: Revision, identity: SignerIdentity, request: Request, font: TextFont | None, now: datetime
) -> tuple[str, Appearance]:
    """Make what has to be made; return the field to sign and what it shows."""
    known = list(fields.walk(revision))
    if request.purpose is None:
        return _free_name(known), Appearance()
    if request.purpose in (Purpose.ATTACHMENT, Purpose.COPY):
        return _in_corner(revision, identity, request, _needed(font), known, now)
    kind = FieldKind.PERSON if request.purpose is Purpose.APPROVE else FieldKind.SEAL
    lines: tuple[str, ...] = ()
    if request.purpose is Purpose.ISSUE:
        shown = _fill(revision, request, known, font, now)
        if request.number and not shown:
            lines = (f"Số: {request.number}",)
    if request.image is None:
        lines = (*lines, identity.name, appearance.vietnam_time(now))
    look = Appearance(request.image, lines, _needed(font) if lines else None)
    empty = next((f for f in known if f.is_signature and not f.filled and f.kind in (kind, None)), None)
    if empty is not None:
        return empty.name, look
    name = _free_name(known)
    geometry = geometry_of(revision, page(revision, -1)[1])
    at = _place(kind, geometry, _person(revision, known))
    add_fields(revision, FieldPlan((Field(kind, name, -1, at),)), font, bare=True)
    return name, look


def date_line(now: datetime) -> str:
    """Return the date of a document as Vietnamese documents write it, without the place."""
    day = datetime.fromisoformat(appearance.vietnam_time(now))
    month = f"{day.month:02}" if day.month < 3 else str(day.month)  # Decree 30: 01 and 02 keep their zero
    return f"ngày {day.day:02} tháng {month} năm {day.year}"


def _needed(font: TextFont | None) -> TextFont:
    if font is None:
        raise FontFault("a font is needed to show text: give the path of a TrueType font")
    return font


def _fill(
    revision: Revision,
    request: Request,
    known: list[FormField],
    font: TextFont | None,
    now: datetime,
) -> bool:
    """Fill the prepared fields for number and date; say whether the number is shown in one."""
    values: dict[str, str] = {}
    for found in known:
        if found.kind is FieldKind.NUMBER and not found.filled and request.number:
            values[found.name] = request.number
        elif found.kind is FieldKind.DATE and not found.filled:
            values[found.name] = date_line(now)
    if values:
        fill(revision, values, font)
    return any(f.kind is FieldKind.NUMBER and f.name in values for f in known)


def _in_corner(
    revision: Revision,
    identity: SignerIdentity,
    request: Request,
    font: TextFont,
    known: list[FormField],
    now: datetime,
) -> tuple[str, Appearance]:
    if request.purpose is Purpose.ATTACHMENT:
        lines = appearance.attachment_lines(request.number, now)
    else:
        lines = appearance.copy_lines("SAO Y", identity.name, now)
    displayed = geometry_of(revision, page(revision, 1)[1]).displayed
    at = appearance.corner_rectangle(displayed, len(lines))
    name = _free_name(known)
    add_fields(revision, FieldPlan((Field(FieldKind.SEAL, name, 1, at),)), font, bare=True)
    return name, Appearance(None, lines, font, align=Align.RIGHT)


def _person(revision: Revision, known: list[FormField]) -> Rectangle | None:
    """Return where the person's signature is seen; None when there is none."""
    signed = [f for f in known if f.kind is FieldKind.PERSON and f.filled]
    shown = (fields.state(revision, found).rectangle for found in signed)
    return next((place for place in shown if place is not None), None)


def _place(kind: FieldKind, geometry: PageGeometry, signed: Rectangle | None) -> Rectangle:
    """Return where an unprepared signature goes: the person lower right, the seal over its left third."""
    width, height = geometry.displayed
    person = Rectangle(max(width - _MARGIN - 160, 0), min(_MARGIN + 30, height / 4), min(160, width), 70)
    place = person if kind is FieldKind.PERSON else appearance.seal_rectangle(signed or person)
    side = SEAL_DIAMETER_MM * MILLIMETRE
    if width < side or height < side:
        raise FieldFault(f"the page of {width:.0f} x {height:.0f} points is too small for a signature")
    x = min(max(place.x, 0.0), width - place.width)
    y = min(max(place.y, 0.0), height - place.height)
    return Rectangle(x, y, place.width, place.height)


def _free_name(known: list[FormField]) -> str:
    taken = {found.name for found in known}
    for index in range(1, len(taken) + 2):
        if (name := f"signature{index}") not in taken:
            return name
    raise SigningError("no name is free for a new field")  # cannot happen: more names than fields
