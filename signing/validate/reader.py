"""A PDF file as its revisions: which object a reader sees at which time.

A *view* is the file as it was when its bytes ended at a certain cross-reference section. Validation compares
the view that a signature saw with the view of today.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

from signing.validate.crypt import Key, opened
from signing.validate.filters import decoded
from signing.validate.syntax import WHITE, Buffer, Dict, Malformed, Parser, Ref, Stream, Value, whole
from signing.validate.xref import Entry, Section, read_chain

Place = tuple[int, int]
"""Where an object lies: its offset and -1, or the offset of its object stream and its index there."""
_TAIL: Final = 2048
_END: Final = re.compile(rb"startxref[\x00\t\n\x0c\r ]+(\d{1,20})[\x00\t\n\x0c\r ]+%%EOF[\x00\t\n\x0c\r ]*\Z")
_MOST_KEPT: Final = 50_000
_MOST_UNPACKED: Final = 192 * 1024 * 1024
"""Decoded bytes of all object streams together."""


def end_of(buffer: Buffer, size: int) -> int | None:
    """Return the ``startxref`` with which the first ``size`` bytes end; None when anything else follows it.

    White space may follow (ISO 32000-1, 7.5.5).
    """
    while size > 0 and buffer[size - 1] in WHITE:
        size -= 1
    found = _END.search(bytes(buffer[max(size - _TAIL, 0) : size]))
    return int(found[1]) if found else None


class File:
    """An opened file. Every method raises Malformed when the bytes are not as the standard wants them."""

    def __init__(self, buffer: Buffer, size: int | None = None) -> None:
        start = end_of(buffer, len(buffer) if size is None else size)
        if start is None:
            raise Malformed("bytes follow the end of the file")
        self.buffer = buffer
        self.chain = read_chain(buffer, start)
        self._objects: dict[Place, tuple[Ref, Value]] = {}
        self._packed: dict[int, tuple[list[int], list[int], bytes]] = {}
        self._ends: dict[int, int] = {}
        self._unpacked = 0
        self.key: Key | None = None
        self.now = View(self, self.chain)
        encrypt = self.now.trailer.get("Encrypt")
        if encrypt is not None:
            entries = self.now.resolve(encrypt)
            identifier = self.now.resolve(self.now.trailer.get("ID"))
            first = identifier[0] if isinstance(identifier, list) and identifier else b""
            if not isinstance(entries, dict):
                raise Malformed("the PDF file is encrypted in an unknown way")
            self.key = opened(entries, first if isinstance(first, bytes) else b"")
            self._objects.clear()

    def view_at(self, end: int) -> View | None:
        """Return the view of the first ``end`` bytes, None when they are no revision of this file."""
        start = end_of(self.buffer, end)
        for index, section in enumerate(self.chain):
            if section.offset == start:
                return View(self, self.chain[index:])
        return None

    def at(self, place: Place) -> tuple[Ref, Value]:
        """Return the object that lies at a place, with the number it has there."""
        known = self._objects.get(place)
        if known is None:
            if len(self._objects) > _MOST_KEPT:
                self._objects.clear()
            known = self._plain(place[0]) if place[1] < 0 else self._inner(place)
            self._objects[place] = known
        return known

    def end_at(self, offset: int) -> int:
        """Return where the object ends that starts at an offset."""
        if offset not in self._ends:
            self._plain(offset)
        return self._ends[offset]

    def _plain(self, offset: int) -> tuple[Ref, Value]:
        if not 0 < offset < len(self.buffer):
            raise Malformed("an object lies outside the file")
        parser = Parser(self.buffer, offset)
        ref = parser.header()
        value = parser.value()
        if isinstance(value, dict) and (begin := parser.begins_stream()) is not None:
            length = value.get("Length")
            size = self.now.resolve(length) if isinstance(length, Ref) else length
            value = parser.stream(value, begin, whole(size))
        parser.finish()
        self._ends[offset] = parser.at
        if self.key is not None:
            value = self.key.value(value, ref.number, ref.generation)
        return ref, value

    def _inner(self, place: Place) -> tuple[Ref, Value]:
        numbers, offsets, data = self.unpacked(place[0])
        if not 0 <= place[1] < len(numbers):
            raise Malformed("an object is not in the object stream that should hold it")
        return Ref(numbers[place[1]], 0), Parser(data, offsets[place[1]]).value()

    def unpacked(self, offset: int) -> tuple[list[int], list[int], bytes]:
        """Return the numbers, offsets and bytes of an object stream (7.5.7)."""
        known = self._packed.get(offset)
        if known is not None:
            return known
        _, stream = self.at((offset, -1))
        if not isinstance(stream, Stream) or stream.entries.get("Type") != "ObjStm":
            raise Malformed("an object stream is something else")
        count, first = whole(stream.entries.get("N")), whole(stream.entries.get("First"))
        data = decoded(stream)
        self._unpacked += len(data)
        if self._unpacked > _MOST_UNPACKED:
            raise Malformed("the object streams of the PDF file unpack to too much")
        if count is None or first is None or not 0 <= count <= len(data) or not 0 <= first <= len(data):
            raise Malformed("an object stream does not say what it holds")
        try:
            pairs = [int(word) for word in data[:first].split()]
        except ValueError as error:
            raise Malformed("an object stream does not say what it holds") from error
        if len(pairs) < 2 * count or any(not 0 <= at < len(data) - first for at in pairs[1 : 2 * count : 2]):
            raise Malformed("an object stream does not say what it holds")
        made = pairs[0 : 2 * count : 2], [first + at for at in pairs[1 : 2 * count : 2]], data
        self._packed[offset] = made
        return made


class View:
    """The objects of one revision."""

    def __init__(self, file: File, sections: list[Section]) -> None:
        self.file = file
        self.sections = sections
        self._entries: dict[int, Entry | None] = {}

    @property
    def trailer(self) -> Dict:
        """The trailer in force."""
        return self.sections[0].trailer

    def entry(self, number: int) -> Entry | None:
        """Return what the cross-references say of a number; None when no section speaks of it."""
        if number not in self._entries:
            found = (section.entry(number) for section in self.sections)
            self._entries[number] = next((entry for entry in found if entry is not None), None)
        return self._entries[number]

    def place(self, number: int) -> Place | None:
        """Return where an object lies, None when there is none."""
        entry = self.entry(number)
        if entry is None or entry[0] == 0:
            return None
        if entry[0] == 1:
            return (entry[1], -1) if entry[1] else None
        if entry[0] != 2:
            return None
        holder = self.entry(entry[1])
        if holder is None or holder[0] != 1:
            raise Malformed("an object stream is missing")
        return holder[1], entry[2]

    def get(self, number: int, generation: int | None = None) -> Value:
        """Return the object of a number, None (null) when there is none (7.3.10)."""
        place = self.place(number)
        if place is None:
            return None
        ref, value = self.file.at(place)
        if ref.number != number:
            raise Malformed(f"object {number} is not where the cross-references say")
        entry = self.entry(number)
        if entry is not None and entry[0] == 1 and ref.generation != entry[2]:
            raise Malformed(f"object {number} has another generation than the cross-references say")
        if generation is not None and generation != ref.generation:
            return None
        return value

    def resolve(self, value: Value) -> Value:
        """Return the value behind references."""
        for _ in range(16):
            if not isinstance(value, Ref):
                return value
            value = self.get(value.number, value.generation)
        raise Malformed("a reference leads in a circle")

    def dictionary(self, value: Value) -> Dict:
        """Return the dictionary behind a value (that of a stream too), an empty one for anything else."""
        found = self.resolve(value)
        if isinstance(found, Stream):
            return found.entries
        return found if isinstance(found, dict) else {}

    def array(self, value: Value) -> list[Value]:
        """Return the array behind a value, an empty one for anything else."""
        found = self.resolve(value)
        return found if isinstance(found, list) else []

    @cached_property
    def root(self) -> Dict:
        """The document catalog. Raises Malformed when there is none."""
        found = self.resolve(self.trailer.get("Root"))
        if not isinstance(found, dict) or found.get("Type") not in ("Catalog", None):
            raise Malformed("the PDF file has no document catalog")
        return found
