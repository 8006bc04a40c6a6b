"""An operator stops the server: what is under way is finished, and the exit code is 0."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.factories.province import Built
from tests.faults.journal import CUT
from tests.faults.test_storage_faults import serving, succeeds, taking_of, until, upload_of


def listens(port: int) -> bool:
    """Tell whether anybody accepts on a port of the loopback."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_a_stop_finishes_what_is_under_way(sqlite_province: Built, tmp_path: Path) -> None:
    async with serving(sqlite_province.folder, tmp_path, {}) as (server, clerk):
        await succeeds(taking_of(clerk))
        sent = upload_of(clerk, kilobytes=4000)
        assert sent.data is not None
        data, stopping = sent.data, asyncio.Event()

        async def halves() -> AsyncIterator[bytes]:
            yield data[: len(data) // 2]
            await stopping.wait()
            yield data[len(data) // 2 :]

        headers = {**clerk.client.headers, "Idempotency-Key": sent.key, "Content-Type": "application/pdf"}
        url = server.url + sent.path

        async def upload() -> tuple[int, bytes]:
            async with clerk.client._session.post(url, data=halves(), headers=headers) as answer:
                return answer.status, await answer.read()

        under_way = asyncio.create_task(upload())
        await until(lambda: any((server.data / "spool").iterdir()), "the first half does not arrive")
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        await until(lambda: not listens(server.port), "the server still takes connections")
        stopping.set()
        status, body = await under_way
        assert status == 201, body
        assert await asyncio.to_thread(server.process.wait, 30) == 0

        await asyncio.to_thread(server.start)
        again = await sent.once()
        assert (again.status, again.body) == (status, body)


async def test_a_stop_without_requests_is_quick_and_clean(sqlite_province: Built, tmp_path: Path) -> None:
    async with serving(sqlite_province.folder, tmp_path, {}) as (server, clerk):
        first = await succeeds(taking_of(clerk))
        assert await asyncio.to_thread(server.stop) == 0
        try:
            await taking_of(clerk).once()
        except CUT as error:
            assert isinstance(error, aiohttp.ClientError)
        else:
            raise AssertionError("a stopped server answers")
        await asyncio.to_thread(server.start)
        again = await clerk.get(f"/numbers/{first.json['id']}")
        assert again["text"] == first.json["text"]
