"""kill -9 in the middle of a bulk run: it is finished after the restart, and nothing is signed twice."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import pytest

from tests.factories.province import CHEAP, Built, sign_in
from tests.factories.server import Client, ServerProcess
from tests.faults.kills import copy_of, descendants, gone

DOCUMENTS = int(os.environ.get("LIENTHONG_FAULT_BULK", "12"))
DOCUMENTS_LONG = 200
ENVIRONMENT = {
    **CHEAP,
    "LIENTHONG_SIGNING_TIMEOUT_SECONDS": "8",  # claims of a dead process come back after it
    "LIENTHONG_IDENTITY_ADDRESS_ATTEMPTS": "1000",
}
WAIT_SECONDS = 240


async def post(client: Client, path: str, body: object) -> Any:
    return await client.post(f"/api/v1{path}", body)


async def to_sign(author: Client, chief: Client, n: int) -> Any:
    """A document that waits for the director."""
    fields = {
        "body_id": "z02-05",
        "type_code": "cong-van",
        "subject": f"Ký loạt {n}",
        "secrecy": "none",
        "recipients": ["z03-01"],
        "signer_post": "z02-05.giam-doc",
        "blocks": [{"kind": "paragraph", "runs": [{"text": "Nội dung."}]}],
    }
    moved = await post(author, "/documents", {"fields": fields})
    for act in ("render", "submit"):
        moved = await post(author, f"/documents/{moved['id']}/{act}", {"version": moved["version"]})
    body = {"version": moved["version"], "passed": True}
    return await post(chief, f"/documents/{moved['id']}/form-check", body)


async def ended(client: Client, run_id: str, at_least: int = -1) -> Any:
    """Wait until a run has ended, or until it has done ``at_least`` items."""
    for _ in range(WAIT_SECONDS * 10):
        run = await client.get(f"/api/v1/bulk-runs/{run_id}")
        if run["state"] != "running" or run["done"] >= at_least >= 0:
            return run
        await asyncio.sleep(0.1)
    raise AssertionError(f"the run does not go on: {run}")


async def killed_and_resumed(folder: Path, documents: int, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    server = ServerProcess(folder, environment=ENVIRONMENT)
    await asyncio.to_thread(server.start)
    try:
        async with Client(server.url) as author, Client(server.url) as chief, Client(server.url) as director:
            await sign_in(author, "chuyenvien.syt")
            await sign_in(chief, "chanhvp.syt")
            await sign_in(director, "giamdoc.syt")
            moved = [await to_sign(author, chief, n) for n in range(documents)]
            items = [{"id": one["id"], "version": one["version"]} for one in moved]
            run = await post(director, "/bulk-runs", {"kind": "documents.sign", "items": items})
            for kill in range(kills):
                await ended(director, run["id"], at_least=1 + kill * documents // (kills + 1))
                await asyncio.sleep(chance.uniform(0.0, 0.3))  # the moment of the kill: chance, not a wait
                children = descendants(server)
                await asyncio.to_thread(server.kill)
                await gone(children)
                await asyncio.to_thread(server.start)
            run = await ended(director, run["id"])
            assert (run["state"], run["done"], run["failed"]) == ("done", documents, 0)
            outcomes = await director.get(f"/api/v1/bulk-runs/{run['id']}/items?limit=200")
            for item in outcomes["items"]:
                view = await director.get(f"/api/v1/documents/{item['subject_id']}")
                assert [step["act"] for step in view["steps"]].count("sign") == 1
                signed = [one for one in view["versions"] if one["kind"] == "signed"]
                assert [one["main"]["digest"] for one in signed] == [item["result"]]
        assert await asyncio.to_thread(server.stop) == 0
    finally:
        if server.process is not None:
            await asyncio.to_thread(server.kill)


async def test_a_killed_server_finishes_its_bulk_run(sqlite_province: Built, tmp_path: Path) -> None:
    folder = await asyncio.to_thread(copy_of, sqlite_province.folder, tmp_path / "data")
    await killed_and_resumed(folder, DOCUMENTS, kills=1, seed=1)


@pytest.mark.faults
@pytest.mark.timeout(3600)
async def test_a_long_run_survives_many_kills(sqlite_province: Built, tmp_path: Path) -> None:
    folder = await asyncio.to_thread(copy_of, sqlite_province.folder, tmp_path / "data")
    await killed_and_resumed(folder, DOCUMENTS_LONG, kills=12, seed=2)
