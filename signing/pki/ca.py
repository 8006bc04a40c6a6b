"""A certification authority in a folder.

::

    DIR/trust/root.pem                    trust anchor, to be handed out
    DIR/certs/{root,issuing,ocsp,tsa}.pem certificates of the authority itself
    DIR/issued/SERIAL.pem                 every certificate issued to a subscriber
    DIR/crl/{root,issuing}.crl            revocation lists, DER
    DIR/private/*.key                     PKCS#8, encrypted; *.pass holds a generated passphrase (0600)
    DIR/register.json                     serials and revocations

For development, tests and nodes. Officials' keys come from the Government's authority.
"""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from signing.errors import PkiFault
from signing.pki import profiles, register
from signing.pki.crl import Reason, build_crl
from signing.pki.profiles import Issuer, KeyType, Kind, PrivateKey, Urls

DEFAULT_BASE_URL = "http://127.0.0.1:8080/pki"
_DAY = timedelta(days=1)
_LIFETIMES = {
    Kind.ROOT: 20 * 365 * _DAY,
    Kind.ISSUING: 10 * 365 * _DAY,
    Kind.OCSP: 365 * _DAY,
    Kind.TSA: 5 * 365 * _DAY,
    Kind.PERSON: 3 * 365 * _DAY,
    Kind.ORGANISATION: 3 * 365 * _DAY,
    Kind.SERVER: 365 * _DAY,
}
CRL_LIFETIMES = {"root": 365 * _DAY, "issuing": 30 * _DAY}
KEYS = {
    Kind.ROOT: KeyType.RSA3072,
    Kind.ISSUING: KeyType.RSA3072,
}
NAMES = {
    Kind.ROOT: "Liên Thông Root CA (development)",
    Kind.ISSUING: "Liên Thông Issuing CA (development)",
    Kind.OCSP: "Liên Thông OCSP (development)",
    Kind.TSA: "Liên Thông TSA (development)",
}
_KDF_ROUNDS = 100_000


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """What a subscriber asks for."""

    kind: Kind
    name: str
    """Name of the person, body or host (a host's name is also its DNS name)."""
    organ_id: str | None = None
    """Identifier of the body, or of the body the person acts for."""
    key: KeyType = KeyType.RSA2048
    lifetime: timedelta | None = None
    """None = the profile's own."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new certificate with its key."""

    certificate: x509.Certificate
    pkcs12: bytes
    """Key, certificate and issuing certificate, under the subscriber's passphrase (AES-256, PBKDF2)."""

    @property
    def serial(self) -> str:
        """Serial number in hexadecimal."""
        return f"{self.certificate.serial_number:x}"


@dataclass(frozen=True, slots=True)
class Authority:
    """An opened authority. May be shared by threads; every write takes the lock of the register."""

    folder: Path
    urls: Urls
    root_certificate: x509.Certificate
    issuing: Issuer

    @property
    def trust_anchor(self) -> Path:
        """The PEM file to hand out."""
        return self.folder / "trust" / "root.pem"

    @property
    def _register(self) -> Path:
        return self.folder / "register.json"

    def issue(self, request: CertificateRequest, *, passphrase: bytes, now: datetime) -> Issued:
        """Make a key and a certificate for a subscriber. Raises PkiFault for a bad name or kind."""
        if request.kind not in profiles.END_ENTITIES:
            raise PkiFault(f"a certificate of kind {request.kind} is made by 'pki init' only")
        if len(passphrase) < 1:
            raise PkiFault("the passphrase is empty")
        subject = profiles.subject_name(request.name, request.organ_id, request.kind)
        key = profiles.generate_key(request.key)
        certificate = _certify(
            request.kind,
            subject,
            key,
            self.issuing,
            self.urls,
            now,
            lifetime=request.lifetime,
            dns_names=_dns_names(request),
        )
        issued = Issued(certificate, _pkcs12(request.name, key, certificate, self.issuing, passphrase))
        with register.locked(self._register):
            book = register.load(self._register).add(entry_of(certificate, "issuing", request, now))
            path = self.folder / "issued" / f"{issued.serial}.pem"
            register.write_atomically(path, certificate.public_bytes(Encoding.PEM))
            register.save(self._register, book)
        return issued

    def revoke(self, serial: str, reason: Reason, *, now: datetime) -> None:
        """Revoke a subscriber's certificate and publish a new list. Raises PkiFault if unknown."""
        with register.locked(self._register):
            book = register.load(self._register).revoke(serial, reason, now)
            book = publish_crl(self.folder, self.issuing, book, now)
            register.save(self._register, book)

    def refresh_crl(self, *, now: datetime) -> None:
        """Publish a new list of the issuing authority, as must happen before the last one ends."""
        with register.locked(self._register):
            book = publish_crl(self.folder, self.issuing, register.load(self._register), now)
            register.save(self._register, book)


