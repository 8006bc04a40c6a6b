"""Warnings, providers, requests: the pure rules of the room."""

from __future__ import annotations

import csv
import dataclasses
import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from server.certificates import rules, trust
from server.certificates.model import (
    CertificateRequest,
    NewRequest,
    OwnerKind,
    Provider,
    Purpose,
    RequestState,
)

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
CONFIGURED = Path(__file__).parents[3] / "config" / "pki"


@pytest.mark.parametrize(
    ("days", "warned", "due"),
    [
        (61, 0, 0),
        (60, 0, 60),
        (45, 60, 0),
        (30, 60, 30),
        (8, 30, 0),
        (7, 30, 7),
        (1, 7, 0),
        (5, 0, 7),
        (-1, 0, 0),
    ],
)
def test_each_warning_is_due_once(days: int, warned: int, due: int) -> None:
    assert rules.due_warning(NOW + timedelta(days=days), NOW, warned) == due


@given(days=st.lists(st.integers(0, 100), min_size=1, max_size=60, unique=True))
def test_however_often_one_looks_no_warning_comes_twice(days: list[int]) -> None:
    warned, sent = 0, []
    for left in sorted(days, reverse=True):
        if due := rules.due_warning(NOW + timedelta(days=left), NOW, warned):
            warned = due
            sent.append(due)
    assert sent == sorted(set(sent), reverse=True)
    assert bool(sent) is any(left <= 60 for left in days)


def provider(code: str, start: date, end: date | None = None) -> Provider:
    return Provider(code, code, code, start, "", [], [], [], [], valid_to=end)


def test_of_a_providers_entries_the_one_that_began_last_holds() -> None:
    old = provider("g", date(2025, 1, 1))
    new = provider("g", date(2026, 1, 1))
    gone = provider("h", date(2020, 1, 1), date(2024, 12, 31))
    entries = (old, new, gone)
    assert rules.provider_on(entries, "g", date(2025, 6, 1)) is old
    assert rules.provider_on(entries, "g", date(2026, 1, 1)) is new
    assert rules.provider_on(entries, "h", date(2024, 12, 31)) is gone
    assert rules.provider_on(entries, "h", date(2025, 1, 1)) is None


def test_what_was_never_seen_to_answer_is_marked_unproven() -> None:
    shipped = trust.load(CONFIGURED)
    (government,) = [one for one in shipped if one.code == "government"]
    services = [*government.crl, *government.ocsp, *government.tsa]
    assert services
    assert not any(one.proven for one in services)
    assert [one.code for one in shipped if one.own] == ["own"]


def csr(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Văn thư")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(Encoding.PEM).decode()


def test_a_request_with_a_strong_key_passes() -> None:
    assert rules.csr_fault(csr(ec.generate_private_key(ec.SECP256R1()))) == ""


def test_a_request_with_a_weak_key_is_refused() -> None:
    weak = csr(rsa.generate_private_key(public_exponent=65537, key_size=1024))
    assert rules.csr_fault(weak) == "certificates.key_weak"


def test_a_request_signed_by_another_key_is_refused() -> None:
    pem = csr(ec.generate_private_key(ec.SECP256R1()))
    body = x509.load_pem_x509_csr(pem.encode()).public_bytes(Encoding.DER)
    broken = bytearray(body)
    broken[-1] ^= 1
    forged = x509.load_der_x509_csr(bytes(broken)).public_bytes(Encoding.PEM).decode()
    assert rules.csr_fault(forged) == "certificates.csr_signature"


@given(text=st.text(max_size=200))
def test_any_text_is_no_request(text: str) -> None:
    assert rules.csr_fault(text) == "certificates.csr_unreadable"


def test_all_faults_of_a_request_are_told_at_once() -> None:
    new = NewRequest(Purpose.RENEW, OwnerKind.PERSON, "a", "b", " ", csr="x")
    found = {fault.code for fault in rules.request_faults(new, None)}
    assert found == {
        "certificates.provider_unknown",
        "certificates.subject_missing",
        "certificates.certificate_missing",
        "certificates.csr_unreadable",
    }


REQUEST = CertificateRequest(
    "r1", Purpose.REVOKE, OwnerKind.BODY, "z02", "z02", "UBND", "000.00.00.H99", "government", "c1", "",
    "", RequestState.PREPARED, 1, NOW, "Văn thư", None,
)  # fmt: skip


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", 'a","b', "a\r\nb"])
def test_the_sheet_holds_text_and_never_a_formula(evil: str) -> None:
    request = dataclasses.replace(REQUEST, note=evil)
    heading, row = csv.reader(io.StringIO(rules.sheet(request, body="UBND", serial="1f"), newline=""))
    note = dict(zip(heading, row, strict=True))["note"]
    assert note.lstrip("'") == evil
    assert note[:1] not in "=+-@\t"
