"""OCSP responder (RFC 6960, RFC 5019, RFC 9654 for the nonce): bytes in, bytes out.

Answers without a nonce are kept until half of their life is over or the register changes, so a responder that
is asked the same thing often signs rarely. Answers with a nonce are signed each, from templates.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing import der
from signing.errors import PkiFault
from signing.pki import reader
from signing.pki.crl import Reason
from signing.pki.held import HeldKey, generalized_time, key_hash, name_of
from signing.pki.reader import NotDer

LARGEST_REQUEST: Final = 64 * 1024
"""Bytes; a request for one certificate has about 80."""
MOST_CERTIFICATES: Final = 100
"""In one request."""
LONGEST_NONCE: Final = 128
"""Octets (RFC 9654, 2.1: 1 to 128; RFC 8954 had 32)."""
VALIDITY: Final = timedelta(hours=12)
"""Default time between thisUpdate and nextUpdate."""

_BASIC = der.oid("1.3.6.1.5.5.7.48.1.1")
_NONCE = der.oid("1.3.6.1.5.5.7.48.1.2")
_GOOD = b"\x80\x00"
_UNKNOWN = b"\x82\x00"
_CRITICAL = b"\x01\x01\xff"
_CERT_ID_HASHES: Final = {
    der.oid("1.3.14.3.2.26"): "sha1",  # what most clients send; it only names the issuer here
    der.oid("2.16.840.1.101.3.4.2.1"): "sha256",
    der.oid("2.16.840.1.101.3.4.2.2"): "sha384",
    der.oid("2.16.840.1.101.3.4.2.3"): "sha512",
}
_REASONS: Final = {
    Reason.KEY_COMPROMISE: 1,
    Reason.AFFILIATION_CHANGED: 3,
    Reason.SUPERSEDED: 4,
    Reason.CESSATION_OF_OPERATION: 5,
    Reason.CERTIFICATE_HOLD: 6,
    Reason.PRIVILEGE_WITHDRAWN: 9,
}
_KEPT = 4096


class ResponseStatus(IntEnum):
    """OCSPResponseStatus (RFC 6960, 4.2.1)."""

    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    UNAUTHORIZED = 6


@dataclass(frozen=True, slots=True)
class Status:
    """What the register says of a certificate that was issued."""

    revoked_at: datetime | None = None
    """None = good."""
    reason: Reason = Reason.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class Desk:
    """One issuer that is answered for, with the key that it delegated this to."""

    issuer: x509.Certificate
    key: HeldKey
    statuses: Callable[[], Mapping[int, Status]]
    """Serial to status of all that was issued, the same object until any changes. May raise PkiFault."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with the times that HTTP caches want."""

    der: bytes
    this_update: datetime | None = None
    """None = an answer that may not be kept: an error, or one with a nonce."""
    next_update: datetime | None = None


class _Asked(NamedTuple):
    """What a request holds."""

    requests: bytes
    """The encoded requestList."""
    cert_ids: tuple[_CertId, ...]
    nonce: bytes
    """The encoded extension, or empty."""


class _CertId(NamedTuple):
    """CertID (4.1.1)."""

    encoded: bytes
    issuer: bytes
    """Algorithm and both hashes as encoded: who issued it."""
    serial: int


class _Refused(Exception):
    """Answer with an error status."""

    def __init__(self, status: ResponseStatus) -> None:
        super().__init__(status.name)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Template:
    """What every answer of a desk repeats."""

    desk: Desk
    responder: bytes
    """ResponderID byKey (4.2.2.3), SHA-1 of the key as the standard has it."""
    tail: bytes
    """Certificate of the responder, [0]."""


