"""Revocation lists as a path validator reads them (RFC 5280, section 5), from any bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from signing import der
from signing.pki import reader
from signing.pki.path import elements, general, names
from signing.pki.path.certificate import AUTHORITY_KEY_IDENTIFIER, FRESHEST_CRL, ISSUER_ALT_NAME
from signing.pki.path.elements import Extension
from signing.pki.path.general import Form, PointName
from signing.pki.path.names import NameKey
from signing.pki.reader import NotDer

CRL_NUMBER: Final = bytes.fromhex("551d14")
DELTA_INDICATOR: Final = bytes.fromhex("551d1b")
ISSUING_POINT: Final = bytes.fromhex("551d1c")
_REASON: Final = bytes.fromhex("551d15")
_INVALIDITY: Final = bytes.fromhex("551d18")
_HOLD: Final = bytes.fromhex("551d17")
_CERTIFICATE_ISSUER: Final = bytes.fromhex("551d1d")
_KNOWN = frozenset(
    (CRL_NUMBER, DELTA_INDICATOR, ISSUING_POINT, AUTHORITY_KEY_IDENTIFIER, FRESHEST_CRL, ISSUER_ALT_NAME)
)
_KNOWN_IN_ENTRIES = frozenset((_REASON, _INVALIDITY, _HOLD, _CERTIFICATE_ISSUER))
REMOVE_FROM_CRL: Final = 8
_TRUE: Final = b"\x01\x01\xff"


@dataclass(frozen=True, slots=True)
class IssuingPoint:
    """IssuingDistributionPoint (5.2.5)."""

    name: PointName | None = None
    only_user: bool = False
    only_ca: bool = False
    only_attribute: bool = False
    indirect: bool = False
    reasons: frozenset[int] | None = None
    """onlySomeReasons; None = all."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A certificate on a list."""

    at: datetime
    reason: int
    """CRLReason; 0 where none stands."""


class RevocationList:
    """A list. What is outside the grammar raises NotDer."""

    def __init__(self, data: bytes) -> None:
        """Read it; entries only when they are looked up. Raises NotDer."""
        self.der = data
        at, end = reader.whole(data)
        start, stop = reader.expect(data, at, end, reader.SEQUENCE)
        self.tbs = data[at:stop]
        self.signature_algorithm, after = elements.element(data, stop, end, reader.SEQUENCE)
        self.signature = elements.bit_string(data, after, end)
        at = start
        if data[at] == reader.INTEGER:
            _, at = reader.integer(data, at, stop)
        self.inner_algorithm, at = elements.element(data, at, stop, reader.SEQUENCE)
        self.issuer, at = names.parse(data, at, stop)
        self.this_update, at = elements.time(data, at, stop)
        self.next_update: datetime | None = None
        if at < stop and data[at] in (0x17, 0x18):
            self.next_update, at = elements.time(data, at, stop)
        self._entries = (at, at)
        if at < stop and data[at] == reader.SEQUENCE:
            self._entries = reader.expect(data, at, stop, reader.SEQUENCE)
            at = self._entries[1]
        self.extensions: dict[bytes, Extension] = {}
        if at < stop:
            first, last = reader.expect(data, at, stop, 0xA0)
            self.extensions = elements.extensions(data, first, last)
        if last_of(data, at, stop) != stop:
            raise NotDer("bytes follow a list")

    @cached_property
    def understood(self) -> bool:
        """Whether every critical extension, also of every entry, is known (5.2, 5.3). Raises NotDer."""
        if any(one.critical for name, one in self.extensions.items() if name not in _KNOWN):
            return False
        start, stop = self._entries
        if self.der.find(_TRUE, start, stop) < 0:  # DER writes TRUE one way only: nothing is critical
            return True
        return not any(
            one.critical
            for _, _, found in self._read()
            for name, one in found.items()
            if name not in _KNOWN_IN_ENTRIES
        )

    @cached_property
    def point(self) -> IssuingPoint:
        """Its scope. Raises NotDer."""
        found = self.extensions.get(ISSUING_POINT)
        return IssuingPoint() if found is None else _issuing_point(found.value)

    @cached_property
    def number(self) -> int | None:
        """The cRLNumber; None = absent. Raises NotDer."""
        return self._integer(CRL_NUMBER)

    @cached_property
    def base(self) -> int | None:
        """The BaseCRLNumber of a delta list; None = a complete one. Raises NotDer."""
        return self._integer(DELTA_INDICATOR)

    @cached_property
    def authority_key(self) -> bytes | None:
        """KeyIdentifier of the key that signed it, None = not said."""
        found = self.extensions.get(AUTHORITY_KEY_IDENTIFIER)
        return None if found is None else elements.authority_key_of(found.value)

    def entry(self, serial: int, issuer: NameKey) -> Entry | None:
        """Return the last entry for a certificate, None when it is not listed. Raises NotDer.

        A list without the bytes of the serial number cannot name it, so most are not read at all.
        """
        start, stop = self._entries
        if self.der.find(_encoded(serial), start, stop) < 0:
            return None
        current, result = self.issuer.key, None
        for number, at, found in self._read():
            if (named := found.get(_CERTIFICATE_ISSUER)) is not None:
                current = _directory(named.value)
            if number == serial and current == issuer:
                result = Entry(at, _reason(found))
        return result

    def _read(self) -> Iterator[tuple[int, datetime, dict[bytes, Extension]]]:
        at, end = self._entries
        while at < end:
            start, stop = reader.expect(self.der, at, end, reader.SEQUENCE)
            serial, after = reader.integer(self.der, start, stop)
            when, after = elements.time(self.der, after, stop)
            found = elements.extensions(self.der, after, stop) if after < stop else {}
            yield serial, when, found
            at = stop

    def _integer(self, name: bytes) -> int | None:
        found = self.extensions.get(name)
        return None if found is None else reader.integer(found.value, 0, len(found.value))[0]


