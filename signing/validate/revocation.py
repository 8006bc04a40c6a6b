"""Whether a certificate was revoked at a moment: lists (RFC 5280, 6.3) and OCSP answers (RFC 6960).

A list or answer is used when its signature is that of the certificate's issuer (or of one the issuer named
for it), it speaks of this certificate, and its next update is not before the moment. It may be younger than
the moment: that is how a time-stamp proves a signature that is older than a revocation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from signing.validate import certificates
from signing.validate.algorithms import WEAK_DIGESTS
from signing.validate.asn1 import BadEncoding, definite, first
from signing.validate.certificates import Certificate
from signing.validate.message import certificate_of, key_of

_EXPIRED_KEPT: Final = x509.ObjectIdentifier("2.5.29.60")
"""ExpiredCertsOnCRL (X.509, 9.5.2.12): the list goes on naming certificates that have ended."""
_SUSPECT: Final = frozenset({x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise})


class Status(Enum):
    """What the lists and answers say."""

    GOOD = "good"
    REVOKED = "revoked"
    STALE = "stale"
    """There are lists or answers of the issuer, but none that can answer for the moment."""
    NONE = "none"
    """There is no list and no answer of the issuer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The status of one certificate."""

    status: Status
    since: datetime | None = None
    """When it was revoked."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything at hand: DER of lists and of OCSP answers."""

    lists: tuple[bytes, ...] = ()
    answers: tuple[bytes, ...] = ()

    def joined(self, other: Sources) -> Sources:
        """Return both together."""
        return Sources(self.lists + other.lists, self.answers + other.answers)


@dataclass(slots=True)
class _List:
    """A revocation list, read once for each worker."""

    crl: x509.CertificateRevocationList
    issuer: bytes
    begins: datetime
    ends: datetime | None
    usable: bool
    """No delta, no indirect list, no critical extension that is not understood."""
    users_only: bool
    authorities_only: bool
    points: frozenset[str] | None
    """URIs of its distribution point; None when it is not limited to one."""
    partial: bool
    """It names only some reasons: it can revoke, but not clear."""
    keeps_expired: bool


def status(
    certificate: Certificate,
    issuer: Certificate,
    at: datetime,
    sources: Sources,
    others: Iterable[Certificate],
) -> Answer:
    """Return the status of a certificate at a moment; ``others`` may hold a renewed key of the issuer.

    What revokes wins over what clears.
    """
    signers = [issuer, *(o for o in others if o.subject == issuer.subject and _rolled(o, issuer))]
    found = Answer(Status.NONE)
    for der in sources.lists:
        found = _worse(found, _from_list(der, certificate, signers, at))
    for der in sources.answers:
        found = _worse(found, _from_answer(der, certificate, issuer, at))
    return found


def _rolled(other: Certificate, issuer: Certificate) -> bool:
    """Whether another certificate of the same name is the issuer's own with a new key (key rollover)."""
    return other.der != issuer.der and (
        certificates.issued(other.der, issuer.der) or certificates.issued(issuer.der, other.der)
    )


def _worse(one: Answer, other: Answer) -> Answer:
    order = (Status.NONE, Status.STALE, Status.GOOD, Status.REVOKED)
    if one.status is other.status is Status.REVOKED and one.since and other.since:
        return one if one.since <= other.since else other
    return one if order.index(one.status) >= order.index(other.status) else other


def _from_list(der: bytes, certificate: Certificate, signers: list[Certificate], at: datetime) -> Answer:
    found = _list(der)
    if found is None or found.issuer != certificate.issuer:
        return Answer(Status.NONE)
    signed = any(s.may("crl_sign") and _list_signed(der, s.der) for s in signers)
    if not signed or not found.usable:
        return Answer(Status.STALE)
    if (found.users_only and certificate.authority) or (found.authorities_only and not certificate.authority):
        return Answer(Status.NONE)
    if found.points is not None and not found.points & _points(certificate.der):
        return Answer(Status.NONE)
    entry = found.crl.get_revoked_certificate_by_serial_number(certificate.serial)
    if entry is not None and (since := _since(entry)) is not None and since <= at:
        return Answer(Status.REVOKED, since)
    if found.partial or found.ends is None or found.ends < at:
        return Answer(Status.STALE)
    if found.begins > certificate.ends and entry is None and not found.keeps_expired:
        return Answer(Status.STALE)  # ended certificates may have been dropped from it
    return Answer(Status.GOOD)


def _since(entry: x509.RevokedCertificate) -> datetime | None:
    """Return from when a certificate is revoked: a stolen key from when it may have been stolen."""
    since: datetime | None = entry.revocation_date_utc
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except (x509.ExtensionNotFound, ValueError):
        return since
    if reason is x509.ReasonFlags.remove_from_crl:
        return None
    if reason in _SUSPECT:
        try:
            invalid = entry.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date_utc
        except (x509.ExtensionNotFound, ValueError):
            return since
        return min(invalid, since) if since else invalid
    return since


