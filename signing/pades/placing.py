"""Placing signatures and filling fields, each as one incremental update.

The order is person, number and date, seal of the body, then seals of co-issuers. No signature here is a
certification (DocMDP): approval signatures let later form filling and signing pass, several persons may
sign, and a copy of the file can still be signed by another body. What must not change after the seal
(number and date) is locked by FieldMDP. docs/decisions/0003-signature-order.md tells the reasons.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pyhanko.pdf_utils import generic
from pyhanko.sign.fields import FieldMDPSpec, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from signing.errors import FieldFault, KeyFault
from signing.fonts import TextFont
from signing.keys.protocol import SignerIdentity
from signing.model import Align
from signing.pades import appearance, forms
from signing.pades.appearance import Appearance
from signing.pades.fontobjects import add_font, read_font
from signing.pades.geometry import entry, page_geometry
from signing.pades.objects import dictionary, name, text
from signing.pades.writer import AppendWriter, open_for_update, pdf_faults

_ALIGN = {0: Align.LEFT, 1: Align.CENTRE, 2: Align.RIGHT}


@dataclass(frozen=True, slots=True)
class SignatureText:
    """Plain entries of the signature dictionary (ISO 32000-1, table 252), for viewers."""

    reason: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A file with room for a signature."""

    base: bytes
    """The file as it was given; "" when it was written anew."""
    tail: bytes
    """What is appended."""
    room: tuple[int, int]
    """Where in ``tail`` the hexadecimal string stands, with its angle brackets."""


def place(
    pdf: bytes,
    signer: str,
    field: str,
    look: Appearance,
    words: SignatureText,
    at: datetime,
    room: int,
    digest: str,
    *,
    new_field: bool,
) -> Placed:
    """Write a signature dictionary with ``room`` hexadecimal digits into a field, and its appearance.

    ``new_field``: into a new field of that name that has no place on a page. Raises FieldFault and
    UnreadableFile.
    """
    writer = open_for_update(pdf)
    with pdf_faults():
        if new_field:
            if any(found.name == field for found in forms.walk(writer.root_dictionary())):
                raise FieldFault(f"there is a field named {field} already", code="signing.field_taken")
            return _embed(pdf, writer, signer, field, words, at, None, room, digest)
        found = forms.find(writer.root_dictionary(), field)
        if not found.is_signature:
            raise FieldFault(f"field {field} is not a signature field")
        if found.filled:
            raise FieldFault(f"field {field} is signed already", code="signing.field_filled")
        _show(writer, found, look)
        lock = entry(found.field, "/Lock")
        return _embed(pdf, writer, signer, field, words, at, lock, room, digest)


def require_identity_valid(identity: SignerIdentity, now: datetime) -> None:
    """Raise KeyFault unless the certificate is valid at ``now`` and meant for signing documents."""
    certificate = identity.certificate
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise KeyFault(
            f"the certificate of {identity.name} is valid only from "
            f"{certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}",
            code="signing.key_expired",
        )


def fill_number_and_date(pdf: bytes, values: Mapping[str, str], font: TextFont | None = None) -> bytes:
    """Fill text fields, by name, as one incremental update: form filling, which signatures allow.

    The appearance uses the font that :func:`signing.pades.prepare.prepare` embedded; ``font`` is for files
    whose fields another program made. Raises FieldFault (missing, filled, not text), FontFault (a letter that
    cannot be shown) and UnreadableFile.
    """
    writer = open_for_update(pdf)
    with pdf_faults():
        for field_name, value in values.items():
            found = forms.find(writer.root_dictionary(), field_name)
            if found.inherited("/FT") != "/Tx":
                raise FieldFault(f"field {field_name} is not a text field")
            if found.filled:
                raise FieldFault(f"field {field_name} is filled already", code="signing.field_filled")
            key = _face(found)
            reference, metrics = _text_font(writer, font, key)
            _fill(writer, found, metrics.checked(value), reference, metrics, key)
        return writer.result()


def _face(found: forms.FormField) -> generic.NameObject:
    """Return the key of the face in which a field is written, as its default appearance names it."""
    words = str(found.inherited("/DA") or "").split()
    return forms.ITALIC_KEY if words[:1] == [str(forms.ITALIC_KEY)] else forms.FONT_KEY


def _text_font(
    writer: AppendWriter, font: TextFont | None, key: generic.NameObject
) -> tuple[generic.IndirectObject, TextFont]:
    """Return the font of the form's default resources, or write the one given."""
    fonts = entry(entry(entry(writer.root_dictionary(), "/AcroForm"), "/DR"), "/Font")
    if isinstance(fonts, generic.DictionaryObject) and key in fonts:
        metrics = read_font(fonts[key])
        reference = fonts.raw_get(key)
        if metrics is not None and isinstance(reference, generic.IndirectObject):
            return reference, metrics
    if font is None:
        raise FieldFault("the file was not prepared by this program: a font is needed to fill its fields")
    return add_font(writer, font), font