def init(
    folder: Path,
    *,
    base_url: str = DEFAULT_BASE_URL,
    passphrase: bytes | None,
    now: datetime,
    service_key: KeyType = KeyType.P256,
    ocsp: bool = False,
) -> Authority:
    """Make a new authority in ``folder`` (absent or empty).

    ``passphrase`` encrypts its keys; None makes one per key, kept beside it in a file of mode 0600.
    ``service_key`` is the kind of the keys for time-stamps and statuses; ``ocsp`` names the responder in
    certificates, for an authority that is always served.
    Raises PkiFault when something is already there.
    """
    if folder.exists() and any(folder.iterdir()):
        raise PkiFault(f"{folder} is not empty: choose a new folder")
    for name, mode in (
        ("trust", 0o755),
        ("certs", 0o755),
        ("issued", 0o755),
        ("crl", 0o755),
        ("private", 0o700),
    ):
        (folder / name).mkdir(mode=mode, parents=True, exist_ok=True)
    urls = Urls(base_url.rstrip("/"), ocsp)
    wanted = {**KEYS, Kind.OCSP: service_key, Kind.TSA: service_key}
    with ThreadPoolExecutor(max_workers=len(wanted)) as pool:
        keys = dict(zip(wanted, pool.map(profiles.generate_key, wanted.values()), strict=True))
    root = Issuer("root", authority_certificate(Kind.ROOT, keys, None, urls, now), keys[Kind.ROOT])
    issuing = Issuer(
        "issuing", authority_certificate(Kind.ISSUING, keys, root, urls, now), keys[Kind.ISSUING]
    )
    certificates = {Kind.ROOT: root.certificate, Kind.ISSUING: issuing.certificate}
    for kind in (Kind.OCSP, Kind.TSA):
        certificates[kind] = authority_certificate(kind, keys, issuing, urls, now)
    book = register.Register(base_url=urls.base, ocsp=ocsp)
    for kind, certificate in certificates.items():
        pem = certificate.public_bytes(Encoding.PEM)
        register.write_atomically(folder / "certs" / f"{kind}.pem", pem)
        store_key(folder / "private" / f"{kind}.key", keys[kind], passphrase)
        issuer = "root" if kind in (Kind.ROOT, Kind.ISSUING) else "issuing"
        book = book.add(entry_of(certificate, issuer, CertificateRequest(kind, NAMES[kind]), now))
    register.write_atomically(folder / "trust" / "root.pem", root.certificate.public_bytes(Encoding.PEM))
    for authority in (root, issuing):
        book = publish_crl(folder, authority, book, now)
    register.save(folder / "register.json", book)
    return Authority(folder, urls, root.certificate, issuing)


def open_authority(folder: Path, *, passphrase: bytes | None) -> Authority:
    """Open an authority made by ``init``; the root's key stays closed (it may be offline).

    Raises PkiFault when the folder is none, or the passphrase does not open the issuing key.
    """
    book = register.load(folder / "register.json")
    key = load_key(folder / "private" / "issuing.key", passphrase)
    root, certificate = (
        x509.load_pem_x509_certificate((folder / "certs" / f"{name}.pem").read_bytes())
        for name in ("root", "issuing")
    )
    return Authority(folder, Urls(book.base_url, book.ocsp), root, Issuer("issuing", certificate, key))


