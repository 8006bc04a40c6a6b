"""The structure of a signed file, before anything is believed (rules of our own, stricter than readers').

1. The file ends with the marker that its reader used: ``startxref``, a number, ``%%EOF``, then white space
   only. Bytes after it belong to no revision, yet some viewers show them.
2. A ByteRange has two ranges; the first starts at 0, the second ends within the file; what lies between is
   exactly the hexadecimal string in ``/Contents`` of the same signature.
3. In the reserved room only zeros follow the signature value.
4. No two signatures leave out the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_END = re.compile(rb"startxref[\x00\t\n\x0c\r ]+(\d{1,20})[\x00\t\n\x0c\r ]+%%EOF[\x00\t\n\x0c\r ]*\Z")
_TAIL = 4096
_HEX = re.compile(rb"<[0-9A-Fa-f]*>\Z")
WHITE = b"\x00\t\n\x0c\r "


def tail_fault(pdf: bytes, startxref: int) -> str | None:
    """Return what is wrong with the end of the file, None when nothing is.

    ``startxref`` is the offset that the reader started from; the file must name the same.
    """
    found = _END.search(pdf.rstrip(WHITE)[-_TAIL:])
    if found is None:
        return "bytes follow the end of the file"
    if int(found[1]) != startxref:
        return "the end of the file is not the one its reader used"
    return None


def range_fault(pdf: bytes, byte_range: Sequence[object], contents: bytes) -> str | None:
    """Return what is wrong with a ByteRange, None when nothing is (ISO 32000-1, 12.8.1)."""
    if len(byte_range) != 4 or not all(isinstance(v, int) for v in byte_range):
        return "the byte range does not have two parts"
    start, first, second, length = (v for v in byte_range if isinstance(v, int))
    if start != 0 or first <= 0 or second <= first or length < 0 or second + length > len(pdf):
        return "the byte range does not start at 0 or leaves the file"
    gap = pdf[first:second]
    if not _HEX.match(gap):
        return "the byte range leaves out more than the signature value"
    digits = gap[1:-1]
    try:
        value = bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    except ValueError:
        return "the signature value is not hexadecimal"
    if value != contents:
        return "the byte range leaves out something else than this signature's value"
    if _padding(value).strip(b"\0"):
        return "something is hidden behind the signature value"
    return None


def _padding(value: bytes) -> bytes:
    """Return what follows the DER object in the reserved room; empty for an indefinite length (BER)."""
    if len(value) < 2 or value[1] == 0x80:
        return b""
    if value[1] < 0x80:
        return value[2 + value[1] :]
    octets = value[1] & 0x7F
    return value[2 + octets + int.from_bytes(value[2 : 2 + octets], "big") :]


def covers_all(pdf: bytes, end: int) -> bool:
    """Whether nothing but white space follows offset ``end``."""
    return not pdf[end:].strip(WHITE)
