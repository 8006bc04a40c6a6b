"""Decoding the streams that structure is kept in (ISO 32000-1, 7.4), with a bound on what comes out.

Filters: Flate with predictors, LZW is not among them (no writer of this century uses it for structure),
ASCIIHex and ASCII85. Pictures are never decoded here.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from itertools import accumulate
from typing import Final

from signing.validate.syntax import WHITE, Dict, Malformed, Stream, Value, whole

_MOST_MIXED: Final = 4 * 1024 * 1024
"""Bytes of rows whose predictors differ: these are undone one by one."""
MOST_BYTES: Final = 64 * 1024 * 1024
"""Decoded bytes of one stream that are accepted."""


def decoded(stream: Stream, limit: int = MOST_BYTES) -> bytes:
    """Return the decoded bytes of a stream. Raises Malformed: unknown filter, damage, more than ``limit``."""
    data = stream.raw
    filters = _list(stream.entries.get("Filter", stream.entries.get("F")))
    settings = _list(stream.entries.get("DecodeParms", stream.entries.get("DP")))
    if len(filters) > 4:
        raise Malformed("a stream of the PDF file has too many filters")
    for index, name in enumerate(filters):
        found = settings[index] if index < len(settings) else None
        data = _apply(str(name), data, found if isinstance(found, dict) else {}, limit)
    return data


def _list(value: Value) -> list[Value]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _apply(name: str, data: bytes, settings: Dict, limit: int) -> bytes:
    if name in ("FlateDecode", "Fl"):
        return _unpredicted(_inflated(data, limit), settings)
    if name in ("ASCIIHexDecode", "AHx"):
        digits = data.split(b">", 1)[0].translate(None, WHITE)
        try:
            return binascii.unhexlify(digits + b"0" if len(digits) % 2 else digits)
        except binascii.Error as error:
            raise Malformed("a stream of the PDF file is no hexadecimal") from error
    if name in ("ASCII85Decode", "A85"):
        try:
            return base64.a85decode(data.split(b"~", 1)[0].translate(None, WHITE))
        except ValueError as error:
            raise Malformed("a stream of the PDF file is no ASCII85") from error
    if name == "Crypt" and settings.get("Name", "Identity") == "Identity":
        return data
    raise Malformed(f"a stream of the PDF file has a filter that is not read here ({name[:30]})")


def _inflated(data: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        out = unpacker.decompress(data, limit)
        if unpacker.unconsumed_tail or len(out) >= limit:
            raise Malformed("a stream of the PDF file unpacks to too much")
        out += unpacker.flush()
    except zlib.error as error:
        raise Malformed("a stream of the PDF file cannot be unpacked") from error
    if not unpacker.eof:
        raise Malformed("a stream of the PDF file is cut off")
    return out


def _unpredicted(data: bytes, settings: Dict) -> bytes:
    """Undo a predictor (7.4.4.4): none, TIFF is refused, PNG rows."""
    predictor = whole(settings.get("Predictor", 1))
    if predictor == 1:
        return data
    columns, colours = whole(settings.get("Columns", 1)), whole(settings.get("Colors", 1))
    bits = whole(settings.get("BitsPerComponent", 8))
    if predictor is None or predictor < 10 or not columns or not colours or not bits:
        raise Malformed("a stream of the PDF file has a predictor that is not read here")
    if not (0 < columns < 1 << 20 and 0 < colours <= 32 and bits in (1, 2, 4, 8, 16)):
        raise Malformed("a stream of the PDF file has a predictor that is not read here")
    step = max(colours * bits // 8, 1)
    return _png(data, (columns * colours * bits + 7) // 8, step)


def _png(data: bytes, width: int, step: int) -> bytes:
    stride = width + 1
    if len(data) % stride:
        data += bytes(stride - len(data) % stride)
    rows = len(data) // stride
    kinds = data[::stride]
    if kinds.count(2) == rows:  # "up" everywhere: each column is a running sum
        out = bytearray(rows * width)
        for column in range(width):
            out[column::width] = bytes(v & 0xFF for v in accumulate(data[column + 1 :: stride]))
        return bytes(out)
    if kinds.count(0) == rows:
        return b"".join(data[at + 1 : at + stride] for at in range(0, len(data), stride))
    if len(data) > _MOST_MIXED:
        raise Malformed("a stream of the PDF file is predicted in too many ways")
    return _mixed(data, width, step)


def _mixed(data: bytes, width: int, step: int) -> bytes:
    """Undo PNG rows of different kinds (PNG, 9.2)."""
    before = bytes(width)
    out = bytearray()
    for at in range(0, len(data), width + 1):
        kind, row = data[at], bytearray(data[at + 1 : at + 1 + width])
        if kind > 4:
            raise Malformed("a stream of the PDF file has an unknown predictor")
        for i in range(width):
            left = row[i - step] if i >= step else 0
            corner = before[i - step] if i >= step else 0
            guess = (0, left, before[i], (left + before[i]) // 2, _paeth(left, before[i], corner))[kind]
            row[i] = (row[i] + guess) & 0xFF
        out += row
        before = bytes(row)
    return bytes(out)


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    distances = abs(guess - left), abs(guess - up), abs(guess - corner)
    nearest = min(distances)
    return (left, up, corner)[distances.index(nearest)]
