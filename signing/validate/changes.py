"""Comparing the revision that a signature saw with the file of today, object by object.

Only objects whose place in the file changed are looked at. Each must be explained by a rule: the way from the
trailer to it is one that the terms of the signature let change. What no rule explains is a forbidden change.
What was replaced or newly made must not be used by other signed content (:mod:`signing.validate.references`).
"""

from __future__ import annotations

from signing.validate import formchanges, notes, pagefinder, tagging
from signing.validate.differences import Difference, Kind, Terms
from signing.validate.reader import File, View
from signing.validate.references import holders, refs_in
from signing.validate.structure import update_fault
from signing.validate.syntax import Dict, Malformed, Ref, Stream, Value
from signing.validate.update import Update

_TRAILER_MOVES = frozenset(
    (
        "Size", "Prev", "XRefStm", "Info", "ID", "Type", "W", "Index", "Length", "Filter",
        "DecodeParms", "Root", "DocChecksum",
    )
)  # fmt: skip
_JUDGED = frozenset({"AcroForm", "DSS", "Metadata", "StructTreeRoot", "MarkInfo"})
"""Entries of the catalog that have rules of their own."""
_FONT_PROGRAMS = frozenset({"Type1C", "CIDFontType0C", "OpenType"})
_CATALOG_GROWS = frozenset({"Version", "Extensions"})


def compare(file: File, signed: View, end: int, terms: Terms) -> tuple[Difference, ...]:
    """Return every change after ``end``; ``signed`` is the view there. Empty: nothing was changed."""
    try:
        fault = update_fault(file, signed, end)
        if fault is not None:
            return (Difference(Kind.FILE, False, fault),)
        update = Update(file, signed, end, terms)
        _trailers(update)
        _catalogs(update)
        _packing(update)
        if update.unexplained() or signed.root.get("StructTreeRoot") != file.now.root.get("StructTreeRoot"):
            tagging.explain(update)
        _left_behind(update)
        _rest(update)
        _used_elsewhere(update)
        return tuple(update.found)
    except Malformed as error:
        return (Difference(Kind.FILE, False, f"the updates cannot be read: {error}"),)


def _trailers(update: Update) -> None:
    old, new = update.old.trailer, update.new.trailer
    if old.get("Root") != new.get("Root"):
        update.forbid(Kind.CATALOG, "the document catalog was replaced")
    for key in (old.keys() | new.keys()) - _TRAILER_MOVES:
        if old.get(key) != new.get(key):
            update.forbid(Kind.CATALOG, f"the trailer entry {key[:30]} was changed")
    was, now = update.old.resolve(old.get("Info")), update.new.resolve(new.get("Info"))
    if was != now:
        if now is not None and not isinstance(now, dict):
            update.forbid(Kind.DESCRIPTION, "the description of the document is malformed")
        update.add(Kind.DESCRIPTION, "title, dates or producer were changed")
    for ref in (old.get("Info"), new.get("Info")):
        if isinstance(ref, Ref):
            update.explain(ref.number, set())


def _catalogs(update: Update) -> None:
    old, new = update.old.root, update.new.root
    root = update.new.trailer.get("Root")
    if isinstance(root, Ref):
        update.compared(root.number)
    for key in sorted(old.keys() | new.keys()):
        if key in _JUDGED or old.get(key) == new.get(key):
            continue
        if key not in _CATALOG_GROWS:
            update.forbid(Kind.CATALOG, f"the setting {key[:30]} of the whole document was changed")
        elif isinstance(new.get(key), Ref):
            update.subtree(new.get(key))
    formchanges.explain(update)
    _store(update)
    _metadata(update)
    notes.explain(update)


def _store(update: Update) -> None:
    """Validation data may be added and renewed at every level (ISO 32000-2, 12.8.4.3)."""
    old, new = update.old.root.get("DSS"), update.new.root.get("DSS")
    before = update.reached(update.old, old)
    after = update.reached(update.new, new)
    changed = {n for n in before | after if n in update.changed}
    if not changed and old == new:
        return
    if update.old.dictionary(old) and not update.new.dictionary(new):
        update.forbid(Kind.VALIDATION_DATA, "the validation data was removed")
    for number in changed:
        update.explain(number, before)
    if not isinstance(new, Ref) and new is not None and not isinstance(new, dict):
        update.forbid(Kind.VALIDATION_DATA, "the validation data is malformed")
    update.add(Kind.VALIDATION_DATA, "certificates and revocation data were added")