def _fill(
    writer: AppendWriter,
    found: forms.FormField,
    value: str,
    reference: generic.IndirectObject,
    metrics: TextFont,
    key: generic.NameObject,
) -> None:
    width, height, rotation = _displayed(writer, found)
    size = _font_size(str(found.inherited("/DA") or ""), height)
    quadding = found.inherited("/Q")
    align = _ALIGN.get(int(quadding) if isinstance(quadding, int) else 0, Align.LEFT)
    baseline = (height - metrics.cap_height * size / 1000) / 2
    line = appearance.text_content(value, metrics, size, width, baseline, align, str(key))
    content = f"/Tx BMC q 0 0 {appearance.number(width)} {appearance.number(height)} re W n {line} Q EMC"
    resources = dictionary({"/Font": dictionary({str(key): reference})})
    form = appearance.form_xobject(writer, content, (width, height), rotation, resources)
    found.field[name("/V")] = text(value)
    found.widget[name("/AP")] = dictionary({"/N": form})
    writer.update_container(found.field)
    writer.update_container(found.widget)


def _font_size(default_appearance: str, height: float) -> float:
    words = default_appearance.split()
    if "Tf" in words[1:]:
        try:
            size = float(words[words.index("Tf") - 1])
        except ValueError:
            size = 0.0
        if size > 0:
            return size
    return max(min(height * 0.7, 13.0), 1.0)  # size 0 means "fit"


def _displayed(writer: AppendWriter, found: forms.FormField) -> tuple[float, float, int]:
    """Return width, height (user space units, as seen upright) and page rotation of a widget."""
    rect = found.widget["/Rect"]
    x1, y1, x2, y2 = (float(rect[i]) for i in range(4))
    page = entry(found.widget, "/P")
    rotation = page_geometry(page).rotation if isinstance(page, generic.DictionaryObject) else 0
    width, height = abs(x2 - x1), abs(y2 - y1)
    return (height, width, rotation) if rotation in (90, 270) else (width, height, rotation)


def _show(writer: AppendWriter, found: forms.FormField, look: Appearance) -> None:
    """Put the appearance on the field's widget; a field without area stays invisible."""
    if look.image is None and not look.lines:
        return
    width, height, rotation = _displayed(writer, found)
    if not width or not height:
        return
    reference = add_font(writer, look.font) if look.lines and look.font is not None else None
    form = appearance.draw(writer, look, (width, height), rotation, reference)
    found.widget[name("/AP")] = dictionary({"/N": form})
    writer.update_container(found.widget)


def _restate_appearances(writer: AppendWriter, lock: FieldMDPSpec) -> None:
    """Write the appearance streams of fields about to be locked once more, unchanged, in this update.

    pyHanko's comparison takes any appearance of a locked field for changed unless it was last written in
    the very revision of the signature that locks it; a later co-issuer's seal would then look forbidden.
    """
    for field in forms.walk(writer.root_dictionary()):
        appearances = entry(field.widget, "/AP")
        if (
            not field.is_signature
            and lock.is_locked(field.name)
            and isinstance(appearances, generic.DictionaryObject)
        ):
            stream = appearances.raw_get("/N") if "/N" in appearances else None
            if isinstance(stream, generic.IndirectObject):
                writer.mark_update(stream.reference)


def _embed(
    pdf: bytes,
    writer: AppendWriter,
    signer: str,
    field: str,
    words: SignatureText,
    now: datetime,
    lock: object,
    room: int,
    digest: str,
) -> Placed:
    """Write the signature dictionary with room for the signature."""
    spec = FieldMDPSpec.from_pdf_object(lock) if isinstance(lock, generic.DictionaryObject) else None
    if spec is not None:
        _restate_appearances(writer, spec)
    invisible = SigFieldSpec(field, on_page=0)
    steps = PdfCMSEmbedder(new_field_spec=invisible).write_cms(field, writer)
    next(steps)
    steps.send(
        SigObjSetup(
            sig_placeholder=SignatureObject(
                timestamp=now,
                subfilter=SigSeedSubFilter.PADES,
                name=signer,
                location=words.location or None,
                reason=words.reason or None,
                bytes_reserved=room,
            ),
            mdp_setup=SigMDPSetup(md_algorithm=digest, field_lock=spec) if spec else None,
        )
    )
    prepared, output = steps.send(SigIOSetup(md_algorithm=digest))
    if not isinstance(output, io.BytesIO):
        raise TypeError("the embedder was not given another output")
    written = output.getvalue()
    size = len(pdf)
    return Placed(
        pdf, written[size:], (prepared.reserved_region_start - size, prepared.reserved_region_end - size)
    )
