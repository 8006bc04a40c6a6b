"""Levels: reached at once, or told and made up for later; never silently lower."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import pytest

from server.kernel.errors import Invalid, Unavailable
from server.signatures.levels import RAISE, LevelRules, RaiseRequest
from signing.errors import ServiceFault
from signing.local import open_services
from signing.model import Level
from signing.services import Services
from signing.validate.material import load
from signing.validate.pdf import validate
from storage.sql.protocol import Statement
from tests.integration.signatures.conftest import AUTHOR, CLERK, Desks
from tests.integration.signatures.rows import Payload


class Down:
    """An authority that does not answer."""

    def stamp(self, digest: bytes, at: datetime) -> bytes:
        raise ServiceFault("the authority does not answer")


@pytest.fixture
async def services(desks: Desks) -> Services:
    """Time-stamps and revocation of the province's own authority; every document wants B-LTA."""
    signatures = desks.office.services.signatures
    settings = signatures.settings
    signatures.settings = msgspec.structs.replace(settings, level="B-LTA", tsa="http://127.0.0.1/pki/tsa")
    made = await asyncio.to_thread(open_services, desks.pki)
    signatures.tools.services = made
    return made


async def levels(desks: Desks, document_id: str) -> tuple[str, list[str | None]]:
    """Return verdict and levels of the newest file."""
    pdf = await desks.file(CLERK, document_id)
    now = desks.office.services.units.now()

    def judged() -> tuple[str, list[str | None]]:
        report = validate(pdf, trust=load(desks.pki / "trust"), at=now)
        found = [one.level for one in report.signatures if not one.document_time_stamp]
        return report.verdict.value, [level.value if level else None for level in found]

    return await asyncio.to_thread(judged)


async def told(desks: Desks, document_id: str) -> Any:
    view = await desks.office.services.signatures.level_of(document_id)
    assert view is not None
    return view.wanted.value, view.reached.value


async def waiting(desks: Desks) -> list[RaiseRequest]:
    rows = await desks.office.services.database.fetch(
        Statement("test.outbox", "SELECT payload FROM outbox WHERE kind = :kind"), {"kind": RAISE}, Payload
    )
    return [msgspec.json.decode(row.payload, type=RaiseRequest) for row in rows]


async def test_a_sealed_document_has_the_level_wanted(desks: Desks, services: Services) -> None:
    moved = await desks.numbered()
    moved = await desks.act(CLERK, moved, "seal")
    assert await levels(desks, moved["id"]) == ("valid", ["B-LTA", "B-LTA"])
    assert await told(desks, moved["id"]) == ("B-LTA", "B-LTA")
    assert await waiting(desks) == []


async def test_without_the_authority_the_level_is_told_and_made_up_for_later(
    desks: Desks, services: Services
) -> None:
    signatures = desks.office.services.signatures
    signatures.tools.services = replace(services, timestamper=Down())
    moved = await desks.signed("Máy chủ dấu thời gian không trả lời")
    assert moved["state"] == "signed"
    assert await told(desks, moved["id"]) == ("B-T", "B-B")
    [request] = await waiting(desks)
    with pytest.raises(Unavailable) as caught:
        await signatures.on_raise(request, "")
    assert caught.value.code == "signatures.stamps_down"
    assert await told(desks, moved["id"]) == ("B-T", "B-B")
    await desks.office.services.jobs.drain()
    page = await (await desks.at(CLERK)).call("GET", f"/van-ban/{moved['id']}/chu-ky")
    assert "Chữ ký mới đạt mức B-B, yêu cầu B-T" in page.body.decode()
    signatures.tools.services = services
    await signatures.on_raise(request, "")
    assert await levels(desks, moved["id"]) == ("valid", ["B-T"])
    assert await told(desks, moved["id"]) == ("B-T", "B-T")
    await signatures.on_raise(request, "")  # delivered twice: nothing happens
    document = await desks.document(CLERK, moved["id"])
    sealed = await desks.act(CLERK, await desks.act(CLERK, document, "number"), "seal")
    assert await levels(desks, sealed["id"]) == ("valid", ["B-LTA", "B-LTA"])


async def test_a_seal_is_raised_even_after_the_issue(desks: Desks, services: Services) -> None:
    signatures = desks.office.services.signatures
    signed = await desks.signed("Phát hành khi chưa có dấu thời gian")
    signatures.tools.services = replace(services, timestamper=Down())
    moved = await desks.act(CLERK, await desks.act(CLERK, signed, "number"), "seal")
    issued = await desks.act(CLERK, moved, "issue")
    assert await told(desks, moved["id"]) == ("B-LTA", "B-B")
    signatures.tools.services = services
    for request in await waiting(desks):
        await signatures.on_raise(request, "")
    document = await desks.document(CLERK, issued["id"])
    assert (document["state"], document["main_digest"] != issued["main_digest"]) == ("issued", True)
    assert await levels(desks, issued["id"]) == ("valid", ["B-LTA", "B-LTA"])
    steps = (await desks.get(CLERK, f"/documents/{issued['id']}"))["versions"]
    assert steps[-1]["note"] == "Bổ sung dấu thời gian"


async def test_a_level_that_can_never_be_reached_is_told_before(desks: Desks, services: Services) -> None:
    signatures = desks.office.services.signatures
    signatures.settings = msgspec.structs.replace(signatures.settings, tsa="")
    moved = await desks.draft()
    answer = await desks.tried(AUTHOR, f"/documents/{moved['id']}/submit", {"version": moved["version"]})
    assert [fault["code"] for fault in answer.json["faults"]] == ["signatures.ready_no_tsa"]


async def test_the_level_is_set_by_body_and_type(desks: Desks) -> None:
    settings = msgspec.structs.replace(
        desks.office.services.settings.signing, levels=["z01 * B-LTA", "* quyet-dinh B-LT"], level="B-T"
    )
    rules = LevelRules(settings)
    assert rules.wanted("z01", "cong-van") is Level.B_LTA
    assert rules.wanted("z02-05", "quyet-dinh") is Level.B_LT
    assert rules.wanted("z02-05", "cong-van") is Level.B_T
    with pytest.raises(Invalid):
        LevelRules(msgspec.structs.replace(settings, levels=["z01 B-LTA"]))
