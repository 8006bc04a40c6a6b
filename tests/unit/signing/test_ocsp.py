"""The responder: what it answers to good, bad and hostile requests."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import PkiFault
from signing.pki import ca
from signing.pki.ca import Authority, CertificateRequest
from signing.pki.crl import Reason
from signing.pki.held import HeldKey
from signing.pki.ocsp import Desk, Responder, request_from_path, seconds_left
from signing.pki.opened import OpenedPki, open_pki
from signing.pki.profiles import KeyType, Kind
from tests.unit.signing.samples import NOW, PASSPHRASE


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority of this file's own: certificates are revoked here."""
    return ca.init(tmp_path_factory.mktemp("ocsp") / "pki", passphrase=None, now=NOW)


@pytest.fixture
def responder(authority: Authority) -> Iterator[Responder]:
    """A responder with nothing kept."""
    yield open_pki(authority.folder).responder


def issue(authority: Authority, name: str = "Văn thư") -> x509.Certificate:
    asked = CertificateRequest(Kind.PERSON, name, key=KeyType.P256)
    return authority.issue(asked, passphrase=PASSPHRASE, now=NOW).certificate


def request(
    authority: Authority,
    certificate: x509.Certificate,
    *,
    digest: hashes.HashAlgorithm | None = None,
    nonce: bytes | None = None,
) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        certificate, authority.issuing.certificate, digest or hashes.SHA1()
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def asked_for(*serials: int, like: bytes) -> bytes:
    """A request for several serials of the issuer in another request."""
    first = asn1_ocsp.OCSPRequest.load(like)["tbs_request"]["request_list"][0]["req_cert"]
    wanted = [{"req_cert": {**dict(first.native), "serial_number": n}} for n in serials]
    return bytes(asn1_ocsp.OCSPRequest({"tbs_request": {"request_list": wanted}}).dump())


def statuses(answer: bytes) -> list[ocsp.OCSPCertStatus]:
    return [one.certificate_status for one in ocsp.load_der_ocsp_response(answer).responses]


