"""One line of JSON per request: which route, which status, how long, who. No path, query, body or name.

The line is put together by hand: every value is ours (route names, numbers, ids), so nothing needs escaping,
and the time's text changes once a second.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from aiohttp import web
from aiohttp.typedefs import Handler

from server.kernel.clock import UTC
from web.keys import ACCESS, ACTOR, REQUEST_ID, route_name
from web.middleware.metrics import METHODS, METRICS

LINES_DELAY_SECONDS = 0.05
LINES_LIMIT = 200


class Lines:
    """Writes lines a few at a time: each write lets go of the interpreter lock, which costs more than it.

    A line waits at most 50 ms; a process that is killed loses what waited, never what the audit keeps.
    """

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._waiting: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self, line: bytes) -> None:
        """Take a line without its end."""
        self._waiting.append(line)
        if len(self._waiting) >= LINES_LIMIT:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINES_DELAY_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            whole = b"\n".join(self._waiting)
            self._waiting.clear()
            self._write(whole)


class _Second:
    """Text of the present second."""

    at = 0
    text = ""

    @classmethod
    def now(cls) -> str:
        nanoseconds = time.time_ns()
        second = nanoseconds // 1_000_000_000
        if second != cls.at:
            cls.at = second
            cls.text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
        return f"{cls.text}{nanoseconds // 1000 % 1_000_000:06d}Z"


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Measure the request, count it, write its line."""
    start = time.perf_counter_ns()
    status = 499  # the caller went away before the answer
    try:
        response = await handler(request)
        status = response.status
        return response
    finally:
        microseconds = (time.perf_counter_ns() - start) // 1000
        name = route_name(request)
        actor = request.get(ACTOR)
        method = request.method if request.method in METHODS else "OTHER"
        request.app[METRICS].observe(name, method, status, microseconds)
        line = (
            f'{{"at":"{_Second.now()}","event":"request","route":"{name}","method":"{method}",'
            f'"status":{status},"microseconds":{microseconds},"request_id":"{request.get(REQUEST_ID, "")}",'
            f'"account":"{actor.account_id if actor is not None else ""}"}}'
        )
        request.app[ACCESS](line.encode())
