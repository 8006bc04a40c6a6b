"""Reading and extending the interactive form of a file (ISO 32000-1, 12.7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pyhanko.pdf_utils import generic

from signing.errors import FieldFault, UnreadableFile
from signing.model import FieldKind, FieldState
from signing.pades import fields
from signing.pades.geometry import entry
from signing.pades.opening import read
from signing.pades.syntax import Buffer

KIND_KEY = fields.KIND_KEY
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


def fields_of(pdf: Buffer) -> list[FieldState]:
    """List the form fields of a file with their place and state. Raises UnreadableFile."""
    return read(pdf, fields.states)
