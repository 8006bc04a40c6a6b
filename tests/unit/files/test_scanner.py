"""The clamd scanner against a stand-in that speaks the protocol of clamd's manual page over real sockets."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.files.scanner import ClamdScanner, NoScanner, open_scanner
from server.kernel.errors import Refused, Unavailable

Reply = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class ClamdStandIn:
    """Receives one command a connection and answers as told."""

    def __init__(self, reply: Reply, *, limit_bytes: int = 1 << 30) -> None:
        self._reply = reply
        self._limit_bytes = limit_bytes
        self.connections = 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            command = await reader.readuntil(b"\0")
            if command == b"zPING\0":
                writer.write(b"PONG\0")
            elif command == b"zINSTREAM\0":
                await self._stream(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client hung up
        finally:
            writer.close()

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = b""
        while length := struct.unpack(">I", await reader.readexactly(4))[0]:
            data += await reader.readexactly(length)
            if len(data) > self._limit_bytes:
                writer.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        await self._reply(data, writer)


def says(answer: bytes) -> Reply:
    async def reply(data: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return reply


async def judges(data: bytes, writer: asyncio.StreamWriter) -> None:
    """Finds one signature, as a scanner would."""
    writer.write(b"stream: Test.Signature FOUND\0" if b"HARMFUL" in data else b"stream: OK\0")


async def hangs(data: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


@asynccontextmanager
async def clamd(reply: Reply, *, limit_bytes: int = 1 << 30) -> AsyncIterator[tuple[str, ClamdStandIn]]:
    made = ClamdStandIn(reply, limit_bytes=limit_bytes)
    server = await asyncio.start_server(made.connected, "127.0.0.1", 0)
    try:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}", made
    finally:
        server.close()


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    path = tmp_path / "clean.pdf"
    path.write_bytes(b"harmless " * 100_000)
    return path


@pytest.fixture
def infected(tmp_path: Path) -> Path:
    path = tmp_path / "infected.pdf"
    path.write_bytes(b"x" * 700_000 + b"HARMFUL" + b"x" * 700_000)
    return path


async def test_a_clean_file_passes(clean: Path) -> None:
    async with clamd(judges) as (address, _):
        await ClamdScanner(address, fail_closed=True).scan(clean)


async def test_an_empty_file_passes(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    async with clamd(judges) as (address, _):
        await ClamdScanner(address, fail_closed=True).scan(tmp_path / "empty")


@pytest.mark.parametrize("fail_closed", [True, False])
async def test_an_infected_file_is_refused_with_the_name_found(infected: Path, fail_closed: bool) -> None:
    async with clamd(judges) as (address, _):
        with pytest.raises(Refused) as caught:
            await ClamdScanner(address, fail_closed=fail_closed).scan(infected)
    assert caught.value.code == "files.virus"
    assert caught.value.faults[0].params == {"name": "Test.Signature"}


async def test_a_socket_file_serves_as_well(infected: Path, tmp_path: Path) -> None:
    server = await asyncio.start_unix_server(ClamdStandIn(judges).connected, tmp_path / "clamd.ctl")
    async with server:
        scanner = ClamdScanner(f"unix://{tmp_path}/clamd.ctl", fail_closed=True)
        await scanner.check()
        with pytest.raises(Refused):
            await scanner.scan(infected)


@pytest.mark.parametrize("answer", [b"", b"stream: O", b"stream: OK", b"stream: lost ERROR\0", b"nonsense\0"])
async def test_without_a_whole_verdict_the_file_is_not_accepted(clean: Path, answer: bytes) -> None:
    async with clamd(says(answer)) as (address, standin):
        with pytest.raises(Unavailable) as caught:
            await ClamdScanner(address, fail_closed=True).scan(clean)
    assert caught.value.code == "files.scanner_unavailable"
    assert standin.connections == 2


async def test_without_a_verdict_the_file_passes_with_a_warning_when_it_fails_open(
    clean: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with clamd(says(b"stream: O")) as (address, _):
        with caplog.at_level(logging.WARNING):
            await ClamdScanner(address, fail_closed=False).scan(clean)
    assert "unscanned" in caplog.text


async def test_a_scanner_that_hangs_is_given_up_in_time(clean: Path) -> None:
    async with clamd(hangs) as (address, standin), asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await ClamdScanner(address, fail_closed=True, answer_seconds=0.3).scan(clean)
    assert standin.connections == 1


async def test_a_scanner_that_is_gone_is_unavailable(clean: Path) -> None:
    async with clamd(judges) as (address, _):
        pass
    scanner = ClamdScanner(address, fail_closed=True)
    for attempt in (scanner.scan(clean), scanner.check()):
        with pytest.raises(Unavailable) as caught:
            await attempt
        assert caught.value.code == "files.scanner_unavailable"
    await ClamdScanner(address, fail_closed=False).check()


@pytest.mark.parametrize("limit_bytes", [0, 300_000])
async def test_a_file_over_the_limit_of_the_scanner_is_not_accepted_unscanned(
    infected: Path, limit_bytes: int
) -> None:
    async with clamd(judges, limit_bytes=limit_bytes) as (address, _):
        with pytest.raises((Refused, Unavailable)) as caught:
            await ClamdScanner(address, fail_closed=True).scan(infected)
    assert caught.value.code in {"files.too_large_to_scan", "files.scanner_unavailable"}


async def test_a_file_just_over_the_limit_is_named_too_large_to_scan(tmp_path: Path) -> None:
    path = tmp_path / "big.pdf"
    path.write_bytes(b"x" * 200_000)
    async with clamd(judges, limit_bytes=100_000) as (address, _):
        with pytest.raises(Refused) as caught:
            await ClamdScanner(address, fail_closed=True).scan(path)
        assert caught.value.code == "files.too_large_to_scan"
        await ClamdScanner(address, fail_closed=False).scan(path)


async def test_many_files_wait_for_their_turn(clean: Path, infected: Path) -> None:
    async with clamd(judges) as (address, _):
        scanner = ClamdScanner(address, fail_closed=True, connections=2)
        answers = await asyncio.gather(
            *(scanner.scan(path) for path in [clean, infected] * 10), return_exceptions=True
        )
    assert [isinstance(answer, Refused) for answer in answers] == [False, True] * 10


async def test_no_scanner_says_so(clean: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        scanner = open_scanner("", fail_closed=True)
    assert isinstance(scanner, NoScanner)
    assert "no virus scanner" in caplog.text
    await scanner.scan(clean)
    await scanner.check()


@pytest.mark.parametrize("address", ["localhost:3310", "http://host", "unix://", "tcp://"])
def test_what_is_no_address_is_named(address: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        open_scanner(address, fail_closed=True)
