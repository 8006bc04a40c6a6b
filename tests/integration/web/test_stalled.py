"""A body that stops coming ends its request; what resumable uploads can is said to whoever asks."""

from __future__ import annotations

import asyncio

import pytest

from tests.factories.province import Office

LINES = "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "rest", ["Content-Length: 50\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"]
)
async def test_a_stalled_body_is_given_up(
    sqlite_office: Office, monkeypatch: pytest.MonkeyPatch, rest: str
) -> None:
    monkeypatch.setattr("web.endpoint.STALLED_SECONDS", 0.2)
    port = sqlite_office.server.port
    assert port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write((LINES + rest).encode())
    status = await asyncio.wait_for(reader.readline(), 5)
    assert status.startswith(b"HTTP/1.1 400 ")
    answer = await asyncio.wait_for(reader.read(2000), 5)
    assert b"web.body_cut_off" in answer
    writer.close()
    await writer.wait_closed()


async def test_a_stalled_upload_is_given_up(sqlite_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.routes.STALLED_SECONDS", 0.2)
    async with await sqlite_office.sign_in("vanthu.vptu") as clerk:
        waiting = asyncio.Event()

        async def body() -> object:
            yield b"%PDF-1.7\n"
            await waiting.wait()

        answer = await clerk.call(
            "POST",
            "/api/v1/files?name=a.pdf&secrecy=none",
            data=body(),  # type: ignore[arg-type]  # aiohttp streams an iterator
            headers={"Content-Type": "application/pdf"},
        )
        waiting.set()
    assert (answer.status, answer.json["code"]) == (400, "web.body_cut_off")


async def test_resumable_uploads_say_what_they_can(sqlite_office: Office) -> None:
    async with sqlite_office.client() as anybody:
        answer = await anybody.call("OPTIONS", "/api/v1/uploads")
    assert answer.status == 204
    assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {"creation", "expiration"}
    assert int(answer.headers["Tus-Max-Size"]) == sqlite_office.services.settings.files.limit_bytes
