"""Reading DER (ITU-T X.690) that strangers send: definite, minimal lengths, nothing beyond the end.

Small and strict on purpose: requests for time-stamps and statuses are a few fields deep, and every
microsecond before the signature counts against it.
"""

from __future__ import annotations

SEQUENCE = 0x30
INTEGER = 0x02
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
NULL = b"\x05\x00"


class NotDer(ValueError):
    """The bytes are not the DER that was expected at this place."""


def head(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Read the tag and length at ``at``; return (tag, start of the content, end of the content).

    Raises NotDer when it does not fit into ``end``, or is no single-octet tag with a minimal length.
    """
    start = at + 2
    if start > end:
        raise NotDer("the bytes end too early")
    tag, size = data[at], data[at + 1]
    if tag & 0x1F == 0x1F:
        raise NotDer("tags of several octets are not used here")
    if size >= 0x80:
        count = size & 0x7F
        start += count
        if not 1 <= count <= 4 or start > end:
            raise NotDer("the length is indefinite or too long")
        size = int.from_bytes(data[at + 2 : start], "big")
        if size < 0x80 or size >> (8 * (count - 1)) == 0:
            raise NotDer("the length is not minimal")
    stop = start + size
    if stop > end:
        raise NotDer("the content ends too early")
    return tag, start, stop


def expect(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Read an element of a given tag; return start and end of its content. Raises NotDer."""
    found, start, stop = head(data, at, end)
    if found != tag:
        raise NotDer(f"tag {found:#x} where {tag:#x} must be")
    return start, stop


def whole(data: bytes, tag: int = SEQUENCE) -> tuple[int, int]:
    """Read the one element that fills ``data``; return start and end of its content. Raises NotDer."""
    start, stop = expect(data, 0, len(data), tag)
    if stop != len(data):
        raise NotDer("bytes follow the end")
    return start, stop


def integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Read a minimal INTEGER; return its value and where it ends. Raises NotDer."""
    start, stop = expect(data, at, end, INTEGER)
    content = data[start:stop]
    if not content or (len(content) > 1 and content[0] in (0x00, 0xFF) and (content[0] ^ content[1]) < 0x80):
        raise NotDer("an integer is empty or not minimal")
    return int.from_bytes(content, "big", signed=True), stop


def algorithm(data: bytes, at: int, end: int) -> tuple[bytes, int]:
    """Read an AlgorithmIdentifier without parameters or with NULL.

    Return the encoded OBJECT IDENTIFIER and where the whole ends. Raises NotDer.
    """
    start, stop = expect(data, at, end, SEQUENCE)
    _, after = expect(data, start, stop, OBJECT_IDENTIFIER)
    if data[after:stop] not in (b"", NULL):
        raise NotDer("the algorithm has parameters")
    return data[start:after], stop
