"""The authority over time: root away, lists, new keys for its services, warnings."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509

from server.cli.pki import pki as command
from signing.errors import PkiFault
from signing.pki import ca, upkeep
from signing.pki.ca import Authority, CertificateRequest
from signing.pki.crl import Reason
from signing.pki.opened import open_pki
from signing.pki.profiles import KeyType, Kind
from tests.unit.signing.samples import NOW, PASSPHRASE


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return ca.init(tmp_path / "pki", passphrase=None, now=NOW)


def issue(authority: Authority, days: int) -> ca.Issued:
    asked = CertificateRequest(Kind.PERSON, "Văn thư", key=KeyType.P256, lifetime=timedelta(days=days))
    return authority.issue(asked, passphrase=PASSPHRASE, now=NOW)


def listed(authority: Authority) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl((authority.folder / "crl" / "issuing.crl").read_bytes())


def test_issuing_and_revoking_work_while_the_root_key_is_away(authority: Authority) -> None:
    for path in (authority.folder / "private").glob("root.*"):
        path.unlink()
    again = ca.open_authority(authority.folder, passphrase=None)
    again.revoke(issue(again, 10).serial, Reason.SUPERSEDED, now=NOW)
    assert len(listed(authority)) == 1
    with pytest.raises(PkiFault):
        upkeep.refresh_root_list(authority.folder, passphrase=None, now=NOW)


def test_an_entry_goes_one_list_after_the_end_of_its_certificate(authority: Authority) -> None:
    authority.revoke(issue(authority, 10).serial, Reason.SUPERSEDED, now=NOW)
    found = []
    for days in (9, 11, 39, 41):
        authority.refresh_crl(now=NOW + timedelta(days=days))
        found.append(len(listed(authority)))
    assert found == [1, 1, 1, 0]


def test_lists_are_numbered_upwards(authority: Authority) -> None:
    numbers = []
    for _ in range(3):
        authority.refresh_crl(now=NOW)
        numbers.append(listed(authority).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number)
    assert numbers == sorted(set(numbers))


def test_the_issuing_authority_names_nobody_abroad(authority: Authority) -> None:
    found = authority.issuing.certificate.extensions.get_extension_for_class(x509.NameConstraints)
    (subtree,) = list(found.value.permitted_subtrees or [])
    assert found.critical
    assert subtree.value.rfc4514_string() == "C=VN"


@pytest.mark.parametrize("kind", upkeep.RENEWABLE)
def test_a_service_gets_a_new_key(authority: Authority, kind: Kind) -> None:
    before = open_pki(authority.folder)
    upkeep.renew(authority, kind, passphrase=None, now=NOW)
    after = open_pki(authority.folder)
    keys = {
        Kind.TSA: (before.tsa.key.encoded, after.tsa.key.encoded),
        Kind.OCSP: (before.responder.desks[0].key.encoded, after.responder.desks[0].key.encoded),
    }
    old, new = keys.pop(kind)
    assert old != new
    (untouched,) = keys.values()
    assert untouched[0] == untouched[1]


def test_root_and_issuing_authority_are_not_renewed_so(authority: Authority) -> None:
    with pytest.raises(PkiFault, match="only ocsp and tsa"):
        upkeep.renew(authority, Kind.ISSUING, passphrase=None, now=NOW)


def test_what_ends_soon_warns(authority: Authority) -> None:
    def warning(days: int) -> set[str]:
        at = NOW + timedelta(days=days)
        return {part.name for part in upkeep.parts(authority.folder) if part.warns(at)}

    assert warning(1) == set()
    assert warning(24) == {"issuing.crl"}
    assert warning(320) == {"issuing.crl", "root.crl", "ocsp"}


def test_the_commands_crl_and_renew(authority: Authority) -> None:
    for words in (
        ["crl", str(authority.folder), "--root"],
        ["renew", str(authority.folder), "--what", "tsa"],
    ):
        done = CliRunner().invoke(command, words)
        assert done.exit_code == 0, done.output
    done = CliRunner().invoke(command, ["crl", str(authority.folder / "nowhere")])
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
