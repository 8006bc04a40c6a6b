"""The interactive form of a file being updated (ISO 32000-1, 12.7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from signing.errors import FieldFault, UnreadableFile
from signing.model import FieldKind, FieldState
from signing.pades.pages import geometry_of, page_of_annotation
from signing.pades.revision import Revision, catalog, entry, value_of
from signing.pades.values import Ref, Value, as_text

KIND_KEY: Final = "/LTHG_Kind"
"""Our own entry of a field dictionary: the kind it was prepared as (ISO 32000-1, Annex E)."""
FONT_KEY: Final = "/Tinos"
ITALIC_KEY: Final = "/TinosItalic"
"""Names of the text fonts in the form's default resources."""
_PLAIN_NAME: Final = re.compile(rb"/T ?\(([ -'*-\[\]-~]*)\)")
_DEEPEST: Final = 32
_MOST_FIELDS: Final = 10_000


@dataclass(frozen=True, slots=True)
class FormField:
    """A terminal field of the form."""

    name: str
    ref: Ref
    """The object to put back when the field is changed."""
    field: dict[str, Value]
    widget_ref: Ref
    widget: dict[str, Value]
    """Its (first) widget annotation; the same object when merged."""
    above: tuple[dict[str, Value], ...]
    """The fields it lies below, nearest first."""

    @property
    def is_signature(self) -> bool:
        """Whether it is a signature field."""
        return self.inherited("/FT") == "/Sig"

    @property
    def filled(self) -> bool:
        """Whether it has a value that is not empty."""
        return self.inherited("/V") not in (None, b"")

    @property
    def kind(self) -> FieldKind | None:
        """The kind it was prepared as; None for fields of other programs."""
        value = self.field.get(KIND_KEY)
        try:
            return FieldKind(value[1:]) if isinstance(value, str) else None
        except ValueError:
            return None

    def inherited(self, key: str) -> Value:
        """Return an inheritable entry (12.7.3.1) as it stands, None when absent."""
        for holder in (self.field, *self.above):
            if holder.get(key) is not None:
                return holder[key]
        return None


def walk(revision: Revision, *, only: str | None = None) -> Iterator[FormField]:
    """Yield the terminal fields of a form in document order. Loops and absurd sizes end it.

    ``only``: empty fields of another name may be left out, which saves reading them.
    """
    fields = entry(revision, entry(revision, catalog(revision), "/AcroForm"), "/Fields")
    seen: set[Ref] = set()
    if isinstance(fields, list):
        if only is not None:
            name = only.encode("latin-1", "replace")
            fields = [raw for raw in fields if not _is_other(revision, raw, name)]
        yield from _walk(revision, fields, revision.root, "", (), seen)


def _is_other(revision: Revision, raw: Value, name: bytes) -> bool:
    """Whether a field is plainly empty, without parts, and of another name, by its bytes alone."""
    data = revision.peek(raw) if isinstance(raw, Ref) else None
    if data is None or b"/V" in data or b"/Kids" in data or b"#" in data:
        return False
    given = _PLAIN_NAME.findall(data)
    return len(given) == 1 and given[0] != name


def _walk(
    revision: Revision,
    kids: list[Value],
    owner: Ref,
    prefix: str,
    above: tuple[dict[str, Value], ...],
    seen: set[Ref],
) -> Iterator[FormField]:
    if len(above) > _DEEPEST or len(seen) > _MOST_FIELDS:
        raise UnreadableFile("the form of the PDF file is too deep or too large")
    for raw in kids:
        ref = raw if isinstance(raw, Ref) else owner
        if isinstance(raw, Ref):
            if raw in seen:
                continue
            seen.add(raw)
        item = value_of(revision, raw)
        if not isinstance(item, dict):
            continue
        part = value_of(revision, item.get("/T"))
        own = as_text(part) if isinstance(part, bytes) else None
        name = prefix if own is None else f"{prefix}.{own}" if prefix else own
        below = entry(revision, item, "/Kids")
        if not isinstance(below, list) or not below:
            yield FormField(name, ref, item, ref, item, above)
            continue
        first = value_of(revision, below[0])
        if isinstance(first, dict) and "/T" in first:
            yield from _walk(revision, below, ref, name, (item, *above), seen)
        elif isinstance(first, dict):
            place = below[0] if isinstance(below[0], Ref) else ref
            yield FormField(name, ref, item, place, first, above)


def find(revision: Revision, name: str) -> FormField:
    """Return the field of that name. Raises FieldFault when there is none."""
    found = next((f for f in walk(revision) if f.name == name), None)
    if found is None:
        raise FieldFault(f"the file has no field named {name}", code="signing.field_missing")
    return found


def states(revision: Revision) -> list[FieldState]:
    """List the form fields with their place and state."""
    return [state(revision, found) for found in walk(revision)]


def state(revision: Revision, found: FormField) -> FieldState:
    """Return place and state of a field."""
    where = page_of_annotation(revision, found.widget_ref, found.widget)
    place = None
    box = rectangle(revision, found.widget)
    if where is not None and box is not None:
        place = geometry_of(revision, where[1]).to_displayed(box)
    value = value_of(revision, found.inherited("/V"))
    return FieldState(
        name=found.name,
        kind=found.kind,
        signature=found.is_signature,
        filled=found.filled,
        value=as_text(value) if isinstance(value, bytes) and not found.is_signature else "",
        page=where[0] if where else None,
        rectangle=place,
    )


def rectangle(revision: Revision, widget: dict[str, Value]) -> tuple[float, float, float, float] | None:
    """Return the four numbers of a widget's ``/Rect``; None when it has none."""
    found = entry(revision, widget, "/Rect")
    sides = [value_of(revision, v) for v in found] if isinstance(found, list) else []
    given = [float(v) for v in sides if isinstance(v, int | float)]
    return (given[0], given[1], given[2], given[3]) if len(given) == len(sides) == 4 else None


def displayed_size(revision: Revision, widget: dict[str, Value]) -> tuple[float, float, int]:
    """Return width, height (user space units, as seen upright) and page rotation of a widget."""
    x1, y1, x2, y2 = rectangle(revision, widget) or (0.0, 0.0, 0.0, 0.0)
    if KIND_KEY in widget:  # prepared here: the turn of the page stands in the field
        turn = entry(revision, entry(revision, widget, "/MK"), "/R")
        rotation = turn if isinstance(turn, int) and turn in (90, 180, 270) else 0
    else:
        page = entry(revision, widget, "/P")
        rotation = geometry_of(revision, page).rotation if isinstance(page, dict) else 0
    width, height = abs(x2 - x1), abs(y2 - y1)
    return (height, width, rotation) if rotation in (90, 270) else (width, height, rotation)
