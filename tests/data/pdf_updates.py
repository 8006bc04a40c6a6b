"""Incremental updates written byte by byte, as an attacker or another program would append them."""

from __future__ import annotations

from signing.validate.reader import File
from signing.validate.syntax import Dict, Name, Ref, Stream, Value


def written(value: Value) -> bytes:
    """Return a value as PDF text."""
    if value is None:
        return b"null"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, float):
        return f"{value:.4f}".encode()
    if isinstance(value, Ref):
        return b"%d %d R" % value
    if isinstance(value, Name):
        return b"/" + "".join(c if c.isalnum() or c in "_-.+*" else f"#{ord(c):02X}" for c in value).encode()
    if isinstance(value, bytes):
        return b"<" + value.hex().encode() + b">"
    if isinstance(value, list):
        return b"[" + b" ".join(written(item) for item in value) + b"]"
    if isinstance(value, Stream):
        entries = {**value.entries, "Length": len(value.raw)}
        return written(entries) + b"\nstream\n" + value.raw + b"\nendstream"
    return b"<<" + b" ".join(written(Name(k)) + b" " + written(v) for k, v in value.items()) + b">>"


def stream(data: bytes, **entries: Value) -> Stream:
    """Return an uncompressed stream."""
    return Stream(dict(entries), data)


class Updater:
    """Appends one update to a file."""

    def __init__(self, pdf: bytes) -> None:
        self.pdf = pdf
        self.file = File(pdf)
        self.view = self.file.now
        size = self.view.trailer["Size"]
        assert isinstance(size, int)
        self.next = size
        self.objects: list[tuple[int, bytes]] = []
        self.trailer: Dict = {
            k: v for k, v in self.view.trailer.items() if k in ("Root", "Info", "ID", "Encrypt")
        }

    @property
    def root(self) -> int:
        """Number of the catalog."""
        ref = self.view.trailer["Root"]
        assert isinstance(ref, Ref)
        return ref.number

    def dictionary(self, number: int) -> Dict:
        """Return a copy of a dictionary (that of a stream too)."""
        return dict(self.view.dictionary(Ref(number, 0)))

    def set(self, number: int, value: Value) -> None:
        """Define an object anew."""
        self.objects.append((number, written(value)))

    def add(self, value: Value) -> Ref:
        """Add an object."""
        ref = Ref(self.next, 0)
        self.next += 1
        self.set(ref.number, value)
        return ref

    def body(self) -> tuple[bytes, dict[int, int]]:
        """Return the objects as they will stand, and their offsets."""
        out = bytearray(b"" if self.pdf.endswith(b"\n") else b"\n")
        offsets: dict[int, int] = {}
        for number, text in self.objects:
            offsets[number] = len(self.pdf) + len(out)
            out += b"%d 0 obj\n" % number + text + b"\nendobj\n"
        return bytes(out), offsets

    def result(self, *, entries: dict[int, int] | None = None, freed: tuple[int, ...] = ()) -> bytes:
        """Return the file with the update; ``entries`` adds or overrides offsets of objects."""
        body, offsets = self.body()
        offsets |= entries or {}
        start = len(self.pdf) + len(body)
        lines = [b"xref\n"]
        for number in sorted({*offsets, *freed}):
            if number in freed:
                lines.append(b"%d 1\n0000000000 00001 f \n" % number)
            else:
                lines.append(b"%d 1\n%010d 00000 n \n" % (number, offsets[number]))
        trailer: Dict = {"Size": self.next, "Prev": self.file.chain[0].offset, **self.trailer}
        end = b"trailer\n" + written(trailer) + b"\nstartxref\n%d\n%%%%EOF\n" % start
        return self.pdf + body + b"".join(lines) + end


def first_page(updater: Updater) -> int:
    """Return the number of the first page."""
    from signing.validate.pagefinder import page_numbers

    return page_numbers(updater.view)[0]
