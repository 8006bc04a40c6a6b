"""An authority of our own as the network sees it: time-stamps, statuses, lists, certificates.

The folder is opened at the first request and anew when its services got new keys. Everything that touches a
file or signs runs in threads. Without a folder there is no authority, and every question says so.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from server.kernel.clock import Clock
from server.kernel.errors import NotFound, Unavailable
from signing.errors import PkiFault
from signing.pki import ca, upkeep
from signing.pki.ca import Authority, CertificateRequest, Issued
from signing.pki.crl import Reason
from signing.pki.ocsp import LARGEST_REQUEST as LARGEST_OCSP
from signing.pki.ocsp import Answer, request_from_path, seconds_left
from signing.pki.opened import OpenedPki, open_pki
from signing.pki.tsa import LARGEST_REQUEST as LARGEST_TIMESTAMP
from signing.pki.upkeep import Part

LARGEST_BODY: Final = max(LARGEST_OCSP, LARGEST_TIMESTAMP)
"""Bytes of the largest request that is read."""
CERTIFICATE_SECONDS: Final = 86400
"""How long a certificate may be kept: it never changes, but may be followed by another."""
LIST_SECONDS: Final = 3600
"""How long a list may be kept at most: a new one may come any time, with a revocation."""
_LABEL: Final = re.compile(r"[a-z0-9-]{1,40}")
log = structlog.get_logger("pki")


@dataclass(frozen=True, slots=True)
class Published:
    """Bytes to be answered, with the times that caches want."""

    data: bytes
    seconds: int = 0
    """For how long a cache may keep them; 0 = not at all."""
    modified: datetime | None = None
    expires: datetime | None = None


class PkiPublisher:
    """Answers for one PKI folder. Raises NotFound ``certificates.no_authority`` when there is none."""

    def __init__(self, folder: Path | None, clock: Clock, *, passphrase: bytes | None = None) -> None:
        self._folder = folder
        self._clock = clock
        self._passphrase = passphrase
        self._opened: OpenedPki | None = None
        self._version: tuple[int, ...] = ()

    @property
    def folder(self) -> Path | None:
        """The folder that is published; None = none."""
        return self._folder

    async def time_stamp(self, request: bytes) -> bytes:
        """Answer a TimeStampReq (RFC 3161), whatever the bytes are."""
        return await asyncio.to_thread(lambda: self._open().tsa.answer(request, self._clock.now()))

    async def status(self, request: bytes) -> Published:
        """Answer an OCSPRequest (RFC 6960), whatever the bytes are."""
        return await asyncio.to_thread(self._status, request)

    async def status_of_path(self, text: str) -> Published:
        """Answer the request in the path of a GET (RFC 6960, A.1)."""
        return await asyncio.to_thread(self._status, request_from_path(text))

    async def revocation_list(self, label: str) -> Published:
        """Return the list of an issuer; raises NotFound ``certificates.no_list``."""
        return await asyncio.to_thread(self._list, label)

    async def certificate(self, label: str) -> Published:
        """Return a certificate of the authority in DER; raises NotFound ``certificates.no_certificate``."""
        return await asyncio.to_thread(self._certificate, label)

    async def parts(self) -> tuple[Part, ...]:
        """Return the authority's own certificates and lists with their ends; () without an authority."""
        return await asyncio.to_thread(self._parts)

    async def keep(self) -> None:
        """Publish a new list of the issuing authority when half the life of the last one is over."""
        await asyncio.to_thread(self._keep)

    async def revoke(self, serial: str, reason: str) -> None:
        """Revoke a certificate of this authority; one that is revoked stays so.

        Raises Unavailable ``certificates.authority_closed`` when its key is not here.
        """
        await asyncio.to_thread(self._revoke, serial, Reason(reason))

    async def issue(self, request: CertificateRequest, passphrase: bytes) -> Issued:
        """Make a key and a certificate. Raises Unavailable ``certificates.authority_closed``, PkiFault."""
        return await asyncio.to_thread(
            lambda: self._authority().issue(request, passphrase=passphrase, now=self._clock.now())
        )

    def _authority(self) -> Authority:
        if self._folder is None:
            raise Unavailable("certificates.authority_closed")
        try:
            return ca.open_authority(self._folder, passphrase=self._passphrase)
        except PkiFault as error:
            raise Unavailable("certificates.authority_closed") from error

    def _revoke(self, serial: str, reason: Reason) -> None:
        try:
            self._authority().revoke(serial, reason, now=self._clock.now())
        except PkiFault as error:
            if error.code != "signing.pki_revoked":
                raise Unavailable("certificates.authority_closed") from error

    def _status(self, request: bytes) -> Published:
        now = self._clock.now()
        answer: Answer = self._open().responder.respond(request, now)
        return Published(answer.der, seconds_left(answer, now), answer.this_update, answer.next_update)

    def _list(self, label: str) -> Published:
        data = self._read(label, "crl", "crl", "certificates.no_list")
        listed = x509.load_der_x509_crl(data)
        expires = listed.next_update_utc
        left = expires - self._clock.now() if expires is not None else timedelta(0)
        seconds = max(0, min(int(left.total_seconds()), LIST_SECONDS))
        return Published(data, seconds, listed.last_update_utc, expires)

    def _certificate(self, label: str) -> Published:
        pem = self._read(label, "certs", "pem", "certificates.no_certificate")
        data = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
        return Published(data, CERTIFICATE_SECONDS)

    def _read(self, label: str, folder: str, ending: str, code: str) -> bytes:
        if self._folder is None or not _LABEL.fullmatch(label):
            raise NotFound(code, name=label[:40])
        try:
            return (self._folder / folder / f"{label}.{ending}").read_bytes()
        except OSError as error:
            raise NotFound(code, name=label) from error

    def _parts(self) -> tuple[Part, ...]:
        if self._folder is None or not (self._folder / "register.json").exists():
            return ()
        try:
            return upkeep.parts(self._folder)
        except PkiFault as error:
            log.warning("pki.damaged", reason=str(error))
            return ()

    def _keep(self) -> None:
        now = self._clock.now()
        due = [part for part in self._parts() if part.name == "issuing.crl"]
        if self._folder is None or not due or due[0].ends - now > ca.CRL_LIFETIMES["issuing"] / 2:
            return
        try:
            ca.open_authority(self._folder, passphrase=self._passphrase).refresh_crl(now=now)
        except PkiFault as error:
            log.warning("pki.list_not_renewed", reason=str(error))

    def _open(self) -> OpenedPki:
        """Return the opened folder, opened anew when certificates of its services were replaced."""
        if self._folder is None:
            raise NotFound("certificates.no_authority")
        try:
            version = tuple(
                (self._folder / "certs" / f"{name}.pem").stat().st_mtime_ns for name in ("ocsp", "tsa")
            )
            if self._opened is None or version != self._version:
                self._opened, self._version = open_pki(self._folder, passphrase=self._passphrase), version
        except OSError as error:
            raise NotFound("certificates.no_authority") from error
        except PkiFault as error:
            if self._opened is None:
                log.warning("pki.closed", reason=str(error))
                raise NotFound("certificates.no_authority") from error
        return self._opened
