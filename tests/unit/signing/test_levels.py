"""Levels above B-B, with the authority of the same process; and what is told when a service fails."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509

from signing import stamps
from signing.errors import KeyFault, ServiceFault
from signing.local import open_services
from signing.model import Level
from signing.pades.embed import SignatureText, sign_invisibly
from signing.pades.longterm import validation_key
from signing.pades.purpose import Request, sign_for
from signing.pki.crl import Reason
from signing.services import Evidence, Services
from signing.validate.material import load
from signing.validate.pdf import validate
from signing.validate.report import Verdict
from tests.unit.signing.samples import NOW, Office, blank_pdf, key_for, letter, new_office


@pytest.fixture(scope="session")
def services(office: Office) -> Services:
    return open_services(office.authority.folder)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("source", [letter(), blank_pdf()], ids=["typst", "qpdf"])
def test_every_level_is_reached_and_valid(
    office: Office, services: Services, level: Level, source: bytes
) -> None:
    done = sign_for(source, office.person, Request(), None, NOW, level=level, services=services)
    report = validate(done.pdf, trust=load(office.authority.folder / "trust"), at=NOW + timedelta(minutes=1))
    assert (done.reached, done.shortfall) == (level, None)
    assert report.verdict is Verdict.VALID, report.reason
    assert report.signatures[0].level is level
    assert done.pdf.startswith(source)


def test_the_store_names_the_evidence_of_each_signature(office: Office, services: Services) -> None:
    once = sign_for(letter(), office.person, Request(), None, NOW, level=Level.B_LT, services=services).pdf
    twice = sign_for(once, office.body, Request(), None, NOW, level=Level.B_LTA, services=services).pdf
    with pikepdf.open(io.BytesIO(twice)) as opened:
        store = opened.Root.DSS
        signed = [f.V for f in opened.Root.AcroForm.Fields if f.V.Type == pikepdf.Name.Sig]
        keys = {validation_key(bytes(value.Contents)) for value in signed}
        assert set(store.VRI.keys()) == keys
        streams = [bytes(s.read_bytes()) for s in store.Certs]
        assert len(streams) == len(set(streams))  # the chain of both is there once
        assert [str(f.V.SubFilter) for f in opened.Root.AcroForm.Fields][-1] == "/ETSI.RFC3161"


def test_a_revoked_key_does_not_reach_b_lt(tmp_path: Path) -> None:
    office = new_office(tmp_path / "pki")
    key = key_for(office.authority, "Văn thư")
    services = open_services(office.authority.folder)
    office.authority.revoke(f"{key.identity.certificate.serial_number:x}", Reason.KEY_COMPROMISE, now=NOW)
    with pytest.raises(KeyFault) as caught:
        sign_for(blank_pdf(), key, Request(), None, NOW, level=Level.B_LT, services=services)
    assert caught.value.code == "signing.key_revoked"


class _Down:
    """Services that do not answer."""

    def stamp(self, digest: bytes, at: datetime) -> bytes:
        raise ServiceFault("no answer")

    def evidence(
        self, certificate: x509.Certificate, chain: tuple[x509.Certificate, ...], at: datetime
    ) -> Evidence:
        raise ServiceFault("no answer")


class _StampsOnce:
    """Answers the first request only."""

    def __init__(self, services: Services) -> None:
        assert services.timestamper is not None
        self._real, self._left = services.timestamper, 1

    def stamp(self, digest: bytes, at: datetime) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise ServiceFault("no answer")
        return self._real.stamp(digest, at)


def test_the_level_reached_is_told_whatever_fails(office: Office, services: Services) -> None:
    cases = {
        Level.B_B: Services(_Down(), services.revocation),
        Level.B_T: Services(services.timestamper, _Down()),
        Level.B_LT: Services(_StampsOnce(services), services.revocation),
    }
    trust = load(office.authority.folder / "trust")
    for expected, some in cases.items():
        done = sign_for(blank_pdf(), office.person, Request(), None, NOW, level=Level.B_LTA, services=some)
        report = validate(done.pdf, trust=trust, at=NOW + timedelta(minutes=1))
        assert (done.reached, str(done.shortfall)) == (expected, "no answer")
        assert (report.verdict, report.signatures[0].level) == (Verdict.VALID, expected)


def test_a_token_over_another_digest_is_refused(services: Services) -> None:
    assert services.timestamper is not None
    token = services.timestamper.stamp(b"\1" * 32, NOW)
    granted = b"\x30" + _length(len(token) + 5) + b"\x30\x03\x02\x01\x00" + token
    with pytest.raises(ServiceFault, match="another request"):
        stamps.granted(granted, b"\2" * 32, stamps.parse(token).nonce or 0)
    with pytest.raises(ServiceFault, match="another request"):
        stamps.granted(granted, b"\1" * 32, 5)


def _length(size: int) -> bytes:
    return b"\x82" + size.to_bytes(2, "big")


@pytest.mark.parametrize("answer", [b"", b"\x30\x00", b"\x30\x05\x30\x03\x02\x01\x02", b"hello" * 9])
def test_what_is_no_grant_is_refused(answer: bytes) -> None:
    with pytest.raises(ServiceFault):
        stamps.granted(answer, b"\1" * 32, 1)


def test_a_certificate_of_strangers_has_no_evidence(services: Services, tmp_path: Path) -> None:
    stranger = new_office(tmp_path / "other").person
    done = sign_for(blank_pdf(), stranger, Request(), None, NOW, level=Level.B_LT, services=services)
    assert done.reached is Level.B_T
    assert done.shortfall is not None


def test_a_second_signature_leaves_the_first_valid_at_its_level(office: Office, services: Services) -> None:
    first = sign_for(letter(), office.person, Request(), None, NOW, level=Level.B_LTA, services=services).pdf
    both = sign_invisibly(first, office.body, "second", SignatureText(), NOW)
    report = validate(both, trust=load(office.authority.folder / "trust"), at=NOW + timedelta(minutes=1))
    assert report.verdict is Verdict.VALID, report.reason