class Responder:
    """A responder for one or several issuers. May be shared between threads."""

    def __init__(self, desks: Sequence[Desk], *, validity: timedelta = VALIDITY) -> None:
        """Build the templates. Raises PkiFault when a key was not delegated by its issuer for this."""
        self.desks = tuple(desks)
        self._validity = validity
        self._by_issuer: dict[bytes, _Template] = {}
        self._kept: dict[bytes, tuple[Mapping[int, Status], Answer]] = {}
        for desk in self.desks:
            _check(desk)
            template = _Template(
                desk,
                der.tlv(0xA2, der.octets(key_hash(desk.key.certificate, "sha1"))),
                der.tlv(0xA0, der.sequence(desk.key.encoded)),
            )
            for name, digest in _CERT_ID_HASHES.items():
                for issuer in _issuer_forms(name, digest, desk.issuer):
                    self._by_issuer[issuer] = template

    def answer(self, request: bytes, at: datetime) -> bytes:
        """Return the DER OCSPResponse to a DER OCSPRequest, whatever the bytes are; never raises for them.

        ``at`` is now, aware. Statuses are those at ``at``.
        """
        return self.respond(request, at).der

    def respond(self, request: bytes, at: datetime) -> Answer:
        """As ``answer``, with the times between which the answer may be kept."""
        try:
            asked = _read(request)
            template = self._template(asked)
            statuses = template.desk.statuses()
            if not asked.nonce and (kept := self._recall(asked.requests, statuses, at)) is not None:
                return kept
            if not template.desk.key.usable(at):
                raise _Refused(ResponseStatus.TRY_LATER)
            made = self._sign(template, statuses, asked, at)
        except NotDer:
            return Answer(_error(ResponseStatus.MALFORMED_REQUEST))
        except PkiFault:
            return Answer(_error(ResponseStatus.INTERNAL_ERROR))
        except _Refused as refused:
            return Answer(_error(refused.status))
        if asked.nonce:
            return made
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[asked.requests] = (statuses, made)
        return made

    def expires_within(self, span: timedelta, at: datetime) -> bool:
        """Whether a certificate of the responder ends less than ``span`` after ``at``."""
        return any(desk.key.valid_to - at < span for desk in self.desks)

    def _template(self, asked: _Asked) -> _Template:
        """Return who answers: the desk of the first certificate whose issuer is known here.

        A request about strangers only is refused as unauthorized (RFC 5019, 2.2.3): nobody delegated it.
        """
        for cert_id in asked.cert_ids:
            if (template := self._by_issuer.get(cert_id.issuer)) is not None:
                return template
        raise _Refused(ResponseStatus.UNAUTHORIZED)

    def _recall(self, requests: bytes, now: Mapping[int, Status], at: datetime) -> Answer | None:
        """Return a kept answer that is in the first half of its life and as new as the register."""
        found = self._kept.get(requests)
        if found is None or found[0] is not now or found[1].this_update is None:
            return None
        fresh = timedelta(0) <= at - found[1].this_update < self._validity / 2
        return found[1] if fresh else None

    def _sign(
        self, template: _Template, statuses: Mapping[int, Status], asked: _Asked, at: datetime
    ) -> Answer:
        """Build and sign BasicOCSPResponse (4.2.1)."""
        tlv, end = der.tlv, at + self._validity
        now = generalized_time(at)
        # RFC 6960, 4.2.2.1: thisUpdate is when the status was known to be right, which is now.
        times = now + tlv(0xA0, generalized_time(end))
        answers = [
            tlv(0x30, one.encoded + self._status(template, statuses, one, at) + times)
            for one in asked.cert_ids
        ]
        extensions = tlv(0xA1, tlv(0x30, asked.nonce)) if asked.nonce else b""
        data = tlv(0x30, template.responder + now + tlv(0x30, b"".join(answers)) + extensions)
        key = template.desk.key
        signature = tlv(0x03, b"\x00" + key.sign(data))
        basic = tlv(0x30, data + key.algorithm + signature + template.tail)
        response = tlv(0x30, b"\x0a\x01\x00" + tlv(0xA0, tlv(0x30, _BASIC + tlv(0x04, basic))))
        if asked.nonce:
            return Answer(response)
        return Answer(response, at.replace(microsecond=0), end.replace(microsecond=0))

    def _status(
        self, template: _Template, statuses: Mapping[int, Status], cert_id: _CertId, at: datetime
    ) -> bytes:
        """Return CertStatus; what another issuer or nobody issued is unknown (2.2)."""
        mine = self._by_issuer.get(cert_id.issuer) is template
        status = statuses.get(cert_id.serial) if mine else None
        if status is None:
            return _UNKNOWN
        if status.revoked_at is None or status.revoked_at > at:
            return _GOOD
        number = _REASONS.get(status.reason)
        reason = b"" if number is None else der.tlv(0xA0, bytes((0x0A, 1, number)))
        return der.tlv(0xA1, generalized_time(status.revoked_at) + reason)


def request_from_path(text: str) -> bytes:
    """Return the request in the path of a GET: base64 of the DER, url-encoded (RFC 6960, A.1).

    Anything else becomes bytes that no responder takes for a request. Base64 with the alphabet of URLs
    or without padding is understood, too, since clients send it.
    """
    raw = unquote_to_bytes(text).translate(bytes.maketrans(b"-_ ", b"+/+")).rstrip(b"=")
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
    except binascii.Error:
        return b""


def _read(request: bytes) -> _Asked:
    """Read OCSPRequest (4.1.1). Raises NotDer."""
    if len(request) > LARGEST_REQUEST:
        raise NotDer("too long")
    outer, end = reader.whole(request)
    at, stop = reader.expect(request, outer, end, reader.SEQUENCE)
    if stop != end:  # optionalSignature: allowed, not asked for, so not judged (4.1.2)
        _, signature_end = reader.expect(request, stop, end, 0xA0)
        if signature_end != end:
            raise NotDer("bytes follow the signature")
    tag, start, after = reader.head(request, at, stop)
    if tag == 0xA0:
        version, last = reader.integer(request, start, after)
        if version != 0 or last != after:
            raise NotDer("an unknown version")
        at = after
        tag, start, after = reader.head(request, at, stop)
    if tag == 0xA1:  # requestorName
        at = after
    start, after = reader.expect(request, at, stop, reader.SEQUENCE)
    requests, cert_ids = request[at:after], _cert_ids(request, start, after)
    nonce = b""
    if after != stop:
        start, last = reader.expect(request, after, stop, 0xA2)
        if last != stop:
            raise NotDer("bytes follow the extensions")
        nonce = _nonce(request, start, last)
    return _Asked(requests, cert_ids, nonce)


