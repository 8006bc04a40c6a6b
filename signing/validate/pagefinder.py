"""On which page something stands."""

from __future__ import annotations

from signing.validate.reader import View
from signing.validate.references import refs_in
from signing.validate.syntax import Malformed, Ref, Value

_MOST_PAGES = 20_000
_MOST_LOOKED_AT = 400
_DEEPEST = 40


def page_numbers(view: View) -> list[int]:
    """Return the object numbers of the pages in order, as far as they can be read."""
    found: list[int] = []
    seen: set[int] = set()
    waiting: list[tuple[Value, int]] = [(view.root.get("Pages"), 0)]
    while waiting and len(found) < _MOST_PAGES:
        value, depth = waiting.pop()
        if not isinstance(value, Ref) or value.number in seen or depth > _DEEPEST:
            continue
        seen.add(value.number)
        node = view.dictionary(value)
        if "Kids" in node:
            waiting += [(kid, depth + 1) for kid in reversed(view.array(node["Kids"]))]
        else:
            found.append(value.number)
    return found


class Finder:
    """Finds the page of an object in the file of today, else in the signed one."""

    def __init__(self, *views: View) -> None:
        self._owners: dict[int, int] = {}
        for view in views:
            try:
                self._read(view)
            except Malformed:
                continue

    def _read(self, view: View) -> None:
        for index, number in enumerate(page_numbers(view)[:_MOST_LOOKED_AT], start=1):
            self._owners.setdefault(number, index)
            waiting = list(refs_in(view.get(number)))
            for _ in range(_MOST_LOOKED_AT):
                if not waiting:
                    break
                ref = waiting.pop()
                if ref.number in self._owners:
                    continue
                value = view.get(ref.number)
                entries = getattr(value, "entries", value)
                if isinstance(entries, dict) and entries.get("Type") in ("Page", "Pages", "Catalog"):
                    continue
                self._owners[ref.number] = index
                waiting += refs_in(value)

    def page_of(self, number: int | None) -> int | None:
        """Return the page (from 1), None when none is known."""
        return self._owners.get(number) if number is not None else None
