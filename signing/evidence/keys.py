"""Keys that sign evidence: P-256, one for each body, under a root of the installation.

An evidence key is held by the server and signs what the service saw happen. It names the body for which it
does so and is never that body's seal: its certificate says so in the name, and may not be used for
non-repudiation (key usage ``digitalSignature`` alone, RFC 5280 section 4.2.1.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509.oid import NameOID

from signing.errors import KeyFault

ROOT_YEARS = 20
KEY_DAYS = 730
BACKDATE = timedelta(minutes=5)
"""A certificate is valid from a little earlier, for readers whose clock is behind."""
NAME_CHARACTERS = 64
"""ub-organization-name of RFC 5280, appendix A.1."""
NAME_BYTES = 64
"""Common names are counted in bytes of UTF-8, since some readers do."""
NO_SEAL = "khóa chứng cứ, không phải con dấu"
_PREHASHED = ec.ECDSA(Prehashed(hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class EvidenceKey:
    """A key that can sign."""

    certificate: x509.Certificate
    """Its certificate."""
    private: ec.EllipticCurvePrivateKey
    """Its private half."""

    @property
    def serial(self) -> str:
        """Serial number of the certificate, hex."""
        return f"{self.certificate.serial_number:x}"

    @property
    def certificate_der(self) -> bytes:
        """The certificate, DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def private_der(self) -> bytes:
        """The private half, PKCS#8 DER without a passphrase: to be sealed before it is kept."""
        return self.private.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def sign(self, digest: bytes) -> bytes:
        """Return the ECDSA signature (DER) over a SHA-256 digest; about 25 us."""
        return self.private.sign(digest, _PREHASHED)


def load_key(certificate: bytes, private: bytes) -> EvidenceKey:
    """Read a key from the two DER forms. Raises KeyFault."""
    try:
        loaded = serialization.load_der_private_key(private, None)
        parsed = x509.load_der_x509_certificate(certificate)
    except ValueError as error:
        raise KeyFault("the evidence key cannot be read") from error
    if not isinstance(loaded, ec.EllipticCurvePrivateKey) or parsed.public_key() != loaded.public_key():
        raise KeyFault("the evidence key does not belong to its certificate")
    return EvidenceKey(parsed, loaded)


def make_root(service: str, at: datetime) -> EvidenceKey:
    """Make the root of an installation; ``service`` is its name."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, service[:NAME_CHARACTERS]),
            x509.NameAttribute(NameOID.COMMON_NAME, _common("Gốc chứng cứ của hệ thống")),
        ]
    )
    usage = _usage(root=True)
    end = at + timedelta(days=365 * ROOT_YEARS)
    return EvidenceKey(_certificate(name, name, private, private, usage, (at, end), path=0), private)


def make_key(root: EvidenceKey, code: str, name: str, at: datetime) -> EvidenceKey:
    """Make the key of one body, named by its code and name."""
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name[:NAME_CHARACTERS]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, code[:NAME_CHARACTERS]),
            x509.NameAttribute(NameOID.COMMON_NAME, _common(f"{code}: {NO_SEAL}")),
        ]
    )
    end = min(at + timedelta(days=KEY_DAYS), root.certificate.not_valid_after_utc)
    certificate = _certificate(
        subject, root.certificate.subject, private, root.private, _usage(root=False), (at, end), path=None
    )
    return EvidenceKey(certificate, private)


def check_signature(certificate: bytes, content: bytes, signature: bytes) -> bool:
    """Tell whether a signature over ``content`` was made with the key of a certificate (DER)."""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except ValueError:
        return False
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def check_issued(certificate: bytes, root: bytes, at: datetime) -> bool:
    """Tell whether an evidence certificate was issued by a root and both were valid at an instant."""
    try:
        leaf, issuer = x509.load_der_x509_certificate(certificate), x509.load_der_x509_certificate(root)
        leaf.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return all(c.not_valid_before_utc <= at <= c.not_valid_after_utc for c in (leaf, issuer))


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    private: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    usage: x509.KeyUsage,
    valid: tuple[datetime, datetime],
    path: int | None,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0] - BACKDATE)
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=path is not None, path_length=path), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    return builder.sign(signer, hashes.SHA256())


def _usage(*, root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not root,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=root,
        crl_sign=root,
        encipher_only=False,
        decipher_only=False,
    )


def _common(text: str) -> str:
    """Shorten a name to what a common name may hold, at a whole letter."""
    while len(text.encode()) > NAME_BYTES:
        text = text[:-1]
    return text
