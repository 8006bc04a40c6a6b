"""The state of one comparison: what changed, what a rule has explained, what was found."""

from __future__ import annotations

from collections.abc import Iterable

from signing.validate.differences import Difference, Kind, Permission, Terms
from signing.validate.reader import File, View
from signing.validate.references import refs_in
from signing.validate.syntax import Malformed, Ref, Value

_MOST_REACHED = 50_000
_UPWARD = frozenset({"P", "Parent", "Pg", "Dest"})
"""Entries that lead back to what was there before."""


class Update:
    """Everything after one signature, taken together."""

    def __init__(self, file: File, signed: View, end: int, terms: Terms) -> None:
        self.file = file
        self.old = signed
        self.new = file.now
        self.end = end
        self.terms = terms
        self.count = len(file.chain) - len(signed.sections)
        """How many updates there are."""
        self.found: list[Difference] = []
        self.changed = self._changed()
        """Numbers of objects whose value is another than the signature saw."""
        self.explained: set[int] = set()
        self.new_widgets: set[int] = set()
        """Numbers of widgets of fields that were added (judged with their fields)."""
        self.exclusive: dict[int, set[int]] = {}
        """Explained numbers that nothing signed may refer to but these holders."""

    def _changed(self) -> set[int]:
        later = self.file.chain[: self.count]
        found: set[int] = set()
        for section in later:
            for number in section.numbers():
                if number in found:
                    continue
                before, after = self.old.place(number), self.new.place(number)
                if before == after:
                    continue
                if after is not None and after[0] < self.end:
                    raise Malformed(f"an update points object {number} back into the signed bytes")
                if self.old.get(number) != self.new.get(number):
                    found.add(number)
        for number in list(found):
            self._moved_with(number, found)
        return found

    def _moved_with(self, holder: int, found: set[int]) -> None:
        """An object stream that was replaced takes its objects along, though no entry of theirs changed."""
        place = self.old.place(holder)
        if place is None or place[1] >= 0:
            return
        value = self.old.get(holder)
        if getattr(value, "entries", {}).get("Type") != "ObjStm":
            return
        for number in self.file.unpacked(place[0])[0]:
            moved = self.old.place(number) != self.new.place(number)
            if moved and self.old.get(number) != self.new.get(number):
                found.add(number)

    def unexplained(self) -> list[int]:
        """Return the changed objects that no rule explained yet, in order."""
        return sorted(self.changed - self.explained)

    def add(
        self,
        kind: Kind,
        words: str,
        *,
        needs: Permission = Permission.NOTHING,
        page: int | None = None,
        name: str = "",
        rectangle: tuple[float, float, float, float] | None = None,
    ) -> None:
        """Note a change that is allowed from a permission on."""
        allowed = self.terms.permission >= needs
        self._note(Difference(kind, allowed, words, page, name, rectangle))

    def forbid(
        self,
        kind: Kind,
        words: str,
        *,
        page: int | None = None,
        name: str = "",
        rectangle: tuple[float, float, float, float] | None = None,
    ) -> None:
        """Note a change that no permission allows."""
        self._note(Difference(kind, False, words, page, name, rectangle))

    def _note(self, difference: Difference) -> None:
        if difference not in self.found and len(self.found) < 200:
            self.found.append(difference)

    def compared(self, number: int | None) -> None:
        """An object whose entries a rule compares one by one: how else it is used does not matter."""
        if number is not None:
            self.explained.add(number)

    def explain(self, number: int | None, holders: Iterable[int]) -> None:
        """An object that may be replaced as a whole, used by nothing signed but ``holders``."""
        if number is None:
            return
        self.explained.add(number)
        self.exclusive.setdefault(number, set()).update(holders)

    def subtree(self, value: Value) -> None:
        """Explain what is new below a value; what was signed and changed needs a rule of its own."""
        for number in self.reached(self.new, value):
            if number in self.changed and self.old.place(number) is None:
                self.explain(number, ())

    def reached(self, view: View, value: Value) -> set[int]:
        """Return the numbers that a value leads to, as far as the objects are new or were changed."""
        seen: set[int] = set()
        waiting = list(_downward(value))
        while waiting:
            ref = waiting.pop()
            if ref.number in seen:
                continue
            if len(seen) > _MOST_REACHED:
                raise Malformed("the update of the PDF file touches too many objects")
            seen.add(ref.number)
            if view is self.old or ref.number in self.changed:
                waiting += _downward(view.get(ref.number, ref.generation))
        return seen


def _downward(value: Value) -> list[Ref]:
    entries = getattr(value, "entries", value)
    if isinstance(entries, dict):
        return [r for k, v in entries.items() if k not in _UPWARD for r in refs_in(v)]
    return list(refs_in(value))
