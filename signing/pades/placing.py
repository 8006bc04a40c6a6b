"""Placing signatures and filling fields, each as one incremental update.

The order is person, number and date, seal of the body, then seals of co-issuers. No signature here is a
certification (DocMDP): approval signatures let later form filling and signing pass, several persons may
sign, and a copy of the file can still be signed by another body. What must not change after the seal
(number and date) is locked by FieldMDP. docs/decisions/0003-signature-order.md tells the reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from signing.errors import FieldFault, KeyFault
from signing.fonts import TextFont
from signing.keys.protocol import SignerIdentity
from signing.model import Align
from signing.pades import appearance, archival, fields
from signing.pades.appearance import Appearance
from signing.pades.fontobjects import add_font, read_font
from signing.pades.opening import updated
from signing.pades.pages import annotate, page
from signing.pades.permissions import locks, require_permitted
from signing.pades.revision import Revision, Room, catalog, entry, held
from signing.pades.values import Name, Ref, Stream, Value, text

_ALIGN: Final = {0: Align.LEFT, 1: Align.CENTRE, 2: Align.RIGHT}
SIGNATURES_EXIST_APPEND_ONLY: Final = 3
"""``/SigFlags`` of a form with signatures (table 219)."""
PRINT_AND_LOCKED: Final = 4 | 128
"""Annotation flags: printed (ISO 19005-2, 6.3.2, demands it) and not to be moved."""


@dataclass(frozen=True, slots=True)
class SignatureText:
    """Plain entries of the signature dictionary (ISO 32000-1, table 252), for viewers."""

    reason: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class Placement:
    """A signature dictionary to be placed."""

    field: str
    new_field: bool
    """True: a field of that name is made, with no place on a page."""
    look: Appearance
    entries: dict[str, Value]
    """The dictionary without byte range, value and references."""
    digits: int
    """Hexadecimal digits to keep for the value."""


def signature_entries(signer: str, words: SignatureText, at: datetime) -> dict[str, Value]:
    """Return the entries of a signature dictionary for PAdES (ETSI EN 319 142-1, 5.3)."""
    entries: dict[str, Value] = {
        "/Type": Name("/Sig"),
        "/Filter": Name("/Adobe.PPKLite"),
        "/SubFilter": Name("/ETSI.CAdES.detached"),
        "/M": at.astimezone(UTC).strftime("D:%Y%m%d%H%M%S+00'00'").encode(),
        "/Name": text(signer),
    }
    if words.reason:
        entries["/Reason"] = text(words.reason)
    if words.location:
        entries["/Location"] = text(words.location)
    return entries


def place(revision: Revision, wanted: Placement) -> None:
    """Write a signature dictionary into a field, and what it looks like. Raises FieldFault."""
    known = list(fields.walk(revision, only=None if wanted.new_field else wanted.field))
    require_permitted(revision, known, wanted.field)
    found = next((f for f in known if f.name == wanted.field), None)
    if wanted.new_field:
        if found is not None:
            raise FieldFault(f"there is a field named {wanted.field} already", code="signing.field_taken")
        _add_invisible(revision, wanted)
        return
    if found is None:
        raise FieldFault(f"the file has no field named {wanted.field}", code="signing.field_missing")
    if not found.is_signature:
        raise FieldFault(f"field {wanted.field} is not a signature field")
    if found.filled:
        raise FieldFault(f"field {wanted.field} is signed already", code="signing.field_filled")
    _show(revision, found, wanted.look)
    entries = dict(wanted.entries)
    lock = entry(revision, found.field, "/Lock")
    if isinstance(lock, dict):
        entries["/Reference"] = [_field_mdp(revision, lock)]
        _restate_appearances(revision, list(fields.walk(revision)), lock)
    found.field["/V"] = revision.add_signature(Room(entries, wanted.digits))
    revision.put(found.ref, found.field)
    _flag(revision)


def _field_mdp(revision: Revision, lock: dict[str, Value]) -> Value:
    """Return the signature reference dictionary that says what the signature locks (12.8.2.4)."""
    parameters: dict[str, Value] = {"/Type": Name("/TransformParams"), "/V": Name("/1.2")}
    parameters |= {key: lock[key] for key in ("/Action", "/Fields") if key in lock}
    return {
        "/Type": Name("/SigRef"),
        "/TransformMethod": Name("/FieldMDP"),
        "/TransformParams": parameters,
        "/Data": revision.root,
    }


def _restate_appearances(revision: Revision, known: list[fields.FormField], lock: Value) -> None:
    """Write the appearance streams of fields about to be locked once more, unchanged, in this update.

    pyHanko's comparison takes any appearance of a locked field for changed unless it was last written in
    the very revision of the signature that locks it; a later co-issuer's seal would then look forbidden.
    """
    for found in known:
        if found.is_signature or not locks(revision, lock, found.name):
            continue
        shown = entry(revision, found.widget, "/AP")
        stream = shown.get("/N") if isinstance(shown, dict) else None
        if isinstance(stream, Ref) and isinstance(value := revision.get(stream), Stream):
            revision.put(stream, value)


def _add_invisible(revision: Revision, wanted: Placement) -> None:
    """Make a field without area on the first page, signed."""
    page_ref, node = page(revision, 1)
    field = revision.add(
        {
            "/Type": Name("/Annot"),
            "/Subtype": Name("/Widget"),
            "/FT": Name("/Sig"),
            "/T": text(wanted.field),
            "/F": PRINT_AND_LOCKED,
            "/Rect": [0, 0, 0, 0],
            "/P": page_ref,
            "/V": revision.add_signature(Room(wanted.entries, wanted.digits)),
        }
    )
    annotate(revision, page_ref, node, field)
    add_to_form(revision, [field])


def add_to_form(revision: Revision, added: list[Ref]) -> tuple[Ref, dict[str, Value]]:
    """Add fields to the interactive form, made when there is none; return the object to put back, and it."""
    root = catalog(revision)
    owner, form = held(revision, root, "/AcroForm", revision.root)
    if not isinstance(form, dict):
        form = {"/Fields": list(added), "/SigFlags": SIGNATURES_EXIST_APPEND_ONLY}
        owner = revision.add(form)
        root["/AcroForm"] = owner
        revision.put(revision.root, root)
        return owner, form
    array_owner, array = held(revision, form, "/Fields", owner)
    if not isinstance(array, list):
        form["/Fields"] = list(added)
        _put_form(revision, owner, form)
    elif added:
        array.extend(added)
        if array_owner == owner:
            _put_form(revision, owner, form)
        else:
            revision.put(array_owner, array)
    _flag(revision)
    return owner, form


def _put_form(revision: Revision, owner: Ref, form: dict[str, Value]) -> None:
    revision.put(owner, catalog(revision) if owner == revision.root else form)


def _flag(revision: Revision) -> None:
    """Set ``/SigFlags`` unless it is set."""
    owner, form = held(revision, catalog(revision), "/AcroForm", revision.root)
    if isinstance(form, dict) and entry(revision, form, "/SigFlags") != SIGNATURES_EXIST_APPEND_ONLY:
        form["/SigFlags"] = SIGNATURES_EXIST_APPEND_ONLY
        _put_form(revision, owner, form)


def _show(revision: Revision, found: fields.FormField, look: Appearance) -> None:
    """Put the appearance on the field's widget; a field without area stays invisible."""
    if look.image is None and not look.lines:
        return
    width, height, rotation = fields.displayed_size(revision, found.widget)
    if not width or not height:
        return
    reference = add_font(revision, look.font) if look.lines and look.font is not None else None
    masked = look.image is not None and look.image.mask is not None
    opaque = masked and archival.opaque(revision, found.widget, prepared=fields.KIND_KEY in found.widget)
    form = appearance.draw(revision, look, (width, height), rotation, reference, soft_mask=not opaque)
    found.widget["/AP"] = {"/N": form}
    revision.put(found.widget_ref, found.widget)


