"""Reading and extending the interactive form of a file (ISO 32000-1, 12.7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pyhanko.pdf_utils import generic

from signing.errors import FieldFault, UnreadableFile
from signing.model import FieldKind, FieldState
from signing.pades.geometry import entry, page_geometry
from signing.pades.writer import open_reader, pdf_faults

KIND_KEY = generic.NameObject("/LTHG_Kind")
"""Our own entry of a field dictionary: the kind it was prepared as (ISO 32000-1, Annex E)."""
FONT_KEY = generic.NameObject("/Tinos")
ITALIC_KEY = generic.NameObject("/TinosItalic")
"""Name of the text font in the form's default resources."""
_DEEPEST = 32
_MOST_FIELDS = 10_000


@dataclass(frozen=True, slots=True)
class FormField:
    """A terminal field of the form as the file holds it."""

    name: str
    field: generic.DictionaryObject
    """The field, where value and kind stand."""
    widget: generic.DictionaryObject
    """Its (first) widget annotation; the same object when merged."""

    @property
    def is_signature(self) -> bool:
        """Whether it is a signature field."""
        return self.inherited("/FT") == "/Sig"

    @property
    def filled(self) -> bool:
        """Whether it has a value that is not empty."""
        return self.inherited("/V") not in (None, "", b"")

    @property
    def kind(self) -> FieldKind | None:
        """The kind it was prepared as; None for fields of other programs."""
        value = entry(self.field, KIND_KEY)
        try:
            return FieldKind(str(value).lstrip("/")) if value is not None else None
        except ValueError:
            return None

    def inherited(self, key: str) -> object:
        """Return an inheritable entry (12.7.3.1), None when absent."""
        node: object = self.field
        for _ in range(_DEEPEST):
            if not isinstance(node, generic.DictionaryObject):
                return None
            if (value := entry(node, key)) is not None:
                return value
            node = entry(node, "/Parent")
        return None


def walk(root: generic.DictionaryObject) -> Iterator[FormField]:
    """Yield the terminal fields of a form in document order. Loops and absurd sizes end it."""
    fields = entry(entry(root, "/AcroForm"), "/Fields")
    seen: set[object] = set()
    if isinstance(fields, generic.ArrayObject):
        yield from _walk(fields, "", 0, seen)


def _walk(kids: generic.ArrayObject, prefix: str, depth: int, seen: set[object]) -> Iterator[FormField]:
    if depth > _DEEPEST or len(seen) > _MOST_FIELDS:
        raise UnreadableFile("the form of the PDF file is too deep or too large")
    for index in range(len(kids)):
        raw = kids.raw_get(index)
        if isinstance(raw, generic.IndirectObject):
            if raw.reference in seen:
                continue
            seen.add(raw.reference)
        item = kids[index]
        if not isinstance(item, generic.DictionaryObject):
            continue
        part = entry(item, "/T")
        name = prefix if part is None else f"{prefix}.{part}" if prefix else str(part)
        below = entry(item, "/Kids")
        if not isinstance(below, generic.ArrayObject) or not len(below):
            yield FormField(name, item, item)
        elif _is_field(below[0]):
            yield from _walk(below, name, depth + 1, seen)
        else:
            yield FormField(name, item, below[0])


def _is_field(kid: object) -> bool:
    return isinstance(kid, generic.DictionaryObject) and "/T" in kid


def find(root: generic.DictionaryObject, name: str) -> FormField:
    """Return the field of that name. Raises FieldFault when there is none."""
    found = next((f for f in walk(root) if f.name == name), None)
    if found is None:
        raise FieldFault(f"the file has no field named {name}", code="signing.field_missing")
    return found


def fields_of(pdf: bytes) -> list[FieldState]:
    """List the form fields of a file with their place and state. Raises UnreadableFile."""
    reader = open_reader(pdf)
    with pdf_faults():
        pages = _widget_pages(reader.root)
        return [_state(field, pages) for field in walk(reader.root)]


def _state(field: FormField, pages: dict[object, tuple[int, generic.DictionaryObject]]) -> FieldState:
    rect = entry(field.widget, "/Rect")
    reference = field.widget.container_ref
    number, page = pages.get(reference, (None, None))
    place = None
    if page is not None and isinstance(rect, generic.ArrayObject) and len(rect) == 4:
        x1, y1, x2, y2 = (float(rect[i]) for i in range(4))
        place = page_geometry(page).to_displayed((x1, y1, x2, y2))
    value = field.inherited("/V")
    return FieldState(
        name=field.name,
        kind=field.kind,
        signature=field.is_signature,
        filled=field.filled,
        value=str(value) if isinstance(value, generic.TextStringObject) else "",
        page=number,
        rectangle=place,
    )


def _widget_pages(root: generic.DictionaryObject) -> dict[object, tuple[int, generic.DictionaryObject]]:
    """Map the reference of every annotation to its page (from 1) and the page's object."""
    found: dict[object, tuple[int, generic.DictionaryObject]] = {}
    for number, page in enumerate(_pages(root["/Pages"], 0), start=1):
        annotations = entry(page, "/Annots")
        if isinstance(annotations, generic.ArrayObject):
            for index in range(len(annotations)):
                raw = annotations.raw_get(index)
                if isinstance(raw, generic.IndirectObject):
                    found[raw.reference] = (number, page)
    return found


def _pages(node: object, depth: int) -> Iterator[generic.DictionaryObject]:
    if depth > _DEEPEST or not isinstance(node, generic.DictionaryObject):
        raise UnreadableFile("the page tree of the PDF file is broken")
    kids = entry(node, "/Kids")
    if isinstance(kids, generic.ArrayObject):
        for index in range(len(kids)):
            yield from _pages(kids[index], depth + 1)
    else:
        yield node
