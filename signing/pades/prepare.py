"""Placing the form fields of a document before its first signature.

Number and date are text fields that exist, empty, when the person signs; filling them later is then form
filling, a change that an approval signature allows. Drawing on the page would break it. Which signature
forbids what, and why, is told in docs/decisions/0003-signature-order.md.
"""

from __future__ import annotations

import io

import pikepdf
from pyhanko.pdf_utils import generic

from signing.errors import FieldFault, FontFault, UnreadableFile
from signing.fonts import TextFont
from signing.model import Align, Field, FieldPlan, Prepared
from signing.pades import forms
from signing.pades.appearance import form_xobject, number
from signing.pades.fontobjects import add_font
from signing.pades.geometry import PageGeometry, entry
from signing.pades.objects import array, dictionary, name, numbers, reference, text, whole
from signing.pades.writer import AppendWriter, open_for_update, pdf_faults

_PRINT_AND_LOCKED = 4 | 128
"""Annotation flags: printed (ISO 19005-2, 6.3.2, demands it) and not to be moved."""
_SIGNATURES_EXIST_APPEND_ONLY = 3
_QUADDING = {Align.LEFT: 0, Align.CENTRE: 1, Align.RIGHT: 2}
_WHITE = b"\x00\t\n\x0c\r "


def prepare(pdf: bytes, plan: FieldPlan, font: TextFont | None, italic: TextFont | None = None) -> Prepared:
    """Add the fields of a plan to a file; ``font`` is embedded once for its text fields (None: it has none).

    The file is appended to, never rewritten, unless it is unsigned and its structure unsound. To a file that
    is already signed only signature fields can be added. Raises FieldFault (names taken, off the page, text
    field in a signed file) and UnreadableFile.
    """
    source, rewritten = sound(pdf)
    writer = open_for_update(source)
    with pdf_faults():
        existing = {f.name: f for f in forms.walk(writer.root_dictionary())}
        signed = any(f.is_signature and f.filled for f in existing.values())
        _check(plan, set(existing), signed=signed)
        form = _form(writer)
        if any(f.kind.is_text for f in plan.fields):
            if font is None:
                raise FontFault("text fields need a font")
            slanted = any(f.italic and f.kind.is_text for f in plan.fields)
            _add_fonts(writer, form, font, italic if slanted else None)
        fields = form["/Fields"]
        for field in plan.fields:
            fields.append(_add_field(writer, field, italic=field.italic and italic is not None))
        writer.update_container(fields)
        return Prepared(writer.result(), rewritten)


def sound(pdf: bytes) -> tuple[bytes, bool]:
    """Return the file, and whether it had to be written anew.

    Only an unsigned file is written anew: when bytes follow its end, when it cannot be read otherwise, or
    when its cross-references are hybrid (two readers would see two documents). Raises UnreadableFile.
    """
    try:
        writer = open_for_update(pdf)
        with pdf_faults():
            trouble = writer.prev.xrefs.hybrid_xrefs_present or not _ends_cleanly(pdf)
            signed = any(f.is_signature and f.filled for f in forms.walk(writer.root_dictionary()))
    except UnreadableFile:
        if b"/ByteRange" in pdf:
            raise
        return _rewritten(pdf), True
    if not trouble:
        return pdf, False
    if signed:
        raise UnreadableFile("the file is signed and its structure unsound: it can take no more signatures")
    return _rewritten(pdf), True


def _ends_cleanly(pdf: bytes) -> bool:
    end = pdf.rfind(b"%%EOF")
    return end >= 0 and not pdf[end + 5 :].strip(_WHITE)


def _rewritten(pdf: bytes) -> bytes:
    out = io.BytesIO()
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            if document.is_encrypted:
                raise UnreadableFile("the PDF file is encrypted: remove its protection first")
            document.save(out)
    except (pikepdf.PdfError, pikepdf.PasswordError, RuntimeError, ValueError) as error:
        raise UnreadableFile("the PDF file cannot be read") from error
    return out.getvalue()


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


