"""Names and how they are compared (RFC 5280, section 7; RFC 4518 for strings)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final, TypeAlias

from signing.pki import reader
from signing.pki.reader import NotDer

Rdn: TypeAlias = frozenset[tuple[bytes, bytes]]
"""One relative distinguished name as it is compared: type and prepared value of each attribute."""
NameKey: TypeAlias = tuple[Rdn, ...]
"""A name as it is compared: equal keys, equal names."""

EMAIL_ADDRESS: Final = bytes.fromhex("2a864886f70d010901")
"""Content of the OBJECT IDENTIFIER emailAddress (1.2.840.113549.1.9.1)."""
_COMMON_NAME: Final = bytes.fromhex("550403")
_CHARSETS: Final = {
    0x0C: "utf-8",  # UTF8String
    0x13: "ascii",  # PrintableString
    0x14: "latin-1",  # TeletexString, as everybody reads it
    0x16: "ascii",  # IA5String
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}
_NOTHING: Final = dict.fromkeys(
    (
        *range(0x09),
        *range(0x0E, 0x20),
        *range(0x7F, 0x85),
        *range(0x86, 0xA0),
        0xAD,
        0x34F,
        0x1806,
        *range(0x180B, 0x180F),
        *range(0x200B, 0x2010),
        *range(0x2060, 0x2064),
        *range(0xFE00, 0xFE10),
        0xFEFF,
        0xFFFC,
    )
)
"""Characters mapped to nothing (RFC 4518, 2.2)."""


@dataclass(frozen=True, slots=True)
class Name:
    """A distinguished name."""

    der: bytes
    key: NameKey
    emails: tuple[str, ...]
    """Values of emailAddress, judged by name constraints where no subjectAltName stands (4.2.1.10)."""
    text: str
    """The last common name, or the last attribute: to be shown."""

    @property
    def empty(self) -> bool:
        """Whether it has no attribute at all."""
        return not self.key


def parse(data: bytes, at: int, end: int) -> tuple[Name, int]:
    """Read a Name; return it and where it ends. Raises NotDer."""
    start, stop = reader.expect(data, at, end, reader.SEQUENCE)
    key: list[Rdn] = []
    emails: list[str] = []
    text = common = ""
    while start < stop:
        first, last = reader.expect(data, start, stop, 0x31)
        rdn, values = rdn_of(data, first, last)
        key.append(rdn)
        for kind, value in values:
            text = value
            if kind == _COMMON_NAME:
                common = value
            elif kind == EMAIL_ADDRESS:
                emails.append(value)
        start = last
    return Name(data[at:stop], tuple(key), tuple(emails), common or text), stop


def rdn_of(data: bytes, at: int, end: int) -> tuple[Rdn, list[tuple[bytes, str]]]:
    """Read the content of a RelativeDistinguishedName; return its key and its values. Raises NotDer."""
    found: set[tuple[bytes, bytes]] = set()
    values: list[tuple[bytes, str]] = []
    while at < end:
        start, stop = reader.expect(data, at, end, reader.SEQUENCE)
        first, last = reader.expect(data, start, stop, reader.OBJECT_IDENTIFIER)
        kind = data[first:last]
        tag, value_at, value_end = reader.head(data, last, stop)
        if value_end != stop:
            raise NotDer("bytes follow an attribute")
        raw = data[value_at:value_end]
        text = _text(tag, raw)
        values.append((kind, raw.hex() if text is None else text))
        # A value that is no string, or a broken one, equals only itself.
        found.add((kind, bytes((tag,)) + raw if text is None else b"\x00" + prepared(text).encode()))
        at = stop
    if not found:
        raise NotDer("a relative name without attributes")
    return frozenset(found), values


def prepared(text: str) -> str:
    """Prepare a string for comparison: case, form and inner space do not count (RFC 4518, 2)."""
    mapped = unicodedata.normalize("NFKC", text.translate(_NOTHING)).casefold()
    return " ".join(unicodedata.normalize("NFKC", mapped).split())


def _text(tag: int, raw: bytes) -> str | None:
    charset = _CHARSETS.get(tag)
    if charset is None:
        return None
    try:
        return raw.decode(charset)
    except UnicodeDecodeError:
        return None
