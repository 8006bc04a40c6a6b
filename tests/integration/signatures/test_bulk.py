"""Bulk: one act, an outcome for each, and nothing signed twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from yarl import URL

from server.kernel.actor import Actor, RequestContext
from server.kernel.errors import Conflict
from server.kernel.record import Subject
from server.signatures.bulk import BulkRuns
from server.signatures.bulk_model import BulkAsked, BulkItem, Note
from server.unit import Units
from tests.integration.signatures.conftest import CLERK, DIRECTOR, Desks


async def run(desks: Desks, username: str, kind: str, *moved: Any) -> tuple[Any, list[Any]]:
    """Start a run and carry it out; return its figures and its items."""
    items = [{"id": one["id"], "version": one["version"], "title": "Văn bản"} for one in moved]
    started = await desks.post(username, "/bulk-runs", {"kind": kind, "items": items})
    await desks.office.services.bulk.drain()
    found = await desks.get(username, f"/bulk-runs/{started['id']}")
    outcomes = await desks.get(username, f"/bulk-runs/{started['id']}/items")
    return found, list(outcomes["items"])


async def test_a_leader_signs_what_waits_and_what_cannot_be_signed_stops_nothing(any_desks: Desks) -> None:
    good = [await any_desks.to_sign(f"Văn bản {n}") for n in range(4)]
    done = await any_desks.signed("Đã ký rồi")
    stale = {**(await any_desks.to_sign("Đã đổi")), "version": 1}
    figures, items = await run(
        any_desks, DIRECTOR, "documents.sign", good[0], done, good[1], stale, *good[2:]
    )
    assert (figures["state"], figures["done"], figures["failed"]) == ("done", 4, 2)
    codes = [item["fault"]["code"] if item["fault"] else "" for item in items]
    assert codes == ["", "documents.not_now", "", "documents.changed", "", ""]
    for one in good:
        report = await any_desks.office.services.signatures.check(await any_desks.file(DIRECTOR, one["id"]))
        assert (report.verdict.value, len(report.signatures)) == ("valid", 1)


async def test_a_clerk_numbers_and_seals_in_the_order_chosen(desks: Desks) -> None:
    fresh = [await desks.signed(f"Văn bản {n}") for n in range(3)]
    numbered = await desks.numbered("Đã có số")
    figures, items = await run(desks, CLERK, "documents.seal", numbered, *fresh)
    assert (figures["done"], figures["failed"]) == (4, 0)
    documents = [await desks.document(CLERK, one["id"]) for one in fresh]
    assert [document["state"] for document in documents] == ["sealed"] * 3
    numbers = {document["number_text"] for document in documents}
    assert len(numbers) == 3
    assert [item["result"] for item in items[1:]] == [document["main_digest"] for document in documents]


async def test_a_run_is_its_owners_alone(desks: Desks) -> None:
    moved = await desks.to_sign()
    figures, _ = await run(desks, DIRECTOR, "documents.sign", moved)
    other = await (await desks.at(CLERK)).call("GET", f"/api/v1/bulk-runs/{figures['id']}")
    assert other.status == 404
    page = await (await desks.at(DIRECTOR)).call("GET", f"/ky-loat/{figures['id']}")
    assert page.status == 200
    assert "Đã xong" in page.body.decode()


async def test_what_a_role_may_not_do_is_not_begun(desks: Desks) -> None:
    moved = await desks.to_sign()
    body = {"kind": "documents.seal", "items": [{"id": moved["id"], "version": moved["version"]}]}
    answer = await desks.tried(DIRECTOR, "/bulk-runs", body)
    assert (answer.status, answer.json["code"]) == (403, "identity.not_allowed")
    twice = {"kind": "documents.sign", "items": [{"id": moved["id"], "version": 1}] * 2}
    answer = await desks.tried(DIRECTOR, "/bulk-runs", twice)
    assert (answer.status, answer.json["code"]) == (400, "signatures.bulk_twice")


async def test_two_workers_at_the_same_run_sign_each_document_once(any_desks: Desks) -> None:
    moved = [await any_desks.to_sign(f"Văn bản {n}") for n in range(6)]
    items = [{"id": one["id"], "version": one["version"]} for one in moved]
    started = await any_desks.post(DIRECTOR, "/bulk-runs", {"kind": "documents.sign", "items": items})
    services = any_desks.office.services
    await asyncio.gather(services.bulk.drain(), services.bulk.drain())
    figures = await any_desks.get(DIRECTOR, f"/bulk-runs/{started['id']}")
    assert (figures["done"], figures["failed"]) == (6, 0)
    for one in moved:
        view = await any_desks.get(DIRECTOR, f"/documents/{one['id']}")
        assert [step["act"] for step in view["steps"]].count("sign") == 1


class Slow:
    """Work that takes longer than its first claim lasts."""

    permission = "documents.sign"

    def __init__(self, units: Units) -> None:
        self.units = units
        self.reached = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.recorded: list[str] = []

    async def run(self, actor: Actor, item: BulkItem, note: Note) -> None:
        self.reached.set()
        await self.goes_on.wait()
        async with self.units.begin(actor) as unit:
            unit.record("signatures.verify", Subject("file", item.subject_id))
            await note(unit, result=f"by {item.claimed_by}")
        self.recorded.append(item.claimed_by)


async def test_a_worker_that_comes_too_late_changes_nothing(desks: Desks) -> None:
    services = desks.office.services
    client = await desks.at(DIRECTOR)
    cookies = client._session.cookie_jar.filter_cookies(URL(client.url))
    actor = await services.sessions.resume(cookies["session"].value, "", RequestContext())
    assert actor is not None
    work = Slow(services.units)
    pool = services.signatures.pool
    first = BulkRuns(services.units, services.access, pool, items_max=5, claim_seconds=1)
    second = BulkRuns(services.units, services.access, pool, items_max=5, claim_seconds=60)
    first.register("slow", work)
    second.register("slow", work)
    view = await first.start_run(actor, "slow", [BulkAsked("a", 0)])
    [run] = await first._store.open_runs(1)
    now = services.units.now()
    [late] = await first._store.claim(run.id, "first-1", now, now, 1)  # a claim that is over at once
    drained = asyncio.create_task(second.drain())
    await work.reached.wait()
    work.goes_on.set()
    await drained
    with pytest.raises(Conflict) as caught:
        await work.run(actor, late, first._note_for(late))
    assert caught.value.code == "signatures.bulk_lost"
    done = await second.run(actor, view.id)
    assert (done.state, done.done, len(work.recorded)) == ("done", 1, 1)
