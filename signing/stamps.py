"""The client's side of time-stamping (RFC 3161): the request, and what is accepted as its answer."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing import cms, der
from signing.errors import ServiceFault
from signing.pki import reader
from signing.pki.reader import NotDer

_CONTEXT_0 = 0xA0
_SET = 0x31
_GENERALIZED_TIME = 0x18
_GRANTED = (0, 1)
"""PKIStatus granted and grantedWithMods (2.4.2)."""
_YES = b"\x01\x01\xff"


@dataclass(frozen=True, slots=True)
class Token:
    """A time-stamp token."""

    encoded: bytes
    """DER of ContentInfo."""
    imprint: bytes
    """The digest that was stamped."""
    at: datetime
    """genTime, aware."""
    nonce: int | None
    certificates: tuple[bytes, ...]
    """DER, as the token carries them."""

    def signer(self) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]]:
        """Return the certificate of the authority and its issuers, by the extended key usage.

        Raises ServiceFault when the token carries none for time-stamping.
        """
        opened = [certificate_of(encoded) for encoded in self.certificates]
        own = next((c for c in opened if _stamps(c)), None)
        if own is None:
            raise ServiceFault("the time-stamp carries no certificate of its authority")
        return own, tuple(c for c in opened if c is not own)


def new_nonce() -> int:
    """Return 63 random bits."""
    return int.from_bytes(os.urandom(8), "big") >> 1


def request(digest: bytes, nonce: int) -> bytes:
    """Return the DER TimeStampReq for a SHA-256 digest; the certificate is asked for."""
    imprint = der.sequence(cms.DIGESTS["sha256"], der.octets(digest))
    return der.sequence(der.integer(1), imprint, der.integer(nonce), _YES)


def granted(response: bytes, digest: bytes, nonce: int) -> Token:
    """Return the token of a TimeStampResp. Raises ServiceFault unless it is a grant over this digest."""
    try:
        at, end = reader.whole(response)
        start, stop = reader.expect(response, at, end, reader.SEQUENCE)
        status, _ = reader.integer(response, start, stop)
        if status not in _GRANTED:
            raise ServiceFault(f"the time-stamping authority refused (status {status})")
        token = parse(response[stop:end])
    except NotDer as error:
        raise ServiceFault(f"the answer of the time-stamping authority cannot be read: {error}") from error
    if token.imprint != digest or token.nonce != nonce:
        raise ServiceFault("the time-stamping authority answered another request")
    return token


def parse(encoded: bytes) -> Token:
    """Read a token (2.4.2; RFC 5652, 5.1). Raises NotDer."""
    at, end = reader.whole(encoded)
    _, at = reader.expect(encoded, at, end, reader.OBJECT_IDENTIFIER)
    at, end = reader.expect(encoded, at, end, _CONTEXT_0)
    at, end = reader.expect(encoded, at, end, reader.SEQUENCE)
    _, at = reader.integer(encoded, at, end)
    _, at = reader.expect(encoded, at, end, _SET)
    start, after = reader.expect(encoded, at, end, reader.SEQUENCE)
    _, start = reader.expect(encoded, start, after, reader.OBJECT_IDENTIFIER)
    start, stop = reader.expect(encoded, start, after, _CONTEXT_0)
    start, stop = reader.expect(encoded, start, stop, reader.OCTET_STRING)
    certificates: list[bytes] = []
    tag, first, last = reader.head(encoded, after, end)
    if tag == _CONTEXT_0:
        while first < last:
            _, _, behind = reader.head(encoded, first, last)
            certificates.append(encoded[first:behind])
            first = behind
    imprint, moment, nonce = _info(encoded[start:stop])
    return Token(encoded, imprint, moment, nonce, tuple(certificates))


def _info(info: bytes) -> tuple[bytes, datetime, int | None]:
    """Read TSTInfo: imprint, genTime, nonce."""
    at, end = reader.whole(info)
    _, at = reader.integer(info, at, end)
    _, at = reader.expect(info, at, end, reader.OBJECT_IDENTIFIER)
    start, after = reader.expect(info, at, end, reader.SEQUENCE)
    _, start = reader.algorithm(info, start, after)
    start, stop = reader.expect(info, start, after, reader.OCTET_STRING)
    imprint = info[start:stop]
    _, at = reader.integer(info, after, end)
    start, at = reader.expect(info, at, end, _GENERALIZED_TIME)
    moment = _instant(info[start:at])
    nonce = None
    while at < end:
        tag, _, stop = reader.head(info, at, end)
        if tag == reader.INTEGER:
            nonce, _ = reader.integer(info, at, end)
        at = stop
    return imprint, moment, nonce


def _instant(text: bytes) -> datetime:
    try:
        return datetime.strptime(text[:14].decode("ascii"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise NotDer("the time of a time-stamp cannot be read") from error


@lru_cache(maxsize=256)
def certificate_of(encoded: bytes) -> x509.Certificate:
    """Open a certificate; the same few come again and again. Raises ServiceFault."""
    try:
        return x509.load_der_x509_certificate(encoded)
    except ValueError as error:
        raise ServiceFault("a certificate cannot be read") from error


@lru_cache(maxsize=256)
def _stamps(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return ExtendedKeyUsageOID.TIME_STAMPING in usage
