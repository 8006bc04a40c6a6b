"""Which annotations may come after a signature: notes and marks that nobody takes for the page itself.

ISO 32000 lets a document certified at level 3 take any annotation, and an attacker cover what was signed with
text boxes and stamps ("evil annotation"). So the kind, the size and the drawing of an annotation are judged:
a note is an icon, a highlight lets the text through, a line is thin. Text boxes, stamps, redactions and
pictures are refused: on the page they look like the document.
"""

from __future__ import annotations

from signing.validate.content import MOST_CONTENT, numbers, operations
from signing.validate.differences import Kind, Permission
from signing.validate.fields import area, rectangle, streams_of
from signing.validate.filters import decoded
from signing.validate.pagefinder import page_numbers
from signing.validate.syntax import Dict, Malformed, Ref, Stream, Value
from signing.validate.update import Update

_PAGE_MOVES = frozenset({"Annots", "Tabs", "StructParents"})
_PAGE_LIKE = frozenset({"Rect", "MediaBox", "Annots"})
_MARKS = frozenset({"Highlight", "Underline", "StrikeOut", "Squiggly"})
_OUTLINES = frozenset({"Square", "Circle", "Line", "Ink", "PolyLine", "Polygon"})
_KINDS = frozenset({"Text", "Popup"}) | _MARKS | _OUTLINES
_ACTIVE = frozenset({"A", "AA", "FS", "Movie", "Sound", "OC"})
_DRAWING = frozenset(
    (
        "q", "Q", "cm", "gs", "w", "J", "j", "M", "d", "ri", "i", "m", "l", "c", "v", "y", "h", "re",
        "n", "W", "W*", "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "G", "RG", "K", "g", "rg", "k",
        "CS", "cs", "SC", "SCN", "sc", "scn", "BMC", "BDC", "EMC", "MP", "DP", "Do",
    )
)  # fmt: skip
_FILLING = frozenset({"f", "F", "f*", "B", "B*", "b", "b*"})
_ICON = 48.0 * 48.0
"""Square points: a note is not larger."""
_THIN = 5.0
"""Points: a line is not wider."""


def explain(update: Update) -> None:
    """Explain what changed in the lists of annotations of pages; what is forbidden is noted."""
    pages = page_numbers(update.old) if _touched(update) else []
    for index, number in enumerate(pages, start=1):
        old, new = update.old.get(number), update.new.get(number)
        if isinstance(old, dict) and isinstance(new, dict):
            _page(update, number, index, old, new)


def _touched(update: Update) -> bool:
    """Whether any page, list or annotation is among what changed."""
    for number in update.unexplained():
        for value in (update.old.get(number), update.new.get(number)):
            if isinstance(value, list):
                return True
            if isinstance(value, dict) and (value.get("Type") == "Page" or _PAGE_LIKE & value.keys()):
                return True
    return False


def _page(update: Update, number: int, index: int, old: Dict, new: Dict) -> None:
    if old.get("Type") != new.get("Type"):
        return  # not explained: a replaced page
    if number in update.changed:
        keys = {k for k in old.keys() | new.keys() if old.get(k) != new.get(k)}
        if keys - _PAGE_MOVES or ("StructParents" in keys and "StructParents" in old):
            update.forbid(Kind.PAGE, "a page was changed", page=index)
        update.compared(number)
    was, now = update.old.array(old.get("Annots")), update.new.array(new.get("Annots"))
    for ref in (old.get("Annots"), new.get("Annots")):
        if isinstance(ref, Ref):
            update.explain(ref.number, {number})
    if not _kept(was, now, update):
        update.forbid(Kind.ANNOTATION, "an annotation was removed or moved to another place", page=index)
    known = {ref.number for ref in was if isinstance(ref, Ref)}
    for item in now:
        if isinstance(item, Ref) and item.number in known:
            if item.number in update.changed and item.number not in update.explained:
                _edited(update, item.number, index)
        elif item not in was:
            _added(update, item, index)


def _kept(was: list[Value], now: list[Value], update: Update) -> bool:
    """Whether all that was there is there in its order; notes and marks may have been taken away."""
    rest = iter(now)
    for item in was:
        if item in now:
            if not any(item == other for other in rest):
                return False
            continue
        gone = update.old.dictionary(item)
        if gone.get("Subtype") not in _KINDS or update.terms.permission < Permission.ANNOTATING:
            return False
        update.add(Kind.ANNOTATION, "a note or mark was removed", needs=Permission.ANNOTATING)
        for one in (item, gone.get("Popup")):
            if isinstance(one, Ref):
                update.compared(one.number)
    return True


def _added(update: Update, item: Value, page: int) -> None:
    entries = update.new.dictionary(item)
    if isinstance(item, Ref) and item.number in update.new_widgets:
        return
    fault = why_not(update, entries)
    place = rectangle(update.new, entries)
    if isinstance(item, Ref) and update.old.place(item.number) is not None:
        fault = "something signed was made an annotation"
    if fault is not None:
        words = f"an annotation was added that could pass for the page: {fault}"
        update.forbid(Kind.ANNOTATION, words, page=page, rectangle=place)
    else:
        words = "a note or mark was added"
        update.add(Kind.ANNOTATION, words, needs=Permission.ANNOTATING, page=page, rectangle=place)
    if isinstance(item, Ref):
        update.explain(item.number, ())
    for key, value in entries.items():
        if key not in ("P", "Parent"):
            update.subtree(value)


