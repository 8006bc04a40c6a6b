"""A line between client and service that a test can cut or let hang."""

from __future__ import annotations

import asyncio
import contextlib


class Relay:
    """Forwards every connection on a free port of the loopback to the service."""

    def __init__(self, target: str) -> None:
        self._host, _, port = target.partition(":")
        self._port = int(port)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._hanging = False
        self.endpoint = ""
        """``host:port`` to give to the client."""
        self.forwarded_bytes = 0
        """What went to the service so far."""

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.endpoint = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def cut(self) -> None:
        """End every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
        await self._drop()

    async def hang(self) -> None:
        """End every connection; accept new ones and never answer."""
        self._hanging = True
        await self._drop()

    async def recover(self) -> None:
        """Forward again; the connections that hang are ended."""
        self._hanging = False
        await self._drop()

    async def _drop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            if self._hanging:
                await asyncio.sleep(3600)
            there_reader, there_writer = await asyncio.open_connection(self._host, self._port)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pump(reader, there_writer, count=True))
                    both.create_task(self._pump(there_reader, writer))
            finally:
                there_writer.transport.abort()
        except (asyncio.CancelledError, OSError):
            pass  # the test cut the line, or the service is gone: either way the client sees a closed line
        finally:
            writer.transport.abort()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, count: bool = False
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(256 * 1024):
                if count:
                    self.forwarded_bytes += len(data)
                sink.write(data)
                await sink.drain()
        sink.close()
