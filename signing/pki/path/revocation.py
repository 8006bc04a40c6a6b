"""Revocation of one certificate of a path by lists (RFC 5280, 6.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from signing.pki.path.certificate import CRL_SIGN, Certificate
from signing.pki.path.crls import REMOVE_FROM_CRL, Entry, IssuingPoint, RevocationList
from signing.pki.path.general import DistributionPoint, Form, GeneralName, PointName
from signing.pki.path.keys import Key, Unusable, verify
from signing.pki.path.names import NameKey
from signing.pki.reader import NotDer

ALL_REASONS: Final = frozenset(range(1, 9))
REASONS: Final = {
    0: "unspecified",
    1: "keyCompromise",
    2: "cACompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
    6: "certificateHold",
    9: "privilegeWithdrawn",
    10: "aACompromise",
}


@dataclass(frozen=True, slots=True)
class Authority:
    """A name with a key that may have signed lists."""

    name: NameKey
    key: Key
    certificate: Certificate | None
    """None = a trust anchor, whose certificate is not judged."""
    proven: bool
    """Whether its path to the anchor is known to hold: it is part of the path being validated."""


Signers: TypeAlias = Callable[[NameKey], Sequence[Authority]]
"""Who may have signed the lists of a name, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Lists:
    """All lists at hand and the moment at which they are asked."""

    lists: tuple[RevocationList, ...]
    at: datetime
    past: bool
    """Whether ``at`` was chosen: then lists made later count, and what was revoked later was good."""

    def current(self, one: RevocationList) -> bool:
        """Whether a list is in force (6.3.3 a)."""
        if one.next_update is None or one.next_update < self.at:
            return False
        return self.past or one.this_update <= self.at


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks certificates of one path against lists."""

    lists: Lists
    signers: Signers
    trusted: Callable[[Certificate], bool]
    """Whether the path of a signer of lists holds, to the same anchor."""

    def fault(self, certificate: Certificate) -> str:
        """Return why a certificate may not be used; "" when it is known not to be revoked. Raises NotDer."""
        covered: set[int] = set()
        own = GeneralName(Form.DIRECTORY, certificate.issuer.key)
        implicit = DistributionPoint(PointName((own,), None), None, ())
        for point in (*certificate.distribution_points, implicit):
            seen: set[IssuingPoint] = set()
            for one in self._complete(certificate, point):
                if one.point in seen:
                    continue  # an older list of the same scope
                found = self._use(one, certificate)
                if found is None:
                    continue
                seen.add(one.point)
                if found:
                    return found
                covered |= _reasons(point) & _reasons_of(one.point)
        if covered >= ALL_REASONS:
            return ""
        return "no revocation list in force says whether a certificate was revoked"

    def _complete(self, certificate: Certificate, point: DistributionPoint) -> list[RevocationList]:
        """Return the complete lists in whose scope the certificate is, newest first (6.3.3 b)."""
        found = [one for one in self.lists.lists if _usable(one, certificate, point)]
        return sorted(found, key=lambda one: one.this_update, reverse=True)

    def _use(self, one: RevocationList, certificate: Certificate) -> str | None:
        """Return the fault that a list finds, "" = none; None = the list cannot be used (6.3.3 f-k)."""
        key = self._key(one)
        if key is None:
            return None
        delta = self._delta(one, key)
        if delta is None and not self.lists.current(one):
            return None
        wanted = (certificate.serial, certificate.issuer.key)
        try:
            entry = delta.entry(*wanted) if delta is not None else None
            if entry is None:
                entry = one.entry(*wanted)
        except NotDer:
            return None
        return self._judge(entry)

    def _judge(self, entry: Entry | None) -> str:
        if entry is None or entry.reason == REMOVE_FROM_CRL:
            return ""
        if self.lists.past and entry.at > self.lists.at:
            return ""
        why = REASONS.get(entry.reason, str(entry.reason))
        return f"a certificate was revoked at {entry.at:%Y-%m-%dT%H:%M:%SZ} ({why})"

    def _key(self, one: RevocationList) -> Key | None:
        """Return the key that signed a list, when its owner may (6.3.3 f-g)."""
        if one.inner_algorithm != one.signature_algorithm:
            return None
        candidates = sorted(
            self.signers(one.issuer.key),
            key=lambda a: (
                a.certificate is None
                or one.authority_key is None
                or a.certificate.subject_key != one.authority_key
            ),
        )
        for authority in candidates:
            owner = authority.certificate
            try:
                if owner is not None and not owner.may(CRL_SIGN):
                    continue
                verify(authority.key, one.signature_algorithm, one.signature, one.tbs)
            except (Unusable, NotDer):
                continue
            if authority.proven or owner is None or self.trusted(owner):
                return authority.key
        return None

    def _delta(self, complete: RevocationList, key: Key) -> RevocationList | None:
        """Return the newest delta list in force that continues a complete one (6.3.3 c, h)."""
        if complete.number is None:
            return None
        best: RevocationList | None = None
        for one in self.lists.lists:
            if not _is_delta(one) or one.base is None or one.number is None:
                continue
            if (
                one.issuer.key != complete.issuer.key
                or one.point != complete.point
                or one.authority_key != complete.authority_key
            ):
                continue
            if not one.base <= complete.number < one.number or not self.lists.current(one):
                continue
            if best is not None and best.number is not None and best.number >= one.number:
                continue
            if one.inner_algorithm == one.signature_algorithm and _signed(one, key):
                best = one
        return best


def _usable(one: RevocationList, certificate: Certificate, point: DistributionPoint) -> bool:
    """Whether a list is complete, understood and has the certificate in its scope; a broken one is not."""
    try:
        return one.base is None and in_scope(one, certificate, point) and one.understood
    except NotDer:
        return False


def _is_delta(one: RevocationList) -> bool:
    """Whether a list is a delta list that can be read."""
    try:
        return one.base is not None and one.number is not None and one.understood and bool(one.point)
    except NotDer:
        return False


def in_scope(one: RevocationList, certificate: Certificate, point: DistributionPoint) -> bool:
    """Whether a certificate is in the scope of a list, asked through a point (6.3.3 b). Raises NotDer."""
    scope = one.point
    if point.crl_issuer:
        named = any(name.form is Form.DIRECTORY and name.value == one.issuer.key for name in point.crl_issuer)
        if not named or not scope.indirect:
            return False
    elif one.issuer.key != certificate.issuer.key:
        return False
    if scope.name is not None:
        names = _full(scope.name, one.issuer.key)
        if point.name is None:
            wanted = set(point.crl_issuer)
        else:
            wanted = _full(point.name, one.issuer.key if point.crl_issuer else certificate.issuer.key)
        if not names & wanted:
            return False
    authority, _ = certificate.basic_constraints
    if scope.only_attribute or (scope.only_user and authority) or (scope.only_ca and not authority):
        return False
    return bool(_reasons(point) & _reasons_of(scope))


def _full(name: PointName, base: NameKey) -> set[GeneralName]:
    if name.relative is not None:
        return {GeneralName(Form.DIRECTORY, (*base, name.relative))}
    return set(name.full)


def _reasons(point: DistributionPoint) -> frozenset[int]:
    return ALL_REASONS if point.reasons is None else point.reasons & ALL_REASONS


def _reasons_of(scope: IssuingPoint) -> frozenset[int]:
    return ALL_REASONS if scope.reasons is None else scope.reasons & ALL_REASONS


def _signed(one: RevocationList, key: Key) -> bool:
    try:
        verify(key, one.signature_algorithm, one.signature, one.tbs)
    except (Unusable, NotDer):
        return False
    return True
