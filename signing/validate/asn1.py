"""Reading DER and BER (ITU-T X.690) of messages that strangers wrote, without a copy of every part."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

from signing.der import tlv
from signing.errors import SigningError

DEEPEST: Final = 24
BOOLEAN, INTEGER, BITS, OCTETS, OID, SEQUENCE, SET = 0x01, 0x02, 0x03, 0x04, 0x06, 0x30, 0x31
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18


class BadEncoding(SigningError):
    """The bytes are no such structure."""

    code = "signing.encoding"


class Part(NamedTuple):
    """One encoded value."""

    tag: int
    content: bytes
    whole: bytes
    """Tag, length and content as they stand in the message."""

    def parts(self) -> list[Part]:
        """Return the values inside. Raises BadEncoding."""
        return parts(self.content)

    def need(self, tag: int) -> Part:
        """Return the value itself when it has that tag. Raises BadEncoding otherwise."""
        if self.tag != tag:
            raise BadEncoding(f"tag {self.tag:#x} stands where {tag:#x} should")
        return self

    def integer(self) -> int:
        """Return an INTEGER."""
        return int.from_bytes(self.need(INTEGER).content, "big", signed=True)

    def oid(self) -> str:
        """Return an OBJECT IDENTIFIER in its dotted form."""
        return dotted(self.need(OID).content)

    def time(self) -> datetime:
        """Return UTCTime or GeneralizedTime in UTC (RFC 5280, 4.1.2.5; RFC 3161 adds fractions)."""
        return _time(self)


def first(data: bytes, at: int = 0) -> tuple[Part, int]:
    """Return the value that starts at an offset, and where the next one starts. Raises BadEncoding."""
    try:
        tag, size, begin = data[at], data[at + 1], at + 2
        if tag & 0x1F == 0x1F:
            raise BadEncoding("a tag has several bytes")
        if size & 0x80:
            octets = size & 0x7F
            if not 0 < octets <= 5:
                raise BadEncoding("a length is indefinite or too large")
            size = int.from_bytes(data[begin : begin + octets], "big")
            begin += octets
    except IndexError as error:
        raise BadEncoding("the message ends too early") from error
    end = begin + size
    if end > len(data):
        raise BadEncoding("the message ends too early")
    return Part(tag, data[begin:end], data[at:end]), end


def parts(data: bytes) -> list[Part]:
    """Return all values that follow each other in ``data``. Raises BadEncoding."""
    found: list[Part] = []
    at = 0
    while at < len(data):
        part, at = first(data, at)
        found.append(part)
    return found


def dotted(content: bytes) -> str:
    """Return the dotted form of an encoded object identifier."""
    known = _DOTTED.get(content)
    if known is not None:
        return known
    if not content or len(content) > 64:
        raise BadEncoding("an object identifier is malformed")
    arcs: list[int] = []
    value = 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    if not arcs:
        raise BadEncoding("an object identifier is malformed")
    top = min(arcs[0] // 40, 2)
    text = ".".join(map(str, (top, arcs[0] - 40 * top, *arcs[1:])))
    if len(_DOTTED) < 1000:
        _DOTTED[content] = text
    return text


_DOTTED: dict[bytes, str] = {}


def definite(data: bytes) -> tuple[bytes, int]:
    """Return the first value of ``data`` with definite lengths, and how many bytes it took.

    Strings that BER cut into pieces are joined. Raises BadEncoding.
    """
    if len(data) > 1 and data[1] != 0x80:  # DER, as nearly always
        part, end = first(data)
        return part.whole, end
    return _definite(data, 0, 0)


def _definite(data: bytes, at: int, depth: int) -> tuple[bytes, int]:
    if depth > DEEPEST or at + 2 > len(data):
        raise BadEncoding("the message ends too early or nests too deeply")
    tag = data[at]
    if data[at + 1] != 0x80:
        part, end = first(data, at)
        if not tag & 0x20:
            return part.whole, end
        inner, position = bytearray(), 0
        pieces: list[bytes] = []
        while position < len(part.content):
            piece, position = _definite(part.content, position, depth + 1)
            pieces.append(piece)
            inner += piece
        return _joined(tag, pieces) if tag == 0x24 else tlv(tag, bytes(inner)), end
    if not tag & 0x20:
        raise BadEncoding("a primitive value has no length")
    position = at + 2
    found: list[bytes] = []
    while data[position : position + 2] != b"\0\0":
        piece, position = _definite(data, position, depth + 1)
        found.append(piece)
    return (_joined(tag, found) if tag in (0x24, 0xA4) else tlv(tag, b"".join(found))), position + 2


def _joined(tag: int, pieces: list[bytes]) -> bytes:
    return tlv(tag & ~0x20, b"".join(first(piece)[0].content for piece in pieces))


def _time(part: Part) -> datetime:
    text = part.content.decode("ascii", "replace")
    if part.tag == UTC_TIME:
        text = ("20" if text[:2] < "50" else "19") + text
    elif part.tag != GENERALIZED_TIME:
        raise BadEncoding("there is no time where one should stand")
    found = _TIME.fullmatch(text)
    if found is None:
        raise BadEncoding("a time is malformed")
    year, month, day, hour, minute = (int(v) for v in found.groups()[:5])
    micro = int((found[7] or "0")[:6].ljust(6, "0"))
    try:
        return datetime(year, month, day, hour, minute, int(found[6] or 0), micro, UTC)
    except ValueError as error:
        raise BadEncoding("a time is malformed") from error


_TIME: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.(\d{1,20}))?Z")
