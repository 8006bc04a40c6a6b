"""``lienthong pki verify-path`` as a terminal sees it: files in, verdict, exit code, one line of error."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate

from server.cli.pki import pki
from tests.factories.paths import CA_EXTENSIONS, P1, P2, Authority, policies, root

AT = ("--at", "2026-11-22T14:00:00+07:00")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate under two authorities, their lists, and a revoked one."""
    made = tmp_path_factory.mktemp("paths")
    anchor = root()
    first = anchor.issue("CA 1", "ca1", (*CA_EXTENSIONS, policies(P1)))
    second = first.issue("CA 2", "ca2", (*CA_EXTENSIONS, policies(P1)))
    good, bad = (second.leaf(policies(P1), subject=name) for name in ("Người tốt", "Người bị thu hồi"))
    for folder in ("chain", "crls"):
        (made / folder).mkdir()
    for file, one in (("root", anchor), ("good", good), ("bad", bad), ("chain/1", first)):
        (made / f"{file}.pem").write_bytes(pem(one))
    (made / "chain" / "2.crt").write_bytes(second.certificate)  # DER
    (made / "chain" / "README").write_text("không phải chứng thư")
    for number, data in enumerate((anchor.crl(), first.crl(), second.crl([bad.serial]))):
        (made / "crls" / f"{number}.crl").write_bytes(data)
    return made


def pem(one: Authority) -> bytes:
    return load_der_x509_certificate(one.certificate).public_bytes(Encoding.PEM)


def run(folder: Path, *words: str) -> Result:
    """Run the command in a folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        return CliRunner().invoke(pki, ["verify-path", *words])
    finally:
        os.chdir(before)


def ask(paths: Path, file: str, *more: str) -> tuple[int, dict[str, object]]:
    """Exit code and what is printed as JSON."""
    base = (file, "--trust", "root.pem", "--chain", "chain", *AT, "--json")
    done = run(paths, *base, *more)
    return done.exit_code, json.loads(done.stdout)


def test_a_good_path_is_told_from_the_anchor_down(paths: Path) -> None:
    code, told = ask(paths, "good.pem", "--crls", "crls")
    assert (code, told["verdict"], told["reason"], told["policies"]) == (0, "valid", "", [P1])
    assert [one["subject"] for one in told["path"]] == ["Gốc tin cậy", "CA 1", "CA 2", "Người tốt"]  # type: ignore[attr-defined]  # JSON


def test_a_revoked_certificate_is_invalid_and_the_reason_says_it(paths: Path) -> None:
    code, told = ask(paths, "bad.pem", "--crls", "crls")
    assert (code, told["verdict"]) == (1, "invalid")
    assert "revoked" in str(told["reason"])


def test_without_lists_revocation_is_not_checked(paths: Path) -> None:
    assert ask(paths, "bad.pem")[0] == 0


@pytest.mark.parametrize(("policy", "code"), [(P1, 0), (P2, 1), ("anyPolicy", 0)])
def test_a_policy_may_be_asked_for(paths: Path, policy: str, code: int) -> None:
    assert ask(paths, "good.pem", "--policy", policy)[0] == code


def test_without_what_stands_between_no_path_is_found(paths: Path) -> None:
    done = run(paths, "good.pem", "--trust", "root.pem", *AT)
    assert done.exit_code == 1
    assert "no path" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("missing.pem", "--trust", "root.pem"),
        ("chain/README", "--trust", "root.pem"),
        ("good.pem", "--trust", "chain/README"),
        ("good.pem", "--trust", "root.pem", "--chain", "nowhere"),
        ("good.pem", "--trust", "root.pem", "--at", "yesterday"),
        ("good.pem", "--trust", "root.pem", "--policy", "policy 1"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_exit_2(paths: Path, words: tuple[str, ...]) -> None:
    done = run(paths, *words)
    assert (done.exit_code, len(done.stderr.strip().splitlines())) == (2, 1)


def test_rubbish_beside_good_files_changes_nothing(paths: Path) -> None:
    for name in ("0", "z"):
        (paths / "crls" / name).write_bytes(b"\x30\x82\x00\x00rubbish")
    assert ask(paths, "good.pem", "--crls", "crls")[0] == 0