def _cert_ids(data: bytes, at: int, end: int) -> tuple[_CertId, ...]:
    """Read requestList. Raises NotDer."""
    found: list[_CertId] = []
    while at < end:
        start, stop = reader.expect(data, at, end, reader.SEQUENCE)
        first, last = reader.expect(data, start, stop, reader.SEQUENCE)
        found.append(_cert_id(data, start, first, last))
        if last != stop:  # singleRequestExtensions
            inner, inner_end = reader.expect(data, last, stop, 0xA0)
            if inner_end != stop:
                raise NotDer("bytes follow the extensions")
            for _, critical, _ in _extensions(data, inner, inner_end):
                if critical:
                    raise NotDer("an unknown critical extension")
        at = stop
    if not 0 < len(found) <= MOST_CERTIFICATES:
        raise NotDer("no certificate, or too many")
    return tuple(found)


def _cert_id(data: bytes, outer: int, at: int, end: int) -> _CertId:
    _, name_at = reader.algorithm(data, at, end)
    _, key_at = reader.expect(data, name_at, end, reader.OCTET_STRING)
    _, serial_at = reader.expect(data, key_at, end, reader.OCTET_STRING)
    serial, last = reader.integer(data, serial_at, end)
    if last != end:
        raise NotDer("bytes follow the serial number")
    return _CertId(data[outer:end], data[at:serial_at], serial)


def _nonce(data: bytes, at: int, end: int) -> bytes:
    """Return the nonce extension as encoded, or empty. Raises NotDer for a critical extension unknown."""
    nonce = b""
    for name, critical, value in _extensions(data, at, end):
        if name != _NONCE:
            if critical:
                raise NotDer("an unknown critical extension")
            continue
        start, stop = reader.whole(value, reader.OCTET_STRING)
        if nonce or not 1 <= stop - start <= LONGEST_NONCE:
            raise NotDer("a nonce is empty, too long or given twice")
        nonce = der.sequence(_NONCE, der.octets(value))
    return nonce


def _extensions(data: bytes, at: int, end: int) -> list[tuple[bytes, bool, bytes]]:
    """Read Extensions; return name, whether critical, and the value of each. Raises NotDer."""
    found: list[tuple[bytes, bool, bytes]] = []
    at, stop = reader.expect(data, at, end, reader.SEQUENCE)
    if stop != end:
        raise NotDer("bytes follow the extensions")
    while at < end:
        start, stop = reader.expect(data, at, end, reader.SEQUENCE)
        _, after = reader.expect(data, start, stop, reader.OBJECT_IDENTIFIER)
        name = data[start:after]
        critical = data[after : after + 3] == _CRITICAL
        value_at = after + 3 if critical or data[after : after + 3] == b"\x01\x01\x00" else after
        first, last = reader.expect(data, value_at, stop, reader.OCTET_STRING)
        if last != stop:
            raise NotDer("bytes follow the value")
        found.append((name, critical, data[first:last]))
        at = stop
    return found


def _issuer_forms(name: bytes, digest: str, issuer: x509.Certificate) -> list[bytes]:
    """Return how clients write an issuer with one hash: parameters NULL or absent."""
    names = hashlib.new(digest, name_of(issuer), usedforsecurity=False).digest()
    rest = der.octets(names) + der.octets(key_hash(issuer, digest))
    return [der.sequence(name, parameters) + rest for parameters in (der.NULL, b"")]


def _check(desk: Desk) -> None:
    """Raise PkiFault unless the issuer itself delegated the responder (4.2.2.2)."""
    try:
        usage = desk.key.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        desk.key.certificate.verify_directly_issued_by(desk.issuer)
    except x509.ExtensionNotFound:
        raise PkiFault("the responder's certificate has no extended key usage for OCSP") from None
    except Exception as error:  # cryptography raises several kinds for one meaning
        raise PkiFault("the responder's certificate is not of the issuer it answers for") from error
    if ExtendedKeyUsageOID.OCSP_SIGNING not in usage:
        raise PkiFault("the responder's certificate is not for signing OCSP answers")


def _error(status: ResponseStatus) -> bytes:
    """Return an answer without a signature."""
    return der.sequence(bytes((0x0A, 1, status)))


def seconds_left(answer: Answer, at: datetime) -> int:
    """Return for how many seconds a cache may keep an answer; 0 = not at all (RFC 5019, 6)."""
    if answer.next_update is None:
        return 0
    return max(0, int((answer.next_update - at.astimezone(UTC)).total_seconds()))
