"""Certificate profiles (RFC 5280): what each kind of certificate of our own authority contains."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from signing.errors import PkiFault

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
_LONGEST_COMMON_NAME = 64
"""ub-common-name of RFC 5280, appendix A.1; counted in bytes of UTF-8, since some readers do."""


class KeyType(StrEnum):
    """Keys that the authority makes."""

    RSA2048 = "rsa2048"
    RSA3072 = "rsa3072"
    P256 = "p256"
    P384 = "p384"


class Kind(StrEnum):
    """Profiles."""

    ROOT = "root"
    ISSUING = "issuing"
    OCSP = "ocsp"
    TSA = "tsa"
    PERSON = "person"
    ORGANISATION = "organisation"
    SERVER = "server"


END_ENTITIES = (Kind.PERSON, Kind.ORGANISATION, Kind.SERVER)
"""Profiles that subscribers can ask for."""


@dataclass(frozen=True, slots=True)
class Urls:
    """Where relying parties find an issuer's data; ``base`` without a final slash."""

    base: str
    ocsp: bool = False
    """Whether certificates name the responder at ``base``/ocsp.

    Only when it is served: a reader that finds a responder named and gets no answer (pdfsig does) calls the
    certificate doubtful, while one that finds none uses the CRL.
    """

    def certificate(self, issuer: str) -> str:
        """Certificate of the issuer (AIA, caIssuers)."""
        return f"{self.base}/certs/{issuer}.crt"

    def crl(self, issuer: str) -> str:
        """CRL of the issuer (CRL distribution point)."""
        return f"{self.base}/crl/{issuer}.crl"


@dataclass(frozen=True, slots=True)
class Issuer:
    """A certificate authority at work."""

    label: str
    """``root`` or ``issuing``: its name in files and URLs."""
    certificate: x509.Certificate
    key: PrivateKey


def generate_key(kind: KeyType) -> PrivateKey:
    """Make a key pair. RSA takes 0.1-1 s of one core and lets other threads run meanwhile."""
    if kind is KeyType.RSA2048:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if kind is KeyType.RSA3072:
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    return ec.generate_private_key(ec.SECP256R1() if kind is KeyType.P256 else ec.SECP384R1())


def subject_name(name: str, organ_id: str | None, kind: Kind) -> x509.Name:
    """Return the subject.

    ``organ_id``, the identifier of the body (QĐ 20/2020), stands in organizationIdentifier
    (2.5.4.97, X.520): that attribute names a legal person by a code of a register, while serialNumber
    would name the person. A body's full name is in O; CN is cut where it must be.
    """
    name = name.strip()
    if not name or any(ord(c) < 32 for c in name):
        raise PkiFault("the name of the subject is empty or holds control characters")
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, "VN")]
    if kind is Kind.ORGANISATION:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, name))
    if organ_id:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, organ_id))
    parts.append(x509.NameAttribute(NameOID.COMMON_NAME, _common_name(name)))
    return x509.Name(parts)


def _common_name(name: str) -> str:
    """Return the name, cut with an ellipsis when it is longer than a common name may be."""
    if len(name.encode()) <= _LONGEST_COMMON_NAME:
        return name
    return name.encode()[: _LONGEST_COMMON_NAME - 3].decode(errors="ignore") + "…"


def _key_usage(kind: Kind, key: PublicKey) -> x509.KeyUsage:
    ca = kind in (Kind.ROOT, Kind.ISSUING)
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=kind in (Kind.PERSON, Kind.ORGANISATION, Kind.TSA),
        key_encipherment=kind is Kind.SERVER and isinstance(key, rsa.RSAPublicKey),
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _extended_key_usage(kind: Kind) -> tuple[x509.ExtendedKeyUsage, bool] | None:
    if kind is Kind.TSA:  # critical and alone: RFC 3161, 2.3
        return x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True
    if kind is Kind.OCSP:
        return x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False
    if kind is Kind.SERVER:
        uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        return x509.ExtendedKeyUsage(uses), False
    # None for signers: readers disagree which usage stands for documents; key usage says it.
    return None


_COUNTRY = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "VN")])
_PERMITTED = x509.NameConstraints([x509.DirectoryName(_COUNTRY)], None)
"""Names that the issuing authority may give (RFC 5280, 4.2.1.10): its key makes up nobody abroad."""
_CA_PATH = {Kind.ROOT: 1, Kind.ISSUING: 0}


def build(
    *,
    kind: Kind,
    subject: x509.Name,
    public_key: PublicKey,
    issuer: Issuer | None,
    signing_key: PrivateKey,
    urls: Urls,
    serial: int,
    now: datetime,
    lifetime: timedelta,
    dns_names: tuple[str, ...] = (),
) -> x509.Certificate:
    """Build and sign one certificate of a profile; ``issuer`` None makes it self-signed (the root).

    It is valid from five minutes before ``now`` (clocks differ) and never longer than its issuer.
    """
    start = now - timedelta(minutes=5)
    end = now + lifetime
    if issuer is not None:
        start = max(start, issuer.certificate.not_valid_before_utc)
        end = min(end, issuer.certificate.not_valid_after_utc)
    issuer_key = issuer.certificate.public_key() if issuer else public_key
    if not isinstance(issuer_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise PkiFault("the issuer's key is neither RSA nor elliptic curve")
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(public_key)
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(kind in _CA_PATH, _CA_PATH.get(kind)), critical=True)
        .add_extension(_key_usage(kind, public_key), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )
    if (usage := _extended_key_usage(kind)) is not None:
        builder = builder.add_extension(usage[0], critical=usage[1])
    if kind is Kind.ISSUING:
        builder = builder.add_extension(_PERMITTED, critical=True)
    if kind is Kind.OCSP:
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    if dns_names:
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in dns_names])
        builder = builder.add_extension(names, critical=False)
    if issuer is not None:
        builder = _add_locations(builder, kind, issuer.label, urls)
    return builder.sign(signing_key, hashes.SHA256())


def _add_locations(
    builder: x509.CertificateBuilder, kind: Kind, issuer: str, urls: Urls
) -> x509.CertificateBuilder:
    """Say where the issuer's certificate, CRL and OCSP are (RFC 5280, 4.2.1.13 and 4.2.2.1)."""
    where = x509.UniformResourceIdentifier
    methods = AuthorityInformationAccessOID
    access = [x509.AccessDescription(methods.CA_ISSUERS, where(urls.certificate(issuer)))]
    if urls.ocsp and kind is not Kind.ISSUING:
        access.insert(0, x509.AccessDescription(methods.OCSP, where(f"{urls.base}/ocsp")))
    point = x509.DistributionPoint([where(urls.crl(issuer))], None, None, None)
    return builder.add_extension(x509.AuthorityInformationAccess(access), critical=False).add_extension(
        x509.CRLDistributionPoints([point]), critical=False
    )
