"""From a profile and the facts of a document to a page ready to be set. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from server.registers.notation import date_text, notation_parts, number_text, place_text
from server.registers.profiles import DocumentType, LineStyle, Profile
from server.render.model import Blank, Block, DocumentForm, Line, Recipients, SignatureBlock


@dataclass(frozen=True, slots=True)
class Heading:
    """The issuing body as its heading and notation name it."""

    body: str
    """Name, set in capitals."""
    abbreviation: str
    """Letters in the notation."""
    place: str
    """Place in the date line."""
    superior: str = ""
    """Line above the name; "" = none."""
    unit: str = ""
    """Abbreviation of the drafting unit, in letters; "" = none."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, and in which capacity."""

    name: str
    """Full name, with its rank if any."""
    own_title: str
    """Title of the signer's own post: ``Phó Chủ tịch``."""
    mode: str = "direct"
    """TM, KT, TL, TUQ, Q or direct."""
    for_title: str = ""
    """What is printed after the mode: ``Ủy ban nhân dân``, ``Chủ tịch``; several lines by line breaks, each
    but the last with its own mode word. "" = nothing."""
    seal: bool = True
    """Whether the body's seal is set by this signature."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the document says about itself."""

    type_code: str
    """Type in the profile."""
    subject: str
    """Subject (trích yếu)."""
    blocks: Sequence[Block]
    """Content."""
    signers: Sequence[Signer]
    """Signers, the lead body first."""
    recipients: Sequence[str]
    """Entries under ``Nơi nhận:`` without the file copy, which the profile adds."""
    addressees: Sequence[str] = ()
    """Whom a letter addresses."""
    urgency: str = ""
    """Code of urgency in the profile; "" or an unknown code = ordinary."""
    marks: Sequence[str] = field(default=())
    """Codes of marks in the profile."""
    year: int = 0
    """Year in the notation of normative documents."""
    number: int | None = None
    """Number, when it is known already; None leaves the place blank."""
    day: date | None = None
    """Date, when it is known already; None leaves the place blank."""
    pattern: str = ""
    """Pattern of the series; "" = the profile's."""


def document_form(profile: Profile, heading: Heading, facts: Facts) -> DocumentForm:
    """Apply a profile to a document. Raises Invalid ``registers.type_unknown``."""
    kind = profile.type_of(facts.type_code)
    return DocumentForm(
        template=profile.template,
        title=clean(f"{kind.name} {facts.subject}".strip()),
        margins=profile.page.margins,
        text_size=profile.page.text_size,
        left=_heading_lines(profile.heading.left, heading),
        right=_heading_lines(profile.heading.right, heading),
        left_share=profile.page.left_share,
        number=_number(profile, kind, heading, facts),
        date=_date(profile, heading, facts),
        reference=(clean(profile.page.reference_prefix + facts.subject),) if kind.letter else (),
        reference_italic=profile.page.reference_italic,
        urgency=profile.words.urgency.get(facts.urgency, ""),
        marks=tuple(profile.words.marks[code] for code in facts.marks if code in profile.words.marks),
        type_title="" if kind.letter else kind.name.upper(),
        title_size=profile.page.title_size,
        subject="" if kind.letter else clean(facts.subject),
        subject_rule=profile.page.subject_rule,
        addressee_label=profile.recipients.addressee_label,
        addressees=tuple(clean(who) for who in facts.addressees),
        blocks=tuple(facts.blocks),
        signatures=tuple(_signature(profile, signer) for signer in facts.signers),
        recipients=_recipients(profile, heading, facts),
    )


def authority_lines(profile: Profile, signer: Signer) -> tuple[str, ...]:
    """Return the lines of authority above the signer's title: ``("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH")``.

    A line that carries its mode word already keeps it; the word is the profile's (TM. or T/M).
    """
    lines = []
    for line in signer.for_title.splitlines():
        words = line.strip()
        mode, rest = signer.mode, words
        for code in sorted(profile.authority, key=len, reverse=True):
            for spelling in (f"{code}.", "/".join((code[0], code[1:])) if len(code) > 1 else code):
                if words.startswith(f"{spelling} "):
                    mode, rest = code, words.removeprefix(spelling).strip()
        word = profile.authority.get(mode, "")
        if rest:
            lines.append(clean(f"{word} {rest}".strip().upper()))
    return tuple(lines)


def clean(text: str) -> str:
    """Return text fit to be set: composed letters (NFC), no control characters, single spaces."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(c if c.isprintable() else " " for c in composed).split())


def _heading_lines(styles: Sequence[LineStyle], heading: Heading) -> tuple[Line, ...]:
    lines = []
    for style in styles:
        words = style.text.replace("{superior}", clean(heading.superior.upper()))
        words = words.replace("{body}", clean(heading.body.upper()))
        if words:
            lines.append(_line(style, words))
    return tuple(lines)


def _line(style: LineStyle, words: str) -> Line:
    return Line(
        text=words,
        size=style.size,
        bold=style.bold,
        italic=style.italic,
        rule=style.rule,
        underline=style.underline,
    )


def _number(profile: Profile, kind: DocumentType, heading: Heading, facts: Facts) -> Blank:
    before, after = notation_parts(
        profile,
        kind,
        body=heading.abbreviation,
        unit=heading.unit,
        year=facts.year,
        pattern=facts.pattern,
    )
    return Blank(
        before=profile.notation.label + before,
        after=after,
        width=profile.notation.blank_mm,
        size=profile.date_line.size,
        text="" if facts.number is None else number_text(profile, facts.number),
    )


def _date(profile: Profile, heading: Heading, facts: Facts) -> Blank:
    return Blank(
        before=place_text(profile, clean(heading.place)),
        after="",
        width=profile.date_line.blank_mm,
        size=profile.date_line.size,
        italic=True,
        text="" if facts.day is None else date_text(profile, facts.day),
    )


def _signature(profile: Profile, signer: Signer) -> SignatureBlock:
    style = profile.signature
    lines = [_line(style.authority, words) for words in authority_lines(profile, signer)]
    lines.append(_line(style.title, clean(signer.own_title.upper())))
    return SignatureBlock(
        lines=tuple(lines),
        name=_line(style.name, clean(signer.name)),
        image_width=style.image_mm[0],
        image_height=style.image_mm[1],
        seal=style.seal_mm if signer.seal else 0,
    )


def _recipients(profile: Profile, heading: Heading, facts: Facts) -> Recipients:
    style = profile.recipients
    keep = style.keep.format(unit=heading.unit) if heading.unit else style.keep_without_unit
    items = [clean(who) for who in facts.recipients if clean(who)]
    return Recipients(label=_line(style.label, style.label.text), items=(*items, keep), size=style.size)
