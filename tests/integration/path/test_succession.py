"""A body merges into another: what it left goes on at the successor, and its past stays its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pikepdf
import pytest

from server.kernel.actor import SYSTEM
from server.kernel.clock import local_date
from server.organisations.data import BodyData
from tests.data.pdf_pieces import blank, saved
from tests.factories.province import Office
from tests.factories.server import Client

OLD, NEW = "z02-06", "z02-05"


def today() -> date:
    return local_date(datetime.now(UTC))


async def send(clerk: Client, subject: str, to: list[str], body: str = "z01") -> dict[str, str]:
    """Hand a document in and send it; return the arrival of each recipient."""
    pdf = blank()
    pdf.Root.Note = pikepdf.String(subject)
    file = await clerk.call(
        "POST",
        "/api/v1/files?name=a.pdf&secrecy=none",
        data=saved(pdf),
        headers={"Content-Type": "application/pdf"},
    )
    document: dict[str, Any] = {"body_id": body, "type_code": "thong-bao", "subject": subject}
    document |= {"secrecy": "none", "main": {"digest": file.ok()["digest"]}, "signer_name": "Người ký"}
    sent = await clerk.post("/api/v1/dispatches/hand-in", {"document": document, "addressees": {"to": to}})
    return {one["body_id"]: one["arrival_id"] for one in sent["arrivals"]}


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Closes the clients of a test."""
    async with AsyncExitStack() as opened:
        yield opened


async def test_what_a_merged_body_left_goes_on_at_its_successor(
    office: Office, stack: AsyncExitStack
) -> None:
    people = {
        name: await stack.enter_async_context(await office.sign_in(name))
        for name in ("vanthu.vptu", "vanthu.sct", "giamdoc.sct", "vanthu.syt", "giamdoc.syt")
    }
    party, old, new = people["vanthu.vptu"], people["vanthu.sct"], people["vanthu.syt"]
    waiting = (await send(party, "Chưa vào sổ", [OLD]))[OLD]
    working = (await send(party, "Đang xử lý", [OLD]))[OLD]
    named = (await send(party, "Giao cho chuyên viên", [OLD]))[OLD]
    for arrival in (working, named):
        await old.post(f"/api/v1/arrivals/{arrival}/accept")
        await old.post(f"/api/v1/arrivals/{arrival}/submit", {"posts": [f"{OLD}.giam-doc"]})
    heads = people["giamdoc.sct"]
    target = {"post_id": f"{OLD}.truong-phong", "part": "lead"}
    await heads.post(f"/api/v1/arrivals/{working}/assign", {"targets": [target]})
    target = {"post_id": f"{OLD}.chuyen-vien", "part": "lead"}
    await heads.post(f"/api/v1/arrivals/{named}/assign", {"targets": [target]})
    await send(old, "Văn bản của sở cũ", ["z03-01"], OLD)

    posts = {f"{OLD}.chuyen-vien": f"{NEW}.chuyen-vien"}
    await office.services.organisations.close(
        SYSTEM, OLD, on=today(), successor_id=NEW, basis="Nghị quyết hợp nhất", posts=posts
    )
    await office.services.jobs.drain()

    # The successor's clerk keeps the books and has the arrivals in the inbox, still named for the old body.
    inbox = (await new.get(f"/api/v1/arrivals?body_id={OLD}"))["items"]
    assert {one["id"] for one in inbox} == {waiting, working, named}
    book = (await new.get(f"/api/v1/books/incoming?body_id={OLD}&order=oldest"))["items"]
    assert [line["text"] for line in book] == ["01", "02"]
    (line,) = (await new.get(f"/api/v1/books/outgoing?body_id={OLD}"))["items"]
    assert line["subject"] == "Văn bản của sở cũ"
    # What was not accepted goes into the successor's book; the old series takes no number any more.
    before = len((await new.get(f"/api/v1/books/incoming?body_id={NEW}"))["items"])
    await new.post(f"/api/v1/arrivals/{waiting}/accept")
    assert len((await new.get(f"/api/v1/books/incoming?body_id={NEW}"))["items"]) == before + 1
    wanted = {"body_id": OLD, "type_code": "thong-bao", "subject": "Sau khi hợp nhất"}
    refused = await new.call("POST", "/api/v1/numbers", body=wanted)
    assert (refused.status, refused.json["code"]) == (400, "registers.no_series")
    # Open work: to the post that was named, or before the one who gives it out anew.
    parts = (await new.get(f"/api/v1/arrivals/{named}"))["assignments"]
    assert [(one["post_id"], one["part"]) for one in parts if one["done_at"] is None] == [
        (f"{NEW}.chuyen-vien", "lead")
    ]
    (withdrawn,) = [one for one in parts if one["revoked_at"] is not None and one["part"] == "lead"]
    assert "kế thừa" in withdrawn["revoke_reason"]
    parts = (await new.get(f"/api/v1/arrivals/{working}"))["assignments"]
    assert [(one["post_id"], one["part"]) for one in parts if one["done_at"] is None] == [
        (f"{NEW}.chanh-van-phong", "decide")
    ]
    # It goes on: the successor's leader assigns what the old head had, and it is finished.
    target = {"post_id": f"{NEW}.chuyen-vien", "part": "lead"}
    async with await office.sign_in("chanhvp.syt") as chief:
        await chief.post(f"/api/v1/arrivals/{working}/assign", {"targets": [target]})
    async with await office.sign_in("chuyenvien.syt") as specialist:
        for arrival in (working, named):
            await specialist.post(f"/api/v1/arrivals/{arrival}/start")
            await specialist.post(f"/api/v1/arrivals/{arrival}/finish", {"result": "Xong"})
    # Nothing is sent to the closed body any more, and the refusal names the successor.
    with pytest.raises(AssertionError, match="recipient_succeeded"):
        await send(party, "Gửi sở cũ", [OLD])
    # Both structures: the tree of yesterday has the old body, that of today has not; the code resolves.
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    assert OLD in {one["id"] for one in await new.get(f"/api/v1/tree?at={yesterday}")}
    assert OLD not in {one["id"] for one in await new.get("/api/v1/tree")}


async def test_books_follow_their_keeper(office: Office) -> None:
    async with (
        await office.sign_in("vanthu.vptu") as party,
        await office.sign_in("vanthu.syt") as health,
    ):
        unit = "z06-01"
        arrival = (await send(party, "Gửi trung tâm", [unit]))[unit]
        assert (await health.call("GET", f"/api/v1/arrivals/{arrival}")).status == 404
        organisations = office.services.organisations
        body = await organisations.body(unit)
        data = BodyData(
            code=body.code,
            name=body.name,
            bloc=body.bloc,
            level=body.level,
            profile=body.profile,
            valid_from=body.valid_from,
            short_name=body.short_name,
            abbreviation=body.abbreviation,
            parent=body.parent_id,
            kept_by=NEW,
        )
        await organisations.change(SYSTEM, unit, data, on=today(), basis="Quyết định giao giữ sổ")
        await office.services.jobs.drain()
        inbox = (await health.get("/api/v1/arrivals?waiting=true"))["items"]
        assert arrival in {one["id"] for one in inbox}
        await health.post(f"/api/v1/arrivals/{arrival}/accept")
        (line,) = (await health.get(f"/api/v1/books/incoming?body_id={unit}"))["items"]
        assert line["subject"] == "Gửi trung tâm"