def require_identity_valid(identity: SignerIdentity, now: datetime) -> None:
    """Raise KeyFault unless the certificate is valid at ``now``."""
    if not identity.valid_from <= now <= identity.valid_to:
        raise KeyFault(
            f"the certificate of {identity.name} is valid only from "
            f"{identity.valid_from:%Y-%m-%d} to {identity.valid_to:%Y-%m-%d}",
            code="signing.key_expired",
        )


def fill_number_and_date(pdf: bytes, values: Mapping[str, str], font: TextFont | None = None) -> bytes:
    """Fill text fields, by name, as one incremental update: form filling, which signatures allow.

    The appearance uses the font that :func:`signing.pades.prepare.prepare` embedded; ``font`` is for files
    whose fields another program made. Raises FieldFault (missing, filled, locked, not text), FontFault (a
    letter that cannot be shown) and UnreadableFile.
    """
    done = updated(pdf, lambda revision: fill(revision, values, font))
    return bytes(done.base) + done.written.tail


def fill(revision: Revision, values: Mapping[str, str], font: TextFont | None) -> None:
    """Fill text fields in an update. Raises as :func:`fill_number_and_date`."""
    known = list(fields.walk(revision))
    by_name = {found.name: found for found in known}
    for name, value in values.items():
        found = by_name.get(name)
        if found is None:
            raise FieldFault(f"the file has no field named {name}", code="signing.field_missing")
        if found.inherited("/FT") != "/Tx":
            raise FieldFault(f"field {name} is not a text field")
        if found.filled:
            raise FieldFault(f"field {name} is filled already", code="signing.field_filled")
        require_permitted(revision, known, name)
        key = _face(found)
        reference, metrics = _text_font(revision, font, key)
        _fill(revision, found, metrics.checked(value), reference, metrics, key)


