"""Updates of files that are not written as the standard says, by pyHanko's tolerant reader and its writer.

Which files come here: bytes before the header, cross-reference entries that are not 20 bytes long, hybrid
cross-references, cross-reference or object streams with other filters than Flate or with a predictor other
than Up, streams whose length is wrong, objects whose end is missing. It costs several times as much.
"""

from __future__ import annotations

import io

from pyhanko.pdf_utils import generic

from signing.errors import UnreadableFile
from signing.pades.revision import Room, Written
from signing.pades.syntax import Buffer
from signing.pades.values import Name, Ref, Stream, Value, encoded
from signing.pades.writer import AppendWriter, open_for_update, pdf_faults

_RANGE_ROOM = 48


class _Verbatim(generic.PdfObject):
    """Bytes written as they are; remembers where."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = -1

    def write_to_stream(
        self, stream: io.BytesIO, handler: object = None, container_ref: object = None
    ) -> None:
        """Write the bytes."""
        self.at = stream.tell()
        stream.write(self.data)


class OddRevision:
    """An update through pyHanko. See :class:`signing.pades.revision.Revision`."""

    def __init__(self, base: Buffer, tail: bytes = b"") -> None:
        """Open the file. Raises UnreadableFile."""
        self._file = bytes(base) + tail
        self._writer: AppendWriter = open_for_update(self._file)
        self._held: dict[Ref, Value] = {}
        self._rooms: list[tuple[_Verbatim, int, int, int]] = []
        with pdf_faults():
            self.root = _ref(self._writer.root_ref)

    @property
    def hybrid(self) -> bool:
        """Whether the cross-references are hybrid: two readers may see two documents."""
        return bool(self._writer.prev.xrefs.hybrid_xrefs_present)

    def get(self, ref: Ref) -> Value:
        """Return an object. Raises UnreadableFile."""
        if ref not in self._held:
            with pdf_faults():
                found = self._writer.get_object(generic.Reference(ref.number, ref.generation, self._writer))
                self._held[ref] = from_library(found)
        return self._held[ref]

    def peek(self, ref: Ref) -> bytes | None:
        """Return nothing: objects are read through the library."""
        return None

    def put(self, ref: Ref, value: Value) -> None:
        """Write a new version."""
        self._held[ref] = value
        self._writer.objects[(ref.generation, ref.number)] = self._verbatim(encoded(value))

    def add(self, value: Value) -> Ref:
        """Write a new object."""
        ref = _ref(self._writer.add_object(self._verbatim(encoded(value))).reference)
        self._held[ref] = value
        return ref

    def add_signature(self, room: Room) -> Ref:
        """Write a signature dictionary."""
        head = encoded(room.entries)[:-2] + b"/ByteRange ["
        middle = head + b" " * _RANGE_ROOM + b"]/Contents "
        content = self._verbatim(middle + b"<" + b"0" * room.digits + b">>>")
        self._rooms.append((content, len(head), len(middle), room.digits + 2))
        return _ref(self._writer.add_object(content).reference)

    def _verbatim(self, data: bytes) -> _Verbatim:
        return _Verbatim(data)

    def written(self) -> Written:
        """Return the update."""
        with pdf_faults():
            whole = bytearray(self._writer.result())
        size = len(self._file)
        room: tuple[int, int] | None = None
        for content, numbers_at, start, length in self._rooms:
            first = content.at + start
            second = first + length
            words = b"0 %d %d %d" % (first, second, len(whole) - second)
            whole[content.at + numbers_at : content.at + numbers_at + len(words)] = words
            room = first - size, second - size
        if bytes(whole[:size]) != self._file:
            raise UnreadableFile("the PDF file cannot be appended to")
        return Written(bytes(whole[size:]), room)


def _ref(reference: object) -> Ref:
    if not isinstance(reference, generic.Reference):
        raise UnreadableFile("an object of the PDF file has no number")
    return Ref(reference.idnum, reference.generation)


def from_library(item: object) -> Value:
    """Return an object of pyHanko as a plain value; references stay references."""
    if isinstance(item, generic.IndirectObject):
        return Ref(item.idnum, item.generation)
    if isinstance(item, generic.StreamObject):
        return Stream(_entries(item), item.encoded_data)
    if isinstance(item, generic.DictionaryObject):
        return _entries(item)
    if isinstance(item, generic.ArrayObject):
        return [from_library(item.raw_get(index)) for index in range(len(item))]
    if isinstance(item, generic.NameObject):
        return Name(item)
    if isinstance(item, generic.BooleanObject):
        return bool(item.value)
    if isinstance(item, generic.TextStringObject | generic.ByteStringObject):
        return bytes(item.original_bytes)
    if isinstance(item, generic.NumberObject):
        return int(item)
    if isinstance(item, generic.FloatObject):
        return float(item)
    return None


def _entries(item: generic.DictionaryObject) -> dict[str, Value]:
    return {str(key): from_library(item.raw_get(key)) for key in item}