def _metadata(update: Update) -> None:
    old, new = update.old.root.get("Metadata"), update.new.root.get("Metadata")
    for ref in (old, new):
        if isinstance(ref, Ref) and ref.number in update.changed:
            value = update.new.get(ref.number)
            if value is not None and (
                not isinstance(value, Stream) or _entries(value).get("Type") != "Metadata"
            ):
                update.forbid(Kind.DESCRIPTION, "the metadata of the document is malformed")
            update.explain(ref.number, {_number(update.old.trailer.get("Root"))})
            update.add(Kind.DESCRIPTION, "the metadata of the document was changed")


def _number(value: Value) -> int:
    return value.number if isinstance(value, Ref) else -1


def _packing(update: Update) -> None:
    """Cross-reference streams and object streams carry no content of their own."""
    for number in update.unexplained():
        value = update.new.get(number)
        was = update.old.get(number)
        if isinstance(value, Stream) and value.entries.get("Type") in ("XRef", "ObjStm"):
            kind = value.entries.get("Type")
            if was is None or (isinstance(was, Stream) and was.entries.get("Type") == kind):
                update.explain(number, {number})


def _left_behind(update: Update) -> None:
    """Writers leave objects behind that nothing leads to: an appearance that was replaced at once, say.

    That nothing signed refers to them is asked of all that is explained (:func:`_used_elsewhere`).
    """
    left = [n for n in update.unexplained() if update.old.entry(n) is None]
    if not left:
        return
    used = {ref.number for number in update.changed for ref in refs_in(update.new.get(number))}
    used |= {ref.number for ref in refs_in(update.new.trailer)}
    for number in left:
        if number not in used:
            update.explain(number, ())


def _rest(update: Update) -> None:
    """What no rule explained is forbidden; say what it is as well as can be."""
    left = update.unexplained()
    if not left:
        return
    finder = pagefinder.Finder(update.new, update.old)
    for number in left[:20]:
        was, value = update.old.get(number), update.new.get(number)
        kind, words = _told(was, value)
        update.forbid(kind, words, page=finder.page_of(number), name=f"object {number}")
    if len(left) > 20:
        update.forbid(Kind.OBJECT, f"{len(left) - 20} more objects were changed")


def _told(was: Value, value: Value) -> tuple[Kind, str]:
    entries = _entries(value) or _entries(was)
    kind = entries.get("Type")
    if kind in ("Page", "Pages"):
        return Kind.PAGE, "a page was changed, added, removed or moved"
    if kind in ("Font", "FontDescriptor") or entries.get("Subtype") in _FONT_PROGRAMS:
        return Kind.FONT, "a font of the page was replaced"
    if kind in ("StructElem", "StructTreeRoot"):
        return Kind.STRUCTURE, "the tags of signed content were changed"
    if "Rect" in entries and "Subtype" in entries:
        return Kind.ANNOTATION, "an annotation was changed"
    if entries.get("Subtype") in ("Form", "Image"):
        return Kind.PAGE, "a picture or drawing was replaced"
    if isinstance(value, Stream) or isinstance(was, Stream):
        return Kind.PAGE, "content of the page was replaced"
    if was is None:
        return Kind.OBJECT, "something was added that no rule allows"
    return (
        Kind.OBJECT,
        "something signed was changed" if value is not None else "something signed was removed",
    )


def _entries(value: Value) -> Dict:
    if isinstance(value, Stream):
        return value.entries
    return value if isinstance(value, dict) else {}


def _used_elsewhere(update: Update) -> None:
    """What was replaced or made may not be referred to by other signed content."""
    targets = {n for n in update.explained if n in update.changed and n in update.exclusive}
    found = holders(update.old, update.end, targets)
    for number, users in found.items():
        strangers = users - update.exclusive[number]
        if strangers:
            update.forbid(
                Kind.OBJECT,
                "signed content uses an object that was changed later",
                name=f"object {number}",
            )
            return
