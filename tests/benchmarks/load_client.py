"""Asks for one address again and again, in a process of its own.

``python -m tests.benchmarks.load_client URL REQUESTS AT_ONCE HEADER VALUE`` prints the seconds it took. The
client speaks HTTP/1.1 on bare sockets and reads answers by their length, so that it costs little.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Final
from urllib.parse import urlsplit

import uvloop

PIECE: Final = 256 * 1024


async def ask(address: str, requests: int, at_once: int, header: str, value: str) -> float:
    """Send the requests over ``at_once`` connections; return seconds. Raises RuntimeError unless 200."""
    parts = urlsplit(address)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    request = (
        f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n{header}: {value}\r\nAccept-Language: vi\r\n\r\n"
    ).encode()
    remaining = iter(range(requests))

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=4 * PIECE)
        for _ in remaining:
            writer.write(request)
            await _answer(reader)
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(at_once)))
    return time.perf_counter() - started


async def _answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if not head.startswith("http/1.1 200"):
        raise RuntimeError(head[:300])
    left = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    while left:
        data = await reader.read(min(left, PIECE))
        if not data:
            raise RuntimeError("the answer was cut off")
        left -= len(data)


def main() -> int:
    """Ask and print."""
    address, requests, at_once, header, value = sys.argv[1:6]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(runner.run(ask(address, int(requests), int(at_once), header, value)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
