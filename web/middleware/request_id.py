"""Every request has an id: in its answer, its log line, its audit entries. Ours, never the caller's."""

from __future__ import annotations

import secrets

from aiohttp import web
from aiohttp.typedefs import Handler

from web.keys import REQUEST_ID

HEADER = "X-Request-Id"


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request its id."""
    request[REQUEST_ID] = secrets.token_hex(10)
    return await handler(request)
