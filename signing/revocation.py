"""Gathering what proves that a chain was not revoked: OCSP answers and lists, each checked before use.

Where the answers come from is not decided here: :class:`Answers` asks the authority of the same process
(:mod:`signing.local`) or one over HTTP (:mod:`signing.fetch`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing.errors import KeyFault, ServiceFault
from signing.services import Evidence

E = TypeVar("E", bound=x509.ExtensionType)
_LONGEST_CHAIN: Final = 8
_MOST_KEPT: Final = 1024
_SKEW: Final = timedelta(minutes=5)


class Answers(Protocol):
    """Whom to ask; None = there is nobody to ask for this certificate. Raises ServiceFault."""

    def ocsp(self, request: bytes, certificate: x509.Certificate, at: datetime) -> bytes | None:
        """Return the DER OCSPResponse to a DER OCSPRequest about a certificate."""
        ...

    def crl(self, certificate: x509.Certificate) -> bytes | None:
        """Return the DER of the list that would name a certificate."""
        ...

    def issuer(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """Return the issuer of a certificate that came without it."""
        ...


@dataclass(frozen=True, slots=True)
class _Kept:
    """Evidence about one certificate."""

    evidence: Evidence
    fresh_until: datetime


class CheckedRevocation:
    """A :class:`signing.services.RevocationSource` over some :class:`Answers`.

    Evidence about authorities and services is kept until half its life is over; about signers it is asked
    for each signature, so that it is never older than the signature's time-stamp by much.
    """

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._kept: dict[bytes, _Kept] = {}
        self._lock = threading.Lock()

    def evidence(
        self, certificate: x509.Certificate, chain: tuple[x509.Certificate, ...], at: datetime
    ) -> Evidence:
        """Return evidence for the chain. Raises ServiceFault, and KeyFault ``signing.key_revoked``."""
        whole = Evidence()
        current = certificate
        for _ in range(_LONGEST_CHAIN):
            if _is_root(current):
                return whole + Evidence(certificates=(encoded(current),))
            issuer = _issuer_of(current, chain) or self._answers.issuer(current)
            if issuer is None or not issued(current, issuer):
                raise ServiceFault(f"the issuer of {_name(current)} is not known: its chain cannot be proven")
            keep = current is not certificate or not _is_person(current)
            whole = (
                whole + Evidence(certificates=(encoded(current),)) + self._one(current, issuer, at, keep=keep)
            )
            current = issuer
        raise ServiceFault(f"the chain of {_name(certificate)} is too long")

    def _one(
        self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime, *, keep: bool
    ) -> Evidence:
        key = encoded(certificate)
        if keep and (kept := self._kept.get(key)) is not None and at < kept.fresh_until:
            return kept.evidence
        found, until = self._ask(certificate, issuer, at)
        if keep:
            with self._lock:
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[key] = _Kept(found, at + (until - at) / 2)
        return found

    def _ask(
        self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
    ) -> tuple[Evidence, datetime]:
        """Ask OCSP, and the list when there is no responder or it has no answer."""
        fault: ServiceFault | None = None
        try:
            answer = self._answers.ocsp(ocsp_request(certificate, issuer), certificate, at)
            if answer is not None:
                responder, until = check_ocsp(answer, certificate, issuer, at)
                found = Evidence(ocsps=(answer,))
                if responder is not None:
                    found = found + Evidence(certificates=(encoded(responder),))
                    if not _unchecked(responder):
                        found = found + self._list(responder, issuer, at)[0]
                return found, until
        except ServiceFault as error:
            fault = error
        try:
            return self._list(certificate, issuer, at)
        except ServiceFault as error:
            raise fault or error from error

    def _list(
        self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
    ) -> tuple[Evidence, datetime]:
        answer = self._answers.crl(certificate)
        if answer is None:
            raise ServiceFault(f"there is no revocation list for {_name(certificate)}")
        return Evidence(crls=(answer,)), check_crl(answer, certificate, issuer, at)


@lru_cache(maxsize=512)
def encoded(certificate: x509.Certificate) -> bytes:
    """Return a certificate in DER."""
    return certificate.public_bytes(Encoding.DER)


@lru_cache(maxsize=512)
def issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether ``issuer`` signed a certificate."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


@lru_cache(maxsize=512)
def ocsp_request(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """Return the DER OCSPRequest for one certificate (RFC 6960, 4.1; SHA-1 only names the issuer)."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    return builder.build().public_bytes(Encoding.DER)


