"""The one protocol behind which every key stands, and what is known of its owner."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing import der


class SignatureAlgorithm(StrEnum):
    """How a signature value is made; what PDF signatures of this product use."""

    RSA_PKCS1_SHA256 = "rsa-pkcs1-sha256"
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2): what tokens do and every reader accepts."""
    ECDSA_SHA256 = "ecdsa-sha256"
    ECDSA_SHA384 = "ecdsa-sha384"

    @property
    def digest(self) -> str:
        """Name of the hash in hashlib's spelling."""
        return "sha384" if self is SignatureAlgorithm.ECDSA_SHA384 else "sha256"


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
        )

    @property
    def name(self) -> str:
        """Common name of the subject, or its whole name when it has none."""
        found = self.certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return str(found[0].value) if found else self.certificate.subject.rfc4514_string()


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