@lru_cache(maxsize=512)
def _list(der: bytes) -> _List | None:
    try:
        crl = x509.load_der_x509_crl(der)
        extensions = {e.oid: e for e in crl.extensions}
        digest = crl.signature_hash_algorithm
        begins = crl.last_update_utc
        issuer = crl.issuer.public_bytes()
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension):
        return None
    point = extensions.pop(x509.IssuingDistributionPoint.oid, None)
    scope = point.value if point and isinstance(point.value, x509.IssuingDistributionPoint) else None
    delta = extensions.pop(x509.DeltaCRLIndicator.oid, None)
    strange = any(e.critical for e in extensions.values() if e.oid != x509.CRLNumber.oid)
    weak = digest is not None and digest.name in WEAK_DIGESTS
    indirect = scope is not None and (scope.indirect_crl or scope.only_contains_attribute_certs)
    names = scope.full_name if scope is not None else None
    return _List(
        crl=crl,
        issuer=issuer,
        begins=begins,
        ends=crl.next_update_utc,
        usable=not (strange or weak or indirect or delta is not None),
        users_only=bool(scope and scope.only_contains_user_certs),
        authorities_only=bool(scope and scope.only_contains_ca_certs),
        points=frozenset(str(n.value) for n in names) if names else None,
        partial=bool(scope and scope.only_some_reasons),
        keeps_expired=_EXPIRED_KEPT in extensions,
    )


@lru_cache(maxsize=1024)
def _list_signed(der: bytes, signer: bytes) -> bool:
    """Whether a list was signed by the key of a certificate: a fact, so it may be kept."""
    found = _list(der)
    try:
        key = key_of(signer)
        kinds = (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)
        return found is not None and isinstance(key, kinds) and found.crl.is_signature_valid(key)
    except (BadEncoding, InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False


@lru_cache(maxsize=1024)
def _points(der: bytes) -> frozenset[str]:
    """Return the names of a certificate's distribution points."""
    try:
        found = certificate_of(der).extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return frozenset()
    return frozenset(str(name.value) for point in found for name in point.full_name or ())


def _from_answer(der: bytes, certificate: Certificate, issuer: Certificate, at: datetime) -> Answer:
    """Judge an OCSP answer (4.2.2): about this certificate, signed by whom it may be, not too old."""
    found = _answer(der)
    if found is None:
        return Answer(Status.NONE)
    try:
        about = [one for one in found.responses if _speaks_of(one, certificate, issuer)]
        if not about:
            return Answer(Status.NONE)
        if not _answer_signed(der, issuer.der, found.produced_at_utc):
            return Answer(Status.STALE)
        one = about[0]
        since = one.revocation_time_utc
        if one.certificate_status is ocsp.OCSPCertStatus.REVOKED and since is not None:
            if since <= at:
                return Answer(Status.REVOKED, since)
        elif one.certificate_status is not ocsp.OCSPCertStatus.GOOD:
            return Answer(Status.STALE)
        ends = one.next_update_utc
        return Answer(Status.GOOD if (ends or one.this_update_utc) >= at else Status.STALE)
    except (ValueError, UnsupportedAlgorithm):
        return Answer(Status.STALE)


@lru_cache(maxsize=512)
def _answer(der: bytes) -> ocsp.OCSPResponse | None:
    """Read an answer: a whole OCSPResponse, or the BasicOCSPResponse that a document's store may hold."""
    try:
        found = ocsp.load_der_ocsp_response(definite(der)[0])
        return found if found.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL else None
    except (ValueError, BadEncoding, UnsupportedAlgorithm):
        return None


def _speaks_of(one: ocsp.OCSPSingleResponse, certificate: Certificate, issuer: Certificate) -> bool:
    if one.serial_number != certificate.serial:
        return False
    name = hashes.Hash(one.hash_algorithm)
    name.update(issuer.subject)
    key = hashes.Hash(one.hash_algorithm)
    key.update(_key_bits(issuer.der))
    return one.issuer_name_hash == name.finalize() and one.issuer_key_hash == key.finalize()


@lru_cache(maxsize=512)
def _key_bits(der: bytes) -> bytes:
    """Return the subjectPublicKey of a certificate without the count of unused bits."""
    fields = first(der)[0].parts()[0].parts()
    fields = fields[1:] if fields[0].tag == 0xA0 else fields
    return fields[5].parts()[1].content[1:]


@lru_cache(maxsize=1024)
def _answer_signed(der: bytes, issuer: bytes, produced: datetime) -> bool:
    """Whether an answer was signed by the issuer, or by a responder whom the issuer named (4.2.2.2)."""
    found = _answer(der)
    if found is None:
        return False
    try:
        digest = found.signature_hash_algorithm
        if digest is not None and digest.name in WEAK_DIGESTS:
            return False
        if _signed_by(found, issuer):
            return True
        for one in found.certificates:
            responder = certificates.read(one.public_bytes(Encoding.DER))
            named = responder.answers_ocsp() and responder.begins <= produced <= responder.ends
            if named and certificates.issued(responder.der, issuer) and _signed_by(found, responder.der):
                return True
    except (ValueError, BadEncoding, UnsupportedAlgorithm):
        return False
    return False


def _signed_by(found: ocsp.OCSPResponse, signer: bytes) -> bool:
    key, digest = key_of(signer), found.signature_hash_algorithm
    value, message = found.signature, found.tbs_response_bytes
    try:
        if isinstance(key, rsa.RSAPublicKey) and digest is not None:
            key.verify(value, message, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and digest is not None:
            key.verify(value, message, ec.ECDSA(digest))
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(value, message)
        else:
            return False
    except InvalidSignature:
        return False
    return True
