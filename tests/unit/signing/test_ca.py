"""The authority: folder, profiles, register, revocation."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from signing.errors import KeyFault, PkiFault
from signing.keys.software import open_pkcs12
from signing.pki import ca
from signing.pki.ca import Authority, CertificateRequest
from signing.pki.crl import Reason
from signing.pki.profiles import KeyType, Kind
from tests.unit.signing.samples import NOW, PASSPHRASE


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return ca.init(tmp_path / "pki", passphrase=b"mat khau goc", now=NOW)


def issue(authority: Authority, request: CertificateRequest) -> ca.Issued:
    return authority.issue(request, passphrase=PASSPHRASE, now=NOW)


def test_organ_id_stands_in_organization_identifier(authority: Authority) -> None:
    issued = issue(authority, CertificateRequest(Kind.ORGANISATION, "Sở Nội vụ", "000.00.01.X99"))
    found = issued.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
    assert [a.value for a in found] == ["000.00.01.X99"]


def test_a_signer_may_sign_and_commit_but_not_issue(authority: Authority) -> None:
    certificate = issue(authority, CertificateRequest(Kind.PERSON, "Văn thư")).certificate
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (True, True, False)


def test_urls_of_crl_and_issuer_stand_under_the_base(tmp_path: Path) -> None:
    authority = ca.init(tmp_path / "p", base_url="https://x.example/pki/", passphrase=None, now=NOW)
    certificate = issue(authority, CertificateRequest(Kind.PERSON, "Văn thư", key=KeyType.P256)).certificate
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    names = points[0].full_name
    assert names is not None
    assert names[0].value == "https://x.example/pki/crl/issuing.crl"


def test_no_certificate_outlives_its_issuer(authority: Authority) -> None:
    request = CertificateRequest(Kind.PERSON, "Văn thư", key=KeyType.P256, lifetime=timedelta(days=365 * 50))
    certificate = issue(authority, request).certificate
    assert certificate.not_valid_after_utc == authority.issuing.certificate.not_valid_after_utc


def test_a_name_longer_than_a_common_name_is_kept_whole_in_the_organisation(authority: Authority) -> None:
    name = "Văn phòng Đoàn đại biểu Quốc hội và Hội đồng nhân dân tỉnh Đắk Mới và vùng phụ cận"
    certificate = issue(authority, CertificateRequest(Kind.ORGANISATION, name, key=KeyType.P256)).certificate
    found = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert found[0].value == name


def test_private_files_are_for_the_owner_only(tmp_path: Path) -> None:
    ca.init(tmp_path / "p", passphrase=None, now=NOW)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "p" / "private").iterdir()}
    assert modes == {0o600}


def test_keys_at_rest_are_encrypted(authority: Authority) -> None:
    for path in (authority.folder / "private").glob("*.key"):
        assert b"BEGIN ENCRYPTED PRIVATE KEY" in path.read_bytes()


def test_a_wrong_passphrase_does_not_open_the_authority(authority: Authority) -> None:
    with pytest.raises(PkiFault) as caught:
        ca.open_authority(authority.folder, passphrase=b"sai")
    assert caught.value.code == "signing.pki_passphrase"


def test_an_authority_is_not_made_over_another(authority: Authority) -> None:
    with pytest.raises(PkiFault, match="not empty"):
        ca.init(authority.folder, passphrase=None, now=NOW)


def test_a_wrong_passphrase_does_not_open_a_key(authority: Authority) -> None:
    issued = issue(authority, CertificateRequest(Kind.PERSON, "Văn thư", key=KeyType.P256))
    with pytest.raises(KeyFault):
        open_pkcs12(issued.pkcs12, b"sai")


def test_a_revoked_serial_is_on_the_next_list(authority: Authority) -> None:
    issued = issue(authority, CertificateRequest(Kind.PERSON, "Văn thư", key=KeyType.P256))
    authority.revoke(issued.serial, Reason.KEY_COMPROMISE, now=NOW)
    crl = x509.load_der_x509_crl((authority.folder / "crl" / "issuing.crl").read_bytes())
    entry = crl.get_revoked_certificate_by_serial_number(issued.certificate.serial_number)
    assert entry is not None
    assert (
        entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
        == x509.ReasonFlags.key_compromise
    )


def test_a_serial_is_revoked_once(authority: Authority) -> None:
    issued = issue(authority, CertificateRequest(Kind.PERSON, "Văn thư", key=KeyType.P256))
    authority.revoke(issued.serial, Reason.SUPERSEDED, now=NOW)
    with pytest.raises(PkiFault) as caught:
        authority.revoke(issued.serial, Reason.SUPERSEDED, now=NOW)
    assert caught.value.code == "signing.pki_revoked"


def test_an_unknown_serial_cannot_be_revoked(authority: Authority) -> None:
    with pytest.raises(PkiFault) as caught:
        authority.revoke("abc", Reason.SUPERSEDED, now=NOW)
    assert caught.value.code == "signing.pki_serial"


def test_certificates_issued_at_the_same_time_are_all_in_the_register(authority: Authority) -> None:
    names = [f"Chuyên viên {n}" for n in range(12)]
    requests = [CertificateRequest(Kind.PERSON, name, key=KeyType.P256) for name in names]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda r: issue(authority, r), requests))
    entries = json.loads((authority.folder / "register.json").read_bytes())["entries"]
    assert sorted(e["name"] for e in entries if e["kind"] == "person") == sorted(names)


def test_a_damaged_register_is_told(authority: Authority) -> None:
    (authority.folder / "register.json").write_text('{"base_url": 1')
    with pytest.raises(PkiFault, match="damaged"):
        authority.refresh_crl(now=NOW)


@pytest.mark.parametrize("name", ["", "  ", "a\nb"])
def test_a_bad_name_is_refused(authority: Authority, name: str) -> None:
    with pytest.raises(PkiFault):
        issue(authority, CertificateRequest(Kind.PERSON, name))


def test_subscribers_cannot_ask_for_an_authority(authority: Authority) -> None:
    with pytest.raises(PkiFault):
        issue(authority, CertificateRequest(Kind.ISSUING, "Giả"))
