"""General names, subtrees and distribution points (RFC 5280, 4.2.1.6, 4.2.1.10, 4.2.1.13)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from signing.pki import reader
from signing.pki.path import elements
from signing.pki.path import names as dn
from signing.pki.path.names import NameKey, Rdn
from signing.pki.reader import NotDer


class Form(IntEnum):
    """Kinds of GeneralName by their tag."""

    OTHER = 0
    EMAIL = 1
    DNS = 2
    X400 = 3
    DIRECTORY = 4
    EDI = 5
    URI = 6
    IP = 7
    REGISTERED = 8


Value: TypeAlias = bytes | NameKey


@dataclass(frozen=True, slots=True)
class GeneralName:
    """One general name, as it is compared."""

    form: Form
    value: Value
    """The key of a directory name, else the content as it stands."""


@dataclass(frozen=True, slots=True)
class Subtrees:
    """Name constraints."""

    permitted: tuple[GeneralName, ...]
    excluded: tuple[GeneralName, ...]


@dataclass(frozen=True, slots=True)
class PointName:
    """DistributionPointName."""

    full: tuple[GeneralName, ...]
    relative: Rdn | None
    """nameRelativeToCRLIssuer; None = a full name."""


@dataclass(frozen=True, slots=True)
class DistributionPoint:
    """One distribution point of a certificate."""

    name: PointName | None
    reasons: frozenset[int] | None
    """Bits of ReasonFlags; None = all."""
    crl_issuer: tuple[GeneralName, ...]
    """Empty = the issuer of the certificate."""


def one(data: bytes, at: int, end: int) -> tuple[GeneralName, int]:
    """Read a GeneralName; return it and where it ends. Raises NotDer."""
    tag, start, stop = reader.head(data, at, end)
    number = tag & 0x1F
    if tag & 0xC0 != 0x80 or number > Form.REGISTERED:
        raise NotDer("an unknown kind of name")
    form = Form(number)
    if form is Form.DIRECTORY:
        name, after = dn.parse(data, start, stop)
        if after != stop:
            raise NotDer("bytes follow a name")
        return GeneralName(form, name.key), stop
    return GeneralName(form, data[start:stop]), stop


def names(data: bytes, at: int, end: int) -> tuple[GeneralName, ...]:
    """Read the content of GeneralNames, not empty. Raises NotDer."""
    found: list[GeneralName] = []
    while at < end:
        name, at = one(data, at, end)
        found.append(name)
    if not found:
        raise NotDer("no name where one must be")
    return tuple(found)


def subtrees(value: bytes) -> Subtrees:
    """Read NameConstraints. Raises NotDer, also for a minimum or maximum (4.2.1.10: not used)."""
    at, end = reader.whole(value)
    found: dict[int, tuple[GeneralName, ...]] = {0xA0: (), 0xA1: ()}
    if at == end:
        raise NotDer("empty name constraints")
    while at < end:
        tag, start, stop = reader.head(value, at, end)
        if tag not in found or found[tag] or start == stop:
            raise NotDer("name constraints are malformed")
        bases: list[GeneralName] = []
        while start < stop:
            first, last = reader.expect(value, start, stop, reader.SEQUENCE)
            base, after = one(value, first, last)
            if value[after:last] not in (b"", b"\x80\x01\x00"):
                raise NotDer("a subtree with minimum or maximum")
            bases.append(base)
            start = last
        found[tag] = tuple(bases)
        at = stop
    return Subtrees(found[0xA0], found[0xA1])


def point_name(data: bytes, at: int, end: int) -> PointName:
    """Read DistributionPointName. Raises NotDer."""
    tag, start, stop = reader.head(data, at, end)
    if stop != end:
        raise NotDer("bytes follow the name of a distribution point")
    if tag == 0xA0:
        return PointName(names(data, start, stop), None)
    if tag == 0xA1:
        return PointName((), dn.rdn_of(data, start, stop)[0])
    raise NotDer("an unknown name of a distribution point")


def distribution_points(value: bytes) -> tuple[DistributionPoint, ...]:
    """Read CRLDistributionPoints. Raises NotDer."""
    at, end = reader.whole(value)
    found: list[DistributionPoint] = []
    while at < end:
        start, stop = reader.expect(value, at, end, reader.SEQUENCE)
        found.append(_point(value, start, stop))
        at = stop
    return tuple(found)


def _point(data: bytes, at: int, end: int) -> DistributionPoint:
    name: PointName | None = None
    reasons: frozenset[int] | None = None
    issuer: tuple[GeneralName, ...] = ()
    while at < end:
        tag, start, stop = reader.head(data, at, end)
        if tag == 0xA0:
            name = point_name(data, start, stop)
        elif tag == 0x81:
            reasons = elements.bits_of(data[start:stop])
        elif tag == 0xA2:
            issuer = names(data, start, stop)
        else:
            raise NotDer("an unknown field of a distribution point")
        at = stop
    return DistributionPoint(name, reasons, issuer)
