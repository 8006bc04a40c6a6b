"""Which changes of the interactive form a signature allows: filling, signing, time-stamping."""

from __future__ import annotations

from collections.abc import Callable

from signing.validate.appearance import same, shown
from signing.validate.differences import Kind, Permission
from signing.validate.fields import Field, area, fields_of, rectangle, streams_of
from signing.validate.filters import decoded
from signing.validate.pagefinder import Finder
from signing.validate.references import refs_in
from signing.validate.syntax import Dict, Malformed, Ref, Value, text_of, whole
from signing.validate.update import Update

_FILLED = frozenset({"V", "AP", "AS", "F", "DA", "Q", "DS", "RV", "I", "TI", "M", "MK", "Ff"})
_STRUCTURAL = frozenset({"StructParent"})
_FORM_MOVES = frozenset({"Fields", "SigFlags", "DR", "NeedAppearances", "DA", "Q"})
_READ_ONLY = 1
_SHOWING = 4 | 64 | 128 | 512
"""Annotation flags that may change: print, read only, locked."""
_PASSWORD = 1 << 13
_COMBO = 1 << 17


def explain(update: Update) -> None:
    """Explain the changes of the form and its fields; what is forbidden is noted."""
    old_form = update.old.dictionary(update.old.root.get("AcroForm"))
    new_form = update.new.dictionary(update.new.root.get("AcroForm"))
    if not update.changed and old_form == new_form:
        return
    if old_form and not new_form:
        update.forbid(Kind.FIELD, "the form was removed")
        return
    _form(update, old_form, new_form)
    before = {f.name: f for f in fields_of(update.old)}
    finder = _Pages(update)
    seen: set[str] = set()
    for field in fields_of(update.new):
        if field.name in seen:
            update.forbid(Kind.FIELD, "two fields have one name", name=field.name)
        seen.add(field.name)
        was = before.get(field.name)
        if was is None:
            _added(update, field, finder)
        else:
            _changed(update, was, field, finder)
    for name in before.keys() - seen:
        update.forbid(Kind.FIELD, "a field was removed", name=name)


class _Pages:
    """Finds the page of a field, read only when one is asked for."""

    def __init__(self, update: Update) -> None:
        self._update = update
        self._finder: Finder | None = None

    def of(self, field: Field) -> int | None:
        """Return the page of a field's first widget."""
        self._finder = self._finder or Finder(self._update.new)
        page = field.widgets[0].entries.get("P")
        named = self._finder.page_of(page.number) if isinstance(page, Ref) else None
        return named or self._finder.page_of(field.widgets[0].number)


def _form(update: Update, old: Dict, new: Dict) -> None:
    root = update.new.root.get("AcroForm")
    was = update.old.root.get("AcroForm")
    if isinstance(root, Ref):
        if isinstance(was, Ref) and was.number == root.number:
            update.compared(root.number)
        else:
            update.explain(root.number, ())
    for key in old.keys() | new.keys():
        if key not in _FORM_MOVES and old.get(key) != new.get(key):
            update.forbid(Kind.FIELD, f"the setting {key[:30]} of the form was changed")
    if new.get("NeedAppearances") is True and old.get("NeedAppearances") is not True:
        update.forbid(Kind.FIELD, "viewers were told to draw the fields anew")
    for form in (old, new):
        fields = form.get("Fields")
        if isinstance(fields, Ref):
            holder = was.number if isinstance(was, Ref) else _root_number(update)
            update.explain(fields.number, {holder})
    _resources(update, old.get("DR"), new.get("DR"), 0)


def _root_number(update: Update) -> int:
    root = update.old.trailer.get("Root")
    return root.number if isinstance(root, Ref) else -1


def _resources(update: Update, old: Value, new: Value, depth: int) -> None:
    """Fonts and the like may be added to what fields are written with; what was there stays."""
    was, now = update.old.dictionary(old), update.new.dictionary(new)
    if isinstance(new, Ref):
        if isinstance(old, Ref) and old.number == new.number:
            update.compared(new.number)
        elif update.old.place(new.number) is None:
            update.explain(new.number, ())
    for key in was.keys() | now.keys():
        if key not in was:
            if depth < 2 and isinstance(now[key], dict | Ref):
                update.subtree(now[key])
        elif key not in now:
            update.forbid(Kind.FONT, f"the resource {key[:30]} of the form was removed")
        elif depth == 0 and isinstance(update.old.resolve(was[key]), dict):
            _resources(update, was[key], now[key], 1)
        elif was[key] != now[key]:
            update.forbid(Kind.FONT, f"the resource {key[:30]} of the form was replaced")


