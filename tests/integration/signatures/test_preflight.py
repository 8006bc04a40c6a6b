"""Before a document is accepted for signing: what would stop it is named, with what to do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509

from server.kernel.actor import SYSTEM
from server.signatures.model import OwnerKind
from signing.keys.software import open_pkcs12
from signing.pki import ca
from signing.pki.ca import CertificateRequest
from signing.pki.crl import Reason
from signing.pki.profiles import Kind
from storage.sql.protocol import Statement
from tests.factories.server import Answered
from tests.factories.tokens import token_for
from tests.integration.signatures.conftest import AUTHOR, CHIEF, DIRECTOR, HEALTH, Desks


async def submit(desks: Desks, moved: Any) -> Answered:
    return await desks.tried(AUTHOR, f"/documents/{moved['id']}/submit", {"version": moved["version"]})


def codes(answer: Answered) -> list[str]:
    return [fault["code"] for fault in answer.json["faults"]]


async def without_key(desks: Desks, kind: str, owner_id: str) -> None:
    """Take the key that the server holds for somebody out of use."""
    retire = Statement(
        "test.retire",
        "UPDATE signing_keys SET state = 'retired' WHERE owner_kind = :kind AND owner_id = :owner",
    )
    async with desks.office.services.database.transaction() as tx:
        await tx.execute(retire, {"kind": kind, "owner": owner_id})


async def add_key(desks: Desks, owner_id: str, lifetime: timedelta | None, pki: Path) -> x509.Certificate:
    """Give the director a key with a certificate of a lifetime, by an authority."""

    def made() -> x509.Certificate:
        authority = ca.open_authority(pki, passphrase=None)
        request = CertificateRequest(Kind.PERSON, "Giám đốc", organ_id="Z02.05", lifetime=lifetime)
        issued = authority.issue(request, passphrase=b"thu", now=datetime.now(UTC))
        keys = desks.office.services.settings.under_data("keys")
        (keys / "moi.p12").write_bytes(issued.pkcs12)
        (keys / "moi.pass").write_bytes(b"thu")
        return open_pkcs12(issued.pkcs12, b"thu").identity.certificate

    certificate = await asyncio.to_thread(made)
    signatures = desks.office.services.signatures
    await signatures.add_key(SYSTEM, OwnerKind.PERSON, owner_id, path="moi.p12", passphrase_path="moi.pass")
    return certificate


async def test_a_document_with_good_keys_passes(desks: Desks) -> None:
    assert (await submit(desks, await desks.draft())).status == 200


async def test_a_signer_and_a_body_without_keys_are_both_named(desks: Desks) -> None:
    moved = await desks.draft()
    await without_key(desks, "person", await desks.account(DIRECTOR))
    await without_key(desks, "body", HEALTH)
    answer = await submit(desks, moved)
    assert (answer.status, codes(answer)) == (400, ["signatures.ready_no_key"] * 2)
    said = [fault["message"] for fault in answer.json["faults"]]
    assert "Giám đốc" in said[0]
    assert "Sở Y tế" in said[1]
    assert all("Đề nghị quản trị" in one for one in said)
    assert (await desks.document(AUTHOR, moved["id"]))["state"] == "draft"


async def test_a_token_is_as_good_as_a_key(desks: Desks) -> None:
    await without_key(desks, "person", await desks.account(DIRECTOR))
    await desks.person_token()
    assert (await submit(desks, await desks.draft())).status == 200


async def test_a_certificate_that_ends_too_soon_is_named_with_its_day(desks: Desks) -> None:
    await add_key(desks, await desks.account(DIRECTOR), timedelta(days=1), desks.pki)
    answer = await submit(desks, await desks.draft())
    assert codes(answer) == ["signatures.ready_ends"]
    day = (datetime.now(UTC) + timedelta(days=1)).strftime("/%m/%Y")
    assert day in answer.json["faults"][0]["message"]


async def test_a_revoked_certificate_is_named(desks: Desks) -> None:
    certificate = await add_key(desks, await desks.account(DIRECTOR), None, desks.pki)

    def revoke() -> None:
        authority = ca.open_authority(desks.pki, passphrase=None)
        authority.revoke(f"{certificate.serial_number:x}", Reason.KEY_COMPROMISE, now=datetime.now(UTC))

    await asyncio.to_thread(revoke)
    answer = await submit(desks, await desks.draft())
    assert codes(answer) == ["signatures.ready_revoked"]


async def test_a_certificate_of_a_stranger_is_named(desks: Desks, tmp_path: Path) -> None:
    await without_key(desks, "person", await desks.account(DIRECTOR))
    other = tmp_path / "other"
    await asyncio.to_thread(
        lambda: ca.init(other, passphrase=None, now=datetime.now(UTC) - timedelta(hours=1))
    )
    token = await asyncio.to_thread(token_for, other, "Giám đốc")
    await desks.register("person", await desks.account(DIRECTOR), token)
    answer = await submit(desks, await desks.draft())
    assert codes(answer) == ["signatures.ready_untrusted"]


async def test_it_is_asked_again_before_the_signer_gets_it(desks: Desks) -> None:
    moved = (await submit(desks, await desks.draft())).ok()
    await without_key(desks, "body", HEALTH)
    body = {"version": moved["version"], "passed": True}
    answer = await desks.tried(CHIEF, f"/documents/{moved['id']}/form-check", body)
    assert (answer.status, codes(answer)) == (400, ["signatures.ready_no_key"])
    assert (await desks.document(AUTHOR, moved["id"]))["state"] == "form_check"
