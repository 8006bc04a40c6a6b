"""The pages of a file being updated (ISO 32000-1, 7.7.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from signing.errors import FieldFault, UnreadableFile
from signing.pades.geometry import LETTER, PageGeometry, geometry_from
from signing.pades.revision import Revision, catalog, entry, held, value_of
from signing.pades.values import Ref, Value

_DEEPEST: Final = 64
_INHERITED: Final = ("/MediaBox", "/CropBox", "/Rotate")


def page(revision: Revision, number: int) -> tuple[Ref, dict[str, Value]]:
    """Return a page counted from 1 (-1 is the last). Raises FieldFault when there is none."""
    tree = entry(revision, catalog(revision), "/Pages")
    count = entry(revision, tree, "/Count")
    if not isinstance(count, int):
        raise UnreadableFile("the page tree of the PDF file is broken")
    index = number - 1 if number > 0 else count + number
    if number == 0 or not 0 <= index < count:
        raise FieldFault(f"there is no page {number}: the file has {count}")
    found = _descend(revision, tree, index)
    if found is None:
        raise UnreadableFile("the page tree of the PDF file is broken")
    return found


def _descend(revision: Revision, tree: Value, index: int) -> tuple[Ref, dict[str, Value]] | None:
    """Go down to a page by the counts of the nodes."""
    node = tree
    for _ in range(_DEEPEST):
        kids = entry(revision, node, "/Kids")
        if not isinstance(kids, list):
            return None
        for raw in kids:
            kid = value_of(revision, raw)
            if not isinstance(kid, dict) or not isinstance(raw, Ref):
                return None
            below = entry(revision, kid, "/Count") if "/Kids" in kid else 1
            if not isinstance(below, int):
                return None
            if index < below:
                if "/Kids" not in kid:
                    return raw, kid
                node = kid
                break
            index -= below
        else:
            return None
    return None


def pages(revision: Revision) -> Iterator[tuple[Ref, dict[str, Value]]]:
    """Yield all pages in order."""
    root = catalog(revision).get("/Pages")
    yield from _pages(revision, root, 0, set())


def _pages(
    revision: Revision, raw: Value, depth: int, seen: set[Ref]
) -> Iterator[tuple[Ref, dict[str, Value]]]:
    node = value_of(revision, raw)
    if depth > _DEEPEST or not isinstance(node, dict) or not isinstance(raw, Ref) or raw in seen:
        raise UnreadableFile("the page tree of the PDF file is broken")
    seen.add(raw)
    kids = entry(revision, node, "/Kids")
    if isinstance(kids, list):
        for kid in kids:
            yield from _pages(revision, kid, depth + 1, seen)
    else:
        yield raw, node


def page_of_annotation(
    revision: Revision, annotation: Ref, widget: dict[str, Value]
) -> tuple[int, dict[str, Value]] | None:
    """Return number (from 1) and object of the page that shows an annotation; None when none does."""
    named = widget.get("/P")
    for number, (ref, node) in enumerate(pages(revision), start=1):
        if isinstance(named, Ref) and named != ref:
            continue
        shown = entry(revision, node, "/Annots")
        if isinstance(shown, list) and annotation in shown:
            return number, node
    return None


def geometry_of(revision: Revision, node: dict[str, Value]) -> PageGeometry:
    """Return the geometry of a page, with inherited entries. Raises FieldFault when it is absurd."""
    found = {key: _inherited(revision, node, key) for key in _INHERITED}
    media = _box(revision, found["/MediaBox"]) or LETTER
    crop = _box(revision, found["/CropBox"]) or media
    rotate, unit = found["/Rotate"], entry(revision, node, "/UserUnit")
    return geometry_from(
        media,
        crop,
        rotate if isinstance(rotate, int | float) else 0,
        unit if isinstance(unit, int | float) else 1.0,
    )


def annotate(revision: Revision, ref: Ref, node: dict[str, Value], annotation: Ref) -> None:
    """Add an annotation to a page, wherever its list stands."""
    owner, shown = held(revision, node, "/Annots", ref)
    if isinstance(shown, list):
        shown.append(annotation)
        revision.put(owner, shown if owner != ref else node)
    else:
        node["/Annots"] = [annotation]
        revision.put(ref, node)


def _inherited(revision: Revision, node: Value, key: str) -> Value:
    for _ in range(_DEEPEST):
        if not isinstance(node, dict):
            return None
        if (value := entry(revision, node, key)) is not None:
            return value
        node = entry(revision, node, "/Parent")
    return None


def _box(revision: Revision, value: Value) -> tuple[float, float, float, float] | None:
    sides = [value_of(revision, v) for v in value] if isinstance(value, list) else []
    given = [float(v) for v in sides if isinstance(v, int | float)]
    if len(given) != 4 or len(sides) != 4:
        return None
    a, b, c, d = given
    return min(a, c), min(b, d), max(a, c), max(b, d)
