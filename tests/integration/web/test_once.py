"""Idempotency-Key over HTTP: once means once, for JSON and for uploads, on both engines."""

from __future__ import annotations

import asyncio

from tests.data.pdf_pieces import plain, plain_raw
from tests.factories.province import Office
from tests.factories.server import Answered, Client

DRAFT = {
    "fields": {"body_id": "z02-05", "type_code": "cong-van", "subject": "Một lần", "secrecy": "none"},
}
OTHER = {"fields": {**DRAFT["fields"], "subject": "Lần khác"}}
WHERE = "/api/v1/documents"


async def drafts(client: Client) -> int:
    """Return how many drafts somebody sees."""
    return len((await client.get(f"{WHERE}?kind=mine&limit=200"))["items"])


async def upload(client: Client, key: str | None, data: bytes) -> Answered:
    """Upload a file under a key."""
    headers = {"Content-Type": "application/pdf"}
    path = "/api/v1/files?name=a.pdf&secrecy=none"
    return await client.call("POST", path, data=data, key=key, headers=headers)


async def without_key(client: Client, path: str, data: bytes, kind: str) -> Answered:
    """POST without an Idempotency-Key (the client gives one by itself)."""
    headers = {**client.headers, "Content-Type": kind}
    async with client._session.post(client.url + path, data=data, headers=headers) as answer:
        return Answered(answer.status, answer.headers, await answer.read())


async def test_the_same_key_and_body_get_the_same_bytes(office: Office) -> None:
    async with await office.sign_in("chuyenvien.syt") as client:
        first = await client.call("POST", WHERE, body=DRAFT, key="k1")
        again = await client.call("POST", WHERE, body=DRAFT, key="k1")
        assert (first.status, again.status) == (201, 201)
        assert again.body == first.body
        assert again.headers["Idempotent-Replay"] == "true"
        assert "Idempotent-Replay" not in first.headers
        assert await drafts(client) == 1


async def test_the_same_key_with_another_body_is_a_conflict(office: Office) -> None:
    async with await office.sign_in("chuyenvien.syt") as client:
        (await client.call("POST", WHERE, body=DRAFT, key="k1")).ok()
        other = await client.call("POST", WHERE, body=OTHER, key="k1")
        assert (other.status, other.json["code"]) == (409, "unit.key_reused")
        assert await drafts(client) == 1


async def test_a_missing_key_is_a_fault_named_beside_the_others(office: Office) -> None:
    async with await office.sign_in("chuyenvien.syt") as client:
        answer = await without_key(client, WHERE, b'{"fields":{}, "x":1}', "application/json")
        codes = {fault["code"] for fault in answer.json["faults"]}
        assert answer.status == 400
        assert {"web.idempotency_key_missing", "web.field_missing", "web.unknown_field"} <= codes
        file = await without_key(client, "/api/v1/files?name=a.pdf&secrecy=none", plain(), "application/pdf")
        assert (file.status, file.json["code"]) == (400, "web.idempotency_key_missing")


async def test_a_key_belongs_to_an_account_and_a_route(office: Office) -> None:
    async with (
        await office.sign_in("chuyenvien.syt") as one,
        await office.sign_in("chuyenvien.xa1") as two,
    ):
        first = (await one.call("POST", WHERE, body=DRAFT, key="k1")).ok()
        commune = {"fields": {**DRAFT["fields"], "body_id": "z03-01"}}
        second = (await two.call("POST", WHERE, body=commune, key="k1")).ok()
        comment = f"{WHERE}/{first['id']}/comments"
        third = await one.call("POST", comment, body={"text": "Ý kiến"}, key="k1")
        assert first["id"] != second["id"]
        assert third.status == 201


async def test_twenty_twins_at_once_do_it_once(office: Office) -> None:
    async with await office.sign_in("chuyenvien.syt") as client:
        answers = await asyncio.gather(
            *(client.call("POST", WHERE, body=DRAFT, key="twin") for _ in range(20))
        )
        assert {answer.status for answer in answers} == {201}
        assert len({answer.body for answer in answers}) == 1
        assert sum("Idempotent-Replay" not in answer.headers for answer in answers) == 1
        assert await drafts(client) == 1


async def test_of_twins_that_differ_one_wins_and_the_others_are_told(office: Office) -> None:
    async with await office.sign_in("chuyenvien.syt") as client:
        answers = await asyncio.gather(
            *(client.call("POST", WHERE, body=OTHER if n % 2 else DRAFT, key="twin") for n in range(10))
        )
        assert sorted({answer.status for answer in answers}) == [201, 409]
        assert sum(answer.status == 201 for answer in answers) == 5
        assert await drafts(client) == 1


async def test_an_upload_is_kept_once_and_another_file_under_its_key_is_refused(office: Office) -> None:
    async with await office.sign_in("chuyenvien.syt") as client:
        first = await upload(client, "u1", plain())
        again = await upload(client, "u1", plain())
        other = await upload(client, "u1", plain_raw())
        assert (first.status, again.status) == (201, 201)
        assert again.body == first.body
        assert again.headers["Idempotent-Replay"] == "true"
        assert (other.status, other.json["code"]) == (409, "unit.key_reused")


async def test_twins_of_an_upload_get_one_answer(office: Office) -> None:
    async with await office.sign_in("chuyenvien.syt") as client:
        answers = await asyncio.gather(*(upload(client, "twin", plain()) for _ in range(20)))
        assert {answer.status for answer in answers} == {201}
        assert len({answer.body for answer in answers}) == 1
        assert sum("Idempotent-Replay" not in answer.headers for answer in answers) == 1
