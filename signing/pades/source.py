"""A PDF file opened for appending: its newest objects, found by its own cross-references.

Strict on purpose: a file that a reader would have to repair shows one document to one reader and another
to the next, so it is not signed. What is unusual but readable raises Odd and goes to
:mod:`signing.pades.odd`.
"""

from __future__ import annotations

from typing import Final

from signing.errors import UnreadableFile
from signing.pades import xref
from signing.pades.syntax import Buffer, Odd, StreamHead, header, indirect, parse, stream_data
from signing.pades.values import Ref, Stream, Value

_MOST_SECTIONS: Final = 1000
_SHORT: Final = 2048
_HEADER: Final = b"%PDF-"


class Source:
    """The file ``base`` followed by ``tail`` (updates made since, not yet joined to it)."""

    def __init__(self, base: Buffer, tail: bytes = b"") -> None:
        """Read the cross-references. Raises Odd, and UnreadableFile for an encrypted or broken file."""
        self.base = base
        self.tail = tail
        self._split = len(base)
        if bytes(base[:5]) != _HEADER:
            raise Odd("the file does not begin with its header")
        self.start, end = xref.startxref(tail or base)
        self.clean = xref.only_white(tail or base, end)
        """Whether nothing but white space follows the end."""
        self.sections = self._read_sections()
        newest = self.sections[0]
        self.trailer = newest.trailer
        self.is_stream = newest.is_stream
        self.size = self._size()
        root = self.trailer.get("/Root")
        if not isinstance(root, Ref):
            raise Odd("the trailer names no catalog")
        self.root = root
        self._held: dict[Ref, Value] = {}
        self._packs: dict[int, tuple[bytes, list[int], int]] = {}

    @property
    def length(self) -> int:
        """Bytes of base and tail."""
        return self._split + len(self.tail)

    def _at(self, offset: int) -> tuple[Buffer, int]:
        if offset >= self._split:
            return self.tail, offset - self._split
        return self.base, offset

    def _read_sections(self) -> list[xref.Section]:
        found: list[xref.Section] = []
        seen: set[int] = set()
        offset: Value = self.start
        while offset is not None:
            if not isinstance(offset, int) or offset in seen or len(seen) >= _MOST_SECTIONS:
                raise UnreadableFile("the cross-references of the PDF file run in a circle")
            if not 0 < offset < self.length:
                raise Odd("the cross-references are not where the file says")
            seen.add(offset)
            section = xref.read_section(*self._at(offset))
            if "/Encrypt" in section.trailer:
                raise UnreadableFile("the PDF file is encrypted: remove its protection first")
            found.append(section)
            offset = section.trailer.get("/Prev")
        return found

    def _size(self) -> int:
        """Return the first number that no section uses."""
        size = self.trailer.get("/Size")
        most = max(first + count for s in self.sections for first, count, _ in s.ranges)
        if not isinstance(size, int) or size > xref.MOST_OBJECTS:
            raise Odd("the trailer names no size")
        return max(size, most)

    def place(self, number: int) -> xref.Place | None:
        """Return where the newest version of an object is; None when there is none."""
        for section in self.sections:
            known, place = section.find(number)
            if known:
                return place
        return None

    def get(self, ref: Ref) -> Value:
        """Return an object; null when there is none (7.3.10). Streams with their data. Raises Odd."""
        if ref in self._held:
            return self._held[ref]
        place = self.place(ref.number)
        if place is None:
            value: Value = None
        elif place.packed:
            value = self._unpack(ref, place)
        else:
            data, pos = self._at(place.offset)
            _, found, _ = indirect(data, pos, ref)
            value = self._stream(found, data) if isinstance(found, StreamHead) else found
        self._held[ref] = value
        return value

    def _stream(self, head: StreamHead, data: Buffer) -> Stream:
        length = head.entries.get("/Length")
        if isinstance(length, Ref):
            length = self.get(length)
        return Stream(head.entries, stream_data(data, head.start, length))

    def _unpack(self, ref: Ref, place: xref.Place) -> Value:
        if ref.generation:
            raise Odd("an object in an object stream has a generation")
        body, offsets, first = self._pack(place.offset)
        index = 2 * place.generation
        if index >= len(offsets) or offsets[index] != ref.number:
            raise Odd("an object stream holds another object")
        value, _ = parse(body, first + offsets[index + 1])
        return value

    def _pack(self, number: int) -> tuple[bytes, list[int], int]:
        """Return the inflated data of an object stream, its numbers and offsets, and where objects begin."""
        if number not in self._packs:
            place = self.place(number)
            if place is None or place.packed:
                raise Odd("an object stream is missing")
            holder = self.get(Ref(number, place.generation))
            if not isinstance(holder, Stream) or holder.entries.get("/Type") != "/ObjStm":
                raise Odd("an object stream is none")
            body = xref.inflated(holder.entries, holder.data)
            first = holder.entries.get("/First")
            if not isinstance(first, int) or not 0 <= first <= len(body):
                raise Odd("an object stream does not say where its objects begin")
            try:
                offsets = [int(word) for word in body[:first].split()]
            except ValueError as error:
                raise Odd("an object stream does not name its objects") from error
            self._packs[number] = body, offsets, first
        return self._packs[number]

    def require_sound(self) -> None:
        """Raise UnreadableFile unless every cross-reference leads to the object that it names.

        A file of which only some are wrong looks well until a reader repairs it, each in its own way.
        """
        newer: set[int] = set()
        split, base, tail = self._split, self.base, self.tail
        for index, section in enumerate(self.sections):
            for number, generation, offset in section.plain():
                if number in newer:
                    continue
                data, pos = (base, offset) if offset < split else (tail, offset - split)
                mark = b"%d 0 obj" % number if not generation else b"%d %d obj" % (number, generation)
                if data[pos : pos + len(mark)] != mark and not self._leads(data, pos, number, generation):
                    raise UnreadableFile(
                        f"the cross-references of the PDF file are broken (object {number}): save it anew "
                        "with the program that made it",
                        code="signing.broken_xref",
                    )
            if index + 1 < len(self.sections):
                newer.update(section.speaks_of())

    def peek(self, ref: Ref) -> bytes | None:
        """Return the bytes of a short object that stands in the file itself; None for any other."""
        if ref in self._held:
            return None
        place = self.place(ref.number)
        if place is None or place.packed:
            return None
        data, pos = self._at(place.offset)
        end = data.find(b"endobj", pos, pos + _SHORT)
        return bytes(data[pos:end]) if end >= 0 else None

    def _leads(self, data: Buffer, pos: int, number: int, generation: int) -> bool:
        """Whether an object stands there, written in some other way than most."""
        head = header(data, pos)
        return head is not None and head[:2] == (number, generation)
