"""Every request has an id: in its answer, its log line, its audit entries. Ours, never the caller's."""

from __future__ import annotations

import os
from collections.abc import Iterator

from aiohttp import web
from aiohttp.typedefs import Handler

from web.keys import REQUEST_ID

HEADER = "X-Request-Id"
LENGTH_BYTES = 10
POOL_BYTES = 4_000


def _ids() -> Iterator[str]:
    """Give ids of 20 hex characters for ever.

    The system is asked for randomness once in 400 requests: each asking lets go of the interpreter lock,
    and waiting for it again costs more than the random bytes.
    """
    while True:
        pool = os.urandom(POOL_BYTES)
        for start in range(0, POOL_BYTES, LENGTH_BYTES):
            yield pool[start : start + LENGTH_BYTES].hex()


fresh = _ids().__next__
"""Returns the id of the next request."""


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request its id."""
    request[REQUEST_ID] = fresh()
    return await handler(request)
