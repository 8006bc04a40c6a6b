"""The interactive form of a revision (ISO 32000-1, 12.7), as a flat list of fields with their widgets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from signing.validate.reader import View
from signing.validate.syntax import Dict, Malformed, Ref, Stream, Value, text_of, whole

_DEEPEST = 32
_MOST = 20_000
_INHERITED = ("FT", "V", "Ff", "DA", "Q", "Opt", "MaxLen")


@dataclass(slots=True)
class Node:
    """A field or widget dictionary as it stands in the file."""

    number: int | None
    """Object number; None when it is written inside another object."""
    entries: Dict


@dataclass(slots=True)
class Field:
    """A terminal field."""

    name: str
    """Fully qualified."""
    node: Node
    """Where the field's own entries are."""
    widgets: list[Node]
    """Its widgets: the node itself when merged."""
    inherited: Dict
    """Inheritable entries in force."""
    parents: list[int] = field(default_factory=list)
    """Object numbers of the fields above it."""
    value: Value = None
    """``/V`` as it stands there, a reference when it is one."""

    @property
    def kind(self) -> str:
        """``Sig``, ``Tx``, ``Btn``, ``Ch`` or nothing."""
        return str(self.inherited.get("FT") or "")

    @property
    def flags(self) -> int:
        """Field flags (table 221)."""
        return whole(self.inherited.get("Ff")) or 0


def fields_of(view: View) -> list[Field]:
    """Return the terminal fields in document order. Raises Malformed: loops and absurd sizes too."""
    form = view.dictionary(view.root.get("AcroForm"))
    seen: set[int] = set()
    return list(_walk(view, view.array(form.get("Fields")), "", {}, [], seen))


def _walk(
    view: View, kids: list[Value], prefix: str, above: Dict, parents: list[int], seen: set[int]
) -> Iterator[Field]:
    if len(parents) > _DEEPEST:
        raise Malformed("the form of the PDF file is too deep")
    for kid in kids:
        number = kid.number if isinstance(kid, Ref) else None
        if number is not None:
            if number in seen:
                raise Malformed("the form of the PDF file names a field twice")
            seen.add(number)
            if len(seen) > _MOST:
                raise Malformed("the form of the PDF file is too large")
        entries = view.resolve(kid)
        if not isinstance(entries, dict):
            continue
        part = text_of(view.resolve(entries.get("T")))
        name = f"{prefix}.{part}" if prefix and part else part or prefix
        inherited = above | {k: entries[k] for k in _INHERITED if k in entries}
        below = view.array(entries.get("Kids"))
        node = Node(number, entries)
        children = [view.resolve(k) for k in below]
        if below and any(isinstance(c, dict) and "T" in c for c in children):
            here = parents if number is None else [*parents, number]
            yield from _walk(view, below, name, inherited, here, seen)
            continue
        widgets = [
            Node(k.number if isinstance(k, Ref) else None, c)
            for k, c in zip(below, children, strict=True)
            if isinstance(c, dict)
        ]
        resolved = {k: view.resolve(v) for k, v in inherited.items()}
        yield Field(name, node, widgets or [node], resolved, list(parents), inherited.get("V"))


def area(view: View, widget: Dict) -> float:
    """Return the area of a widget or annotation in square units, 0 for one that has no place."""
    box = rectangle(view, widget)
    return abs((box[2] - box[0]) * (box[3] - box[1])) if box else 0.0


def rectangle(view: View, widget: Dict) -> tuple[float, float, float, float] | None:
    """Return ``/Rect``, None when it is none."""
    found = [view.resolve(v) for v in view.array(widget.get("Rect"))]
    numbers = [float(v) for v in found if isinstance(v, int | float)]
    return (numbers[0], numbers[1], numbers[2], numbers[3]) if len(numbers) == 4 == len(found) else None


def streams_of(view: View, widget: Dict) -> list[tuple[str, Stream]]:
    """Return the appearance streams of a widget with where each stands (``N``, ``N/Yes``, ``D``)."""
    found: list[tuple[str, Stream]] = []
    for key, value in view.dictionary(widget.get("AP")).items():
        one = view.resolve(value)
        if isinstance(one, Stream):
            found.append((str(key), one))
        elif isinstance(one, dict):
            for state, inner in one.items():
                shown = view.resolve(inner)
                if isinstance(shown, Stream):
                    found.append((f"{key}/{state}", shown))
    return found
