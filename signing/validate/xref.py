"""Cross-reference sections and their chain (ISO 32000-1, 7.5.4, 7.5.8), read lazily and strictly.

Nothing is repaired or guessed: a reader that rebuilds a broken table shows another document than one that
does not. Entries are looked up in the bytes, so that a table of millions costs nothing until it is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from signing.validate.filters import decoded
from signing.validate.syntax import Buffer, Dict, Malformed, Parser, Stream, whole

Entry = tuple[int, int, int]
"""(0, next, generation) free; (1, offset, generation) in the file; (2, object stream, index)."""
MOST_SECTIONS: Final = 2_000
MOST_SUBSECTIONS: Final = 200_000
MOST_LISTED: Final = 1_000_000
"""Entries of one section that are listed when revisions are compared."""

_XREF: Final = re.compile(rb"[\x00\t\n\x0c\r ]*+xref[\t\x0c ]*(?:\r\n|\r|\n)")
_SUBSECTION: Final = re.compile(rb"[\x00\t\n\x0c\r ]*+(\d{1,10}) (\d{1,10})[\t ]*(?:\r\n|\r|\n)")
_TRAILER: Final = re.compile(rb"[\x00\t\n\x0c\r ]*+trailer(?=[\x00\t\n\x0c\r <%])")
_LINE: Final = re.compile(rb"[\x00\t\n\x0c\r ]*+(\d{10}) (\d{5}) ([nf])(?=[\x00\t\n\x0c\r ])")
_KINDS: Final = {ord("n"): 1, ord("f"): 0}


@dataclass(slots=True)
class Section:
    """One cross-reference section with its trailer."""

    offset: int
    """Where it starts, as ``startxref`` or ``/Prev`` names it."""
    end: int
    """Offset after its trailer (a table) or its object (a stream)."""
    trailer: Dict
    number: int | None = None
    """Object number of a cross-reference stream; None for a table."""
    hybrid: Section | None = None
    """The stream that ``/XRefStm`` of a table names (7.5.8.4)."""
    _tables: list[tuple[int, int, bytes]] = field(default_factory=list)
    """First number, count, and the 20-byte lines of a table."""
    _odd: dict[int, Entry] = field(default_factory=dict)
    """Entries of lines that are not 20 bytes long."""
    _rows: bytes = b""
    _widths: tuple[int, int, int] = (0, 0, 0)
    _index: list[tuple[int, int, int]] = field(default_factory=list)
    """First number, count, and number of the first row of a stream."""

    def own(self, number: int) -> Entry | None:
        """Return the entry of this section alone, without its hybrid stream."""
        for first, count, lines in self._tables:
            if first <= number < first + count:
                at = 20 * (number - first)
                kind = _KINDS.get(lines[at + 17])
                if kind is None:
                    raise Malformed("an entry of the cross-reference table is malformed")
                return kind, int(lines[at : at + 10]), int(lines[at + 11 : at + 16])
        if self._odd and number in self._odd:
            return self._odd[number]
        for first, count, row in self._index:
            if first <= number < first + count:
                return self._row(row + number - first)
        return None

    def _row(self, row: int) -> Entry:
        kind_width, second, third = self._widths
        at = row * (kind_width + second + third)
        cells = self._rows[at : at + kind_width + second + third]
        kind = int.from_bytes(cells[:kind_width], "big") if kind_width else 1
        middle = int.from_bytes(cells[kind_width : kind_width + second], "big")
        return kind, middle, int.from_bytes(cells[kind_width + second :], "big")

    def entry(self, number: int) -> Entry | None:
        """Return the entry as a reader of hybrid files finds it: hidden objects come from the stream."""
        found = self.own(number)
        if self.hybrid is not None and (found is None or found[0] == 0):
            hidden = self.hybrid.own(number)
            return hidden if hidden is not None and hidden[0] != 0 else found
        return found

    def numbers(self) -> Iterator[int]:
        """Yield the numbers of the objects that the section speaks of. Raises Malformed when too many."""
        total = sum(count for _, count, _ in (*self._tables, *self._index)) + len(self._odd)
        if total > MOST_LISTED:
            raise Malformed("an update of the PDF file speaks of too many objects")
        for first, count, _ in (*self._tables, *self._index):
            yield from range(first, first + count)
        yield from self._odd
        if self.hybrid is not None:
            yield from self.hybrid.numbers()

    def two_faced(self) -> bool:
        """Whether a hybrid section shows other objects to readers that skip its stream (7.5.8.4)."""
        if self.hybrid is None:
            return False
        for number in self.hybrid.numbers():
            plain, hidden = self.own(number), self.hybrid.own(number)
            if plain and hidden and plain[0] == 1 and hidden[0] != 0 and plain[:2] != hidden[:2]:
                return True
        return False


def read_chain(buffer: Buffer, start: int) -> list[Section]:
    """Return the sections from the newest to the oldest. Raises Malformed: loops, holes, damage."""
    chain: list[Section] = []
    seen: set[int] = set()
    at: int | None = start
    while at is not None:
        if at in seen:
            raise Malformed("the chain of cross-references runs in a circle")
        if len(seen) >= MOST_SECTIONS:
            raise Malformed("the PDF file has too many revisions")
        seen.add(at)
        section = read_section(buffer, at)
        stream = section.trailer.get("XRefStm") if section.number is None else None
        if stream is not None:
            place = whole(stream)
            if place is None or place in seen:
                raise Malformed("a hybrid cross-reference does not lead to a stream")
            section.hybrid = read_section(buffer, place)
            if section.hybrid.number is None:
                raise Malformed("a hybrid cross-reference does not lead to a stream")
        chain.append(section)
        previous = section.trailer.get("Prev")
        at = whole(previous)
        if previous is not None and at is None:
            raise Malformed("a trailer does not name the revision before it")
    return chain


def read_section(buffer: Buffer, at: int) -> Section:
    """Read the section that starts at an offset (white space before it is passed over)."""
    if not 0 < at < len(buffer):
        raise Malformed("a cross-reference lies outside the file")
    found = _XREF.match(buffer, at)
    return _stream(buffer, at) if found is None else _table(buffer, at, found.end())


def _table(buffer: Buffer, offset: int, at: int) -> Section:
    section = Section(offset, 0, {})
    while (head := _SUBSECTION.match(buffer, at)) is not None:
        first, count = int(head[1]), int(head[2])
        if count * 18 > len(buffer) - head.end() or len(section._tables) > MOST_SUBSECTIONS:
            raise Malformed("a cross-reference table is longer than the file")
        at = _lines(buffer, head.end(), first, count, section)
    trailer = _TRAILER.match(buffer, at)
    if trailer is None:
        raise Malformed("a cross-reference table has no trailer")
    parser = Parser(buffer, trailer.end())
    value = parser.value()
    if not isinstance(value, dict):
        raise Malformed("a trailer is no dictionary")
    section.trailer, section.end = value, parser.at
    return section


def _lines(buffer: Buffer, at: int, first: int, count: int, section: Section) -> int:
    """Take the entries of one subsection; return where they end."""
    lines = bytes(buffer[at : at + 20 * count])
    if len(lines) == 20 * count and _regular(lines, count):
        section._tables.append((first, count, lines))
        return at + 20 * count
    if count > MOST_LISTED:
        raise Malformed("a cross-reference table is malformed")
    for number in range(first, first + count):
        line = _LINE.match(buffer, at)
        if line is None:
            raise Malformed("an entry of the cross-reference table is malformed")
        section._odd[number] = (_KINDS[line[3][0]], int(line[1]), int(line[2]))
        at = line.end()
    return at


_REGULAR: Final = re.compile(rb"(?:\d{10} \d{5} [nf](?: \r| \n|\r\n))*+\Z")


def _regular(lines: bytes, count: int) -> bool:
    return _REGULAR.match(lines) is not None if count < 100_000 else _sampled(lines)


def _sampled(lines: bytes) -> bool:
    """Judge a very long table in pieces: the engine of patterns keeps a state for each repetition."""
    return all(_REGULAR.match(lines[at : at + 200_000]) for at in range(0, len(lines), 200_000))


def _stream(buffer: Buffer, offset: int) -> Section:
    parser = Parser(buffer, offset)
    ref, value = parser.indirect()
    if not isinstance(value, Stream) or value.entries.get("Type") != "XRef":
        raise Malformed("a cross-reference leads to something else")
    section = Section(offset, parser.at, value.entries, ref.number)
    widths = value.entries.get("W")
    if not isinstance(widths, list) or len(widths) != 3:
        raise Malformed("a cross-reference stream has no widths")
    cells = [whole(w) for w in widths]
    if any(w is None or not 0 <= w <= 8 for w in cells):
        raise Malformed("a cross-reference stream has odd widths")
    section._widths = (cells[0] or 0, cells[1] or 0, cells[2] or 0)
    if not section._widths[1]:
        raise Malformed("a cross-reference stream has odd widths")
    section._rows = decoded(value)
    rows = len(section._rows) // sum(section._widths)
    size = whole(value.entries.get("Size"))
    index = value.entries.get("Index", [0, size or 0])
    if size is None or not isinstance(index, list) or len(index) % 2 or len(index) > MOST_SUBSECTIONS:
        raise Malformed("a cross-reference stream does not say what it lists")
    taken = 0
    for first, count in zip(index[::2], index[1::2], strict=True):
        start, number = whole(first), whole(count)
        if start is None or number is None or start < 0 or number < 0 or taken + number > rows:
            raise Malformed("a cross-reference stream is shorter than it says")
        section._index.append((start, number, taken))
        taken += number
    return section
