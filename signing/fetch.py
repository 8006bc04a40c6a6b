"""The one network client of this package: time-stamps, OCSP answers, lists and certificates over HTTP.

Plain ``http.client``: signing runs in threads and child processes where no event loop is, the four exchanges
are one request and one small answer each, and nothing of a larger client (redirects, cookies, proxies from
the environment, compression) is wanted. The rules:

- ``http`` and ``https`` only, no redirect is followed, no proxy is used; whoever wants one sets it in front.
- The name is resolved once and that address is connected to. Addresses of this machine, of private and of
  reserved networks are refused unless the host is named in ``allowed_hosts``: addresses stand in
  certificates, which strangers write.
- Time limit for each step; one more attempt after a fault of the connection or a 5xx answer (all four
  exchanges can be repeated: a time-stamp asked for twice is only made twice).
- An answer longer than its limit is refused, whatever its header says.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from signing import stamps
from signing.errors import ServiceFault
from signing.revocation import CheckedRevocation
from signing.services import Services

SMALL: Final = 64 * 1024
"""Bytes of a time-stamp or an OCSP answer at most."""
LARGE: Final = 32 * 1024 * 1024
"""Bytes of a revocation list at most."""
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Fetcher:
    """How requests are made."""

    timeout_seconds: float = 5.0
    """For connecting, and for each wait for bytes."""
    attempts: int = 2
    """1 = no second attempt."""
    allowed_hosts: frozenset[str] = frozenset()
    """Names and addresses that may lie in this machine or a private network."""
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def post(self, url: str, body: bytes, kind: str, *, limit: int = SMALL) -> bytes:
        """Post ``body`` of media type ``kind``; return the body of a 200 answer. Raises ServiceFault."""
        return self._exchange("POST", url, body, {"Content-Type": kind}, limit)

    def get(self, url: str, *, limit: int = LARGE) -> bytes:
        """Return the body of a 200 answer. Raises ServiceFault."""
        return self._exchange("GET", url, None, {}, limit)

    def _exchange(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], limit: int
    ) -> bytes:
        fault: ServiceFault | None = None
        for _ in range(self.attempts):
            try:
                return self._once(method, url, body, headers, limit)
            except _Again as error:
                fault = ServiceFault(str(error))
        raise fault or ServiceFault(f"{url} was not asked")

    def _once(self, method: str, url: str, body: bytes | None, headers: dict[str, str], limit: int) -> bytes:
        parts = urlsplit(url)
        host = parts.hostname
        if parts.scheme not in _PORTS or not host:
            raise ServiceFault(f"{url} is no address of the web")
        try:
            port = parts.port or _PORTS[parts.scheme]
        except ValueError as error:
            raise ServiceFault(f"{url} is no address of the web") from error
        connection = http.client.HTTPConnection(host, port, timeout=self.timeout_seconds)
        try:
            connection.sock = self._connected(host, port, secure=parts.scheme == "https")
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            if answer.status >= 500:
                raise _Again(f"{url} answers {answer.status}")
            if answer.status != 200:
                raise ServiceFault(f"{url} answers {answer.status}")
            data = answer.read(limit + 1)
        except (OSError, http.client.HTTPException) as error:
            raise _Again(f"{url} does not answer ({error or type(error).__name__})") from error
        finally:
            connection.close()
        if len(data) > limit:
            raise ServiceFault(f"the answer of {url} is longer than {limit} bytes")
        return data

    def _connected(self, host: str, port: int, *, secure: bool) -> socket.socket:
        """Connect to an address that may be asked."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        usable = [(entry[0], entry[4]) for entry in found if self._allowed(host, str(entry[4][0]))]
        if not usable:
            raise ServiceFault(
                f"{host} lies in this machine or a private network: name it in the allowed hosts to ask it"
            )
        family, address = usable[0]
        made = socket.socket(family, socket.SOCK_STREAM)
        made.settimeout(self.timeout_seconds)
        try:
            made.connect(address)
            return self.tls.wrap_socket(made, server_hostname=host) if secure else made
        except BaseException:
            made.close()
            raise

    def _allowed(self, host: str, address: str) -> bool:
        return host in self.allowed_hosts or ipaddress.ip_address(address.partition("%")[0]).is_global


class _Again(Exception):
    """May be better at the next attempt."""


@dataclass(frozen=True, slots=True)
class HttpTimestamper:
    """A :class:`signing.services.Timestamper` over HTTP (RFC 3161, 3.4)."""

    url: str
    fetcher: Fetcher

    def stamp(self, digest: bytes, at: datetime) -> bytes:
        """Return a token over a SHA-256 digest; the authority has its own clock. Raises ServiceFault."""
        nonce = stamps.new_nonce()
        answer = self.fetcher.post(self.url, stamps.request(digest, nonce), "application/timestamp-query")
        return stamps.granted(answer, digest, nonce).encoded


@dataclass(frozen=True, slots=True)
class HttpAnswers:
    """:class:`signing.revocation.Answers` from the addresses that certificates name (RFC 5280, 4.2.2.1)."""

    fetcher: Fetcher

    def ocsp(self, request: bytes, certificate: x509.Certificate, at: datetime) -> bytes | None:
        """Post the request (RFC 6960, A.1). Raises ServiceFault."""
        url = _access(certificate, AuthorityInformationAccessOID.OCSP)
        return self.fetcher.post(url, request, "application/ocsp-request") if url else None

    def crl(self, certificate: x509.Certificate) -> bytes | None:
        """Fetch the list. Raises ServiceFault."""
        try:
            points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        except (x509.ExtensionNotFound, ValueError):
            return None
        names = (str(name.value) for point in points for name in point.full_name or ())
        url = next((name for name in names if name.startswith(("http://", "https://"))), None)
        return self.fetcher.get(url) if url else None

    def issuer(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """Fetch the issuer's certificate. Raises ServiceFault."""
        url = _access(certificate, AuthorityInformationAccessOID.CA_ISSUERS)
        return stamps.certificate_of(self.fetcher.get(url, limit=SMALL)) if url else None


def _access(certificate: x509.Certificate, method: x509.ObjectIdentifier) -> str | None:
    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    urls = (str(d.access_location.value) for d in found if d.access_method == method)
    return next((url for url in urls if url.startswith(("http://", "https://"))), None)


def http_services(tsa: str | None, fetcher: Fetcher) -> Services:
    """Return services over HTTP: the authority at ``tsa``, statuses where certificates say."""
    stamper = HttpTimestamper(tsa, fetcher) if tsa else None
    return Services(stamper, CheckedRevocation(HttpAnswers(fetcher)))
