"""Cross-reference sections, classic tables and streams (ISO 32000-1, 7.5.4, 7.5.8), looked up in place.

A section is not turned into a dictionary of all objects: a signature needs a dozen of them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Final, NamedTuple

from signing.pades.syntax import Buffer, Odd, StreamHead, indirect, parse, stream_data
from signing.pades.values import Value

_WHITE: Final = b"\x00\t\n\x0c\r "
_XREF: Final = re.compile(rb"xref[ \t]*(?:\r\n|\n|\r)")
_RANGE: Final = re.compile(rb"(\d{1,10}) (\d{1,10})[ \t]*(?:\r\n|\n|\r)")
_TRAILER: Final = re.compile(rb"[\x00\t\n\x0c\r ]*trailer")
_ENTRY: Final = re.compile(rb"(\d{10}) (\d{5}) ([nf])(?:\r\n| \r| \n)")
_ENTRY_SIZE: Final = 20
MOST_OBJECTS: Final = 8_388_607
"""Objects of a file (Annex C)."""
MOST_INFLATED: Final = 64 << 20
"""Bytes of one inflated stream."""


class Place(NamedTuple):
    """Where an object is."""

    offset: int
    """Bytes from the start of the file; or the number of the object stream that holds it."""
    generation: int
    """Generation; or the index in the object stream."""
    packed: bool
    """Whether it is in an object stream."""


@dataclass(slots=True)
class Table:
    """A classic table."""

    trailer: dict[str, Value]
    data: Buffer
    ranges: list[tuple[int, int, int]]
    """First object, count, offset of the first entry in ``data``."""
    is_stream = False

    def find(self, number: int) -> tuple[bool, Place | None]:
        """Return whether the section speaks of an object, and where it is (None = free)."""
        for first, count, at in self.ranges:
            if first <= number < first + count:
                found = _ENTRY.match(self.data, at + _ENTRY_SIZE * (number - first))
                if found is None:
                    raise Odd("an entry of a cross-reference table cannot be read")
                return True, _place(int(found[1]), int(found[2])) if found[3] == b"n" else None
        return False, None

    def plain(self) -> list[tuple[int, int, int]]:
        """Return number, generation and offset of all objects in use that stand in the file itself."""
        found: list[tuple[int, int, int]] = []
        for first, count, at in self.ranges:
            words = bytes(self.data[at : at + _ENTRY_SIZE * count]).split()
            if len(words) != 3 * count:
                raise Odd("the entries of a cross-reference table are not 20 bytes long")
            places = list(map(int, words[::3]))
            found += [
                (number, 0 if generation == b"00000" else int(generation), offset)
                for number, offset, generation, kind in zip(
                    range(first, first + count), places, words[1::3], words[2::3], strict=True
                )
                if kind == b"n" and offset
            ]
        return found

    def speaks_of(self) -> Iterator[int]:
        """Yield the numbers of all objects, free or in use."""
        return chain.from_iterable(range(first, first + count) for first, count, _ in self.ranges)


def _place(offset: int, generation: int) -> Place | None:
    """Return the place; None for offset 0, with which some programs mark what they left out."""
    return Place(offset, generation, False) if offset else None


@dataclass(slots=True)
class Packed:
    """A cross-reference stream."""

    trailer: dict[str, Value]
    columns: list[list[int]]
    """Bytes of the rows, column by column; only the lowest eight bits count."""
    widths: tuple[int, int, int]
    ranges: list[tuple[int, int, int]]
    """First object, count, first row."""
    is_stream = True

    def find(self, number: int) -> tuple[bool, Place | None]:
        """Return as :meth:`Table.find`."""
        for first, count, row in self.ranges:
            if first <= number < first + count:
                return True, self._row(row + number - first)
        return False, None

    def plain(self) -> list[tuple[int, int, int]]:
        """Return as :meth:`Table.plain`."""
        found: list[tuple[int, int, int]] = []
        kinds = self.columns[0] if self.widths[0] == 1 else None
        for first, count, start in self.ranges:
            for row in range(start, start + count):
                if kinds is not None and kinds[row] & 0xFF != 1:
                    continue
                place = self._row(row)
                if place is not None and not place.packed:
                    found.append((first + row - start, place.generation, place.offset))
        return found

    def speaks_of(self) -> Iterator[int]:
        """Yield as :meth:`Table.speaks_of`."""
        return chain.from_iterable(range(first, first + count) for first, count, _ in self.ranges)

    def _row(self, row: int) -> Place | None:
        kind_width, second, third = self.widths
        kind = self._field(row, 0, kind_width) if kind_width else 1
        if kind not in (1, 2):
            return None
        offset = self._field(row, kind_width, second)
        generation = self._field(row, kind_width + second, third)
        return Place(offset, generation, kind == 2) if offset else None

    def _field(self, row: int, column: int, width: int) -> int:
        value = 0
        for index in range(column, column + width):
            value = value << 8 | (self.columns[index][row] & 0xFF)
        return value


Section = Table | Packed


def read_section(data: Buffer, pos: int) -> Section:
    """Read the section at an offset. Raises Odd."""
    found = _XREF.match(data, pos)
    return _table(data, found.end()) if found else _packed(data, pos)


def _table(data: Buffer, pos: int) -> Table:
    ranges: list[tuple[int, int, int]] = []
    while (found := _RANGE.match(data, pos)) is not None:
        first, count, start = int(found[1]), int(found[2]), found.end()
        pos = start + _ENTRY_SIZE * count
        if first + count > MOST_OBJECTS:
            raise Odd("a cross-reference table names too many objects")
        ranges.append((first, count, start))
    end = _TRAILER.match(data, pos)
    if end is None or not ranges:
        raise Odd("a cross-reference table has no trailer")
    trailer, _ = parse(data, end.end())
    if not isinstance(trailer, dict) or "/XRefStm" in trailer:
        raise Odd("the cross-references are hybrid")
    return Table(trailer, data, ranges)


def _packed(data: Buffer, pos: int) -> Packed:
    _, head, _ = indirect(data, pos, None)
    if not isinstance(head, StreamHead) or head.entries.get("/Type") != "/XRef":
        raise Odd("there are no cross-references where they should be")
    entries = head.entries
    raw = inflated(entries, stream_data(data, head.start, entries.get("/Length")), predicted=True)
    widths, size = entries.get("/W"), entries.get("/Size")
    if not isinstance(widths, list) or len(widths) != 3 or not isinstance(size, int):
        raise Odd("a cross-reference stream has no widths")
    w = [v for v in widths if isinstance(v, int) and 0 <= v <= 8]
    stride = sum(w)
    if len(w) != 3 or not stride:
        raise Odd("a cross-reference stream has odd widths")
    index = entries.get("/Index", [0, size])
    pairs = [v for v in index if isinstance(v, int) and v >= 0] if isinstance(index, list) else []
    if not isinstance(index, list) or len(pairs) != len(index) or len(pairs) % 2:
        raise Odd("a cross-reference stream has an odd index")
    ranges, rows = [], 0
    for first, count in zip(pairs[::2], pairs[1::2], strict=True):
        ranges.append((first, count, rows))
        rows += count
        if first + count > MOST_OBJECTS:
            raise Odd("a cross-reference stream names too many objects")
    columns = _columns(entries, raw, stride)
    if len(columns[0]) < rows:
        raise Odd("a cross-reference stream is too short")
    return Packed(entries, columns, (w[0], w[1], w[2]), ranges)


def _columns(entries: dict[str, Value], raw: bytes, stride: int) -> list[list[int]]:
    """Return the columns of the rows, prediction undone (7.4.4.4: None and Up, which writers use here)."""
    predictor = _parameter(entries, "/Predictor", 1)
    if predictor == 1:
        return [list(raw[column::stride]) for column in range(stride)]
    if predictor < 10 or _parameter(entries, "/Columns", 1) != stride or len(raw) % (stride + 1):
        raise Odd("a cross-reference stream is predicted in an odd way")
    rows = len(raw) // (stride + 1)
    kinds = raw[:: stride + 1]
    if kinds.count(2) == rows:
        return [list(accumulate(raw[column :: stride + 1])) for column in range(1, stride + 1)]
    if kinds.count(0) == rows:
        return [list(raw[column :: stride + 1]) for column in range(1, stride + 1)]
    raise Odd("a cross-reference stream is predicted in an odd way")


def _parameter(entries: dict[str, Value], key: str, absent: int) -> int:
    parameters = entries.get("/DecodeParms")
    if isinstance(parameters, list):
        parameters = parameters[0] if len(parameters) == 1 else None
    if parameters is None:
        return absent
    value = parameters.get(key, absent) if isinstance(parameters, dict) else None
    if not isinstance(value, int):
        raise Odd("the parameters of a stream are odd")
    return value


def inflated(entries: dict[str, Value], raw: bytes, *, predicted: bool = False) -> bytes:
    """Undo the filter of a stream: none or Flate, of limited size. Raises Odd for any other."""
    kind = entries.get("/Filter")
    if isinstance(kind, list) and len(kind) < 2:
        kind = kind[0] if kind else None
    if not predicted and _parameter(entries, "/Predictor", 1) != 1:
        raise Odd("a stream is predicted")
    if kind is None:
        return raw
    if kind != "/FlateDecode":
        raise Odd("a stream has another filter than Flate")
    engine = zlib.decompressobj()
    try:
        out = engine.decompress(raw, MOST_INFLATED)
    except zlib.error as error:
        raise Odd("a stream cannot be inflated") from error
    if engine.unconsumed_tail or not engine.eof:
        raise Odd("a stream does not end, or is too large")
    return out


def startxref(data: Buffer) -> tuple[int, int]:
    """Return the offset that the end of the file names, and where the marker ``%%EOF`` ends. Raises Odd."""
    tail_start = max(len(data) - 2048, 0)
    tail = bytes(data[tail_start:])
    at = tail.rfind(b"startxref")
    found = _END.match(tail, at) if at >= 0 else None
    if found is None:
        raise Odd("the file has no end")
    return int(found[1]), tail_start + found.end()


_END: Final = re.compile(rb"startxref[\x00\t\n\x0c\r ]+(\d{1,12})[\x00\t\n\x0c\r ]+%%EOF")


def only_white(data: Buffer, pos: int) -> bool:
    """Whether nothing but white space follows."""
    return not bytes(data[pos:]).strip(_WHITE)
