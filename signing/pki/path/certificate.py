"""Certificates as a path validator reads them (RFC 5280, section 4), from any bytes.

Own reading, since a validator must also read what other libraries refuse (a negative serial number, a
signature of an unknown kind) and say what is wrong with it. What is outside the grammar raises NotDer.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Final

from signing.pki import reader
from signing.pki.path import elements, general, names
from signing.pki.path.elements import Extension
from signing.pki.path.general import DistributionPoint, GeneralName, Subtrees
from signing.pki.reader import NotDer

ANY_POLICY: Final = "2.5.29.32.0"
_ID_CE: Final = bytes.fromhex("551d")
SUBJECT_KEY_IDENTIFIER: Final = _ID_CE + b"\x0e"
KEY_USAGE: Final = _ID_CE + b"\x0f"
SUBJECT_ALT_NAME: Final = _ID_CE + b"\x11"
ISSUER_ALT_NAME: Final = _ID_CE + b"\x12"
BASIC_CONSTRAINTS: Final = _ID_CE + b"\x13"
NAME_CONSTRAINTS: Final = _ID_CE + b"\x1e"
CRL_DISTRIBUTION_POINTS: Final = _ID_CE + b"\x1f"
CERTIFICATE_POLICIES: Final = _ID_CE + b"\x20"
POLICY_MAPPINGS: Final = _ID_CE + b"\x21"
AUTHORITY_KEY_IDENTIFIER: Final = _ID_CE + b"\x23"
POLICY_CONSTRAINTS: Final = _ID_CE + b"\x24"
EXTENDED_KEY_USAGE: Final = _ID_CE + b"\x25"
FRESHEST_CRL: Final = _ID_CE + b"\x2e"
INHIBIT_ANY_POLICY: Final = _ID_CE + b"\x36"
PROCESSED: Final = frozenset(
    (
        KEY_USAGE,
        SUBJECT_ALT_NAME,
        ISSUER_ALT_NAME,
        BASIC_CONSTRAINTS,
        NAME_CONSTRAINTS,
        CRL_DISTRIBUTION_POINTS,
        CERTIFICATE_POLICIES,
        POLICY_MAPPINGS,
        POLICY_CONSTRAINTS,
        EXTENDED_KEY_USAGE,
        INHIBIT_ANY_POLICY,
        SUBJECT_KEY_IDENTIFIER,
        AUTHORITY_KEY_IDENTIFIER,
        FRESHEST_CRL,
    )
)
"""Extensions that may be critical, since they are processed or say nothing that could forbid a path."""
KEY_CERT_SIGN: Final = 5
CRL_SIGN: Final = 6


class Certificate:
    """A certificate. Two are equal when their bytes are."""

    def __init__(self, der: bytes) -> None:
        """Read it. Raises NotDer when the bytes are no certificate; extensions are read when asked for."""
        self.der = der
        at, end = reader.whole(der)
        start, stop = reader.expect(der, at, end, reader.SEQUENCE)
        self.tbs = der[at:stop]
        self.signature_algorithm, after = elements.element(der, stop, end, reader.SEQUENCE)
        self.signature = elements.bit_string(der, after, end)
        at, self.version = start, 1
        tag, first, last = reader.head(der, at, stop)
        if tag == 0xA0:
            version, _ = reader.integer(der, first, last)
            self.version, at = version + 1, last
        self.serial, at = reader.integer(der, at, stop)
        self.inner_algorithm, at = elements.element(der, at, stop, reader.SEQUENCE)
        self.issuer, at = names.parse(der, at, stop)
        validity, after = reader.expect(der, at, stop, reader.SEQUENCE)
        self.not_before, validity = elements.time(der, validity, after)
        self.not_after, _ = elements.time(der, validity, after)
        self.subject, at = names.parse(der, after, stop)
        self.public_key, at = elements.element(der, at, stop, reader.SEQUENCE)
        self.extensions: dict[bytes, Extension] = {}
        while at < stop:
            tag, first, last = reader.head(der, at, stop)
            if tag == 0xA3:
                self.extensions = elements.extensions(der, first, last)
            elif tag not in (0x81, 0x82):  # unique identifiers say nothing here (4.1.2.8)
                raise NotDer("an unknown field")
            at = last

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and other.der == self.der

    def __hash__(self) -> int:
        return hash(self.der)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate in hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()

    @cached_property
    def self_issued(self) -> bool:
        """Whether issuer and subject are one name (6.1)."""
        return self.issuer.key == self.subject.key

    @cached_property
    def basic_constraints(self) -> tuple[bool, int | None]:
        """Whether it is an authority, and how many authorities may follow it (4.2.1.9). Raises NotDer."""
        if (found := self.extensions.get(BASIC_CONSTRAINTS)) is None:
            return False, None
        at, end = reader.whole(found.value)
        authority, longest = False, None
        if at < end and found.value[at] == 0x01:
            authority, at = elements.boolean(found.value, at, end)
        if at < end:
            longest, at = reader.integer(found.value, at, end)
            if longest < 0:
                raise NotDer("a negative path length")
        return authority, longest

    @cached_property
    def key_usage(self) -> frozenset[int] | None:
        """Numbers of the bits set (4.2.1.3); None = the extension is absent. Raises NotDer."""
        found = self.extensions.get(KEY_USAGE)
        return None if found is None else elements.bits(found.value)

    def may(self, usage: int) -> bool:
        """Whether the key may be used so: its key usage says it, or there is none. Raises NotDer."""
        return self.key_usage is None or usage in self.key_usage

    @cached_property
    def policies(self) -> frozenset[str] | None:
        """Certificate policies (4.2.1.4); None = the extension is absent. Raises NotDer."""
        if (found := self.extensions.get(CERTIFICATE_POLICIES)) is None:
            return None
        policies: set[str] = set()
        for at, end in elements.sequence_of(found.value, 0, len(found.value)):
            first, last = reader.expect(found.value, at, end, reader.OBJECT_IDENTIFIER)
            policy = elements.dotted(found.value[first:last])
            if policy in policies:
                raise NotDer("a policy stands twice")
            policies.add(policy)
        return frozenset(policies)

    @cached_property
    def policy_mappings(self) -> tuple[tuple[str, str], ...]:
        """Pairs of issuerDomainPolicy and subjectDomainPolicy (4.2.1.5). Raises NotDer."""
        if (found := self.extensions.get(POLICY_MAPPINGS)) is None:
            return ()
        pairs: list[tuple[str, str]] = []
        for at, end in elements.sequence_of(found.value, 0, len(found.value)):
            first, last = reader.expect(found.value, at, end, reader.OBJECT_IDENTIFIER)
            start, stop = reader.expect(found.value, last, end, reader.OBJECT_IDENTIFIER)
            pairs.append((elements.dotted(found.value[first:last]), elements.dotted(found.value[start:stop])))
        return tuple(pairs)

    @cached_property
    def policy_constraints(self) -> tuple[int | None, int | None]:
        """RequireExplicitPolicy and inhibitPolicyMapping (4.2.1.11). Raises NotDer."""
        if (found := self.extensions.get(POLICY_CONSTRAINTS)) is None:
            return None, None
        explicit = mapping = None
        at, end = reader.whole(found.value)
        while at < end:
            tag, first, last = reader.head(found.value, at, end)
            number = int.from_bytes(found.value[first:last], "big", signed=True)
            if tag not in (0x80, 0x81) or number < 0 or first == last:
                raise NotDer("policy constraints are malformed")
            if tag == 0x80:
                explicit = number
            else:
                mapping = number
            at = last
        return explicit, mapping

    @cached_property
    def inhibit_any_policy(self) -> int | None:
        """How many certificates later anyPolicy ends (4.2.1.14). Raises NotDer."""
        if (found := self.extensions.get(INHIBIT_ANY_POLICY)) is None:
            return None
        number, end = reader.integer(found.value, 0, len(found.value))
        if number < 0 or end != len(found.value):
            raise NotDer("inhibitAnyPolicy is malformed")
        return number

    @cached_property
    def name_constraints(self) -> Subtrees | None:
        """Permitted and excluded subtrees (4.2.1.10). Raises NotDer."""
        found = self.extensions.get(NAME_CONSTRAINTS)
        return None if found is None else general.subtrees(found.value)

    @cached_property
    def alternative_names(self) -> tuple[GeneralName, ...]:
        """The subjectAltName (4.2.1.6). Raises NotDer."""
        if (found := self.extensions.get(SUBJECT_ALT_NAME)) is None:
            return ()
        at, end = reader.whole(found.value)
        return general.names(found.value, at, end)

    @cached_property
    def distribution_points(self) -> tuple[DistributionPoint, ...]:
        """Where its revocation is published (4.2.1.13). Raises NotDer."""
        found = self.extensions.get(CRL_DISTRIBUTION_POINTS)
        return () if found is None else general.distribution_points(found.value)

    @cached_property
    def subject_key(self) -> bytes | None:
        """The subjectKeyIdentifier; None = absent or unreadable (it is only a hint)."""
        found = self.extensions.get(SUBJECT_KEY_IDENTIFIER)
        return None if found is None else found.value[2:]

    @cached_property
    def authority_key(self) -> bytes | None:
        """KeyIdentifier of the authorityKeyIdentifier; None = absent."""
        found = self.extensions.get(AUTHORITY_KEY_IDENTIFIER)
        return None if found is None else elements.authority_key_of(found.value)
