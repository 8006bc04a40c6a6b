"""Who refers to an object: asked of the revision that was signed, before a change of the object is allowed.

An object that later updates may replace (an appearance, a new field) must not be used by anything else that
was signed; nor may the signed content refer to a number that only an update defines.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from typing import Final

from signing.validate.reader import View
from signing.validate.syntax import Malformed, Ref, Stream, Value

_GAP: Final = rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+[\r\n])++"
_MOST_TARGETS: Final = 20_000
_MOST_OBJECTS: Final = 1_000_000


def refs_in(value: Value, depth: int = 0) -> Iterator[Ref]:
    """Yield the references inside a value, not following them."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Stream):
        yield from refs_in(value.entries, depth)
    elif isinstance(value, dict):
        for item in value.values():
            yield from refs_in(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from refs_in(item, depth + 1)


def holders(view: View, end: int, targets: set[int]) -> dict[int, set[int]]:
    """Return, for each target, the numbers of the objects of a revision that refer to it.

    ``end``: how many bytes the revision has. Raises Malformed when the file is too large to be asked.
    """
    found: dict[int, set[int]] = {target: set() for target in targets}
    if not targets:
        return found
    if len(targets) > _MOST_TARGETS:
        raise Malformed("the update of the PDF file touches too many objects")
    pattern = _pattern(targets)
    offsets, numbers, packed = _layout(view)
    for hit in pattern.finditer(view.file.buffer, 0, end):
        index = bisect.bisect_right(offsets, hit.start()) - 1
        if index >= 0:
            _note(view, numbers[index], found)
    for holder, members in packed.items():
        data = view.file.unpacked(holder)[2]
        if pattern.search(data):
            for number in members:
                _note(view, number, found)
    return found


def _pattern(targets: set[int]) -> re.Pattern[bytes]:
    if len(targets) > 200:
        return re.compile(rb"\d" + _GAP + rb"\+?\d{1,5}" + _GAP + rb"R")
    words = b"|".join(b"%d" % target for target in sorted(targets))
    return re.compile(rb"(?<!\d)0*+(?:" + words + rb")" + _GAP + rb"\+?\d{1,5}" + _GAP + rb"R")


def _layout(view: View) -> tuple[list[int], list[int], dict[int, list[int]]]:
    """Return the offsets of the objects in order, their numbers, and the members of object streams."""
    plain: list[tuple[int, int]] = []
    packed: dict[int, list[int]] = {}
    for number in numbers_of(view):
        place = view.place(number)
        if place is None:
            continue
        if place[1] < 0:
            plain.append((place[0], number))
        else:
            packed.setdefault(place[0], []).append(number)
    plain.sort()
    return [offset for offset, _ in plain], [number for _, number in plain], packed


def numbers_of(view: View) -> set[int]:
    """Return every number that a revision defines or frees. Raises Malformed when there are too many."""
    found: set[int] = set()
    for section in view.sections:
        found.update(section.numbers())
        if len(found) > _MOST_OBJECTS:
            raise Malformed("the PDF file has too many objects")
    return found


def _note(view: View, number: int, found: dict[int, set[int]]) -> None:
    try:
        value = view.get(number)
    except Malformed:
        return  # no reader can use it
    if isinstance(value, Stream) and value.entries.get("Type") == "XRef":
        return  # a trailer; it is compared by itself
    for ref in refs_in(value):
        if ref.number in found:
            found[ref.number].add(number)
