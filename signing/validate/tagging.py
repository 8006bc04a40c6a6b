"""Edits of the tagged structure (ISO 32000-1, 14.7) that come with allowed changes.

Signing and annotating a tagged file adds elements for what was added. Elements that were there keep all that
they say; only their lists of children, and the table that finds parents, grow.
"""

from __future__ import annotations

from signing.validate.differences import Kind, Permission
from signing.validate.syntax import Dict, Malformed, Ref, Value
from signing.validate.update import Update

_ROOT_GROWS = frozenset({"K", "ParentTree", "ParentTreeNextKey", "IDTree"})
_MOST_NODES = 20_000


def explain(update: Update) -> None:
    """Explain what grew in the structure tree; anything else stays unexplained."""
    old, new = update.old.root.get("StructTreeRoot"), update.new.root.get("StructTreeRoot")
    was, now = update.old.dictionary(old), update.new.dictionary(new)
    if not now:
        if was:
            update.forbid(Kind.STRUCTURE, "the tags were removed")
        return
    if was and isinstance(old, Ref) and old != new:
        update.forbid(Kind.STRUCTURE, "the tags were replaced")
        return
    if not was:
        update.subtree(new)
        update.add(Kind.STRUCTURE, "tags were added", needs=Permission.FILLING)
        return
    before = len(update.unexplained())
    if isinstance(old, Ref) and old.number in update.changed and _grown(update, was, now, _ROOT_GROWS):
        update.compared(old.number)
        update.subtree(now.get("K"))
        update.subtree(now.get("ParentTree"))
    _tree(update, was.get("ParentTree"), now.get("ParentTree"))
    for number in update.unexplained():
        _element(update, number)
    if len(update.unexplained()) < before:
        update.add(Kind.STRUCTURE, "tags were added for what was added", needs=Permission.FILLING)


def _element(update: Update, number: int) -> None:
    was, now = update.old.get(number), update.new.get(number)
    if not isinstance(was, dict) or not isinstance(now, dict) or "S" not in was or "Rect" in was:
        return
    if was.get("Type", "StructElem") != "StructElem" or now.get("Type", "StructElem") != "StructElem":
        return
    if _grown(update, was, now, frozenset({"K"})):
        update.compared(number)
        update.subtree(now.get("K"))


def _grown(update: Update, was: Dict, now: Dict, keys: frozenset[str]) -> bool:
    """Whether only these entries differ, and the children that were there are there in their order."""
    differ = {k for k in was.keys() | now.keys() if was.get(k) != now.get(k)}
    if differ - keys:
        return False
    return _keeps(_list(update.old.resolve(was.get("K"))), _list(update.new.resolve(now.get("K"))))


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _keeps(was: list[Value], now: list[Value]) -> bool:
    if was and not now:
        return False
    rest = iter(now)
    return all(any(item == other for other in rest) for item in was)


def _tree(update: Update, old: Value, new: Value) -> None:
    """The table from marks to elements: what it named stays, entries are added."""
    before, after = _pairs(update, old, new=False), _pairs(update, new, new=True)
    touched = before[1] | after[1]
    for key, value in before[0].items():
        kept = after[0].get(key)
        if kept != value or (isinstance(value, Ref) and value.number in update.changed):
            if not _longer(update, value, kept):
                return
            if isinstance(value, Ref):
                update.explain(value.number, before[1] | _tree_holders(update))
    for number in touched:
        if number in update.changed:
            update.explain(number, before[1] | after[1] | _tree_holders(update))
    for value in after[0].values():
        update.subtree(value)


def _tree_holders(update: Update) -> set[int]:
    root = update.old.root.get("StructTreeRoot")
    return {root.number} if isinstance(root, Ref) else set()


def _longer(update: Update, value: Value, kept: Value) -> bool:
    was, now = update.old.resolve(value), update.new.resolve(kept)
    if isinstance(was, list) and isinstance(now, list):
        return now[: len(was)] == was
    return False


def _pairs(update: Update, value: Value, *, new: bool) -> tuple[dict[int, Value], set[int]]:
    """Return what a number tree maps, and the numbers of its nodes."""
    view = update.new if new else update.old
    found: dict[int, Value] = {}
    nodes: set[int] = set()
    waiting: list[Value] = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Ref):
            if node.number in nodes:
                continue
            nodes.add(node.number)
        if len(nodes) > _MOST_NODES:
            raise Malformed("the tags of the PDF file are too many")
        entries = view.dictionary(node)
        waiting += view.array(entries.get("Kids"))
        numbers = view.array(entries.get("Nums"))
        for key, item in zip(numbers[::2], numbers[1::2], strict=False):
            if isinstance(key, int):
                found[key] = item
    return found, nodes