def _form(writer: AppendWriter) -> generic.DictionaryObject:
    """Return the interactive form, made when there is none."""
    root = writer.root_dictionary()
    form = entry(root, "/AcroForm")
    if not isinstance(form, generic.DictionaryObject):
        form = dictionary()
        root[name("/AcroForm")] = writer.add_object(form)
        writer.catalog_changed()
    if not isinstance(entry(form, "/Fields"), generic.ArrayObject):
        form[name("/Fields")] = array(())
    # Set now, so that the form need not change when the signatures come.
    form[name("/SigFlags")] = whole(_SIGNATURES_EXIST_APPEND_ONLY)
    if "/NeedAppearances" in form:  # viewers would redraw fields, which breaks PDF/A and the look
        del form["/NeedAppearances"]
    writer.update_container(form)
    return form


def _add_fonts(
    writer: AppendWriter, form: generic.DictionaryObject, font: TextFont, italic: TextFont | None
) -> None:
    resources = entry(form, "/DR")
    if not isinstance(resources, generic.DictionaryObject):
        resources = dictionary()
        form[name("/DR")] = resources
    fonts = entry(resources, "/Font")
    if not isinstance(fonts, generic.DictionaryObject):
        fonts = dictionary()
        resources[name("/Font")] = fonts
    if forms.FONT_KEY not in fonts:
        fonts[forms.FONT_KEY] = add_font(writer, font)
    if italic is not None and forms.ITALIC_KEY not in fonts:
        fonts[forms.ITALIC_KEY] = add_font(writer, italic)
    if "/DA" not in form:
        form[name("/DA")] = text(f"{forms.FONT_KEY} 13 Tf 0 g")
    writer.update_container(fonts)
    writer.update_container(resources)


def _add_field(writer: AppendWriter, field: Field, *, italic: bool) -> generic.IndirectObject:
    page_ref, _, geometry = writer.page(field.page)
    geometry.require_inside(field.rectangle, field.name)
    entries = widget(writer, field, geometry, page_ref)
    if field.kind.is_text:
        entries[name("/FT")] = name("/Tx")
        face = forms.ITALIC_KEY if italic else forms.FONT_KEY
        entries[name("/DA")] = text(f"{face} {number(field.font_size)} Tf 0 g")
        entries[name("/Q")] = whole(_QUADDING[field.align])
    else:
        entries[name("/FT")] = name("/Sig")
        if field.locks:
            entries[name("/Lock")] = writer.add_object(_lock(field.locks))
    added = writer.add_object(entries)
    writer.annotate(page_ref, added)
    return added


def widget(
    writer: AppendWriter, field: Field, geometry: PageGeometry, page_ref: generic.Reference
) -> generic.DictionaryObject:
    """Return a field merged with its widget, with an empty appearance, on a page."""
    size = (field.rectangle.width / geometry.unit, field.rectangle.height / geometry.unit)
    empty = "/Tx BMC EMC" if field.kind.is_text else ""
    appearance = form_xobject(writer, empty, size, geometry.rotation, dictionary())
    entries = dictionary(
        {
            "/Type": name("/Annot"),
            "/Subtype": name("/Widget"),
            "/T": text(field.name),
            "/F": whole(_PRINT_AND_LOCKED),
            "/Rect": numbers(*geometry.to_user_space(field.rectangle)),
            "/P": reference(page_ref, writer),
            "/AP": dictionary({"/N": appearance}),
            str(forms.KIND_KEY): name("/" + field.kind),
        }
    )
    if geometry.rotation:
        entries[name("/MK")] = dictionary({"/R": whole(geometry.rotation)})
    return entries


def _lock(names: tuple[str, ...]) -> generic.DictionaryObject:
    """Return a signature field lock dictionary (ISO 32000-1, table 233)."""
    return dictionary(
        {
            "/Type": name("/SigFieldLock"),
            "/Action": name("/Include"),
            "/Fields": array(text(n) for n in names),
        }
    )
