"""The parts of certificates and lists that are the same in both: times, bits, extensions (RFC 5280, 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from signing.pki import reader
from signing.pki.reader import NotDer


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension."""

    critical: bool
    value: bytes


def authority_key_of(value: bytes) -> bytes | None:
    """Return the keyIdentifier in an authorityKeyIdentifier, None when there is none (it is a hint)."""
    try:
        at, end = reader.whole(value)
        tag, first, last = reader.head(value, at, end)
    except NotDer:
        return None
    return value[first:last] if tag == 0x80 else None


def element(data: bytes, at: int, end: int, tag: int) -> tuple[bytes, int]:
    """Return a whole element with its header, and where it ends. Raises NotDer."""
    _, stop = reader.expect(data, at, end, tag)
    return data[at:stop], stop


def bit_string(data: bytes, at: int, end: int) -> bytes:
    """Return the octets of a BIT STRING that ends at ``end``. Raises NotDer.

    Nothing signs with a part of an octet: such a string becomes empty and proves nothing.
    """
    start, stop = reader.expect(data, at, end, 0x03)
    if stop != end or start == stop:
        raise NotDer("a signature is no string of bits")
    return data[start + 1 : stop] if data[start] == 0 else b""


def bits(data: bytes) -> frozenset[int]:
    """Return the numbers of the bits set in a BIT STRING, 0 the first. Raises NotDer."""
    start, stop = reader.whole(data, 0x03)
    return bits_of(data[start:stop])


def bits_of(content: bytes) -> frozenset[int]:
    """Return the numbers of the bits set in the content of a BIT STRING. Raises NotDer."""
    if not content or content[0] > 7 or len(content) > 8:
        raise NotDer("a bit string is malformed")
    return frozenset(
        8 * place + bit
        for place, octet in enumerate(content[1:])
        for bit in range(8)
        if octet & (0x80 >> bit)
    )


def boolean(data: bytes, at: int, end: int) -> tuple[bool, int]:
    """Read a BOOLEAN; return it and where it ends. Raises NotDer."""
    start, stop = reader.expect(data, at, end, 0x01)
    if data[start:stop] not in (b"\xff", b"\x00"):
        raise NotDer("a boolean is neither true nor false")
    return data[start] == 0xFF, stop


def time(data: bytes, at: int, end: int) -> tuple[datetime, int]:
    """Read Time: UTCTime or GeneralizedTime as 4.1.2.5 has them. Raises NotDer."""
    tag, start, stop = reader.head(data, at, end)
    text = data[start:stop]
    if tag == 0x17:
        text = (b"19" if text[:2] >= b"50" else b"20") + text
    elif tag != 0x18:
        raise NotDer("no time where one must be")
    if len(text) != 15 or text[14:] != b"Z" or not text[:14].isdigit():
        raise NotDer("a time is not in the form of RFC 5280")
    year, month, day, hour, minute, second = (
        int(text[first:last]) for first, last in pairwise((0, 4, 6, 8, 10, 12, 14))
    )
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC), stop
    except ValueError:
        raise NotDer("a time that does not exist") from None


def sequence_of(data: bytes, at: int, end: int) -> list[tuple[int, int]]:
    """Read a SEQUENCE OF SEQUENCE, not empty; return start and end of each content. Raises NotDer."""
    at, stop = reader.expect(data, at, end, reader.SEQUENCE)
    found: list[tuple[int, int]] = []
    while at < stop:
        found.append(reader.expect(data, at, stop, reader.SEQUENCE))
        at = found[-1][1]
    if not found:
        raise NotDer("an empty list")
    return found


def extensions(data: bytes, at: int, end: int) -> dict[bytes, Extension]:
    """Read Extensions; each may stand once (4.2). Raises NotDer."""
    found: dict[bytes, Extension] = {}
    for start, stop in sequence_of(data, at, end):
        first, after = reader.expect(data, start, stop, reader.OBJECT_IDENTIFIER)
        name = data[first:after]
        critical = False
        if after < stop and data[after] == 0x01:
            critical, after = boolean(data, after, stop)
        first, last = reader.expect(data, after, stop, reader.OCTET_STRING)
        if last != stop or name in found:
            raise NotDer("an extension is malformed or stands twice")
        found[name] = Extension(critical, data[first:last])
    return found


def dotted(content: bytes) -> str:
    """Return an OBJECT IDENTIFIER in dotted form. Raises NotDer."""
    if not content or content[-1] & 0x80:
        raise NotDer("an object identifier is malformed")
    arcs: list[int] = []
    value = 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))
