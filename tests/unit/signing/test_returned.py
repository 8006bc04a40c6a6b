"""What may come back from the holder of a token: the offered file with one new signature, nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic

from signing.errors import UnreadableFile
from signing.fonts import TextFont
from signing.model import FieldPlan
from signing.pades.embed import SignatureText, fill_number_and_date, seal, sign_invisibly, sign_person
from signing.pades.prepare import prepare
from signing.pades.writer import open_for_update
from signing.validate.material import TrustMaterial, load
from signing.validate.returned import Returned, ReturnFault, judge
from tests.unit.signing.samples import (
    BLUE,
    NOW,
    RED,
    VALUES,
    Office,
    issued,
    key_for,
    letter,
    new_office,
    person_signed,
    plan,
)

OTHER = '#set text(font: "Tinos")\nMột văn bản khác'
LATER = NOW + timedelta(minutes=5)


@pytest.fixture(scope="module")
def trust(office: Office) -> TrustMaterial:
    return load(office.authority.folder / "trust")


@pytest.fixture(scope="module")
def offered(font: TextFont) -> bytes:
    return prepare(letter(), plan(), font).pdf


def back(offered: bytes, returned: bytes, trust: TrustMaterial) -> Returned:
    return judge(offered, returned, trust=trust, at=LATER)


def refusal(offered: bytes, returned: bytes, trust: TrustMaterial) -> str:
    with pytest.raises(ReturnFault) as caught:
        back(offered, returned, trust)
    return caught.value.code


def by_person(pdf: bytes, office: Office) -> bytes:
    return sign_person(pdf, office.person, "person", BLUE, "Ký", NOW)


def with_page_drawn_on(pdf: bytes) -> bytes:
    """Append an update that replaces the content of page 1."""
    writer = open_for_update(pdf)
    reference, page, _ = writer.page(1)
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"0 g 100 100 300 300 re f"))
    writer.mark_update(reference)
    return writer.result()


def with_note(pdf: bytes) -> bytes:
    """Append an update that lays a note over page 1."""
    writer = open_for_update(pdf)
    reference, page, _ = writer.page(1)
    note = generic.pdf_name("/FreeText")
    entries = {
        generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
        generic.pdf_name("/Subtype"): note,
        generic.pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 300, 300))),
    }
    added = writer.add_object(generic.DictionaryObject(entries))  # type: ignore[no-untyped-call]  # library
    page["/Annots"] = generic.ArrayObject([added])
    writer.mark_update(reference)
    return writer.result()


def test_the_signature_of_the_person_in_the_prepared_field_is_taken(
    office: Office, offered: bytes, trust: TrustMaterial
) -> None:
    found = back(offered, by_person(offered, office), trust)
    der = office.person.identity.certificate.public_bytes(Encoding.DER)
    assert found.field == "person"
    assert found.signer == "Chủ tịch"
    assert found.fingerprint == "sha256:" + hashlib.sha256(der).hexdigest()


def test_a_field_that_the_plugin_makes_for_itself_is_taken(
    office: Office, offered: bytes, trust: TrustMaterial
) -> None:
    signed = sign_invisibly(offered, office.person, "Signature1", SignatureText("Ký"), NOW)
    assert back(offered, signed, trust).field == "Signature1"


def test_a_seal_after_number_and_date_is_taken_and_keeps_the_person(
    office: Office, font: TextFont, trust: TrustMaterial
) -> None:
    numbered = fill_number_and_date(person_signed(office, font), VALUES)
    found = back(numbered, seal(numbered, office.body, "seal", RED, NOW), trust)
    assert [one.sound for one in found.report.signatures] == [True, True]


def test_another_file_is_refused_though_it_is_signed(
    office: Office, font: TextFont, offered: bytes, trust: TrustMaterial
) -> None:
    assert refusal(offered, person_signed(office, font, letter(OTHER)), trust) == "signing.return_not_offered"


def test_the_offered_file_itself_is_refused(offered: bytes, trust: TrustMaterial) -> None:
    assert refusal(offered, offered, trust) == "signing.return_not_offered"


def test_an_update_without_a_signature_is_refused(offered: bytes, trust: TrustMaterial) -> None:
    assert refusal(offered, with_page_drawn_on(offered), trust) == "signing.return_unsigned"


def test_two_signatures_are_one_too_many(office: Office, offered: bytes, trust: TrustMaterial) -> None:
    twice = sign_invisibly(by_person(offered, office), office.person, "again", SignatureText(), NOW)
    assert refusal(offered, twice, trust) == "signing.return_many"


def test_a_page_replaced_before_the_signature_is_refused(
    office: Office, offered: bytes, trust: TrustMaterial
) -> None:
    signed = by_person(with_page_drawn_on(offered), office)
    assert refusal(offered, signed, trust) == "signing.return_changed"


def test_a_number_filled_in_on_the_way_is_refused(
    office: Office, offered: bytes, trust: TrustMaterial
) -> None:
    signed = by_person(fill_number_and_date(offered, {"number": "999"}), office)
    assert refusal(offered, signed, trust) == "signing.return_changed"


def test_a_field_added_on_the_way_is_refused(office: Office, offered: bytes, trust: TrustMaterial) -> None:
    two = plan().fields[2]
    added = prepare(offered, FieldPlan((replace(two, name="another"),)), None).pdf
    assert refusal(offered, by_person(added, office), trust) == "signing.return_changed"


def test_a_page_replaced_after_the_signature_is_refused(
    office: Office, offered: bytes, trust: TrustMaterial
) -> None:
    drawn = with_page_drawn_on(by_person(offered, office))
    assert refusal(offered, drawn, trust) == "signing.return_not_valid"


def test_bytes_behind_the_end_are_refused(office: Office, offered: bytes, trust: TrustMaterial) -> None:
    assert refusal(offered, by_person(offered, office) + b"<script>", trust) == "signing.return_not_valid"


def test_a_certificate_of_another_authority_is_refused(
    office: Office, offered: bytes, trust: TrustMaterial, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stranger = new_office(tmp_path_factory.mktemp("other") / "pki")
    signed = sign_person(offered, stranger.person, "person", BLUE, "Ký", NOW)
    assert refusal(offered, signed, trust) == "signing.return_not_valid"


def test_an_expired_certificate_is_refused(office: Office, offered: bytes, trust: TrustMaterial) -> None:
    short = key_for(office.authority, "Chủ tịch cũ", lifetime=timedelta(minutes=2))
    signed = sign_person(offered, short, "person", BLUE, "Ký", NOW)
    assert refusal(offered, signed, trust) == "signing.return_not_valid"


def test_an_issued_document_takes_a_further_signature(
    office: Office, font: TextFont, trust: TrustMaterial
) -> None:
    whole = issued(office, font)
    assert back(whole, seal(whole, office.co_issuer, "seal2", RED, NOW), trust).field == "seal2"


def test_what_is_no_pdf_any_more_is_refused(offered: bytes, trust: TrustMaterial) -> None:
    with pytest.raises((ReturnFault, UnreadableFile)):
        back(b"not a file", b"not a file either", trust)


def test_a_file_without_a_form_takes_a_signature(office: Office, trust: TrustMaterial) -> None:
    plain = letter()
    signed = sign_invisibly(plain, office.body, "Signature1", SignatureText(), NOW)
    assert back(plain, signed, trust).field == "Signature1"


def test_a_file_without_a_form_may_not_change_its_pages(office: Office, trust: TrustMaterial) -> None:
    plain = letter()
    signed = sign_invisibly(with_page_drawn_on(plain), office.body, "Signature1", SignatureText(), NOW)
    assert refusal(plain, signed, trust) == "signing.return_changed"


def test_a_file_without_a_form_may_not_get_a_note(office: Office, trust: TrustMaterial) -> None:
    plain = letter()
    signed = sign_invisibly(with_note(plain), office.body, "Signature1", SignatureText(), NOW)
    assert refusal(plain, signed, trust) == "signing.return_changed"
