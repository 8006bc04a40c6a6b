"""A signature in two steps: what is handed out, what may come back, what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from signing.errors import FieldFault, KeyFault, SigningError
from signing.fonts import TextFont
from signing.keys.protocol import SignatureAlgorithm
from signing.model import Level
from signing.pades.appearance import Appearance
from signing.pades.deferred import Pending, begin, complete, finish
from signing.pades.placing import SignatureText
from signing.pades.prepare import prepare
from signing.pades.purpose import Purpose, Request, begin_for
from signing.validate.material import load
from signing.validate.pdf import validate
from signing.validate.report import Verdict
from tests.unit.signing.samples import BLUE, NOW, Office, blank_pdf, letter, plan


@pytest.fixture
def pending(office: Office, font: TextFont) -> Pending:
    made = prepare(letter(), plan(), font).pdf
    return begin(made, office.person.identity, "person", Appearance(BLUE), SignatureText("Ký"), NOW)


def test_what_comes_back_from_the_store_is_signed_and_valid(office: Office, pending: Pending) -> None:
    stored = Pending.from_bytes(pending.to_bytes(), pending.base)
    value = office.person.sign_raw(stored.to_be_signed, stored.algorithm)
    signed = finish(stored, value, NOW)
    trust = load(office.authority.folder / "trust")
    assert (signed.reached, signed.shortfall) == (Level.B_B, None)
    assert validate(signed.pdf, trust=trust, at=NOW + timedelta(minutes=1)).verdict is Verdict.VALID


def test_the_file_handed_out_is_a_prefix_of_the_signed_one(office: Office, pending: Pending) -> None:
    assert complete(pending, office.person, NOW).pdf.startswith(pending.base)


def test_the_stored_form_is_small_beside_the_file(office: Office) -> None:
    base = blank_pdf() + b"%" + b" " * 1_000_000 + b"\n%%EOF\n"
    pending = begin(
        blank_pdf(), office.person.identity, "s", Appearance(), SignatureText(), NOW, new_field=True
    )
    assert len(replace(pending, base=base).to_bytes()) < 60_000


@pytest.mark.parametrize("wrong", [b"", b"\0" * 256])
def test_a_value_that_is_no_signature_is_refused(pending: Pending, wrong: bytes) -> None:
    with pytest.raises(KeyFault) as caught:
        finish(pending, wrong, NOW)
    assert caught.value.code == "signing.value_wrong"


def test_the_value_of_another_key_is_refused(office: Office, pending: Pending) -> None:
    value = office.body.sign_raw(pending.to_be_signed, pending.algorithm)
    with pytest.raises(KeyFault) as caught:
        finish(pending, value, NOW)
    assert caught.value.code == "signing.value_wrong"


def test_the_value_over_another_file_is_refused(office: Office, pending: Pending) -> None:
    other = begin(
        blank_pdf(), office.person.identity, "s", Appearance(), SignatureText(), NOW, new_field=True
    )
    with pytest.raises(KeyFault):
        finish(pending, office.person.sign_raw(other.to_be_signed, other.algorithm), NOW)


def test_another_file_than_the_one_begun_is_refused(pending: Pending) -> None:
    changed = bytes(pending.base).replace(b"%PDF-1.7", b"%PDF-1.6")
    with pytest.raises(SigningError) as caught:
        Pending.from_bytes(pending.to_bytes(), changed)
    assert caught.value.code == "signing.pending"


@pytest.mark.parametrize("stored", [b"", b"{}", b"[]", b'{"form": 1, "certificates": []}'])
def test_a_damaged_store_is_refused(stored: bytes) -> None:
    with pytest.raises(SigningError) as caught:
        Pending.from_bytes(stored, b"")
    assert caught.value.code == "signing.pending"


def test_fields_made_on_the_way_belong_to_the_update(office: Office, font: TextFont) -> None:
    source = letter()
    pending = begin_for(source, office.person.identity, Request(Purpose.APPROVE, BLUE), font, NOW)
    assert pending.base == source
    again = Pending.from_bytes(pending.to_bytes(), source)
    assert complete(again, office.person, NOW).pdf.startswith(source)


def test_a_file_that_had_to_be_written_anew_is_kept_whole(office: Office) -> None:
    source = blank_pdf() + b"rubbish"
    pending = begin_for(source, office.person.identity, Request(), None, NOW)
    again = Pending.from_bytes(pending.to_bytes(), source)
    assert b"rubbish" not in complete(again, office.person, NOW).pdf


def test_an_algorithm_of_another_kind_of_key_is_refused(office: Office) -> None:
    with pytest.raises(KeyFault):
        begin(
            blank_pdf(),
            office.person.identity,
            "s",
            Appearance(),
            SignatureText(),
            NOW,
            algorithm=SignatureAlgorithm.ECDSA_SHA256,
            new_field=True,
        )


def test_a_field_that_is_taken_is_refused(pending: Pending, office: Office) -> None:
    with pytest.raises(FieldFault):
        begin(
            pending.base, office.person.identity, "seal", Appearance(), SignatureText(), NOW, new_field=True
        )


def test_without_a_time_stamping_authority_the_level_reached_is_told(office: Office) -> None:
    pending = begin_for(blank_pdf(), office.person.identity, Request(), None, NOW, level=Level.B_T)
    done = complete(pending, office.person, NOW)
    assert done.reached is Level.B_B
    assert done.shortfall is not None
    assert done.shortfall.code == "signing.service"
