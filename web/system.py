"""What is served beside the table: static files, health, figures, the API description."""

from __future__ import annotations

import ipaddress

from aiohttp import web

from server.kernel.errors import LienThongError, NotFound
from web import assets
from web.api.files import TUS
from web.assets import ASSETS
from web.keys import SERVICES
from web.middleware.metrics import METRICS
from web.openapi import DESCRIPTION


async def static(request: web.Request) -> web.Response:
    """Answer a static file."""
    return await assets.serve(request, request.app[ASSETS])


async def alive(_request: web.Request) -> web.Response:
    """Answer that the process runs."""
    return web.json_response({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """Answer whether database and objects answer too (503 when not); says which, not why."""
    try:
        parts = await request.app[SERVICES].ready()
    except LienThongError as error:
        return web.json_response({"status": "unavailable", "code": error.code}, status=503)
    bad = sorted(name for name, good in parts.items() if not good)
    return web.json_response(
        {"status": "unavailable" if bad else "ok", "failing": bad}, status=503 if bad else 200
    )


async def metrics(request: web.Request) -> web.Response:
    """Answer the figures, to callers on this machine only."""
    peer = request.remote or "0.0.0.0"  # noqa: S104 - not an address to bind: nobody
    if "X-Forwarded-For" in request.headers or not ipaddress.ip_address(peer).is_loopback:
        raise NotFound("web.not_found")
    return web.Response(
        body=request.app[METRICS].text(), headers={"Content-Type": "text/plain; version=0.0.4"}
    )


async def tus(request: web.Request) -> web.Response:
    """Answer what the resumable uploads can (tus 1.0, discovery)."""
    return web.Response(
        status=204,
        headers={
            "Tus-Resumable": TUS,
            "Tus-Version": TUS,
            "Tus-Extension": "creation,expiration",
            "Tus-Max-Size": str(request.app[SERVICES].settings.files.limit_bytes),
        },
    )


async def openapi(request: web.Request) -> web.Response:
    """Answer the description of the API, made once, in a thread."""
    document = await request.app[DESCRIPTION].read()
    return web.Response(body=document, content_type="application/json", headers={"Cache-Control": "no-cache"})
