"""Signing for a purpose: which field is used, what is filled and what is shown (Decree 30, Phụ lục I)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from signing.errors import FieldFault, FontFault, SigningError
from signing.fonts import TextFont
from signing.keys.protocol import SignatureAlgorithm, Signer, SignerIdentity
from signing.model import Align, Field, FieldKind, FieldPlan, FieldState, Level, Rectangle
from signing.pades import appearance
from signing.pades.appearance import MILLIMETRE, SEAL_DIAMETER_MM, Appearance, StampImage
from signing.pades.deferred import Pending, begin, complete
from signing.pades.forms import fields_of
from signing.pades.geometry import PageGeometry
from signing.pades.placing import SignatureText, fill_number_and_date
from signing.pades.prepare import prepare, sound
from signing.pades.writer import open_for_update, pdf_faults
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """A signed file."""

    pdf: bytes
    field: str
    """Name of the field that holds the new signature."""
    reached: Level = Level.B_B
    """The level of the file."""
    shortfall: SigningError | None = None
    """Why it is below the level wanted; None = it is not."""


def sign_for(
    pdf: bytes,
    key: Signer,
    request: Request,
    font: TextFont | None,
    now: datetime,
    *,
    level: Level = Level.B_B,
    services: Services = Services(),  # noqa: B008 - immutable
) -> Outcome:
    """Sign a file for a purpose, with the key's own algorithm. Raises as :func:`begin_for` and the key."""
    pending = begin_for(pdf, key.identity, request, font, now, level=level, algorithm=key.algorithm)
    done = complete(pending, key, now, services)
    return Outcome(done.pdf, done.field, done.reached, done.shortfall)


def begin_for(
    pdf: bytes,
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
    is made low on the last page. ``font`` is needed whenever text is shown. Raises SigningError.
    """
    source, _ = sound(pdf)
    states = fields_of(source)
    made, name, look, words = _planned(source, identity, request, font, states, now)
    new_field = request.purpose is None
    pending = begin(
        made, identity, name, look, words, now, level=level, algorithm=algorithm, new_field=new_field
    )
    return _based_on(pdf, pending)


def _based_on(pdf: bytes, pending: Pending) -> Pending:
    """Tell what was appended to the file as it was given, fields made on the way included."""
    whole = pending.base
    if not whole.startswith(pdf):  # written anew
        shift, base, before = len(whole), b"", whole
    else:
        shift, base, before = len(whole) - len(pdf), pdf, whole[len(pdf) :]
    start, end = pending.room
    return replace(pending, base=base, tail=before + pending.tail, room=(start + shift, end + shift))


_Planned = tuple[bytes, str, Appearance, SignatureText]
"""The file with its fields, the field to sign, what is shown, and the words of the dictionary."""


def _planned(
    pdf: bytes,
    identity: SignerIdentity,
    request: Request,
    font: TextFont | None,
    states: list[FieldState],
    now: datetime,
) -> _Planned:
    if request.purpose is None:
        return pdf, _free_name(states), Appearance(), SignatureText()
    words = SignatureText(reason=_REASONS[request.purpose])
    if request.purpose in (Purpose.ATTACHMENT, Purpose.COPY):
        return _in_corner(pdf, identity, request, _needed(font), words, states, now)
    kind = FieldKind.PERSON if request.purpose is Purpose.APPROVE else FieldKind.SEAL
    lines: tuple[str, ...] = ()
    if request.purpose is Purpose.ISSUE:
        pdf, shown = _fill(pdf, request, states, font, now)
        if request.number and not shown:
            lines = (f"Số: {request.number}",)
    if request.image is None:
        lines = (*lines, identity.name, appearance.vietnam_time(now))
    look = Appearance(request.image, lines, _needed(font) if lines else None)
    empty = next((s for s in states if s.signature and not s.filled and s.kind in (kind, None)), None)
    if empty is not None:
        return pdf, empty.name, look, words
    name = _free_name(states)
    geometry = _page(pdf, -1)
    plan = FieldPlan((Field(kind, name, -1, _place(kind, geometry, states)),))
    return prepare(pdf, plan, font).pdf, name, look, words


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
    pdf: bytes, request: Request, states: list[FieldState], font: TextFont | None, now: datetime
) -> tuple[bytes, bool]:
    """Fill the prepared fields for number and date; say whether the number is shown in one."""
    values: dict[str, str] = {}
    for state in states:
        if state.kind is FieldKind.NUMBER and not state.filled and request.number:
            values[state.name] = request.number
        elif state.kind is FieldKind.DATE and not state.filled:
            values[state.name] = date_line(now)
    shown = any(s.kind is FieldKind.NUMBER and s.name in values for s in states)
    return (fill_number_and_date(pdf, values, font) if values else pdf), shown


def _in_corner(
    pdf: bytes,
    identity: SignerIdentity,
    request: Request,
    font: TextFont,
    words: SignatureText,
    states: list[FieldState],
    now: datetime,
) -> _Planned:
    if request.purpose is Purpose.ATTACHMENT:
        lines = appearance.attachment_lines(request.number, now)
    else:
        lines = appearance.copy_lines("SAO Y", identity.name, now)
    place = appearance.corner_rectangle(_page(pdf, 1).displayed, len(lines))
    name = _free_name(states)
    made = prepare(pdf, FieldPlan((Field(FieldKind.SEAL, name, 1, place),)), font)
    return made.pdf, name, Appearance(None, lines, font, align=Align.RIGHT), words


def _page(pdf: bytes, number: int) -> PageGeometry:
    writer = open_for_update(pdf)
    with pdf_faults():
        return writer.page(number)[2]


def _place(kind: FieldKind, geometry: PageGeometry, states: list[FieldState]) -> Rectangle:
    """Return where an unprepared signature goes: the person lower right, the seal over its left third."""
    width, height = geometry.displayed
    person = Rectangle(max(width - _MARGIN - 160, 0), min(_MARGIN + 30, height / 4), min(160, width), 70)
    if kind is FieldKind.PERSON:
        place = person
    else:
        signed = (s.rectangle for s in states if s.kind is FieldKind.PERSON and s.rectangle and s.filled)
        place = appearance.seal_rectangle(next(signed, person))
    side = SEAL_DIAMETER_MM * MILLIMETRE
    if width < side or height < side:
        raise FieldFault(f"the page of {width:.0f} x {height:.0f} points is too small for a signature")
    x = min(max(place.x, 0.0), width - place.width)
    y = min(max(place.y, 0.0), height - place.height)
    return Rectangle(x, y, place.width, place.height)


def _free_name(states: list[FieldState]) -> str:
    taken = {state.name for state in states}
    for index in range(1, len(taken) + 2):
        if (name := f"signature{index}") not in taken:
            return name
    raise SigningError("no name is free for a new field")  # cannot happen: more names than fields
