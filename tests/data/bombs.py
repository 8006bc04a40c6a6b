"""Files made to keep a reader busy or to fill its memory; names tell how."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable


def _file(objects: list[tuple[int, bytes]]) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    offsets: dict[int, int] = {}
    for number, text in objects:
        offsets[number] = len(out)
        out += b"%d 0 obj\n" % number + text + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, offset in offsets.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, offset)
    out += b"trailer\n<</Size 100/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def _cross_references(rows: bytes, size: int, more: bytes = b"") -> bytes:
    packed = zlib.compress(rows, 9)
    head = b"1 0 obj\n<</Type/XRef/W[1 4 2]/Root 2 0 R/Filter/FlateDecode/Size %d%s/Length %d>>\nstream\n"
    body = head % (size, more, len(packed)) + packed + b"\nendstream\nendobj\n"
    return b"%PDF-1.7\n" + body + b"startxref\n9\n%%EOF\n"


def _revisions() -> bytes:
    out = bytearray(_file([(1, b"<</Type/Catalog>>")]))
    for _ in range(2_500):
        previous = int(re.findall(rb"startxref\s+(\d+)", bytes(out[-60:]))[-1])
        start = len(out)
        out += b"xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 2/Root 1 0 R/Prev %d>>\n" % previous
        out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def _signed_many_times() -> bytes:
    fields = b" ".join(b"%d 0 R" % number for number in range(10, 60))
    one = b"<</FT/Sig/T(s%d)/V<</Type/Sig/ByteRange[0 10 20 30]/Contents<" + b"30" * 100_000 + b">>>>>"
    objects = [(1, b"<</Type/Catalog/AcroForm<</Fields[" + fields + b"]>>>>")]
    return _file(objects + [(number, one % number) for number in range(10, 60)])


def _two_circles() -> bytes:
    text = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n"
    start = len(text)
    table = b"xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 2/Root 1 0 R/Prev %d>>\n" % start
    return text + table + b"startxref\n%d\n%%%%EOF\n" % start


_ROW = b"\1\0\0\0\1\0\0"
BOMBS: dict[str, Callable[[], bytes]] = {
    "cross-references that unpack to 150 MB": lambda: _cross_references(bytes(150_000_000), 20_000_000),
    "cross-references for two thousand million": lambda: _cross_references(
        _ROW * 100, 2_000_000_000, b"/Index[0 2000000000]"
    ),
    "rows predicted in many ways": lambda: _cross_references(
        (b"\4" + _ROW) * 1_000_000, 1_000_000, b"/DecodeParms<</Predictor 15/Columns 7>>"
    ),
    "revisions in a circle": _two_circles,
    "2,500 revisions": _revisions,
    "a million arrays in arrays": lambda: _file([(1, b"<</Type/Catalog/A " + b"[" * 1_000_000 + b">>")]),
    "a string of open brackets": lambda: _file([(1, b"<</Type/Catalog/A " + b"(" * 2_000_000 + b">>")]),
    "two million numbers": lambda: _file([(1, b"<</Type/Catalog/A [" + b"1 " * 2_000_000 + b"]>>")]),
    "five million spaces": lambda: _file([(1, b"<</Type/Catalog/A 1" + b" " * 5_000_000 + b"/B 2>>")]),
    "a field that is its own child": lambda: _file(
        [
            (1, b"<</Type/Catalog/AcroForm 2 0 R>>"),
            (2, b"<</Fields[3 0 R]>>"),
            (3, b"<</T(a)/Kids[3 0 R]>>"),
        ]
    ),
    "a stream as long as itself": lambda: _file([(1, b"<</Length 1 0 R>>\nstream\nx\nendstream")]),
    "fifty signatures of 200 KB": _signed_many_times,
    "nothing but ends": lambda: b"%PDF-1.4\n" + b"startxref\n9\n%%EOF\n" * 300_000,
    "no PDF": lambda: bytes(range(256)) * 20_000,
}
