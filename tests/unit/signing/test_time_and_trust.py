"""Keys, algorithms, certificates, time-stamps and revocation: who is believed, and for which moment."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage

from signing import der
from signing.local import open_services
from signing.model import Level
from signing.pades.purpose import Request, sign_for
from signing.pki.crl import Reason
from signing.services import Services
from signing.validate.material import TrustMaterial, load
from signing.validate.pdf import validate
from signing.validate.report import Integrity, Report, Revocation, TimeSource, Verdict
from tests.data.hand_signed import HandKey, Recipe, by_hand, certified, hand_signed
from tests.unit.signing.samples import NOW, Office, blank_pdf, key_for, new_office

SOON = NOW + timedelta(minutes=5)
RSA = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())
WEAK = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"


@pytest.fixture(scope="module")
def trust(office: Office) -> TrustMaterial:
    return load(office.authority.folder / "trust")


@pytest.fixture(scope="module")
def services(office: Office) -> Services:
    return open_services(office.authority.folder)


@pytest.fixture(scope="module")
def key(office: Office) -> HandKey:
    return certified(office.authority, RSA)


def check(pdf: bytes, trust: TrustMaterial | None, at: datetime = SOON) -> Report:
    return validate(pdf, trust=trust, at=at)


def sub(report: Report) -> str | None:
    found = report.signatures[0].sub_indication
    return found.value if found else None


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        Recipe(pss=True),
        Recipe(digest="sha512"),
        Recipe(digest="sha512", pss=True),
        Recipe(attributes=False),
        Recipe(signing_certificate=False),
        Recipe(indefinite=True),
    ],
    ids=["v1.5", "PSS", "SHA-512", "PSS with SHA-512", "no attributes", "no signing certificate", "BER"],
)
@pytest.mark.parametrize("kind", ["ETSI.CAdES.detached", "adbe.pkcs7.detached"])
def test_honest_messages_pass(recipe: Recipe, kind: str, key: HandKey, trust: TrustMaterial) -> None:
    report = check(by_hand(blank_pdf(), key, recipe, kind=kind), trust)
    assert report.verdict is Verdict.VALID, report.reason


@pytest.mark.parametrize("private", [P256, ed25519.Ed25519PrivateKey.generate()], ids=["P-256", "Ed25519"])
def test_honest_curves_pass(
    private: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, office: Office, trust: TrustMaterial
) -> None:
    assert check(by_hand(blank_pdf(), certified(office.authority, private)), trust).verdict is Verdict.VALID


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_broken_digests_are_called_weak_and_not_changed(
    digest: str, key: HandKey, trust: TrustMaterial
) -> None:
    report = check(by_hand(blank_pdf(), key, Recipe(digest=digest)), trust)
    assert (report.verdict, sub(report), report.signatures[0].integrity) == (
        Verdict.INDETERMINATE,
        WEAK,
        Integrity.INTACT,
    )


def test_a_short_key_is_weak(office: Office, trust: TrustMaterial) -> None:
    short = certified(office.authority, rsa.generate_private_key(65537, 1024))
    assert sub(check(by_hand(blank_pdf(), short), trust)) == WEAK


def test_the_kinds_of_old_files_are_shown_as_weak(key: HandKey, trust: TrustMaterial) -> None:
    def nested(signed: bytes) -> bytes:
        inner = hashlib.sha1(signed, usedforsecurity=False).digest()
        from tests.data.hand_signed import message

        return message(hashlib.sha256(inner).digest(), key, Recipe(content=inner))

    old = hand_signed(blank_pdf(), nested, kind="adbe.pkcs7.sha1")
    report = check(old, trust)
    assert (sub(report), report.signatures[0].integrity) == (WEAK, Integrity.INTACT)

    def raw(signed: bytes) -> bytes:
        return der.octets(RSA.sign(signed, padding.PKCS1v15(), SHA1()))

    certificate = key.certificate.public_bytes(Encoding.DER).hex().encode()
    oldest = hand_signed(blank_pdf(), raw, kind="adbe.x509.rsa_sha1", entries=b"/Cert<" + certificate + b">")
    report = check(oldest, trust)
    assert (report.verdict, report.signatures[0].integrity) == (Verdict.INDETERMINATE, Integrity.INTACT)


def test_the_message_of_another_file_is_found(key: HandKey, trust: TrustMaterial) -> None:
    other: list[bytes] = []

    def keep(signed: bytes) -> bytes:
        from tests.data.hand_signed import message

        other.append(message(hashlib.sha256(signed).digest(), key, Recipe()))
        return other[0]

    hand_signed(blank_pdf(), keep)
    report = check(hand_signed(blank_pdf(pages=2), lambda _: other[0]), trust)
    assert (report.verdict, sub(report)) == (Verdict.INVALID, "HASH_FAILURE")


def test_a_certificate_of_another_key_is_found(office: Office, key: HandKey, trust: TrustMaterial) -> None:
    other = certified(office.authority, rsa.generate_private_key(65537, 2048))
    report = check(by_hand(blank_pdf(), key, Recipe(claimed_key=other)), trust)
    assert (report.verdict, sub(report)) == (Verdict.INVALID, "SIG_CRYPTO_FAILURE")


def test_a_message_that_names_another_certificate_does_not_pass(office: Office, trust: TrustMaterial) -> None:
    """Two certificates for one key: the signed attribute names the other one."""
    one, other = certified(office.authority, RSA), certified(office.authority, RSA)
    from tests.data.hand_signed import message

    def swapped(signed: bytes) -> bytes:
        made = message(hashlib.sha256(signed).digest(), one, Recipe())
        mine, theirs = one.certificate, other.certificate
        made = made.replace(mine.public_bytes(Encoding.DER), theirs.public_bytes(Encoding.DER))
        return made.replace(der.integer(mine.serial_number), der.integer(theirs.serial_number))

    report = check(hand_signed(blank_pdf(), swapped), trust)
    assert report.verdict is not Verdict.VALID


def test_a_signer_nobody_vouches_for_is_no_chain(trust: TrustMaterial, tmp_path: Path) -> None:
    stranger = certified(new_office(tmp_path / "other").authority, RSA)
    assert sub(check(by_hand(blank_pdf(), stranger), trust)) == "NO_CERTIFICATE_CHAIN_FOUND"


@pytest.mark.parametrize(
    "purposes",
    [
        [Usage.SERVER_AUTH],
        [Usage.SERVER_AUTH, Usage.CLIENT_AUTH],
        [Usage.CODE_SIGNING],
        [Usage.TIME_STAMPING],
        [Usage.OCSP_SIGNING],
    ],
)
def test_a_certificate_for_something_else_does_not_pass(
    purposes: list[x509.ObjectIdentifier], office: Office, trust: TrustMaterial
) -> None:
    signer = certified(office.authority, RSA, (x509.ExtendedKeyUsage(purposes), False))
    assert sub(check(by_hand(blank_pdf(), signer), trust)) == "CHAIN_CONSTRAINTS_FAILURE"


@pytest.mark.parametrize("purpose", [Usage.EMAIL_PROTECTION, Usage.CLIENT_AUTH, "1.3.6.1.5.5.7.3.36"])
def test_a_certificate_of_a_person_passes(
    purpose: x509.ObjectIdentifier | str, office: Office, trust: TrustMaterial
) -> None:
    oid = x509.ObjectIdentifier(purpose) if isinstance(purpose, str) else purpose
    signer = certified(office.authority, RSA, (x509.ExtendedKeyUsage([oid]), False))
    assert check(by_hand(blank_pdf(), signer), trust).verdict is Verdict.VALID


def test_a_critical_extension_that_nobody_knows_does_not_pass(office: Office, trust: TrustMaterial) -> None:
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\5\0")
    signer = certified(office.authority, RSA, (odd, True))
    assert sub(check(by_hand(blank_pdf(), signer), trust)) == "CHAIN_CONSTRAINTS_FAILURE"


def test_a_certificate_that_signs_certificates_without_right_is_no_issuer(
    office: Office, trust: TrustMaterial
) -> None:
    from dataclasses import replace

    person = certified(office.authority, RSA)
    rogue = replace(
        office.authority, issuing=replace(office.authority.issuing, key=RSA, certificate=person.certificate)
    )
    below = certified(rogue, P256)
    below = HandKey(P256, below.certificate, (*below.chain, *person.chain))
    assert sub(check(by_hand(blank_pdf(), below), trust)) == "CHAIN_CONSTRAINTS_FAILURE"


def test_a_copied_time_stamp_is_found(services: Services, key: HandKey, trust: TrustMaterial) -> None:
    timestamper = services.timestamper
    assert timestamper is not None

    def attribute(stamped: bytes) -> bytes:
        token = timestamper.stamp(hashlib.sha256(stamped).digest(), NOW)
        return der.sequence(der.oid("1.2.840.113549.1.9.16.2.14"), der.tlv(0x31, token))

    honest = check(by_hand(blank_pdf(), key, Recipe(unsigned=attribute)), trust)
    assert (honest.verdict, honest.signatures[0].time_source) == (Verdict.VALID, TimeSource.TIMESTAMP)
    copied = attribute(b"another signature value")
    report = check(by_hand(blank_pdf(), key, Recipe(unsigned=lambda _: copied)), trust)
    assert (report.verdict, sub(report)) == (Verdict.INVALID, "FORMAT_FAILURE")
    assert (
        check(by_hand(blank_pdf(), key, Recipe(unsigned=lambda _: copied)), None).verdict is Verdict.INVALID
    )


def test_a_time_stamp_of_a_stranger_proves_no_time(
    key: HandKey, trust: TrustMaterial, tmp_path: Path
) -> None:
    stranger = open_services(new_office(tmp_path / "other").authority.folder).timestamper
    assert stranger is not None

    def attribute(stamped: bytes) -> bytes:
        token = stranger.stamp(hashlib.sha256(stamped).digest(), NOW)
        return der.sequence(der.oid("1.2.840.113549.1.9.16.2.14"), der.tlv(0x31, token))

    report = check(by_hand(blank_pdf(), key, Recipe(unsigned=attribute)), trust)
    assert (report.signatures[0].time_source, report.signatures[0].proved_at) == (TimeSource.CLAIMED, None)


def stamped_and_revoked(folder: Path, revoked: timedelta, level: Level) -> tuple[bytes, TrustMaterial]:
    """Sign and stamp now; the key is revoked at an interval from now."""
    office = new_office(folder)
    signer = key_for(office.authority, "Chuyên viên", now=NOW - timedelta(minutes=30))
    services = open_services(office.authority.folder)
    signed = sign_for(blank_pdf(), signer, Request(), None, NOW, level=level, services=services).pdf
    serial = f"{signer.identity.certificate.serial_number:x}"
    office.authority.revoke(serial, Reason.SUPERSEDED, now=NOW + revoked)
    return signed, load(office.authority.folder / "trust")


def test_revoked_before_the_time_stamp_does_not_pass(tmp_path: Path) -> None:
    signed, trust = stamped_and_revoked(tmp_path / "pki", timedelta(minutes=-10), Level.B_T)
    report = check(signed, trust)
    assert (report.verdict, sub(report), report.signatures[0].revocation) == (
        Verdict.INDETERMINATE,
        "REVOKED_NO_POE",
        Revocation.REVOKED,
    )


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT, Level.B_LTA])
def test_revoked_after_the_time_stamp_passes(tmp_path: Path, level: Level) -> None:
    signed, trust = stamped_and_revoked(tmp_path / "pki", timedelta(hours=1), level)
    report = check(signed, trust, NOW + timedelta(hours=2))
    assert (report.verdict, report.signatures[0].time_source) == (Verdict.VALID, TimeSource.TIMESTAMP)


def test_revoked_later_without_a_time_stamp_does_not_pass(tmp_path: Path) -> None:
    signed, trust = stamped_and_revoked(tmp_path / "pki", timedelta(hours=1), Level.B_B)
    assert sub(check(signed, trust, NOW + timedelta(hours=2))) == "REVOKED_NO_POE"


def test_a_stolen_key_is_revoked_from_when_it_may_have_been_stolen(tmp_path: Path) -> None:
    """Invalidity date before the time-stamp, revocation after it."""
    office = new_office(tmp_path / "pki")
    signer = key_for(office.authority, "Chuyên viên")
    services = open_services(office.authority.folder)
    signed = sign_for(blank_pdf(), signer, Request(), None, NOW, level=Level.B_T, services=services).pdf
    issuer = office.authority.issuing
    entry = x509.RevokedCertificateBuilder().serial_number(signer.identity.certificate.serial_number)
    entry = entry.revocation_date(NOW + timedelta(hours=1))
    entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
    stolen = (NOW - timedelta(minutes=5)).replace(tzinfo=None)
    entry = entry.add_extension(x509.InvalidityDate(stolen), critical=False)
    crl = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    crl = crl.last_update(NOW + timedelta(hours=1)).next_update(NOW + timedelta(days=1))
    from cryptography.hazmat.primitives.hashes import SHA256

    made = crl.add_revoked_certificate(entry.build()).sign(issuer.key, SHA256())
    trust = load(office.authority.folder / "trust")
    lists = (*trust.crls, made.public_bytes(Encoding.DER))
    given = TrustMaterial(trust.anchors, trust.intermediates, lists)
    assert sub(check(signed, given, NOW + timedelta(hours=2))) == "REVOKED_NO_POE"


@pytest.mark.parametrize(
    ("level", "verdict"), [(Level.B_B, Verdict.INDETERMINATE), (Level.B_LTA, Verdict.VALID)]
)
def test_an_ended_certificate_passes_only_with_a_time_stamp(
    tmp_path: Path, level: Level, verdict: Verdict
) -> None:
    office = new_office(tmp_path / "pki")
    signer = key_for(office.authority, "Chuyên viên", lifetime=timedelta(days=2))
    services = open_services(office.authority.folder)
    signed = sign_for(blank_pdf(), signer, Request(), None, NOW, level=level, services=services).pdf
    report = check(signed, load(office.authority.folder / "trust"), NOW + timedelta(days=400))
    assert report.verdict is verdict
    assert (sub(report) == "OUT_OF_BOUNDS_NO_POE") is (level is Level.B_B)
