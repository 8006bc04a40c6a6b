"""The port for a virus scanner, and clamd behind it.

The protocol is that of clamd's manual page, commands INSTREAM and PING in their ``z`` form: a command ends
with a zero byte, and so does the answer; the data goes in chunks, each of four bytes of length and as many
bytes; a length of zero ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from server.kernel.errors import Refused, Unavailable

_log = logging.getLogger(__name__)

_CHUNK_BYTES = 256 * 1024
_ANSWER_BYTES = 4096
_PING_SECONDS = 5.0
_ATTEMPTS = 2


class Scanner(Protocol):
    """Tells whether a file carries something known to be harmful."""

    async def scan(self, path: Path) -> None:
        """Return when nothing is found. Raises Refused ``files.virus`` (name), Unavailable."""
        ...

    async def check(self) -> None:
        """Raise Unavailable ``files.scanner_unavailable`` unless the scanner answers (readiness)."""
        ...


class NoScanner:
    """Lets every file through and says so once; for installations that scan elsewhere."""

    def __init__(self) -> None:
        _log.warning("no virus scanner is set: files are judged by their structure only")

    async def scan(self, path: Path) -> None:
        """Find nothing."""

    async def check(self) -> None:
        """Be ready."""


class _NoAnswer(Exception):
    """The scanner gave no verdict."""


class ClamdScanner:
    """Sends files to a clamd, at most ``connections`` at the same time.

    What cannot be scanned is refused when ``fail_closed``; otherwise it passes, with a warning in the log.
    """

    def __init__(
        self,
        address: str,
        *,
        fail_closed: bool,
        connect_seconds: float = 3.0,
        answer_seconds: float = 60.0,
        connections: int = 4,
    ) -> None:
        """``address`` is ``tcp://host:port`` or ``unix:///path``; ``answer_seconds`` bounds one whole scan.

        Raises ValueError for another address.
        """
        parts = urlsplit(address)
        self._host, self._port, self._socket = parts.hostname or "", parts.port or 3310, parts.path
        if not (parts.scheme == "tcp" and self._host) and not (parts.scheme == "unix" and self._socket):
            raise ValueError(f"not an address of a scanner: {address!r}")
        self._unix = parts.scheme == "unix"
        self._fail_closed = fail_closed
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._slots = asyncio.Semaphore(connections)

    async def scan(self, path: Path) -> None:
        """Send the file and read the verdict; a connection that fails is tried once more.

        Raises Refused ``files.virus`` (name). Where there is no verdict and it fails closed: Refused
        ``files.too_large_to_scan`` past the scanner's own limit, else Unavailable
        ``files.scanner_unavailable``.
        """
        try:
            verdict = await self._verdict(path)
        except _NoAnswer as error:
            if self._fail_closed:
                raise Unavailable("files.scanner_unavailable") from error
            _log.warning("virus scanner gave no verdict, file accepted unscanned: %s", error)
            return
        if verdict.endswith(" FOUND"):
            name = verdict.removeprefix("stream:").removesuffix("FOUND").strip()
            raise Refused("files.virus", name=name[:100])
        if verdict != "stream: OK":  # the limit: the only other verdict that is let through to here
            if self._fail_closed:
                raise Refused("files.too_large_to_scan")
            _log.warning("file is over the scanner's size limit, accepted unscanned")

    async def check(self) -> None:
        """Ask PING. Raises Unavailable ``files.scanner_unavailable``; only a warning when it fails open."""
        try:
            async with asyncio.timeout(_PING_SECONDS), self._connected() as (reader, writer):
                writer.write(b"zPING\0")
                answer = await _answer(reader)
        except (TimeoutError, OSError, _NoAnswer) as error:
            answer = f"{type(error).__name__}: {error}"
        if answer != "PONG":
            if self._fail_closed:
                raise Unavailable("files.scanner_unavailable")
            _log.warning("virus scanner does not answer: %s", answer)

    async def _verdict(self, path: Path) -> str:
        """Return the answer: clean, found or over the limit. Raises _NoAnswer."""
        problem = ""
        for _ in range(_ATTEMPTS):
            try:
                async with asyncio.timeout(self._answer_seconds), self._slots:
                    return await self._send(path)
            except TimeoutError as error:  # not again: the caller waits
                raise _NoAnswer(f"over {self._answer_seconds} seconds") from error
            except (OSError, _NoAnswer) as error:
                problem = f"{type(error).__name__}: {error}"
        raise _NoAnswer(problem)

    async def _send(self, path: Path) -> str:
        file = await asyncio.to_thread(path.open, "rb")
        try:
            async with self._connected() as (reader, writer):
                writer.write(b"zINSTREAM\0")
                # clamd answers and hangs up in the middle when it has had enough, so the answer counts, not
                # whether all could be sent.
                with contextlib.suppress(ConnectionError):
                    while data := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                        writer.write(struct.pack(">I", len(data)) + data)
                        await writer.drain()
                    writer.write(struct.pack(">I", 0))
                    await writer.drain()
                answer = await _answer(reader)
        finally:
            await asyncio.to_thread(file.close)
        if answer == "stream: OK" or answer.endswith(" FOUND") or "size limit exceeded" in answer:
            return answer
        raise _NoAnswer(answer[:200])

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        try:
            async with asyncio.timeout(self._connect_seconds):
                if self._unix:
                    reader, writer = await asyncio.open_unix_connection(self._socket)
                else:
                    reader, writer = await asyncio.open_connection(self._host, self._port)
        except TimeoutError as error:
            raise ConnectionError("no connection in time") from error
        try:
            yield reader, writer
        finally:
            writer.transport.abort()


async def _answer(reader: asyncio.StreamReader) -> str:
    """Read up to the zero byte; a half answer is none. Raises _NoAnswer, OSError."""
    try:
        answer = await reader.readuntil(b"\0")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise _NoAnswer("half an answer") from error
    return answer[:_ANSWER_BYTES].rstrip(b"\0").decode(errors="replace").strip()


def open_scanner(address: str, *, fail_closed: bool) -> Scanner:
    """Return the scanner at an address; NoScanner for "". Raises ValueError for what is no address."""
    return ClamdScanner(address, fail_closed=fail_closed) if address else NoScanner()
