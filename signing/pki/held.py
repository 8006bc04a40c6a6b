"""A key of the authority, held open with everything that its signatures repeat."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from signing import der
from signing.keys.protocol import SignerIdentity
from signing.pki.profiles import PrivateKey

DIGESTS = {
    "sha256": der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.NULL),
    "sha384": der.sequence(der.oid("2.16.840.1.101.3.4.2.2"), der.NULL),
}
_RSA_SHA256 = der.sequence(der.oid("1.2.840.113549.1.1.11"), der.NULL)
_ECDSA_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"))
_ECDSA_SHA384 = der.sequence(der.oid("1.2.840.10045.4.3.3"))


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A private key with its certificate. May be shared between threads; never shown."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    """Issuers from the certificate's own upwards; the root may be left out."""
    identity: SignerIdentity
    encoded: bytes
    """The certificate in DER."""
    digest: str
    """Hash that it signs with, in hashlib's spelling: as strong as the key."""
    algorithm: bytes
    """DER AlgorithmIdentifier of its signatures."""
    sign: Callable[[bytes], bytes] = field(repr=False)
    """Hash and sign."""
    valid_from: datetime
    valid_to: datetime

    @classmethod
    def of(
        cls, certificate: x509.Certificate, chain: tuple[x509.Certificate, ...], key: PrivateKey
    ) -> HeldKey:
        """Put together a key and its certificate."""
        return cls(
            certificate=certificate,
            chain=chain,
            identity=SignerIdentity.of(certificate, chain),
            encoded=certificate.public_bytes(Encoding.DER),
            digest=_digest(key),
            algorithm=_algorithm(key),
            sign=_sign(key),
            valid_from=certificate.not_valid_before_utc,
            valid_to=certificate.not_valid_after_utc,
        )

    def usable(self, at: datetime) -> bool:
        """Whether the certificate is in force at an instant."""
        return self.valid_from <= at <= self.valid_to


def generalized_time(at: datetime) -> bytes:
    """Return a GeneralizedTime in whole seconds, UTC (RFC 5280, 4.1.2.5.2)."""
    t = at.astimezone(UTC)
    return b"\x18\x0f%04d%02d%02d%02d%02d%02dZ" % (t.year, t.month, t.day, t.hour, t.minute, t.second)


def key_hash(certificate: x509.Certificate, digest: str) -> bytes:
    """Return the digest of the value of the BIT STRING subjectPublicKey (RFC 6960, 4.1.1)."""
    return hashlib.new(digest, _subject_public_key(certificate), usedforsecurity=False).digest()


def name_of(certificate: x509.Certificate) -> bytes:
    """Return the subject as encoded: writing it anew might change its string types."""
    return bytes(_load(certificate).subject.dump())


def _subject_public_key(certificate: x509.Certificate) -> bytes:
    return bytes(_load(certificate).public_key["public_key"].contents[1:])


def _load(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _digest(key: PrivateKey) -> str:
    return "sha384" if isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size > 256 else "sha256"


def _algorithm(key: PrivateKey) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return _RSA_SHA256
    return _ECDSA_SHA384 if _digest(key) == "sha384" else _ECDSA_SHA256


def _sign(key: PrivateKey) -> Callable[[bytes], bytes]:
    if isinstance(key, rsa.RSAPrivateKey):
        return partial(key.sign, padding=padding.PKCS1v15(), algorithm=hashes.SHA256())
    algorithm = hashes.SHA384() if _digest(key) == "sha384" else hashes.SHA256()
    return partial(key.sign, signature_algorithm=ec.ECDSA(algorithm))
