"""Validation: what is honest passes, each defect is named, every signature is judged alone."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic

from signing.fonts import TextFont
from signing.model import Level
from signing.pades.embed import SignatureText, fill_number_and_date, seal, sign_invisibly
from signing.pades.forms import find
from signing.pades.writer import open_for_update
from signing.pki.crl import Reason
from signing.pki.profiles import Kind
from signing.validate.material import TrustMaterial, load
from signing.validate.pdf import validate
from signing.validate.report import Changes, Coverage, Indication, Integrity, Report, Revocation, Verdict
from tests.unit.signing.samples import (
    NOW,
    RED,
    Office,
    blank_pdf,
    issued,
    key_for,
    letter,
    new_office,
    person_signed,
)


@pytest.fixture(scope="module")
def trust(office: Office) -> TrustMaterial:
    return load(office.authority.folder / "trust")


@pytest.fixture(scope="module")
def document(office: Office, font: TextFont) -> bytes:
    return issued(office, font)


def check(pdf: bytes, trust: TrustMaterial | None) -> Report:
    return validate(pdf, trust=trust, at=NOW + timedelta(minutes=5))


def subs(report: Report) -> list[str | None]:
    return [s.sub_indication.value if s.sub_indication else None for s in report.signatures]


def test_an_issued_document_is_valid(document: bytes, trust: TrustMaterial) -> None:
    report = check(document, trust)
    assert (report.verdict, [s.changes_after for s in report.signatures]) == (
        Verdict.VALID,
        [Changes.ALLOWED, Changes.NONE],
    )


def test_the_report_says_who_when_and_how_well(document: bytes, trust: TrustMaterial) -> None:
    signature = check(document, trust).signatures[1]
    assert signature.as_json() == {
        "field": "seal",
        "signer": "Ủy ban nhân dân tỉnh",
        "organ_id": "000.00.01.X99",
        "signed_at": NOW.isoformat().replace("+00:00", "Z"),
        "time_source": "claimed",
        "level": Level.B_B,
        "indication": "TOTAL_PASSED",
        "integrity": "intact",
        "sub_indication": None,
        "revocation": "good",
        "covers": "whole_file",
        "changes_after": "none",
    }


def test_a_co_issuers_later_seal_leaves_all_valid(
    document: bytes, trust: TrustMaterial, office: Office
) -> None:
    both = seal(document, office.co_issuer, "seal2", RED, NOW)
    assert [s.indication for s in check(both, trust).signatures] == [Indication.TOTAL_PASSED] * 3


def test_another_body_may_sign_a_copy_later(document: bytes, trust: TrustMaterial, office: Office) -> None:
    copy = sign_invisibly(document, office.co_issuer, "copy", SignatureText(), NOW)
    assert check(copy, trust).verdict is Verdict.VALID


def test_integrity_only_judges_no_trust(document: bytes) -> None:
    report = check(document, None)
    assert (report.verdict, {s.indication for s in report.signatures}) == (Verdict.VALID, {None})


def test_an_unsigned_file_is_unsigned(trust: TrustMaterial) -> None:
    assert check(letter(), trust).verdict is Verdict.UNSIGNED


def test_a_changed_byte_breaks_the_hash(document: bytes, trust: TrustMaterial) -> None:
    at = document.index(b"/Producer") if b"/Producer" in document[:3000] else 30
    changed = document[:at] + bytes([document[at] ^ 1]) + document[at + 1 :]
    report = check(changed, trust)
    assert report.verdict in (Verdict.INVALID, Verdict.UNREADABLE)
    assert all(s.integrity is Integrity.BROKEN for s in report.signatures)


def test_a_changed_signature_value_is_found(document: bytes, trust: TrustMaterial) -> None:
    start = document.rindex(b"/Contents <") + 11
    end = document.index(b">", start)
    value = bytearray(bytes.fromhex(document[start:end].decode()))
    last = len(bytes(value).rstrip(b"\0")) - 5
    value[last] ^= 0xFF
    changed = document[:start] + bytes(value).hex().upper().encode() + document[end:]
    assert subs(check(changed, trust)) == [None, "SIG_CRYPTO_FAILURE"]


@pytest.mark.parametrize("tail", [b"x", b"\n%%EOF", b"<script>", b"\n1 0 obj\n<<>>\nendobj\n%%EOF\n"])
def test_bytes_after_the_end_are_a_format_failure(document: bytes, trust: TrustMaterial, tail: bytes) -> None:
    report = check(document + tail, trust)
    assert report.verdict in (Verdict.INVALID, Verdict.UNREADABLE)
    assert set(subs(report)) <= {"FORMAT_FAILURE"}


def test_white_space_after_the_end_is_nothing(document: bytes, trust: TrustMaterial) -> None:
    report = check(document + b"\r\n \n", trust)
    assert (report.verdict, report.signatures[1].covers) == (Verdict.VALID, Coverage.WHOLE_FILE)


def draw_on_first_page(pdf: bytes) -> bytes:
    """Append an update that draws on page 1, as an attacker would."""
    writer = open_for_update(pdf)
    reference, page, _ = writer.page(1)
    stream = generic.StreamObject(stream_data=b"1 0 0 rg 100 100 200 200 re f")
    page["/Contents"] = generic.ArrayObject([writer.add_object(stream)])
    writer.mark_update(reference)
    return writer.result()


def test_drawing_after_the_person_signed_is_found(
    office: Office, font: TextFont, trust: TrustMaterial
) -> None:
    report = check(draw_on_first_page(person_signed(office, font)), trust)
    assert (report.verdict, report.signatures[0].changes_after, subs(report)) == (
        Verdict.INVALID,
        Changes.NOT_ALLOWED,
        ["FORMAT_FAILURE"],
    )


def test_drawing_between_person_and_seal_is_found_though_the_seal_covers_it(
    office: Office, font: TextFont, trust: TrustMaterial
) -> None:
    sealed = seal(draw_on_first_page(person_signed(office, font)), office.body, "seal", RED, NOW)
    report = check(sealed, trust)
    assert [s.indication for s in report.signatures] == [Indication.TOTAL_FAILED, Indication.TOTAL_PASSED]


def test_a_number_changed_after_the_seal_is_found(document: bytes, trust: TrustMaterial) -> None:
    writer = open_for_update(document)
    field = next(f for f in writer.root["/AcroForm"]["/Fields"] if f.get_object()["/T"] == "number")
    field.get_object()[generic.NameObject("/V")] = generic.TextStringObject("999")
    writer.update_container(field.get_object())
    changes = [s.changes_after for s in check(writer.result(), trust).signatures]
    assert changes[1] is Changes.NOT_ALLOWED


@pytest.mark.parametrize(
    ("said", "shown"), [("124", b"123"), ("123", b"1234")], ids=["value changed", "appearance changed"]
)
def test_a_number_that_shows_another_value_is_found(
    office: Office, font: TextFont, trust: TrustMaterial, said: str, shown: bytes
) -> None:
    honest = fill_number_and_date(person_signed(office, font), {"number": "123"})
    writer = open_for_update(honest)
    field = find(writer.root_dictionary(), "number").field
    stream = field["/AP"]["/N"]
    content = stream.data.replace("123".encode("utf-16-be").hex().upper().encode(), _hex(shown))
    forged = generic.StreamObject(
        {key: stream.raw_get(key) for key in ("/Type", "/Subtype", "/BBox", "/Matrix", "/Resources")},
        stream_data=content,
    )
    field["/AP"]["/N"] = writer.add_object(forged)
    field["/V"] = generic.TextStringObject(said)
    writer.update_container(field)
    report = check(writer.result(), trust)
    assert (report.verdict, report.signatures[0].changes_after) == (Verdict.INVALID, Changes.NOT_ALLOWED)
    assert "shows something else" in report.reason


def _hex(text: bytes) -> bytes:
    return text.decode().encode("utf-16-be").hex().upper().encode()


def test_one_damaged_signature_does_not_hide_the_other(document: bytes, trust: TrustMaterial) -> None:
    damaged = document.replace(b"/Contents <30", b"/Contents <31", 1)
    report = check(damaged, trust)
    assert [s.field for s in report.signatures] == ["person", "seal"]
    assert report.signatures[0].indication is Indication.TOTAL_FAILED


def test_a_byte_range_with_a_larger_gap_is_a_format_failure(document: bytes, trust: TrustMaterial) -> None:
    start = document.rindex(b"/ByteRange [") + 12
    end = document.index(b"]", start)
    first, a, b, c = (int(v) for v in document[start:end].split())
    wider = f"{first} {a - 10} {b} {c}".encode().ljust(end - start)
    report = check(document[:start] + wider + document[end:], trust)
    assert subs(report)[1] == "FORMAT_FAILURE"


def test_two_fields_on_one_signature_are_found(
    office: Office, font: TextFont, trust: TrustMaterial, document: bytes
) -> None:
    writer = open_for_update(document)
    fields = {f.get_object()["/T"]: f.get_object() for f in writer.root["/AcroForm"]["/Fields"]}
    fields["seal2"][generic.NameObject("/V")] = fields["seal"].raw_get("/V")
    writer.update_container(fields["seal2"])
    assert check(writer.result(), trust).verdict is Verdict.INVALID


def test_an_unknown_root_is_no_chain(document: bytes, tmp_path: Path) -> None:
    other = new_office(tmp_path / "other")
    report = check(document, load(other.authority.trust_anchor))
    assert (report.verdict, set(subs(report))) == (Verdict.INDETERMINATE, {"NO_CERTIFICATE_CHAIN_FOUND"})


def test_an_expired_certificate_is_out_of_bounds(office: Office, trust: TrustMaterial) -> None:
    key = key_for(office.authority, "Hết hạn", lifetime=timedelta(minutes=1))
    signed = sign_invisibly(blank_pdf(), key, "s", SignatureText(), NOW)
    assert subs(check(signed, trust)) == ["OUT_OF_BOUNDS_NO_POE"]


def test_the_same_certificate_passes_for_an_earlier_instant(office: Office, trust: TrustMaterial) -> None:
    key = key_for(office.authority, "Hết hạn", lifetime=timedelta(minutes=1))
    signed = sign_invisibly(blank_pdf(), key, "s", SignatureText(), NOW)
    assert validate(signed, trust=trust, at=NOW).verdict is Verdict.VALID


def test_a_revoked_certificate_does_not_pass(tmp_path: Path) -> None:
    other = new_office(tmp_path / "pki")
    signed = sign_invisibly(blank_pdf(), other.body, "s", SignatureText(), NOW)
    serial = f"{other.body.identity.certificate.serial_number:x}"
    other.authority.revoke(serial, Reason.KEY_COMPROMISE, now=NOW)
    report = check(signed, load(other.authority.folder / "trust"))
    assert (report.verdict, report.signatures[0].revocation, subs(report)) == (
        Verdict.INDETERMINATE,
        Revocation.REVOKED,
        ["REVOKED_NO_POE"],
    )


def test_without_lists_revocation_is_not_checked_and_said_so(document: bytes, trust: TrustMaterial) -> None:
    report = check(document, replace(trust, crls=()))
    assert (report.verdict, report.signatures[0].revocation) == (Verdict.VALID, Revocation.NOT_CHECKED)
    assert "revocation was not checked" in report.reason


def test_revocation_can_be_required(document: bytes, trust: TrustMaterial) -> None:
    report = check(document, replace(trust, crls=(), require_revocation=True))
    assert (report.verdict, set(subs(report))) == (Verdict.INDETERMINATE, {"TRY_LATER"})


def test_a_list_that_is_too_old_leaves_revocation_unknown(document: bytes, trust: TrustMaterial) -> None:
    report = validate(document, trust=trust, at=NOW + timedelta(days=45))
    assert (report.verdict, report.signatures[0].revocation) == (Verdict.INDETERMINATE, Revocation.UNKNOWN)


def test_the_signers_own_list_is_enough_to_call_it_good(document: bytes, trust: TrustMaterial) -> None:
    lists = sorted(trust.crls, key=lambda der: b"Root" in der)
    report = check(document, replace(trust, crls=(lists[0],)))
    assert (report.verdict, report.signatures[0].revocation) == (Verdict.VALID, Revocation.GOOD)


def test_bytes_hidden_behind_the_signature_value_are_found(document: bytes, trust: TrustMaterial) -> None:
    end = document.index(b">", document.rindex(b"/Contents <"))
    assert subs(check(document[: end - 4] + b"BEEF" + document[end:], trust))[1] == "FORMAT_FAILURE"


def test_a_server_certificate_is_not_for_documents(office: Office, trust: TrustMaterial) -> None:
    authority = office.authority.issuing.certificate.public_bytes(Encoding.DER)
    assert authority not in trust.anchors  # only the root is an anchor
    key = key_for(office.authority, "may-chu.example", Kind.SERVER)
    signed = sign_invisibly(blank_pdf(), key, "s", SignatureText(), NOW)
    assert subs(check(signed, trust)) == ["CHAIN_CONSTRAINTS_FAILURE"]


def test_a_file_saved_anew_loses_its_signatures(document: bytes, trust: TrustMaterial) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(document)) as opened:
        opened.save(out)
    report = check(out.getvalue(), trust)
    assert report.verdict is Verdict.INVALID
    assert all(s.indication is Indication.TOTAL_FAILED for s in report.signatures)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), at=st.integers(0, 10_000_000), drop=st.integers(0, 400))
def test_any_damage_gets_a_verdict_and_never_passes_unseen(
    document: bytes, trust: TrustMaterial, data: bytes, at: int, drop: int
) -> None:
    at %= len(document)
    damaged = document[:at] + data + document[at + drop :]
    report = check(damaged, trust)
    if report.verdict is Verdict.VALID:  # then nothing but space at the end may differ
        assert damaged.rstrip() == document.rstrip()


@pytest.mark.parametrize("data", [b"", b"\0" * 5000, b"%PDF-1.4", b"%PDF-1.7\nstartxref\n0\n%%EOF"])
def test_what_is_no_pdf_is_unreadable(data: bytes, trust: TrustMaterial) -> None:
    assert check(data, trust).verdict is Verdict.UNREADABLE
