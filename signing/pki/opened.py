"""A PKI folder (see :mod:`signing.pki.ca`) opened for answering: time-stamps, statuses, published files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

from cryptography import x509

from signing.errors import PkiFault
from signing.pki import ca, register
from signing.pki.crl import Reason
from signing.pki.held import HeldKey
from signing.pki.ocsp import Desk, Responder, Status
from signing.pki.tsa import TimeStampAuthority


@dataclass(frozen=True, slots=True)
class OpenedPki:
    """What an authority answers with. May be shared between threads."""

    folder: Path
    tsa: TimeStampAuthority
    responder: Responder


class RegisterStatuses:
    """Statuses of one issuer from its register; read anew whenever the file was replaced."""

    def __init__(self, path: Path, issuer: str) -> None:
        self._path = path
        self._issuer = issuer
        self._lock = Lock()
        self._version: tuple[int, int, int] = (0, 0, 0)
        self._statuses: dict[int, Status] = {}

    def current(self) -> Mapping[int, Status]:
        """Return serial to status: the same object until the file is replaced. Raises PkiFault."""
        try:
            found = self._path.stat()
        except OSError as error:
            raise PkiFault(f"the register {self._path} is gone: restore it from a backup") from error
        version = (found.st_ino, found.st_mtime_ns, found.st_size)
        if version == self._version:
            return self._statuses
        with self._lock:
            entries = register.load(self._path).entries
            # Statuses before the version: another thread that sees the version sees them, too.
            self._statuses = {int(e.serial, 16): _status(e) for e in entries if e.issuer == self._issuer}
            self._version = version
            return self._statuses


def open_pki(folder: Path, *, passphrase: bytes | None = None) -> OpenedPki:
    """Open the time-stamp authority and the responder of a folder made by ``ca.init``.

    Only their keys are opened: those of the root and the issuing authority may be away. Takes about 0.2 s
    (keys are encrypted). Raises PkiFault when the folder is none, or ``passphrase`` does not open the keys.
    """
    book = folder / "register.json"
    register.load(book)
    issuer, root = (_certificate(folder, name) for name in ("issuing", "root"))
    held = {name: _held(folder, name, (issuer, root), passphrase) for name in ("tsa", "ocsp")}
    statuses = RegisterStatuses(book, "issuing")
    desk = Desk(issuer, held["ocsp"], statuses.current)
    return OpenedPki(folder, TimeStampAuthority(held["tsa"]), Responder([desk]))


def _held(folder: Path, name: str, chain: tuple[x509.Certificate, ...], passphrase: bytes | None) -> HeldKey:
    certificate = _certificate(folder, name)
    key = ca.load_key(folder / "private" / f"{name}.key", passphrase)
    if key.public_key() != certificate.public_key():  # a renewal replaces one after the other
        raise PkiFault(f"key and certificate of {name} do not fit: it is being renewed, try again")
    return HeldKey.of(certificate, chain, key)


def _certificate(folder: Path, name: str) -> x509.Certificate:
    path = folder / "certs" / f"{name}.pem"
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise PkiFault(f"the certificate {path} cannot be read: restore it from a backup") from error


def _status(entry: register.Entry) -> Status:
    if entry.revoked_at is None:
        return Status()
    return Status(datetime.fromisoformat(entry.revoked_at), Reason(entry.reason or Reason.UNSPECIFIED))
