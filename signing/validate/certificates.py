"""Certificates as a verifier needs them: read once for each worker, with what RFC 5280 asks of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import ExtensionOID, NameOID

from signing.validate import asn1
from signing.validate.algorithms import WEAK_DIGESTS, weak_key
from signing.validate.asn1 import BadEncoding
from signing.validate.message import certificate_of, key_of

_ORGANIZATION_IDENTIFIER: Final = x509.ObjectIdentifier("2.5.4.97")
_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.ISSUER_ALTERNATIVE_NAME,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.POLICY_MAPPINGS,
        ExtensionOID.INHIBIT_ANY_POLICY,
        ExtensionOID.OCSP_NO_CHECK,
    }
)
_CONSTRAINTS: Final = frozenset(
    {
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.INHIBIT_ANY_POLICY,
        ExtensionOID.POLICY_MAPPINGS,
    }
)
_QUALIFIED: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_DOCUMENTS: Final = frozenset(
    {
        Usage.ANY_EXTENDED_KEY_USAGE.dotted_string,
        Usage.EMAIL_PROTECTION.dotted_string,
        "1.3.6.1.5.5.7.3.36",  # id-kp-documentSigning (RFC 9336)
        "1.2.840.113583.1.1.5",  # Adobe, authentic documents
        "1.3.6.1.4.1.311.10.3.12",  # Microsoft, document signing
    }
)
_PERSONS: Final = frozenset({Usage.CLIENT_AUTH.dotted_string, "1.3.6.1.4.1.311.20.2.2"})
"""Client authentication and smart-card logon: tokens of officials carry these for all their uses."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is asked of one certificate."""

    der: bytes
    subject: bytes
    """DER name."""
    issuer: bytes
    serial: int
    begins: datetime
    ends: datetime
    authority: bool
    """basicConstraints says CA."""
    longest_path: int | None
    """pathLenConstraint."""
    usages: frozenset[str] | None
    """Names of the key usages; None when the extension is absent (all allowed)."""
    purposes: frozenset[str] | None
    """Dotted extended key usages; None when the extension is absent."""
    purposes_critical: bool
    unknown_critical: bool
    """It carries a critical extension that is not understood here (4.2)."""
    constrained: bool
    """It carries name or policy constraints, which the full path validator judges."""
    weak: bool
    """Key too short, or signed with a broken digest."""
    no_check: bool
    """ocsp-nocheck (RFC 6960, 4.2.2.2.1)."""

    def may(self, *usages: str) -> bool:
        """Whether one of these key usages is allowed."""
        return self.usages is None or any(u in self.usages for u in usages)

    @property
    def self_issued(self) -> bool:
        """Subject and issuer are the same."""
        return self.subject == self.issuer

    def why_not_documents(self) -> str | None:
        """Return why it may not sign documents, None when it may (key usage and its extension)."""
        if not self.may("digital_signature", "content_commitment"):
            return "the certificate is not meant for signing documents (key usage)"
        if self.purposes is None or self.purposes & _DOCUMENTS:
            return None
        if self.purposes & _PERSONS and Usage.SERVER_AUTH.dotted_string not in self.purposes:
            return None
        return "the certificate is not meant for signing documents (extended key usage)"

    def stamps_time(self) -> bool:
        """Whether it may sign time-stamps: timeStamping alone, critical (RFC 3161, 2.3)."""
        alone = self.purposes == frozenset({Usage.TIME_STAMPING.dotted_string})
        return alone and self.purposes_critical and self.may("digital_signature", "content_commitment")

    def answers_ocsp(self) -> bool:
        """Whether it may sign OCSP answers for its issuer (RFC 6960, 4.2.2.2)."""
        return self.purposes is not None and Usage.OCSP_SIGNING.dotted_string in self.purposes


@lru_cache(maxsize=2048)
def read(der: bytes) -> Certificate:
    """Read a certificate. Raises BadEncoding."""
    found = certificate_of(der)
    try:
        extensions = {e.oid: e for e in found.extensions}
        constraints = _value(extensions, x509.BasicConstraints)
        usage = _value(extensions, x509.KeyUsage)
        extended = _value(extensions, x509.ExtendedKeyUsage)
        critical = {oid for oid, e in extensions.items() if e.critical}
        purposes_critical = ExtensionOID.EXTENDED_KEY_USAGE in critical
        return Certificate(
            der=der,
            subject=found.subject.public_bytes(),
            issuer=found.issuer.public_bytes(),
            serial=found.serial_number,
            begins=found.not_valid_before_utc,
            ends=found.not_valid_after_utc,
            authority=bool(constraints and constraints.ca),
            longest_path=constraints.path_length if constraints else None,
            usages=_usages(usage) if usage else None,
            purposes=frozenset(p.dotted_string for p in extended) if extended else None,
            purposes_critical=purposes_critical,
            unknown_critical=bool(critical - _UNDERSTOOD - {_QUALIFIED}),
            constrained=bool(_CONSTRAINTS & extensions.keys()),
            weak=weak_key(key_of(der)) or _digest(found) in WEAK_DIGESTS,
            no_check=ExtensionOID.OCSP_NO_CHECK in extensions,
        )
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise BadEncoding("a certificate cannot be read") from error


_Kind = TypeVar("_Kind", bound=x509.ExtensionType)


def _value(
    extensions: dict[x509.ObjectIdentifier, x509.Extension[x509.ExtensionType]], kind: type[_Kind]
) -> _Kind | None:
    found = extensions.get(kind.oid)
    return found.value if found is not None and isinstance(found.value, kind) else None


def _usages(usage: x509.KeyUsage) -> frozenset[str]:
    names = ("digital_signature", "content_commitment", "key_cert_sign", "crl_sign")
    return frozenset(name for name in names if getattr(usage, name))


def _digest(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return ""
    return algorithm.name if algorithm is not None else ""


@lru_cache(maxsize=4096)
def issued(child: bytes, parent: bytes) -> bool:
    """Whether the signature of a certificate is that of another's key: a fact, so it may be kept."""
    try:
        certificate_of(child).verify_directly_issued_by(certificate_of(parent))
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm, BadEncoding):
        return False
    return True


@lru_cache(maxsize=1024)
def named(der: bytes) -> tuple[str, str | None]:
    """Return the subject's name (a body's full one where the common name was cut) and identifier."""
    try:
        subject = certificate_of(der).subject
        common = _text(subject, NameOID.COMMON_NAME)
        organisation = _text(subject, NameOID.ORGANIZATION_NAME)
        identifier = _text(subject, _ORGANIZATION_IDENTIFIER)
        if (not common or common.endswith("…")) and organisation:
            common = organisation
        return common or subject.rfc4514_string() or "?", identifier or None
    except (ValueError, asn1.BadEncoding):
        return "?", None


def _text(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    value = found[0].value if found else ""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")
