"""The commands pki, sign and verify as a terminal sees them: output, exit codes, one-line errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.factories.server import free_port
from tests.unit.signing.samples import blank_pdf, letter, picture

_MAIN = """
import click
from server.cli.pki import pki
from server.cli.sign import sign
from server.cli.verify import verify
root = click.Group("lienthong")
for command in (pki, sign, verify):
    root.add_command(command)
root()
"""


@dataclass(frozen=True)
class Terminal:
    """A folder and the commands run in it."""

    folder: Path

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", _MAIN, *map(str, words)]
        repository = str(Path(__file__).parents[3])
        environment = {**os.environ, "PYTHONPATH": repository, "KEY_PASS": "mat khau", "WRONG": "sai"}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=90, check=False
        )

    def good(self, *words: object) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sign(self, source: str, target: str, *more: str) -> subprocess.CompletedProcess[str]:
        return self.run("sign", source, target, "--key", "key.p12", "--passphrase-env", "KEY_PASS", *more)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    made = Terminal(tmp_path_factory.mktemp("terminal"))
    made.good("pki", "init", "pki")
    issue = ("pki", "issue", "pki", "--kind", "organisation", "--name", "Sở Nội vụ", "--organ-id", "X1")
    made.good(*issue, "--out", "key.p12", "--passphrase-env", "KEY_PASS")
    (made.folder / "letter.pdf").write_bytes(letter())
    (made.folder / "seal.png").write_bytes(picture((220, 0, 0), (300, 300)))
    return made


def only_line(text: str) -> str:
    lines = text.splitlines()
    assert len(lines) == 1, text
    return lines[0]


def test_a_signed_file_verifies(terminal: Terminal) -> None:
    signed = terminal.sign(
        "letter.pdf", "a.pdf", "--purpose", "issue", "--image", "seal.png", "--number", "7"
    )
    assert signed.returncode == 0, signed.stderr
    told = json.loads(terminal.good("verify", "a.pdf", "--trust", "pki/trust", "--json"))
    assert (told["file"], told["verdict"], told["signatures"][0]["organ_id"]) == ("a.pdf", "valid", "X1")
    assert told["signatures"][0]["revocation"] == "good"


@pytest.mark.parametrize("purpose", ["approve", "attachment", "copy"])
def test_every_purpose_verifies(terminal: Terminal, purpose: str) -> None:
    signed = terminal.sign("letter.pdf", f"{purpose}.pdf", "--purpose", purpose, "--number", "7/QĐ", "--json")
    assert json.loads(signed.stdout)["level"] == "B-B"
    terminal.good("verify", f"{purpose}.pdf", "--trust", "pki/trust/root.pem")


@pytest.mark.parametrize("level", ["B-LTA"])
def test_levels_above_b_b_use_the_authority_of_the_folder(terminal: Terminal, level: str) -> None:
    signed = terminal.sign("letter.pdf", f"{level}.pdf", "--level", level, "--pki", "pki", "--json", "--pss")
    told = json.loads(signed.stdout)
    assert (signed.returncode, told["level"], told["wanted"]) == (0, level, level), signed.stderr
    report = json.loads(terminal.good("verify", f"{level}.pdf", "--trust", "pki/trust", "--json"))
    assert (report["signatures"][0]["level"], report["signatures"][0]["time_source"]) == (level, "timestamp")


def test_a_level_that_is_not_reached_is_told_and_exits_1(terminal: Terminal) -> None:
    port = free_port()  # nobody listens there
    words = ("--level", "B-LTA", "--tsa", f"http://127.0.0.1:{port}/tsa", "--json")
    done = terminal.sign("letter.pdf", "short.pdf", *words)
    told = json.loads(done.stdout)
    assert (done.returncode, told["level"], told["wanted"]) == (1, "B-B", "B-LTA")
    assert "level B-B reached and not B-LTA" in only_line(done.stderr)
    terminal.good("verify", "short.pdf", "--trust", "pki/trust")


def test_an_unsigned_file_exits_1(terminal: Terminal) -> None:
    done = terminal.run("verify", "letter.pdf", "--integrity-only", "--json")
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (1, "unsigned")


def test_of_several_files_the_worst_wins(terminal: Terminal) -> None:
    done = terminal.run("verify", "letter.pdf", "seal.png", "missing.pdf", "--integrity-only", "--json")
    verdicts = [json.loads(line)["verdict"] for line in done.stdout.splitlines()]
    assert (done.returncode, verdicts) == (2, ["unsigned", "unreadable", "unreadable"])


def test_a_revoked_key_exits_1(terminal: Terminal) -> None:
    issue = (
        "pki",
        "issue",
        "pki",
        "--kind",
        "person",
        "--name",
        "Văn thư",
        "--key",
        "p256",
        "--out",
        "r.p12",
    )
    serial = terminal.good(*issue, "--passphrase-env", "KEY_PASS").strip()
    terminal.good("sign", "letter.pdf", "r.pdf", "--key", "r.p12", "--passphrase-env", "KEY_PASS")
    terminal.good("pki", "revoke", "pki", "--serial", serial, "--reason", "keyCompromise")
    done = terminal.run("verify", "r.pdf", "--trust", "pki/trust", "--json")
    assert (done.returncode, json.loads(done.stdout)["signatures"][0]["revocation"]) == (1, "revoked")


def test_an_instant_without_zone_is_refused(terminal: Terminal) -> None:
    done = terminal.run("verify", "letter.pdf", "--integrity-only", "--at", "2026-11-22T10:00:00")
    assert done.returncode == 2
    assert "zone" in only_line(done.stderr)


@pytest.mark.parametrize(
    "words",
    [
        ("sign", "letter.pdf", "x.pdf", "--key", "key.p12", "--passphrase-env", "WRONG"),
        ("sign", "letter.pdf", "x.pdf", "--key", "key.p12", "--passphrase-env", "NOT_SET"),
        ("sign", "letter.pdf", "x.pdf", "--key", "none.p12", "--passphrase-env", "KEY_PASS"),
        ("sign", "none.pdf", "x.pdf", "--key", "key.p12", "--passphrase-env", "KEY_PASS"),
        ("sign", "seal.png", "x.pdf", "--key", "key.p12", "--passphrase-env", "KEY_PASS"),
        ("sign", "letter.pdf", "x.pdf", "--key", "key.p12", "--passphrase-env", "KEY_PASS", "--level", "B-T"),
        (
            "sign",
            "letter.pdf",
            "x.pdf",
            "--key",
            "key.p12",
            "--passphrase-env",
            "KEY_PASS",
            "--image",
            "key.p12",
        ),
        ("verify", "letter.pdf"),
        ("verify", "letter.pdf", "--trust", "nowhere"),
        ("verify", "letter.pdf", "--trust", "seal.png"),
        ("pki", "init", "pki"),
        ("pki", "revoke", "pki", "--serial", "12", "--reason", "superseded"),
        ("pki", "revoke", "nowhere", "--serial", "12", "--reason", "superseded"),
    ],
)
def test_a_fault_is_one_line_and_exit_2(terminal: Terminal, words: tuple[str, ...]) -> None:
    done = terminal.run(*words)
    assert done.returncode == 2, done.stdout
    assert only_line(done.stderr)
    assert not (terminal.folder / "x.pdf").exists()


def test_a_folder_is_signed_and_a_bad_file_is_reported(terminal: Terminal) -> None:
    source = terminal.folder / "in"
    source.mkdir()
    for name in ("1.pdf", "2.pdf", "3.PDF"):
        (source / name).write_bytes(blank_pdf())
    (source / "bad.pdf").write_bytes(b"no pdf")
    done = terminal.sign("in", "out", "--batch", "--json")
    errors = {
        Path(json.loads(line)["file"]).name: json.loads(line)["error"] for line in done.stdout.splitlines()
    }
    assert done.returncode == 2
    assert [name for name, error in errors.items() if error] == ["bad.pdf"]
    assert "bad.pdf" in only_line(done.stderr)
    terminal.good("verify", *(f"out/{n}" for n in ("1.pdf", "2.pdf", "3.PDF")), "--trust", "pki/trust")


def test_openssl_accepts_chain_and_lists(terminal: Terminal) -> None:
    pki = terminal.folder / "pki"
    lists = terminal.folder / "lists.pem"
    with lists.open("wb") as out:
        for name in ("root", "issuing"):
            crl = ["openssl", "crl", "-inform", "DER", "-in", str(pki / "crl" / f"{name}.crl")]
            out.write(subprocess.run(crl, check=True, capture_output=True, timeout=30).stdout)
    issued = next(
        path
        for path in (pki / "issued").glob("*.pem")
        if subprocess.run(
            ["openssl", "x509", "-in", str(path), "-noout", "-subject"],
            capture_output=True,
            timeout=30,
            check=True,
        ).stdout.count(b"X1")
    )
    command = ["openssl", "verify", "-x509_strict", "-crl_check_all", "-CAfile", str(pki / "trust/root.pem")]
    command += ["-untrusted", str(pki / "certs/issuing.pem"), "-CRLfile", str(lists), str(issued)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


def test_openssl_opens_the_key_file(terminal: Terminal) -> None:
    command = ["openssl", "pkcs12", "-in", "key.p12", "-passin", "pass:mat khau", "-noenc"]
    done = subprocess.run(command, cwd=terminal.folder, capture_output=True, timeout=30, check=False)
    assert b"BEGIN PRIVATE KEY" in done.stdout