def _dns_names(request: CertificateRequest) -> tuple[str, ...]:
    return (request.name,) if request.kind is Kind.SERVER else ()


def authority_certificate(
    kind: Kind, keys: dict[Kind, PrivateKey], issuer: Issuer | None, urls: Urls, now: datetime
) -> x509.Certificate:
    """Certify a key of the authority itself."""
    subject = profiles.subject_name(NAMES[kind], None, kind)
    return _certify(kind, subject, keys[kind], issuer, urls, now)


def _certify(
    kind: Kind,
    subject: x509.Name,
    key: PrivateKey,
    issuer: Issuer | None,
    urls: Urls,
    now: datetime,
    *,
    lifetime: timedelta | None = None,
    dns_names: tuple[str, ...] = (),
) -> x509.Certificate:
    try:
        return profiles.build(
            kind=kind,
            subject=subject,
            public_key=key.public_key(),
            issuer=issuer,
            signing_key=issuer.key if issuer else key,
            urls=urls,
            serial=x509.random_serial_number(),
            now=now,
            lifetime=lifetime or _LIFETIMES[kind],
            dns_names=dns_names,
        )
    except ValueError as error:
        raise PkiFault(f"the certificate cannot be made: {error}") from error


def _pkcs12(
    name: str, key: PrivateKey, certificate: x509.Certificate, issuer: Issuer, passphrase: bytes
) -> bytes:
    encryption = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(_KDF_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(passphrase)
    )
    chain = [issuer.certificate]
    return pkcs12.serialize_key_and_certificates(name.encode(), key, certificate, chain, encryption)


def entry_of(
    certificate: x509.Certificate, issuer: str, request: CertificateRequest, now: datetime
) -> register.Entry:
    """Return the line of the register for a certificate."""
    return register.Entry(
        serial=f"{certificate.serial_number:x}",
        issuer=issuer,
        kind=request.kind.value,
        name=request.name,
        organ_id=request.organ_id,
        issued_at=now.astimezone(UTC).isoformat(),
        not_after=certificate.not_valid_after_utc.isoformat(),
    )


def publish_crl(folder: Path, issuer: Issuer, book: register.Register, now: datetime) -> register.Register:
    """Write the next list of an issuer; return the register that remembers its number."""
    book, number = book.next_crl(issuer.label)
    crl = build_crl(
        issuer,
        book.revocations(issuer.label, now - CRL_LIFETIMES[issuer.label]),
        number=number,
        now=now,
        next_update=now + CRL_LIFETIMES[issuer.label],
    )
    register.write_atomically(folder / "crl" / f"{issuer.label}.crl", crl.public_bytes(Encoding.DER))
    return book


def store_key(path: Path, key: PrivateKey, passphrase: bytes | None) -> None:
    """Write a key of the authority, encrypted; None makes a passphrase and keeps it beside it (0600)."""
    if passphrase is None:
        passphrase = secrets.token_urlsafe(32).encode()
        register.write_atomically(path.with_suffix(".pass"), passphrase, 0o600)
    pem = key.private_bytes(
        Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase),
    )
    register.write_atomically(path, pem, 0o600)


def load_key(path: Path, passphrase: bytes | None) -> PrivateKey:
    """Open a key of the authority; None takes the passphrase kept beside it. Raises PkiFault."""
    try:
        if passphrase is None:
            passphrase = path.with_suffix(".pass").read_bytes().strip()
        key = serialization.load_pem_private_key(path.read_bytes(), passphrase)
    except OSError as error:
        raise PkiFault(f"{path} cannot be opened: give the passphrase of the authority") from error
    except (ValueError, TypeError) as error:
        raise PkiFault(f"the passphrase does not open {path}", code="signing.pki_passphrase") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise PkiFault(f"{path} holds no RSA or elliptic curve key")
    return key
