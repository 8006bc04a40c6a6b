"""Placing the form fields of a document before its first signature.

Number and date are text fields that exist, empty, when the person signs; filling them later is then form
filling, a change that an approval signature allows. Drawing on the page would break it. Which signature
forbids what, and why, is told in docs/decisions/0003-signature-order.md.
"""

from __future__ import annotations

from typing import Final

from signing.errors import FieldFault, FontFault
from signing.fonts import TextFont
from signing.model import Align, Field, FieldPlan, Prepared
from signing.pades import archival, fields
from signing.pades.appearance import form_xobject, number
from signing.pades.fontobjects import add_font
from signing.pades.geometry import PageGeometry
from signing.pades.opening import updated
from signing.pades.pages import annotate, geometry_of, page
from signing.pades.placing import PRINT_AND_LOCKED, add_to_form
from signing.pades.revision import Revision, catalog, held
from signing.pades.values import Name, Ref, Value, names, numbers, text

_QUADDING: Final = {Align.LEFT: 0, Align.CENTRE: 1, Align.RIGHT: 2}


def prepare(pdf: bytes, plan: FieldPlan, font: TextFont | None, italic: TextFont | None = None) -> Prepared:
    """Add the fields of a plan to a file; ``font`` is embedded once for its text fields (None: it has none).

    The file is appended to, never rewritten, unless it is unsigned and its structure unsound (see
    :func:`signing.pades.opening.mended`). To a file that is already signed only signature fields can be
    added. Raises FieldFault (names taken, off the page, text field in a signed file) and UnreadableFile.
    """
    done = updated(pdf, lambda revision: add_fields(revision, plan, font, italic), mend=True)
    return Prepared(bytes(done.base) + done.written.tail, done.rewritten)


def add_fields(
    revision: Revision,
    plan: FieldPlan,
    font: TextFont | None,
    italic: TextFont | None = None,
    *,
    bare: bool = False,
) -> None:
    """Add the fields of a plan in an update. Raises as :func:`prepare`.

    ``bare``: without empty appearances, for fields that are signed and shown in the same update.
    """
    existing = {f.name: f for f in fields.walk(revision)}
    signed = any(f.is_signature and f.filled for f in existing.values())
    _check(plan, set(existing), signed=signed)
    added = [
        _add_field(revision, field, italic=field.italic and italic is not None, bare=bare)
        for field in plan.fields
    ]
    # The flags are set now, so that the form need not change when the signatures come.
    owner, form = add_to_form(revision, added)
    if not signed and "/NeedAppearances" in form:  # viewers would redraw fields: breaks PDF/A and the look
        del form["/NeedAppearances"]
        _put(revision, owner, form)
    if any(f.kind.is_text for f in plan.fields):
        if font is None:
            raise FontFault("text fields need a font")
        slanted = any(f.italic and f.kind.is_text for f in plan.fields)
        _add_fonts(revision, owner, form, font, italic if slanted else None)


def _put(revision: Revision, owner: Ref, form: Value) -> None:
    revision.put(owner, catalog(revision) if owner == revision.root else form)


def _check(plan: FieldPlan, taken: set[str], *, signed: bool) -> None:
    planned = [field.name for field in plan.fields]
    for field in plan.fields:
        if not field.name or "." in field.name:
            raise FieldFault(f"{field.name!r} cannot name a field: it is empty or holds a full stop")
        if field.name in taken or planned.count(field.name) > 1:
            raise FieldFault(f"there are two fields named {field.name}", code="signing.field_taken")
        if signed and field.kind.is_text:
            raise FieldFault(
                "the file is signed: no text field can be added to it", code="signing.field_signed"
            )
        for locked in field.locks:
            if locked not in taken and locked not in planned:
                raise FieldFault(f"field {field.name} would lock {locked}, which does not exist")


def _add_fonts(
    revision: Revision, owner: Ref, form: dict[str, Value], font: TextFont, italic: TextFont | None
) -> None:
    resources_owner, resources = held(revision, form, "/DR", owner)
    if not isinstance(resources, dict):
        resources_owner, resources = owner, {}
        form["/DR"] = resources
    fonts_owner, fonts = held(revision, resources, "/Font", resources_owner)
    if not isinstance(fonts, dict):
        fonts_owner, fonts = resources_owner, {}
        resources["/Font"] = fonts
    if fields.FONT_KEY not in fonts:
        fonts[fields.FONT_KEY] = add_font(revision, font)
    if italic is not None and fields.ITALIC_KEY not in fonts:
        fonts[fields.ITALIC_KEY] = add_font(revision, italic)
    if "/DA" not in form:
        form["/DA"] = text(f"{fields.FONT_KEY} 13 Tf 0 g")
    _put(revision, owner, form)
    if resources_owner != owner:
        revision.put(resources_owner, resources)
    if fonts_owner not in (owner, resources_owner):
        revision.put(fonts_owner, fonts)


def _add_field(revision: Revision, field: Field, *, italic: bool, bare: bool) -> Ref:
    page_ref, node = page(revision, field.page)
    geometry = geometry_of(revision, node)
    geometry.require_inside(field.rectangle, field.name)
    entries = widget(revision, field, geometry, page_ref, bare=bare)
    if field.kind.is_text:
        entries["/FT"] = Name("/Tx")
        face = fields.ITALIC_KEY if italic else fields.FONT_KEY
        entries["/DA"] = text(f"{face} {number(field.font_size)} Tf 0 g")
        entries["/Q"] = _QUADDING[field.align]
    else:
        entries["/FT"] = Name("/Sig")
        if archival.part(revision) == 1:
            entries[archival.OPAQUE_KEY] = True
        if field.locks:
            entries["/Lock"] = revision.add(_lock(field.locks))
    added = revision.add(entries)
    annotate(revision, page_ref, node, added)
    return added


def widget(
    revision: Revision, field: Field, geometry: PageGeometry, page_ref: Ref, *, bare: bool
) -> dict[str, Value]:
    """Return a field merged with its widget, with an empty appearance unless ``bare``, on a page."""
    size = (field.rectangle.width / geometry.unit, field.rectangle.height / geometry.unit)
    empty = "/Tx BMC EMC" if field.kind.is_text else ""
    entries: dict[str, Value] = {
        "/Type": Name("/Annot"),
        "/Subtype": Name("/Widget"),
        "/T": text(field.name),
        "/F": PRINT_AND_LOCKED,
        "/Rect": numbers(*geometry.to_user_space(field.rectangle)),
        "/P": page_ref,
        fields.KIND_KEY: Name("/" + field.kind),
    }
    if not bare:
        entries["/AP"] = {"/N": form_xobject(revision, empty, size, geometry.rotation, {})}
    if geometry.rotation:
        entries["/MK"] = {"/R": geometry.rotation}
    return entries


def _lock(locked: tuple[str, ...]) -> dict[str, Value]:
    """Return a signature field lock dictionary (ISO 32000-1, table 233)."""
    return {"/Type": Name("/SigFieldLock"), "/Action": Name("/Include"), "/Fields": names(locked)}