def _added(update: Update, field: Field, pages: _Pages) -> None:
    """A new field must be that of a signature; where no new one may be seen, it has no place on a page."""
    if field.kind != "Sig":
        update.forbid(Kind.FIELD, "a field was added", page=pages.of(field), name=field.name)
        return
    for node in (field.node, *field.widgets):
        if node.number is not None and update.old.place(node.number) is not None:
            update.forbid(Kind.FIELD, "something signed was made a field", name=field.name)
            return
        update.explain(node.number, ())
        update.new_widgets.update(() if node.number is None else (node.number,))
    if any(number in update.changed for number in field.parents):
        for number in field.parents:
            update.explain(number, ())
    signature = update.new.dictionary(field.inherited.get("V"))
    seen = any(area(update.new, w.entries) > 0 for w in field.widgets)
    _signed(update, field, signature, pages, visible=seen, new=True)
    for node in (field.node, *field.widgets):
        for key, value in node.entries.items():
            if key not in ("Parent", "P"):
                update.subtree(value)
    if not signature and seen and _draws(update, field):
        update.forbid(Kind.SIGNATURE, "a field without signature shows something", name=field.name)


def _draws(update: Update, field: Field) -> bool:
    """Whether a field without value shows anything."""
    streams = (stream for widget in field.widgets for _, stream in streams_of(update.new, widget.entries))
    words = {word for stream in streams for word in decoded(stream).split()}
    return bool(words - {b"q", b"Q", b"/Tx", b"BMC", b"EMC", b"n"})


def _signed(
    update: Update, field: Field, signature: Dict, pages: _Pages, *, visible: bool, new: bool
) -> None:
    """Note a signature or time-stamp that was added."""
    place = rectangle(update.new, field.widgets[0].entries) if visible else None
    page = pages.of(field) if visible else None
    if new and visible and update.terms.certified:
        words = "a visible signature field was added to a certified document"
        update.forbid(Kind.SIGNATURE, words, page=page, name=field.name, rectangle=place)
    elif signature.get("Type") == "DocTimeStamp" and not visible:
        update.add(Kind.TIME_STAMP, "the document was time-stamped", name=field.name)
    else:
        words = "a signature was added" if signature else "an empty signature field was added"
        update.add(
            Kind.SIGNATURE, words, needs=Permission.FILLING, page=page, name=field.name, rectangle=place
        )


def _changed(update: Update, was: Field, field: Field, pages: _Pages) -> None:
    """Compare a field that was there: only what filling writes may differ."""
    if was.node.number != field.node.number or was.kind != field.kind or was.parents != field.parents:
        update.forbid(Kind.FIELD, "a field was replaced by another", name=field.name)
        return
    if [w.number for w in was.widgets] != [w.number for w in field.widgets]:
        update.forbid(Kind.FIELD, "a field was put somewhere else", name=field.name)
        return
    keys = _differing(was.node.entries, field.node.entries)
    for one, other in zip(was.widgets, field.widgets, strict=True):
        keys |= _differing(one.entries, other.entries)
    values_differ = update.old.resolve(was.inherited.get("V")) != update.new.resolve(field.inherited.get("V"))
    looks_differ = _appearances(update, was, field)
    if not keys and not values_differ and not looks_differ:
        return
    for number in (field.node.number, *(w.number for w in field.widgets), *field.parents):
        update.compared(number)
    if not (keys - _STRUCTURAL) and not values_differ and not looks_differ:
        return
    place = rectangle(update.new, field.widgets[0].entries)
    page = pages.of(field)

    def forbid(words: str) -> None:
        update.forbid(Kind.FIELD, words, page=page, name=field.name, rectangle=place)

    if odd := keys - _FILLED - _STRUCTURAL:
        forbid(f"a field was changed in more than its value ({', '.join(sorted(odd))[:60]})")
    elif fault := _flags(was, field):
        forbid(fault)
    elif update.terms.locks(field.name) and (
        keys - {"Ff", "F"} - _STRUCTURAL or values_differ or looks_differ
    ):
        forbid("a field that the signature locks was changed")
    elif field.kind == "Sig":
        _sign_existing(update, was, field, pages, forbid)
    else:
        fault = _deceives(update, field)
        if fault is not None:
            forbid(f"the field shows something else than its value: {fault}")
        update.add(
            Kind.FIELD,
            "a field was filled",
            needs=Permission.FILLING,
            page=page,
            name=field.name,
            rectangle=place,
        )
    update.subtree(field.value)


def _sign_existing(
    update: Update, was: Field, field: Field, pages: _Pages, forbid: Callable[[str], None]
) -> None:
    if was.inherited.get("V") is not None:
        forbid("a signature that was there was changed")
        return
    visible = any(area(update.new, w.entries) > 0 for w in field.widgets)
    signature = update.new.dictionary(field.inherited.get("V"))
    _signed(update, field, signature, pages, visible=visible, new=False)
    if not signature and _draws(update, field):
        forbid("a field without signature shows something")


