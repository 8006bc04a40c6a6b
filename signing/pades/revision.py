"""One incremental update (ISO 32000-1, 7.5.6): what it changes, and how it is written.

:class:`Revision` is what all of this package works with; :class:`FastRevision` writes the update itself,
:class:`signing.pades.odd.OddRevision` lets pyHanko do it for files that are not written as the standard says.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from signing.errors import UnreadableFile
from signing.pades.source import Source
from signing.pades.values import Name, Ref, Stream, Value, encoded

_MOST_HOPS: Final = 32
_SEED: Final = 4096
_RANGE_ROOM: Final = 48
"""Characters kept for ``/ByteRange``."""


@dataclass(frozen=True, slots=True)
class Room:
    """A signature dictionary to be written with room for its value."""

    entries: dict[str, Value]
    """All but ``/ByteRange`` and ``/Contents``."""
    digits: int
    """Hexadecimal digits to keep."""


@dataclass(frozen=True, slots=True)
class Written:
    """An update as bytes."""

    tail: bytes
    """What is to be appended."""
    room: tuple[int, int] | None
    """Where in ``tail`` the hexadecimal string of the signature stands, with its angle brackets."""


class Revision(Protocol):
    """An update being made."""

    @property
    def root(self) -> Ref:
        """The document catalog."""
        ...

    def get(self, ref: Ref) -> Value:
        """Return the newest version of an object; containers may be changed and put back."""
        ...

    def peek(self, ref: Ref) -> bytes | None:
        """Return an object as it is written in the file, when that is short and simple to find; else None."""
        ...

    def put(self, ref: Ref, value: Value) -> None:
        """Write a new version of an object with the update."""
        ...

    def add(self, value: Value) -> Ref:
        """Write a new object with the update."""
        ...

    def add_signature(self, room: Room) -> Ref:
        """Write a signature dictionary with room for its value; one in an update."""
        ...

    def written(self) -> Written:
        """Return the update. Call it once."""
        ...


def value_of(revision: Revision, item: Value) -> Value:
    """Follow references. Raises UnreadableFile when they run in a circle."""
    for _ in range(_MOST_HOPS):
        if not isinstance(item, Ref):
            return item
        item = revision.get(item)
    raise UnreadableFile("references of the PDF file run in a circle")


def entry(revision: Revision, holder: Value, key: str) -> Value:
    """Return what stands under a key, references followed; None when there is nothing."""
    if isinstance(holder, Ref):
        holder = value_of(revision, holder)
    if isinstance(holder, Stream):
        holder = holder.entries
    return value_of(revision, holder.get(key)) if isinstance(holder, dict) else None


def held(revision: Revision, holder: Value, key: str, owner: Ref) -> tuple[Ref, Value]:
    """Return what stands under a key, and the object that must be put back when it is changed.

    That is the object referred to, or ``owner``, when the value stands in it directly.
    """
    raw = holder.get(key) if isinstance(holder, dict) else None
    for _ in range(_MOST_HOPS):
        if not isinstance(raw, Ref):
            return owner, raw
        owner, raw = raw, revision.get(raw)
    raise UnreadableFile("references of the PDF file run in a circle")


def catalog(revision: Revision) -> dict[str, Value]:
    """Return the document catalog. Raises UnreadableFile when it is none."""
    root = revision.get(revision.root)
    if not isinstance(root, dict):
        raise UnreadableFile("the PDF file has no document catalog")
    return root


class FastRevision:
    """An update of a file that is written as the standard says. See :class:`Revision`."""

    def __init__(self, source: Source) -> None:
        """Begin an update."""
        self._source = source
        self._changes: dict[Ref, Value] = {}
        self._room: tuple[Ref, Room] | None = None
        self._next = source.size
        self.root = source.root

    def get(self, ref: Ref) -> Value:
        """Return an object. Raises Odd."""
        return self._changes[ref] if ref in self._changes else self._source.get(ref)

    def peek(self, ref: Ref) -> bytes | None:
        """Return a short object as it is written."""
        return None if ref in self._changes else self._source.peek(ref)

    def put(self, ref: Ref, value: Value) -> None:
        """Write a new version."""
        self._changes[ref] = value

    def add(self, value: Value) -> Ref:
        """Write a new object."""
        ref = Ref(self._next, 0)
        self._next += 1
        self._changes[ref] = value
        return ref

    def add_signature(self, room: Room) -> Ref:
        """Write a signature dictionary."""
        if self._room is not None:
            raise ValueError("an update holds one signature")
        ref = self.add(None)
        self._room = ref, room
        return ref

    def written(self) -> Written:
        """Return the update."""
        source = self._source
        out = bytearray() if _ends_a_line(source) else bytearray(b"\n")
        places: list[tuple[int, int, int]] = []
        room: tuple[int, int] | None = None
        numbers_at = 0
        for ref, value in self._changes.items():
            places.append((ref.number, ref.generation, source.length + len(out)))
            out += b"%d %d obj\n" % ref
            if self._room is not None and ref == self._room[0]:
                asked = self._room[1]
                out += encoded(asked.entries)[:-2] + b"/ByteRange ["
                numbers_at = len(out)
                out += b" " * _RANGE_ROOM + b"]/Contents "
                room = len(out), len(out) + asked.digits + 2
                out += b"<" + b"0" * asked.digits + b">>>"
            else:
                out += encoded(value)
            out += b"\nendobj\n"
        self._finish(out, places)
        if room is not None:
            whole = source.length + len(out)
            first, second = source.length + room[0], source.length + room[1]
            words = b"0 %d %d %d" % (first, second, whole - second)
            out[numbers_at : numbers_at + len(words)] = words
        return Written(bytes(out), room)

    def _finish(self, out: bytearray, places: list[tuple[int, int, int]]) -> None:
        """Write the cross-references in the form that the file has already, and its end."""
        source = self._source
        start = source.length + len(out)
        trailer: dict[str, Value] = {
            key: source.trailer[key] for key in ("/Root", "/Info") if key in source.trailer
        }
        trailer["/Prev"] = source.start
        trailer["/ID"] = self._identifiers(out)
        if source.is_stream:
            mine = Ref(self._next, 0)
            places.append((mine.number, 0, start))
            trailer |= {"/Type": Name("/XRef"), "/Size": self._next + 1, "/W": [1, 5, 2]}
            places.sort()
            index: list[Value] = []
            for first, count in _runs(places):
                index += (first, count)
            trailer["/Index"] = index
            rows = b"".join(
                b"\1" + offset.to_bytes(5, "big") + generation.to_bytes(2, "big")
                for _, generation, offset in places
            )
            out += b"%d %d obj\n" % mine + encoded(Stream(trailer, rows)) + b"\nendobj\n"
        else:
            places.sort()
            trailer["/Size"] = self._next
            out += b"xref\n"
            position = 0
            for first, count in _runs(places):
                out += b"%d %d\n" % (first, count)
                for _, generation, offset in places[position : position + count]:
                    out += b"%010d %05d n \n" % (offset, generation)
                position += count
            out += b"trailer\n" + encoded(trailer) + b"\n"
        out += b"startxref\n%d\n%%%%EOF\n" % start

    def _identifiers(self, out: bytearray) -> Value:
        """Return the file's identifier: its first half stays, the second tells this version (14.4)."""
        known = self._source.trailer.get("/ID")
        if isinstance(known, Ref):
            known = self._source.get(known)
        halves = [h for h in known if isinstance(h, bytes)] if isinstance(known, list) else []
        # What the first objects hold, and where: two versions of a file do not share it.
        seed = b"%d %d " % (self._source.length, len(out)) + b"".join(halves) + out[:_SEED]
        fresh = hashlib.sha256(seed).digest()[:16]
        return [halves[0] if halves else fresh, fresh]


def _ends_a_line(source: Source) -> bool:
    last = source.tail[-1:] or bytes(source.base[-1:])
    return last in (b"\n", b"\r")


def _runs(places: list[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """Return first number and count of each run of consecutive numbers."""
    runs: list[tuple[int, int]] = []
    for number, _, _ in places:
        if runs and runs[-1][0] + runs[-1][1] == number:
            runs[-1] = runs[-1][0], runs[-1][1] + 1
        else:
            runs.append((number, 1))
    return runs
