"""The path validation test suite of NIST (PKITS 1.0.1), every case of it, by ``pki verify-path``.

The expected results, and the settings of the cases that have some, are those that pyHanko's own tests keep
beside the certificates. Left out: one entry that is no case of NIST (a policy named, but not required).
"""

from __future__ import annotations

import base64
import shutil
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from server.cli.outcome import Stop
from server.cli.pki_path import verify_path
from tests.factories.foreign import unpacked

NOT_OF_NIST = frozenset({"all_certs_same_policy_test1_with_constraint_mismatch_ignored"})
SECTIONS = 16
AT = "2020-01-01T00:00:00Z"


class Params(msgspec.Struct):
    """Initial settings of RFC 5280, 6.1.1."""

    user_initial_policy_set: list[str] = []
    initial_explicit_policy: bool = False
    initial_policy_mapping_inhibit: bool = False
    initial_any_policy_inhibit: bool = False


class Error(msgspec.Struct):
    """Why a path is not valid."""

    msg_regex: str = ""


class Case(msgspec.Struct):
    """One case."""

    id: str
    """Section (two digits, of chapter 4), number in it."""
    name: str
    cert: str
    other_certs: list[str] = []
    crls: list[str] = []
    params: Params | None = None
    error: Error | None = None


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(
        "pyhanko_certvalidator-0.33.0.tar.gz", "tests/fixtures/nist_pkits", tmp_path_factory.mktemp("pkits")
    )


def options(case: Case) -> list[str]:
    params = case.params or Params()
    flags = {
        "--explicit-policy": params.initial_explicit_policy,
        "--inhibit-mapping": params.initial_policy_mapping_inhibit,
        "--inhibit-any-policy": params.initial_any_policy_inhibit,
    }
    found = [flag for flag, on in flags.items() if on]
    for oid in params.user_initial_policy_set:
        found += ["--policy", oid]
    return found


def pem(certificate: Path) -> str:
    text = base64.encodebytes(certificate.read_bytes()).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"


def test_every_case_has_the_result_that_nist_expects(suite: Path, tmp_path: Path) -> None:
    cases = msgspec.json.decode((suite / "pkits.json").read_bytes(), type=list[Case])
    trust = tmp_path / "trust.pem"
    trust.write_text(pem(suite / "certs" / "TrustAnchorRootCertificate.crt"))
    certificate = tmp_path / "certificate.pem"
    wrong: list[str] = []
    sections: Counter[str] = Counter()
    for number, case in enumerate(cases):
        if case.name in NOT_OF_NIST:
            continue
        certificate.write_text(pem(suite / "certs" / case.cert))
        chain, crls = tmp_path / f"chain{number}", tmp_path / f"crls{number}"
        for folder, names in ((chain, case.other_certs), (crls, [*case.crls, "TrustAnchorRootCRL.crl"])):
            folder.mkdir()
            for name in names:
                shutil.copy(suite / ("certs" if folder is chain else "crls") / name, folder)
        asked = [str(certificate), "--trust", str(trust), "--chain", str(chain), "--crls", str(crls)]
        result = CliRunner().invoke(verify_path, [*asked, "--at", AT, *options(case)])
        assert not isinstance(result.exception, Stop), result.exception
        sections[case.id[:3]] += 1
        if result.exit_code != (0 if case.error is None else 1):
            wrong.append(f"{case.id} {case.name}: {result.output.strip()}")

    assert wrong == []
    assert len(sections) == SECTIONS
