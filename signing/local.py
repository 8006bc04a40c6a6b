"""Time-stamps and revocation from an authority in the same process (a PKI folder)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509

from signing import stamps
from signing.errors import PkiFault, ServiceFault
from signing.pki.opened import OpenedPki, open_pki
from signing.revocation import CheckedRevocation
from signing.services import Services


class LocalTimestamper:
    """A :class:`signing.services.Timestamper` that asks the authority directly."""

    def __init__(self, pki: OpenedPki) -> None:
        self._authority = pki.tsa

    def stamp(self, digest: bytes, at: datetime) -> bytes:
        """Return a token over a SHA-256 digest. Raises ServiceFault."""
        nonce = stamps.new_nonce()
        answer = self._authority.answer(stamps.request(digest, nonce), at)
        return stamps.granted(answer, digest, nonce).encoded


class LocalAnswers:
    """:class:`signing.revocation.Answers` from the responder and the published files of a folder."""

    def __init__(self, pki: OpenedPki) -> None:
        self._pki = pki
        self._issuers = [desk.issuer for desk in pki.responder.desks]
        self._certificates = [*self._issuers, _read(pki.folder / "certs" / "root.pem")]
        self._lists: dict[str, tuple[tuple[int, int], bytes]] = {}

    def ocsp(self, request: bytes, certificate: x509.Certificate, at: datetime) -> bytes | None:
        """Return the answer; None for a certificate that the responder does not answer for."""
        if all(certificate.issuer != issuer.subject for issuer in self._issuers):
            return None
        return self._pki.responder.answer(request, at)

    def crl(self, certificate: x509.Certificate) -> bytes | None:
        """Return the list of the certificate's issuer, read anew when the file was replaced."""
        for name, issuer in (("issuing", self._issuers[0]), ("root", self._certificates[-1])):
            if certificate.issuer == issuer.subject:
                return self._list(name)
        return None

    def _list(self, name: str) -> bytes:
        path = self._pki.folder / "crl" / f"{name}.crl"
        try:
            found = path.stat()
            version = (found.st_ino, found.st_mtime_ns)
            kept = self._lists.get(name)
            if kept is None or kept[0] != version:
                kept = version, path.read_bytes()
                self._lists[name] = kept
        except OSError as error:
            raise ServiceFault(f"the revocation list {path} cannot be read") from error
        return kept[1]

    def issuer(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """Return the issuer from the folder."""
        return next((c for c in self._certificates if c.subject == certificate.issuer), None)


def _read(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise PkiFault(f"the certificate {path} cannot be read") from error


def local_services(pki: OpenedPki) -> Services:
    """Return the services of an opened PKI folder."""
    return Services(LocalTimestamper(pki), CheckedRevocation(LocalAnswers(pki)))


def open_services(folder: Path, *, passphrase: bytes | None = None) -> Services:
    """Open a PKI folder and return its services. Raises PkiFault."""
    return local_services(open_pki(folder, passphrase=passphrase))
