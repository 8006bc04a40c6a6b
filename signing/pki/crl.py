"""Certificate revocation lists (RFC 5280, section 5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from signing.errors import PkiFault
from signing.pki.profiles import Issuer


class Reason(StrEnum):
    """CRLReason (RFC 5280, 5.3.1), the ones that make sense for a whole certificate."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    CERTIFICATE_HOLD = "certificateHold"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"


@dataclass(frozen=True, slots=True)
class Revocation:
    """One entry of a list."""

    serial: int
    at: datetime
    reason: Reason


def build_crl(
    issuer: Issuer, entries: Iterable[Revocation], *, number: int, now: datetime, next_update: datetime
) -> x509.CertificateRevocationList:
    """Build and sign the list of an issuer; ``number`` must grow with every list (5.2.3)."""
    public_key = issuer.certificate.public_key()
    if not isinstance(public_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise PkiFault("the issuer's key is neither RSA nor elliptic curve")
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now)
        .next_update(next_update)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public_key), critical=False)
    )
    for entry in entries:
        revoked = x509.RevokedCertificateBuilder().serial_number(entry.serial).revocation_date(entry.at)
        if entry.reason is not Reason.UNSPECIFIED:  # 5.3.1: absent rather than unspecified
            flag = x509.CRLReason(x509.ReasonFlags(entry.reason.value))
            revoked = revoked.add_extension(flag, critical=False)
        builder = builder.add_revoked_certificate(revoked.build())
    return builder.sign(issuer.key, hashes.SHA256())
