"""What a key refuses to sign, and what a signature says of itself."""

from __future__ import annotations

import io
from datetime import timedelta

import pikepdf
import pytest

from signing.errors import FieldFault, KeyFault
from signing.fonts import TextFont
from signing.keys.protocol import SignatureAlgorithm
from signing.pades.embed import SignatureText, seal, sign_invisibly, sign_person
from signing.pades.prepare import prepare
from signing.pki.profiles import KeyType
from signing.validate.material import load
from signing.validate.pdf import validate
from signing.validate.report import Verdict
from tests.unit.signing.samples import BLUE, NOW, RED, Office, blank_pdf, issued, key_for, letter, plan


@pytest.mark.parametrize("when", [timedelta(days=365 * 4), timedelta(days=-1)], ids=["expired", "not yet"])
def test_a_key_outside_its_validity_does_not_sign(office: Office, when: timedelta) -> None:
    with pytest.raises(KeyFault) as caught:
        sign_invisibly(blank_pdf(), office.person, "s", SignatureText(), NOW + when)
    assert caught.value.code == "signing.key_expired"


def test_a_field_is_signed_once(office: Office, font: TextFont) -> None:
    with pytest.raises(FieldFault) as caught:
        seal(issued(office, font), office.body, "seal", RED, NOW)
    assert caught.value.code == "signing.field_filled"


@pytest.mark.parametrize("field", ["number", "nothing"])
def test_only_a_signature_field_is_signed(office: Office, font: TextFont, field: str) -> None:
    with pytest.raises(FieldFault):
        sign_person(prepare(letter(), plan(), font).pdf, office.person, field, BLUE, "", NOW)


@pytest.mark.parametrize("key", KeyType)
def test_every_kind_of_key_signs_what_verifies(office: Office, key: KeyType) -> None:
    signer = key_for(office.authority, "Ký thử", key=key)
    signed = sign_invisibly(blank_pdf(), signer, "s", SignatureText(), NOW)
    trust = load(office.authority.folder / "trust")
    assert validate(signed, trust=trust, at=NOW + timedelta(minutes=1)).verdict is Verdict.VALID


def test_a_key_refuses_an_algorithm_of_another_kind(office: Office) -> None:
    with pytest.raises(KeyFault):
        office.person.sign_raw(b"", SignatureAlgorithm.ECDSA_SHA256)
    with pytest.raises(KeyFault):
        office.co_issuer.sign_raw(b"", SignatureAlgorithm.RSA_PKCS1_SHA256)


def test_the_signature_dictionary_names_signer_reason_and_form(office: Office, font: TextFont) -> None:
    signed = sign_person(prepare(letter(), plan(), font).pdf, office.person, "person", None, "Ký duyệt", NOW)
    with pikepdf.open(io.BytesIO(signed)) as opened:
        value = next(f.V for f in opened.Root.AcroForm.Fields if f.T == "person")
        assert (str(value.Name), str(value.Reason)) == ("Chủ tịch", "Ký duyệt")
        assert value.SubFilter == "/ETSI.CAdES.detached"


def test_only_the_leading_seal_locks_number_and_date(office: Office, font: TextFont) -> None:
    both = seal(issued(office, font), office.co_issuer, "seal2", RED, NOW)
    with pikepdf.open(io.BytesIO(both)) as opened:
        fields = {str(f.T): f for f in opened.Root.AcroForm.Fields}
        locked = fields["seal"].V.Reference[0].TransformParams
        assert [str(f) for f in locked.Fields] == ["number", "date"]
        assert "/Reference" not in fields["seal2"].V
        assert "/Perms" not in opened.Root  # no certification


async def test_validation_refuses_to_hold_an_event_loop() -> None:
    with pytest.raises(RuntimeError, match="thread"):
        validate(blank_pdf(), trust=None, at=NOW)


@pytest.mark.parametrize("algorithm", [a for a in SignatureAlgorithm if a.is_rsa], ids=lambda a: str(a.value))
def test_an_rsa_key_signs_with_every_padding_and_hash(office: Office, algorithm: SignatureAlgorithm) -> None:
    signed = sign_invisibly(blank_pdf(), office.person.using(algorithm), "s", SignatureText(), NOW)
    trust = load(office.authority.folder / "trust")
    assert validate(signed, trust=trust, at=NOW + timedelta(minutes=1)).verdict is Verdict.VALID