def _differing(old: Dict, new: Dict) -> set[str]:
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def _flags(was: Field, field: Field) -> str | None:
    """A field may become read only; it may not become hidden or shown, or another kind of field."""
    if (was.flags ^ field.flags) & ~_READ_ONLY:
        return "the kind of a field was changed"
    for one, other in zip(was.widgets, field.widgets, strict=True):
        before, after = whole(one.entries.get("F")) or 0, whole(other.entries.get("F")) or 0
        if (before ^ after) & ~_SHOWING:
            return "a field was hidden or shown"
    return None


def _appearances(update: Update, was: Field, field: Field) -> bool:
    """Explain the objects of appearances that were replaced; return whether any differ."""
    differ = False
    for one, other in zip(was.widgets, field.widgets, strict=True):
        if was.kind == "Sig" and was.inherited.get("V") is not None:
            continue  # what a signature shows stays
        holder = {n for n in (one.number, was.node.number) if n is not None}
        before, after = one.entries.get("AP"), other.entries.get("AP")
        for ref in (*_held(update, before, old=True), *_held(update, after, old=False)):
            if ref.number in update.changed:
                differ = True
                update.explain(ref.number, holder | {r.number for r in _held(update, before, old=True)})
        if after != before:
            differ = True
        if differ:
            update.subtree(after)
    return differ


def _held(update: Update, value: Value, *, old: bool) -> list[Ref]:
    """Return the references of an appearance dictionary and its states, not what streams use."""
    view = update.old if old else update.new
    found = [value] if isinstance(value, Ref) else []
    for one in view.dictionary(value).values():
        found += [one] if isinstance(one, Ref) else []
        inner = view.resolve(one)
        if isinstance(inner, dict):
            found += [v for v in inner.values() if isinstance(v, Ref)]
    return found


def _deceives(update: Update, field: Field) -> str | None:
    """Return why a field may show something else than its value, None when it shows it."""
    value = update.new.resolve(field.inherited.get("V"))
    if field.kind == "Btn":
        return _button(update, field, value)
    if field.kind == "Ch" and not field.flags & _COMBO:
        texts = {t for pair in _options(update, field) for t in pair}
        return (
            None
            if all(text_of(v) in texts for v in _values(value))
            else "a choice that is none of the options"
        )
    wanted = text_of(value[0] if isinstance(value, list) and len(value) == 1 else value)
    if field.kind == "Ch":
        wanted = dict(_options(update, field)).get(wanted, wanted)
    try:
        for widget in field.widgets:
            for _, stream in streams_of(update.new, widget.entries):
                text = shown(update.new, stream, lambda font: _was_signed(update, font))
                hidden = field.flags & _PASSWORD and len(set(text)) <= 1
                if not hidden and not same(text, wanted):
                    return f"it shows {text[:60]!r}"
    except Malformed as error:
        return str(error)
    return None


def _button(update: Update, field: Field, value: Value) -> str | None:
    """A box or a choice of buttons: its states were signed, and each shows the value."""
    for widget in field.widgets:
        state = widget.entries.get("AS")
        states = update.new.dictionary(update.new.dictionary(widget.entries.get("AP")).get("N"))
        if any(s.number in update.changed for s in _held(update, widget.entries.get("AP"), old=False)):
            return "the picture of a button was replaced"
        if state not in (None, "Off") and (text_of(state) != text_of(value) or state not in states):
            return "a button shows another state than its value"
        if state in (None, "Off") and text_of(value) in states and text_of(value) != "Off":
            return "a button shows another state than its value"
    return None


def _values(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _options(update: Update, field: Field) -> list[tuple[str, str]]:
    """Return (exported, shown) of a choice field."""
    found: list[tuple[str, str]] = []
    for item in update.new.array(field.inherited.get("Opt")):
        one = update.new.resolve(item)
        if isinstance(one, list) and len(one) == 2:
            found.append((text_of(update.new.resolve(one[0])), text_of(update.new.resolve(one[1]))))
        else:
            found.append((text_of(one), text_of(one)))
    return found


def _was_signed(update: Update, font: Value) -> bool:
    """Whether a font and all it consists of were there when the signature was made."""
    if not isinstance(font, Ref):
        return False
    parts = update.reached(update.new, font) if font.number in update.changed else {font.number}
    waiting, seen = list(parts), set(parts)
    while waiting:
        number = waiting.pop()
        if number in update.changed or update.old.place(number) is None:
            return False
        for ref in refs_in(update.old.get(number)):
            if ref.number not in seen and len(seen) < 200:
                seen.add(ref.number)
                waiting.append(ref.number)
    return True