@pytest.mark.parametrize("digest", [hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_a_certificate_in_force_is_good_by_any_hash(
    authority: Authority, responder: Responder, digest: hashes.HashAlgorithm
) -> None:
    answer = responder.answer(request(authority, issue(authority), digest=digest), NOW)
    assert statuses(answer) == [ocsp.OCSPCertStatus.GOOD]


def test_a_revoked_certificate_says_when_and_why(authority: Authority, responder: Responder) -> None:
    certificate = issue(authority)
    at = NOW + timedelta(hours=1)
    authority.revoke(f"{certificate.serial_number:x}", Reason.AFFILIATION_CHANGED, now=at)
    found = ocsp.load_der_ocsp_response(responder.answer(request(authority, certificate), at))
    assert (found.certificate_status, found.revocation_time_utc, found.revocation_reason) == (
        ocsp.OCSPCertStatus.REVOKED,
        at,
        x509.ReasonFlags.affiliation_changed,
    )


def test_a_revocation_without_a_reason_names_none(authority: Authority, responder: Responder) -> None:
    certificate = issue(authority)
    authority.revoke(f"{certificate.serial_number:x}", Reason.UNSPECIFIED, now=NOW)
    found = ocsp.load_der_ocsp_response(responder.answer(request(authority, certificate), NOW))
    assert found.revocation_reason is None


def test_a_revocation_is_seen_at_once_though_the_answer_was_kept(
    authority: Authority, responder: Responder
) -> None:
    certificate = issue(authority)
    wanted = request(authority, certificate)
    before = responder.answer(wanted, NOW)
    authority.revoke(f"{certificate.serial_number:x}", Reason.KEY_COMPROMISE, now=NOW)
    assert [statuses(before), statuses(responder.answer(wanted, NOW))] == [
        [ocsp.OCSPCertStatus.GOOD],
        [ocsp.OCSPCertStatus.REVOKED],
    ]


def test_a_serial_never_issued_is_unknown(authority: Authority, responder: Responder) -> None:
    wanted = asked_for(12345, like=request(authority, issue(authority)))
    assert statuses(responder.answer(wanted, NOW)) == [ocsp.OCSPCertStatus.UNKNOWN]


def test_several_certificates_are_answered_in_their_order(authority: Authority, responder: Responder) -> None:
    good = issue(authority)
    wanted = asked_for(99, good.serial_number, like=request(authority, good))
    assert statuses(responder.answer(wanted, NOW)) == [
        ocsp.OCSPCertStatus.UNKNOWN,
        ocsp.OCSPCertStatus.GOOD,
    ]


def test_too_many_certificates_are_refused(authority: Authority, responder: Responder) -> None:
    wanted = asked_for(*range(1, 102), like=request(authority, issue(authority)))
    found = ocsp.load_der_ocsp_response(responder.answer(wanted, NOW))
    assert found.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_a_stranger_is_not_answered_for(authority: Authority, responder: Responder, pki: OpenedPki) -> None:
    desk = pki.responder.desks[0]
    builder = ocsp.OCSPRequestBuilder().add_certificate(desk.key.certificate, desk.issuer, hashes.SHA256())
    found = ocsp.load_der_ocsp_response(responder.answer(builder.build().public_bytes(Encoding.DER), NOW))
    assert found.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


@pytest.mark.parametrize("length", [1, 16, 32, 128])
def test_the_nonce_is_echoed(authority: Authority, responder: Responder, length: int) -> None:
    wanted = request(authority, issue(authority), nonce=b"\x5a" * length)
    found = ocsp.load_der_ocsp_response(responder.answer(wanted, NOW))
    assert found.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"\x5a" * length


@pytest.mark.parametrize("length", [0, 129])
def test_a_nonce_out_of_bounds_is_refused(authority: Authority, responder: Responder, length: int) -> None:
    wanted = request(authority, issue(authority), nonce=b"\x5a" * length)
    found = ocsp.load_der_ocsp_response(responder.answer(wanted, NOW))
    assert found.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_the_answer_is_signed_by_the_delegated_key_named_by_its_hash(
    authority: Authority, responder: Responder
) -> None:
    found = ocsp.load_der_ocsp_response(responder.answer(request(authority, issue(authority)), NOW))
    (certificate,) = found.certificates
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(found.signature, found.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))
    assert found.responder_key_hash == x509.SubjectKeyIdentifier.from_public_key(key).digest
    assert certificate.extensions.get_extension_for_class(x509.OCSPNoCheck).critical is False


def test_an_answer_without_nonce_is_kept_for_half_its_life(
    authority: Authority, responder: Responder
) -> None:
    wanted = request(authority, issue(authority))
    first = responder.answer(wanted, NOW)
    assert responder.answer(wanted, NOW + timedelta(hours=5)) == first
    later = ocsp.load_der_ocsp_response(responder.answer(wanted, NOW + timedelta(hours=7)))
    assert later.this_update_utc == NOW + timedelta(hours=7)


def test_caches_are_told_the_time_that_is_left(authority: Authority, responder: Responder) -> None:
    wanted = request(authority, issue(authority))
    responder.answer(wanted, NOW)
    kept = responder.respond(wanted, NOW + timedelta(hours=2))
    assert seconds_left(kept, NOW + timedelta(hours=2)) == 10 * 3600


def test_an_answer_with_a_nonce_may_not_be_kept(authority: Authority, responder: Responder) -> None:
    wanted = request(authority, issue(authority), nonce=b"1" * 16)
    assert seconds_left(responder.respond(wanted, NOW), NOW) == 0


def test_an_ended_responder_asks_to_try_later(authority: Authority, responder: Responder) -> None:
    late = responder.desks[0].key.valid_to + timedelta(seconds=1)
    found = ocsp.load_der_ocsp_response(responder.answer(request(authority, issue(authority)), late))
    assert found.response_status is ocsp.OCSPResponseStatus.TRY_LATER


def test_the_path_of_a_get_is_the_request(authority: Authority) -> None:
    wanted = request(authority, issue(authority))
    assert request_from_path(quote(base64.b64encode(wanted).decode(), safe="")) == wanted
    assert request_from_path(base64.b64encode(wanted).decode()) == wanted
    assert request_from_path(base64.urlsafe_b64encode(wanted).decode().rstrip("=")) == wanted


@pytest.mark.parametrize("text", ["", "%", "%ZZ", "?????", "a", "\u1ed1"])
def test_a_path_that_is_no_request_is_malformed(responder: Responder, text: str) -> None:
    found = ocsp.load_der_ocsp_response(responder.answer(request_from_path(text), NOW))
    assert found.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


@given(data=st.binary(max_size=200))
def test_any_bytes_get_an_answer(pki: OpenedPki, data: bytes) -> None:
    found = ocsp.load_der_ocsp_response(pki.responder.answer(data, NOW))
    assert found.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


@given(place=st.integers(0, 80), value=st.integers(0, 255))
def test_a_request_with_one_byte_changed_gets_an_answer(pki: OpenedPki, place: int, value: int) -> None:
    desk = pki.responder.desks[0]
    builder = ocsp.OCSPRequestBuilder().add_certificate(desk.key.certificate, desk.issuer, hashes.SHA256())
    raw = bytearray(builder.build().public_bytes(Encoding.DER))
    raw[place] = value
    assert ocsp.load_der_ocsp_response(pki.responder.answer(bytes(raw), NOW))


def test_a_register_that_is_gone_is_an_internal_error(authority: Authority, tmp_path: Path) -> None:
    responder = open_pki(authority.folder).responder
    wanted = request(authority, issue(authority))
    book = authority.folder / "register.json"
    book.rename(tmp_path / "away")
    try:
        found = ocsp.load_der_ocsp_response(responder.answer(wanted, NOW))
    finally:
        (tmp_path / "away").rename(book)
    assert found.response_status is ocsp.OCSPResponseStatus.INTERNAL_ERROR


def test_a_key_that_was_not_delegated_is_no_responder(authority: Authority, pki: OpenedPki) -> None:
    stranger = pki.responder.desks[0].key
    with pytest.raises(PkiFault, match="issuer"):
        Responder([Desk(authority.issuing.certificate, stranger, dict)])


def test_a_key_for_something_else_is_no_responder(pki: OpenedPki) -> None:
    key: HeldKey = pki.tsa.key
    with pytest.raises(PkiFault, match="OCSP"):
        Responder([Desk(pki.responder.desks[0].issuer, key, dict)])
