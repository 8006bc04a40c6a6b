"""OpenSSL accepts what the authority says: time-stamps, statuses, lists."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from signing.pki import ca
from signing.pki.ca import Authority, CertificateRequest
from signing.pki.crl import Reason
from signing.pki.opened import OpenedPki, open_pki
from signing.pki.profiles import KeyType, Kind


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority of this file's own: certificates are revoked here."""
    return ca.init(tmp_path_factory.mktemp("openssl") / "pki", passphrase=None, now=datetime.now(UTC))


@pytest.fixture(scope="module")
def opened(authority: Authority) -> OpenedPki:
    return open_pki(authority.folder)


def openssl(*arguments: str | Path) -> str:
    """Run openssl; return all it prints."""
    run = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )
    return run.stdout + run.stderr


def issue(authority: Authority, folder: Path) -> tuple[Path, str]:
    """Issue a certificate; return its file and serial."""
    asked = CertificateRequest(Kind.PERSON, "Văn thư", key=KeyType.P256)
    issued = authority.issue(asked, passphrase=b"mat khau", now=datetime.now(UTC))
    path = folder / f"{issued.serial}.pem"
    path.write_bytes(issued.certificate.public_bytes(Encoding.PEM))
    return path, issued.serial


@pytest.mark.parametrize("options", [("-cert",), ("-cert", "-no_nonce"), ("-sha384", "-cert")])
def test_ts_verify_accepts_the_time_stamp(
    authority: Authority, opened: OpenedPki, tmp_path: Path, options: tuple[str, ...]
) -> None:
    data, query, reply = (tmp_path / name for name in ("data", "query", "reply"))
    data.write_text("Quyết định")
    openssl("ts", "-query", "-data", data, *options, "-out", query)
    reply.write_bytes(opened.tsa.answer(query.read_bytes(), datetime.now(UTC)))
    said = openssl(
        *("ts", "-verify", "-in", reply, "-queryfile", query),
        *("-CAfile", authority.trust_anchor, "-untrusted", authority.folder / "certs" / "issuing.pem"),
    )
    assert "Verification: OK" in said, said


def test_ts_verify_refuses_it_for_other_data(authority: Authority, opened: OpenedPki, tmp_path: Path) -> None:
    data, query, reply = (tmp_path / name for name in ("data", "query", "reply"))
    data.write_text("Quyết định")
    openssl("ts", "-query", "-data", data, "-sha256", "-cert", "-out", query)
    reply.write_bytes(opened.tsa.answer(query.read_bytes(), datetime.now(UTC)))
    data.write_text("Quyết định khác")
    said = openssl(
        *("ts", "-verify", "-in", reply, "-data", data),
        *("-CAfile", authority.trust_anchor, "-untrusted", authority.folder / "certs" / "issuing.pem"),
    )
    assert "Verification: FAILED" in said, said


def ask_ocsp(authority: Authority, opened: OpenedPki, certificate: Path, folder: Path, *options: str) -> str:
    """Let openssl ask for a status and judge the answer."""
    issuer = authority.folder / "certs" / "issuing.pem"
    about: tuple[str | Path, ...] = ("-issuer", issuer, "-cert", certificate)
    query, reply = folder / "query.der", folder / "reply.der"
    openssl("ocsp", *options, *about, "-reqout", query)
    reply.write_bytes(opened.responder.answer(query.read_bytes(), datetime.now(UTC)))
    trust: tuple[str | Path, ...] = ("-CAfile", authority.trust_anchor, "-verify_other", issuer)
    # -no_nonce: the request read has one; without it openssl would add a second, new one.
    hashes = [option for option in options if option != "-no_nonce"]
    return openssl("ocsp", *hashes, "-reqin", query, *about, "-no_nonce", "-respin", reply, *trust)


@pytest.mark.parametrize("options", [(), ("-no_nonce",), ("-sha256",)])
def test_ocsp_accepts_the_status_of_a_good_certificate(
    authority: Authority, opened: OpenedPki, tmp_path: Path, options: tuple[str, ...]
) -> None:
    certificate, _ = issue(authority, tmp_path)
    said = ask_ocsp(authority, opened, certificate, tmp_path, *options)
    assert "Response verify OK" in said, said
    assert f"{certificate}: good" in said, said


def test_ocsp_reads_when_and_why_a_certificate_was_revoked(
    authority: Authority, opened: OpenedPki, tmp_path: Path
) -> None:
    certificate, serial = issue(authority, tmp_path)
    authority.revoke(serial, Reason.KEY_COMPROMISE, now=datetime.now(UTC))
    said = ask_ocsp(authority, opened, certificate, tmp_path)
    assert "Response verify OK" in said, said
    assert f"{certificate}: revoked" in said, said
    assert "Reason: keyCompromise" in said, said


def check_crl(authority: Authority, certificate: Path, folder: Path) -> str:
    """Let openssl verify a whole chain with the published lists."""
    lists: list[str | Path] = []
    for name in ("root", "issuing"):
        pem = folder / f"{name}.crl.pem"
        openssl("crl", "-inform", "DER", "-in", authority.folder / "crl" / f"{name}.crl", "-out", pem)
        lists += ["-CRLfile", pem]
    return openssl(
        *("verify", "-crl_check_all", "-x509_strict", "-CAfile", authority.trust_anchor),
        *("-untrusted", authority.folder / "certs" / "issuing.pem", *lists, certificate),
    )


def test_verify_with_lists_accepts_a_certificate_in_force(authority: Authority, tmp_path: Path) -> None:
    certificate, _ = issue(authority, tmp_path)
    assert check_crl(authority, certificate, tmp_path).strip() == f"{certificate}: OK"


def test_verify_with_lists_refuses_a_revoked_certificate(authority: Authority, tmp_path: Path) -> None:
    certificate, serial = issue(authority, tmp_path)
    authority.revoke(serial, Reason.SUPERSEDED, now=datetime.now(UTC))
    assert "certificate revoked" in check_crl(authority, certificate, tmp_path)
