"""Plain facts of a PDF that may be kept: version, pages, size, signatures, claim of PDF/A."""

from __future__ import annotations

import re

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Stream

_PAGES_SEARCHED_FOR_FONTS = 20
_METADATA_BYTES = 1024 * 1024
_PART = re.compile(rb"pdfaid:part\s*(?:=\s*[\"']|>)\s*(\d)")
_CONFORMANCE = re.compile(rb"pdfaid:conformance\s*(?:=\s*[\"']|>)\s*([A-Za-z])")


def page_count(pdf: pikepdf.Pdf, limit: int) -> int:
    """Return the number of pages; a tree with loops raises pikepdf.PdfError."""
    claimed = pdf.Root.Pages.get_int("/Count", 0)
    # The tree is flattened in memory to be counted, so an honest large number ends the work here.
    if claimed > 4 * limit:
        return claimed
    return len(pdf.pages)


def version(pdf: pikepdf.Pdf) -> str:
    """Return the version of the header, or the catalog's where it is newer (ISO 32000-2, 7.7.2)."""
    named = pdf.Root.get("/Version")
    catalog = str(named).removeprefix("/") if isinstance(named, Name) else ""
    return max(pdf.pdf_version, catalog if re.fullmatch(r"\d\.\d", catalog) else "")


def shown_size(page: pikepdf.Page) -> tuple[float, float]:
    """Return width and height in points as a viewer shows the page (ISO 32000-2, 14.11.2 and 7.7.3.3)."""
    x1, y1, x2, y2 = (float(value) for value in page.cropbox)
    scale = page.obj.get_float("/UserUnit", 1.0)
    width, height = round(abs(x2 - x1) * scale, 2), round(abs(y2 - y1) * scale, 2)
    return (height, width) if _rotation(page) % 180 == 90 else (width, height)


def _rotation(page: pikepdf.Page) -> int:
    """Return /Rotate of the page or of the nearest node above that has it."""
    node: Object | None = page.obj
    for _ in range(100):
        if not isinstance(node, Dictionary):
            return 0
        if (turn := node.get_int("/Rotate")) is not None:
            return turn
        node = node.get("/Parent")
    return 0


def signatures(pdf: pikepdf.Pdf) -> int:
    """Count the signature fields that have a value (ISO 32000-2, 12.7.5.5); /FT is inherited."""
    form = pdf.Root.get("/AcroForm")
    fields = form.get("/Fields") if isinstance(form, Dictionary) else None
    if not isinstance(fields, Array):
        return 0
    found, seen = 0, set[tuple[int, int]]()
    waiting: list[tuple[object, object]] = [(field, None) for field in fields]
    while waiting:
        field, inherited = waiting.pop()
        if not isinstance(field, Dictionary) or (field.is_indirect and field.objgen in seen):
            continue
        seen.add(field.objgen)
        kind = field.get("/FT", inherited)
        if kind == Name.Sig and isinstance(field.get("/V"), Dictionary):
            found += 1
        kids = field.get("/Kids")
        if isinstance(kids, Array):
            waiting.extend((kid, kind) for kid in kids)
    return found


def has_fonts(pdf: pikepdf.Pdf) -> bool:
    """Whether one of the first pages names a font, itself or in a form that it draws."""
    return any(_names_font(page.obj) for page in list(pdf.pages)[:_PAGES_SEARCHED_FOR_FONTS])


def _names_font(page: Object) -> bool:
    waiting: list[object] = [_inherited(page, "/Resources")]
    for _ in range(200):  # forms may draw each other in a circle
        if not waiting:
            return False
        resources = waiting.pop()
        if not isinstance(resources, Dictionary):
            continue
        fonts, drawn = resources.get("/Font"), resources.get("/XObject")
        if isinstance(fonts, Dictionary) and len(fonts.keys()) > 0:
            return True
        if isinstance(drawn, Dictionary):
            waiting.extend(form.get("/Resources") for form in drawn.values() if isinstance(form, Stream))
    return False


def _inherited(page: Object, key: str) -> object:
    node: object = page
    for _ in range(100):
        if not isinstance(node, Dictionary):
            return None
        if (value := node.get(key)) is not None:
            return value
        node = node.get("/Parent")
    return None


def pdfa_claim(pdf: pikepdf.Pdf) -> str | None:
    """Return part and conformance level that the XMP metadata claims (ISO 19005-2, 6.6.4), or None."""
    metadata = pdf.Root.get("/Metadata")
    if not isinstance(metadata, Stream) or metadata.get_int("/Length", 0) > _METADATA_BYTES:
        return None
    try:
        text = metadata.read_bytes()
    except pikepdf.PikepdfError:  # a packet that cannot be decoded claims nothing
        return None
    part, level = _PART.search(text), _CONFORMANCE.search(text)
    if part is None:
        return None
    return part[1].decode() + (level[1].decode().lower() if level else "")
