"""The time-stamp authority: what it answers to good, bad and hostile requests."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import ClassVar

import pytest
from asn1crypto import algos, core, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import PkiFault
from signing.pki.held import HeldKey
from signing.pki.opened import OpenedPki
from signing.pki.tsa import POLICY, TimeStampAuthority, random_serial
from tests.unit.signing.samples import NOW


def request(**over: object) -> bytes:
    """A request as clients write it."""
    fields: dict[str, object] = {
        "version": 1,
        "message_imprint": {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "hashed_message": hashlib.sha256(b"van ban").digest(),
        },
        "nonce": 2**63 + 5,
        "cert_req": True,
    }
    return bytes(tsp.TimeStampReq({**fields, **over}).dump())


def imprint(name: str, value: bytes) -> dict[str, object]:
    return {"hash_algorithm": algos.DigestAlgorithm({"algorithm": name}), "hashed_message": value}


class Rejection(core.Sequence):  # type: ignore[misc]  # asn1crypto is untyped
    """A response without a token, which asn1crypto's own type does not know."""

    _fields: ClassVar = [("status", tsp.PKIStatusInfo), ("token", core.Any, {"optional": True})]


def failure(answer: bytes) -> str:
    """The failure named in a rejection."""
    status = Rejection.load(answer, strict=True)["status"]
    assert status["status"].native == "rejection"
    (name,) = status["fail_info"].native
    return str(name)


def info(answer: bytes) -> dict[str, object]:
    """TSTInfo of a granted answer."""
    response = tsp.TimeStampResp.load(answer, strict=True)
    assert response["status"]["status"].native == "granted"
    content = response["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
    return dict(content.native)


def test_the_nonce_is_echoed(pki: OpenedPki) -> None:
    assert info(pki.tsa.answer(request(nonce=77), NOW))["nonce"] == 77


def test_without_a_nonce_none_comes(pki: OpenedPki) -> None:
    assert info(pki.tsa.answer(request(nonce=None), NOW))["nonce"] is None


def test_the_imprint_and_the_time_are_those_asked_for(pki: OpenedPki) -> None:
    found = info(pki.tsa.answer(request(message_imprint=imprint("sha512", b"\x07" * 64)), NOW))
    assert (found["message_imprint"]["hashed_message"], found["gen_time"]) == (b"\x07" * 64, NOW)  # type: ignore[index]  # native values


def test_the_policy_is_named_and_may_be_asked_for(pki: OpenedPki) -> None:
    assert info(pki.tsa.answer(request(req_policy=POLICY), NOW))["policy"] == POLICY


@pytest.mark.parametrize("wanted", [True, False])
def test_the_certificate_comes_only_when_asked_for(pki: OpenedPki, wanted: bool) -> None:
    response = tsp.TimeStampResp.load(pki.tsa.answer(request(cert_req=wanted), NOW))
    certificates = response["time_stamp_token"]["content"]["certificates"]
    assert isinstance(certificates, core.Void) is not wanted


def test_the_signature_covers_the_attributes_and_they_the_time(pki: OpenedPki) -> None:
    data = tsp.TimeStampResp.load(pki.tsa.answer(request(), NOW))["time_stamp_token"]["content"]
    (signer,) = data["signer_infos"]
    attributes = {a["type"].native: a["values"][0] for a in signer["signed_attrs"]}
    digest = hashlib.sha256(bytes(data["encap_content_info"]["content"])).digest()
    assert attributes["message_digest"].native == digest
    certificate = pki.tsa.key.certificate
    hashed = attributes["signing_certificate_v2"]["certs"][0]["cert_hash"].native
    assert hashed == certificate.fingerprint(hashes.SHA256())
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    signed = b"\x31" + signer["signed_attrs"].dump()[1:]
    key.verify(signer["signature"].native, signed, ec.ECDSA(hashes.SHA256()))


def test_signed_attributes_stand_in_der_order(pki: OpenedPki) -> None:
    data = tsp.TimeStampResp.load(pki.tsa.answer(request(), NOW))["time_stamp_token"]["content"]
    encoded = [a.dump() for a in data["signer_infos"][0]["signed_attrs"]]
    assert encoded == sorted(encoded)


def test_serials_never_come_twice_and_keep_their_length() -> None:
    serials = {random_serial() for _ in range(20_000)}
    assert len(serials) == 20_000
    assert {serial.bit_length() for serial in serials} == {159}


def test_a_serial_source_of_ones_own_is_used(pki: OpenedPki) -> None:
    authority = TimeStampAuthority(pki.tsa.key, serials=iter([4711]).__next__)
    assert info(authority.answer(request(), NOW))["serial_number"] == 4711


def test_a_weak_hash_is_refused(pki: OpenedPki) -> None:
    weak = imprint("sha1", bytes(20))
    assert failure(pki.tsa.answer(request(message_imprint=weak), NOW)) == "bad_alg"


def test_an_imprint_of_the_wrong_length_is_refused(pki: OpenedPki) -> None:
    short = imprint("sha256", bytes(31))
    assert failure(pki.tsa.answer(request(message_imprint=short), NOW)) == "bad_data_format"


def test_another_policy_is_refused(pki: OpenedPki) -> None:
    assert failure(pki.tsa.answer(request(req_policy="1.2.3.4"), NOW)) == "unaccepted_policy"


def test_extensions_are_refused(pki: OpenedPki) -> None:
    extension = {"extn_id": "1.2.3.4", "critical": False, "extn_value": b"\x05\x00"}
    assert failure(pki.tsa.answer(request(extensions=[extension]), NOW)) == "unaccepted_extensions"


def test_another_version_is_refused(pki: OpenedPki) -> None:
    raw = request()
    assert failure(pki.tsa.answer(raw.replace(b"\x02\x01\x01", b"\x02\x01\x02", 1), NOW)) == "bad_request"


def test_a_nonce_without_bounds_is_refused(pki: OpenedPki) -> None:
    assert failure(pki.tsa.answer(request(nonce=1 << 600), NOW)) == "bad_request"


def test_an_ended_certificate_stamps_nothing(pki: OpenedPki) -> None:
    late = pki.tsa.key.valid_to + timedelta(seconds=1)
    assert failure(pki.tsa.answer(request(), late)) == "time_not_available"


def test_a_request_larger_than_any_is_refused(pki: OpenedPki) -> None:
    assert failure(pki.tsa.answer(b"\x30" * 20_000, NOW)) == "bad_request"


@given(data=st.binary(max_size=200))
def test_any_bytes_get_an_answer(pki: OpenedPki, data: bytes) -> None:
    assert failure(pki.tsa.answer(data, NOW))


@given(place=st.integers(0, 60), value=st.integers(0, 255))
def test_a_request_with_one_byte_changed_gets_an_answer(pki: OpenedPki, place: int, value: int) -> None:
    raw = bytearray(request())
    raw[place] = value
    response = Rejection.load(pki.tsa.answer(bytes(raw), NOW), strict=True)
    assert response["status"]["status"].native in ("granted", "rejection")


def test_a_certificate_not_for_time_stamping_is_no_authority(pki: OpenedPki) -> None:
    desk = pki.responder.desks[0]
    with pytest.raises(PkiFault, match="time-stamping"):
        TimeStampAuthority(desk.key)


def test_a_usage_that_is_not_critical_is_no_authority() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
    )
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    certificate = builder.add_extension(usage, critical=False).sign(key, hashes.SHA256())
    with pytest.raises(PkiFault, match="critically"):
        TimeStampAuthority(HeldKey.of(certificate, (), key))
