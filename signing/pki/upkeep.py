"""What an authority needs while it lives: new lists in time, new keys for its services, warnings before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from signing.errors import PkiFault
from signing.pki import ca, profiles, register
from signing.pki.ca import Authority, CertificateRequest
from signing.pki.profiles import Issuer, KeyType, Kind

WARN: Final = timedelta(days=60)
"""How long before its end a certificate of the authority is warned of."""
RENEWABLE: Final = (Kind.OCSP, Kind.TSA)
"""What may be renewed with the issuing key alone."""


@dataclass(frozen=True, slots=True)
class Part:
    """A certificate or a revocation list of the authority itself."""

    name: str
    """``root``, ``issuing``, ``ocsp``, ``tsa``; lists ``root.crl``, ``issuing.crl``."""
    ends: datetime
    """End of validity, or nextUpdate."""
    subject: str
    """Common name; of the issuer for a list."""

    def days_left(self, at: datetime) -> int:
        """Return whole days left, below 0 when it has ended."""
        return (self.ends - at) // timedelta(days=1)

    def warns(self, at: datetime) -> bool:
        """Whether somebody should act: a certificate in its last 60 days, a list in its last quarter."""
        if self.name.endswith(".crl"):
            return self.ends - at < ca.CRL_LIFETIMES[self.name.removesuffix(".crl")] / 4
        return self.ends - at < WARN


def parts(folder: Path) -> tuple[Part, ...]:
    """Return the authority's own certificates and lists with their ends. Raises PkiFault."""
    found: list[Part] = []
    try:
        for kind in (Kind.ROOT, Kind.ISSUING, *RENEWABLE):
            one = x509.load_pem_x509_certificate((folder / "certs" / f"{kind}.pem").read_bytes())
            found.append(Part(kind.value, one.not_valid_after_utc, _common_name(one.subject)))
        for label in ca.CRL_LIFETIMES:
            listed = x509.load_der_x509_crl((folder / "crl" / f"{label}.crl").read_bytes())
            if listed.next_update_utc is not None:
                found.append(Part(f"{label}.crl", listed.next_update_utc, _common_name(listed.issuer)))
    except (OSError, ValueError) as error:
        raise PkiFault(f"{folder} is no PKI folder, or a file in it is damaged") from error
    return tuple(found)


def renew(authority: Authority, kind: Kind, *, passphrase: bytes | None, now: datetime) -> x509.Certificate:
    """Give the responder or the time-stamp authority a new key and certificate (key rollover).

    What the old key signed stays valid: answers and tokens carry their certificate. Raises PkiFault.
    """
    if kind not in RENEWABLE:
        raise PkiFault(f"{kind} cannot be renewed with the issuing key: only ocsp and tsa can")
    old = x509.load_pem_x509_certificate((authority.folder / "certs" / f"{kind}.pem").read_bytes())
    elliptic = isinstance(old.public_key(), ec.EllipticCurvePublicKey)
    key = profiles.generate_key(KeyType.P256 if elliptic else KeyType.RSA2048)
    certificate = ca.authority_certificate(kind, {kind: key}, authority.issuing, authority.urls, now)
    book_path = authority.folder / "register.json"
    with register.locked(book_path):
        request = CertificateRequest(kind, ca.NAMES[kind])
        book = register.load(book_path).add(ca.entry_of(certificate, "issuing", request, now))
        ca.store_key(authority.folder / "private" / f"{kind}.key", key, passphrase)
        path = authority.folder / "certs" / f"{kind}.pem"
        register.write_atomically(path, certificate.public_bytes(Encoding.PEM))
        register.save(book_path, book)
    return certificate


def refresh_root_list(folder: Path, *, passphrase: bytes | None, now: datetime) -> None:
    """Publish a new list of the root, whose key must be present for it. Raises PkiFault."""
    book_path = folder / "register.json"
    key = ca.load_key(folder / "private" / "root.key", passphrase)
    certificate = x509.load_pem_x509_certificate((folder / "certs" / "root.pem").read_bytes())
    with register.locked(book_path):
        root = Issuer("root", certificate, key)
        register.save(book_path, ca.publish_crl(folder, root, register.load(book_path), now))


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()
