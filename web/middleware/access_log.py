"""One line of JSON per request: which route, which status, how long, who. No path, query, body or name."""

from __future__ import annotations

import time

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from web.keys import ACTOR, METRICS, REQUEST_ID, route_name

log = structlog.get_logger("web.access")
NOBODY = ""


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
        elapsed = time.perf_counter_ns() - start
        name = route_name(request)
        actor = request.get(ACTOR)
        request.config_dict[METRICS].observe(name, request.method, status, elapsed)
        log.info(
            "request",
            route=name,
            method=request.method,
            status=status,
            microseconds=elapsed // 1000,
            request_id=request.get(REQUEST_ID, ""),
            account=actor.account_id if actor is not None else NOBODY,
        )