def _words(found: fields.FormField) -> list[str]:
    """Return the words of the field's default appearance."""
    given = found.inherited("/DA")
    return given.decode("latin-1").split() if isinstance(given, bytes) else []


def _face(found: fields.FormField) -> str:
    """Return the key of the face in which a field is written, as its default appearance names it."""
    return fields.ITALIC_KEY if _words(found)[:1] == [fields.ITALIC_KEY] else fields.FONT_KEY


def _text_font(revision: Revision, font: TextFont | None, key: str) -> tuple[Ref, TextFont]:
    """Return the font of the form's default resources, or write the one given."""
    form = entry(revision, catalog(revision), "/AcroForm")
    fonts = entry(revision, entry(revision, form, "/DR"), "/Font")
    reference = fonts.get(key) if isinstance(fonts, dict) else None
    metrics = read_font(revision, reference)
    if metrics is not None and isinstance(reference, Ref):
        return reference, metrics
    if font is None:
        raise FieldFault("the file was not prepared by this program: a font is needed to fill its fields")
    return add_font(revision, font), font


def _fill(
    revision: Revision, found: fields.FormField, value: str, reference: Ref, metrics: TextFont, key: str
) -> None:
    width, height, rotation = fields.displayed_size(revision, found.widget)
    size = _font_size(_words(found), height)
    quadding = found.inherited("/Q")
    align = _ALIGN.get(quadding if isinstance(quadding, int) else 0, Align.LEFT)
    baseline = (height - metrics.cap_height * size / 1000) / 2
    line = appearance.text_content(value, metrics, size, width, baseline, align, key)
    content = f"/Tx BMC q 0 0 {appearance.number(width)} {appearance.number(height)} re W n {line} Q EMC"
    resources: dict[str, Value] = {"/Font": {key: reference}}
    form = appearance.form_xobject(revision, content, (width, height), rotation, resources)
    found.field["/V"] = text(value)
    found.widget["/AP"] = {"/N": form}
    revision.put(found.ref, found.field)
    revision.put(found.widget_ref, found.widget)


def _font_size(words: list[str], height: float) -> float:
    if "Tf" in words[1:]:
        try:
            size = float(words[words.index("Tf") - 1])
        except ValueError:
            size = 0.0
        if size > 0:
            return size
    return max(min(height * 0.7, 13.0), 1.0)  # size 0 means "fit"