def last_of(data: bytes, at: int, end: int) -> int:
    """Return where the element at ``at`` ends, ``end`` when nothing is there. Raises NotDer."""
    return end if at == end else reader.head(data, at, end)[2]


def _encoded(serial: int) -> bytes:
    if serial >= 0:
        return der.integer(serial)
    length = (8 + (serial + 1).bit_length()) // 8
    return der.tlv(0x02, serial.to_bytes(length, "big", signed=True))


def _reason(found: dict[bytes, Extension]) -> int:
    if (value := found.get(_REASON)) is None:
        return 0
    start, stop = reader.whole(value.value, 0x0A)
    return int.from_bytes(value.value[start:stop], "big")


def _directory(value: bytes) -> NameKey:
    """Return the directory name in a certificateIssuer (5.3.3). Raises NotDer."""
    at, end = reader.whole(value)
    for name in general.names(value, at, end):
        if name.form is Form.DIRECTORY and isinstance(name.value, tuple):
            return name.value
    raise NotDer("an issuer of an entry without a name")


def _issuing_point(value: bytes) -> IssuingPoint:
    at, end = reader.whole(value)
    name: PointName | None = None
    reasons: frozenset[int] | None = None
    flags: dict[int, bool] = {}
    while at < end:
        tag, start, stop = reader.head(value, at, end)
        if tag == 0xA0:
            name = general.point_name(value, start, stop)
        elif tag == 0x83:
            reasons = elements.bits_of(value[start:stop])
        elif tag in (0x81, 0x82, 0x84, 0x85) and value[start:stop] in (b"\xff", b"\x00"):
            flags[tag] = value[start] == 0xFF
        else:
            raise NotDer("an unknown scope of a list")
        at = stop
    return IssuingPoint(
        name=name,
        only_user=flags.get(0x81, False),
        only_ca=flags.get(0x82, False),
        indirect=flags.get(0x84, False),
        only_attribute=flags.get(0x85, False),
        reasons=reasons,
    )