def check_ocsp(
    answer: bytes, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
) -> tuple[x509.Certificate | None, datetime]:
    """Return the delegated responder's certificate (None = the issuer itself) and until when it holds.

    Raises ServiceFault unless it is a good answer about this certificate, signed by whom it must be and in
    force at ``at``; KeyFault when it says revoked (RFC 6960, 3.2).
    """
    try:
        found = ocsp.load_der_ocsp_response(answer)
        if found.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise ServiceFault(f"the OCSP responder answers {found.response_status.name.lower()}")
        if found.serial_number != certificate.serial_number:
            raise ServiceFault("the OCSP responder answered about another certificate")
        delegate = next(iter(found.certificates), None)
        if delegate is not None and (not issued(delegate, issuer) or not _may_answer(delegate)):
            raise ServiceFault("the OCSP answer is signed by nobody who may")
        _verify(delegate or issuer, found.signature, found.tbs_response_bytes, found.signature_hash_algorithm)
        until = found.next_update_utc or at
        status, since = found.certificate_status, found.this_update_utc
    except ValueError as error:
        raise ServiceFault("the OCSP answer cannot be read") from error
    if status is ocsp.OCSPCertStatus.REVOKED:
        raise _revoked(certificate)
    if status is not ocsp.OCSPCertStatus.GOOD:
        raise ServiceFault(f"the OCSP responder does not know {_name(certificate)}")
    if since > at + _SKEW or until < at:
        raise ServiceFault("the OCSP answer is not in force")
    return delegate, until


def check_crl(
    answer: bytes, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
) -> datetime:
    """Return until when a list holds. Raises as :func:`check_ocsp` (RFC 5280, 6.3)."""
    found = _opened_list(answer)
    key = issuer.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise ServiceFault("the revocation list is signed with a key of an unknown kind")
    if found.issuer != issuer.subject or not found.is_signature_valid(key):
        raise ServiceFault("the revocation list is not of the issuer of the certificate")
    if found.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
        raise _revoked(certificate)
    until = found.next_update_utc
    if until is None or until < at or found.last_update_utc > at + _SKEW:
        raise ServiceFault(f"the revocation list for {_name(certificate)} is not in force")
    return until


@lru_cache(maxsize=64)
def _opened_list(answer: bytes) -> x509.CertificateRevocationList:
    try:
        return x509.load_der_x509_crl(answer)
    except ValueError as error:
        raise ServiceFault("the revocation list cannot be read") from error


def _verify(signer: x509.Certificate, value: bytes, data: bytes, digest: hashes.HashAlgorithm | None) -> None:
    key = signer.public_key()
    if digest is None:
        raise ServiceFault("the OCSP answer is signed in an unknown way")
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(value, data, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, data, ec.ECDSA(digest))
        else:
            raise ServiceFault("the OCSP answer is signed with a key of an unknown kind")
    except InvalidSignature as error:
        raise ServiceFault("the signature of the OCSP answer is wrong") from error


@lru_cache(maxsize=64)
def _may_answer(certificate: x509.Certificate) -> bool:
    return _has(certificate, x509.ExtendedKeyUsage, lambda e: ExtendedKeyUsageOID.OCSP_SIGNING in e)


@lru_cache(maxsize=64)
def _unchecked(certificate: x509.Certificate) -> bool:
    """Whether a responder's own revocation need not be checked (RFC 6960, 4.2.2.2.1)."""
    return _has(certificate, x509.OCSPNoCheck, lambda _: True)


@lru_cache(maxsize=512)
def _is_person(certificate: x509.Certificate) -> bool:
    """Whether a certificate is a subscriber's and not an authority's or a service's."""
    service = _has(certificate, x509.ExtendedKeyUsage, lambda e: ExtendedKeyUsageOID.TIME_STAMPING in e)
    return not service and not _has(certificate, x509.BasicConstraints, lambda e: bool(e.ca))


def _has(certificate: x509.Certificate, kind: type[E], test: Callable[[E], bool]) -> bool:
    try:
        return test(certificate.extensions.get_extension_for_class(kind).value)
    except (x509.ExtensionNotFound, ValueError):
        return False


def _is_root(certificate: x509.Certificate) -> bool:
    return certificate.issuer == certificate.subject


def _issuer_of(certificate: x509.Certificate, chain: tuple[x509.Certificate, ...]) -> x509.Certificate | None:
    return next((c for c in chain if c.subject == certificate.issuer and issued(certificate, c)), None)


def _revoked(certificate: x509.Certificate) -> KeyFault:
    return KeyFault(f"the certificate of {_name(certificate)} is revoked", code="signing.key_revoked")


def _name(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else certificate.subject.rfc4514_string()
