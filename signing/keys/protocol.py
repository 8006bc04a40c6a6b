"""The one protocol behind which every key stands, and what is known of its owner."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from signing import der
from signing.errors import KeyFault


class SignatureAlgorithm(StrEnum):
    """How a signature value is made; what PDF signatures of this product use.

    Ed25519 is not among them: readers of PDF files in the field do not know it, so it is validated only.
    """

    RSA_PKCS1_SHA256 = "rsa-pkcs1-sha256"
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2): what tokens do and every reader accepts."""
    RSA_PKCS1_SHA384 = "rsa-pkcs1-sha384"
    RSA_PKCS1_SHA512 = "rsa-pkcs1-sha512"
    RSA_PSS_SHA256 = "rsa-pss-sha256"
    """RSASSA-PSS (RFC 8017, 8.1), MGF1 with the same hash, salt as long as the hash (RFC 4056, 3)."""
    RSA_PSS_SHA384 = "rsa-pss-sha384"
    RSA_PSS_SHA512 = "rsa-pss-sha512"
    ECDSA_SHA256 = "ecdsa-sha256"
    ECDSA_SHA384 = "ecdsa-sha384"
    ECDSA_SHA512 = "ecdsa-sha512"

    @property
    def digest(self) -> str:
        """Name of the hash in hashlib's spelling."""
        return self.rpartition("-")[2]

    @property
    def is_rsa(self) -> bool:
        """Whether an RSA key makes it; an elliptic curve key makes the others."""
        return self.startswith("rsa")

    @property
    def is_pss(self) -> bool:
        """Whether the padding is PSS."""
        return self.startswith("rsa-pss")


HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_MOST_RSA_BITS = 4096


def pss(digest: hashes.HashAlgorithm) -> padding.PSS:
    """Return the PSS padding that goes with a hash."""
    return padding.PSS(padding.MGF1(digest), digest.digest_size)


def default_algorithm(certificate: x509.Certificate) -> SignatureAlgorithm:
    """Return what a key signs with unless told otherwise. Raises KeyFault for a key that cannot sign here."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFault("the key of the certificate is of an unknown kind") from error
    if isinstance(key, rsa.RSAPublicKey):
        if not 2048 <= key.key_size <= _MOST_RSA_BITS:
            raise KeyFault(f"the RSA key has {key.key_size} bits; 2048 to {_MOST_RSA_BITS} are required")
        return SignatureAlgorithm.RSA_PKCS1_SHA256
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in ("secp256r1", "secp384r1"):
            raise KeyFault(f"the curve {key.curve.name} is not supported; use P-256 or P-384")
        small = key.curve.key_size <= 256
        return SignatureAlgorithm.ECDSA_SHA256 if small else SignatureAlgorithm.ECDSA_SHA384
    raise KeyFault("only RSA and elliptic curve keys can sign PDF files")


def require_fit(certificate: x509.Certificate, algorithm: SignatureAlgorithm) -> None:
    """Raise KeyFault unless the key of the certificate can sign with the algorithm."""
    if default_algorithm(certificate).is_rsa is not algorithm.is_rsa:
        kind = "an elliptic curve" if algorithm.is_rsa else "an RSA"
        raise KeyFault(f"{kind} key cannot sign with {algorithm}")


def require_true(
    certificate: x509.Certificate, algorithm: SignatureAlgorithm, value: bytes, data: bytes
) -> None:
    """Raise KeyFault unless ``value`` is a signature of ``data`` by the key of the certificate."""
    require_fit(certificate, algorithm)
    key = certificate.public_key()
    digest = HASHES[algorithm.digest]
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(value, data, pss(digest) if algorithm.is_pss else padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, data, ec.ECDSA(digest))
    except InvalidSignature as error:
        raise KeyFault(
            "the signature value was not made over this file by the key of the certificate",
            code="signing.value_wrong",
        ) from error


@dataclass(frozen=True, slots=True)
class SignerIdentity:
    """A certificate with its chain, and the parts of a CMS message that follow from it alone.

    Built once per key, because encoding certificates anew for every signature is what makes signing slow.
    """

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    """Issuers from the signer's upwards; may be empty; the root may be left out."""
    issuer_and_serial: bytes
    """DER of IssuerAndSerialNumber (RFC 5652, 10.2.4)."""
    certificates: bytes
    """DER of the ``certificates`` field [0] of SignedData: signer and chain without a root."""
    signing_certificate_v2: bytes
    """DER of the value of the attribute signing-certificate-v2 (RFC 5035, 3), SHA-256."""
    name: str
    """Common name of the subject, or its whole name when it has none."""
    valid_from: datetime
    valid_to: datetime

    @classmethod
    def of(cls, certificate: x509.Certificate, chain: tuple[x509.Certificate, ...]) -> SignerIdentity:
        """Derive the parts from the certificate and its chain."""
        encoded = certificate.public_bytes(Encoding.DER)
        # The issuer's name must be copied as it stands: encoding it anew may change string types.
        issuer: bytes = asn1_x509.Certificate.load(encoded).issuer.dump()
        sent = [encoded, *(c.public_bytes(Encoding.DER) for c in chain if c.issuer != c.subject)]
        ess_cert_id = der.sequence(der.octets(hashlib.sha256(encoded).digest()))
        return cls(
            certificate=certificate,
            chain=chain,
            issuer_and_serial=der.sequence(issuer, der.integer(certificate.serial_number)),
            certificates=der.set_of(sent, tag=0xA0),
            signing_certificate_v2=der.sequence(der.sequence(ess_cert_id)),
            name=_name(certificate),
            valid_from=certificate.not_valid_before_utc,
            valid_to=certificate.not_valid_after_utc,
        )


def _name(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else certificate.subject.rfc4514_string()


class Signer(Protocol):
    """A key that can sign. Implementations hold the opened key and may be shared between threads."""

    @property
    def identity(self) -> SignerIdentity:
        """Whose key it is."""
        ...

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """The algorithm it signs with unless told otherwise."""
        ...

    def sign_raw(self, data: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """Hash ``data`` and sign it; return the signature value as CMS carries it.

        Raises KeyFault when the key cannot do it.
        """
        ...