def _edited(update: Update, number: int, page: int) -> None:
    """A note or mark that was there may be edited, not turned into something else."""
    old, new = update.old.get(number), update.new.get(number)
    if not isinstance(old, dict) or not isinstance(new, dict) or old.get("Subtype") not in _KINDS:
        return  # not explained
    place = rectangle(update.new, new)
    fault = why_not(update, new) or ("its kind" if old.get("Subtype") != new.get("Subtype") else None)
    if fault is not None:
        update.forbid(Kind.ANNOTATION, f"an annotation was changed: {fault}", page=page, rectangle=place)
    else:
        words = "a note or mark was edited"
        update.add(Kind.ANNOTATION, words, needs=Permission.ANNOTATING, page=page, rectangle=place)
    update.compared(number)
    update.subtree(new.get("AP"))


def why_not(update: Update, entries: Dict) -> str | None:
    """Return why an annotation could be taken for the page or do harm, None when it could not."""
    kind = entries.get("Subtype")
    if kind not in _KINDS:
        return f"its kind is {str(kind)[:20]}"
    if active := _ACTIVE & entries.keys():
        return f"it acts or carries something (/{min(active)})"
    streams = [stream for _, stream in streams_of(update.new, entries)]
    if kind == "Popup":
        return "a pop-up draws something" if streams else None
    if kind == "Text":
        return "a note is larger than an icon" if area(update.new, entries) > _ICON else None
    try:
        return _drawn(update, str(kind), entries, streams)
    except Malformed as error:
        return str(error)


def _drawn(update: Update, kind: str, entries: Dict, streams: list[Stream]) -> str | None:
    """Marks let the text through, outlines are thin and not filled."""
    if kind in _OUTLINES:
        colour, width = numbers(update.new.array(entries.get("C"))), _width(update, entries)
        if update.new.array(entries.get("IC")) or width > _THIN or (colour and min(colour) > 0.9):
            return "it covers what is below"
    for stream in streams:
        clear = kind == "Highlight" and _lets_through(update, stream, 0)
        fault = _content(update, stream, clear=clear, depth=0)
        if fault is not None:
            return fault
    return None


def _width(update: Update, entries: Dict) -> float:
    style = numbers([update.new.resolve(update.new.dictionary(entries.get("BS")).get("W"))])
    border = numbers(update.new.array(entries.get("Border")))
    return style[0] if style else border[2] if len(border) > 2 else 1.0


def _content(update: Update, stream: Stream, *, clear: bool, depth: int) -> str | None:
    """Judge the operators of an appearance; forms inside it too."""
    resources = update.new.dictionary(stream.entries.get("Resources"))
    heights: list[float] = []
    for operator, operands in operations(decoded(stream, MOST_CONTENT)):
        values = numbers(operands)
        if operator not in _DRAWING:
            return "it shows text or pictures"
        if operator == "w" and values and values[0] > _THIN:
            return "it draws broad lines"
        if operator == "cm" and values[:4] != [1, 0, 0, 1] and not clear:
            return "it is scaled"
        if operator == "re" and len(values) == 4:
            heights.append(min(abs(values[2]), abs(values[3])))
        elif operator in ("m", "c", "v", "y"):
            heights.append(_THIN + 1)
        if operator in _FILLING and not clear and any(height > _THIN for height in heights):
            return "it covers what is below"
        if operator in (*_FILLING, "S", "s", "n"):
            heights = []
        if operator == "Do":
            named = str(operands[-1]) if operands else ""
            inner = update.new.resolve(update.new.dictionary(resources.get("XObject")).get(named))
            if depth > 2 or not isinstance(inner, Stream) or inner.entries.get("Subtype") != "Form":
                return "it shows text or pictures"
            fault = _content(update, inner, clear=clear, depth=depth + 1)
            if fault is not None:
                return fault
    return None


def _lets_through(update: Update, stream: Stream, depth: int) -> bool:
    """Whether a highlight leaves dark text dark: blended (Multiply, Darken) or half transparent."""
    resources = update.new.dictionary(stream.entries.get("Resources"))
    for state in update.new.dictionary(resources.get("ExtGState")).values():
        entries = update.new.dictionary(state)
        opacity = numbers([update.new.resolve(entries.get("ca"))])
        mode = update.new.resolve(entries.get("BM"))
        modes = mode if isinstance(mode, list) else [mode]
        if modes[:1] in (["Multiply"], ["Darken"]) or (opacity and opacity[0] <= 0.5):
            return _first_state(stream)
    for value in update.new.dictionary(resources.get("XObject")).values():
        inner = update.new.resolve(value)
        if depth < 3 and isinstance(inner, Stream) and _lets_through(update, inner, depth + 1):
            return True
    return False


def _first_state(stream: Stream) -> bool:
    """Whether a graphics state is set before anything is painted."""
    for operator, _ in operations(decoded(stream, MOST_CONTENT)):
        if operator == "gs":
            return True
        if operator in _FILLING or operator in ("S", "s", "Do"):
            return False
    return False
