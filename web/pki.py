"""OCSP, CRL, time-stamps and certificates over HTTP (RFC 6960 A.1, RFC 5019 5-6, RFC 3161 3.4, RFC 2585).

Served under ``/pki`` of the application, and alone by ``lienthong pki serve``. Nobody signs in here: what is
answered is public, requests are small, bounded in size and time, and change nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from aiohttp import web

from server.certificates.publisher import LARGEST_BODY, PkiPublisher, Published
from server.kernel.errors import NotFound
from web.protocol import LINE_LIMIT_BYTES
from web.routes import CUT_OFF

OCSP_REQUEST: Final = "application/ocsp-request"
OCSP_RESPONSE: Final = "application/ocsp-response"
TIMESTAMP_QUERY: Final = "application/timestamp-query"
TIMESTAMP_REPLY: Final = "application/timestamp-reply"
CRL: Final = "application/pkix-crl"
CERTIFICATE: Final = "application/pkix-cert"
BODY_SECONDS: Final = 10
PUBLISHER: web.AppKey[PkiPublisher] = web.AppKey("publisher", PkiPublisher)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def body_of(request: web.Request, media: str) -> bytes:
    """Read a small body of one media type. Raises 400, 408, 413 or 415."""
    if request.content_type != media:
        raise web.HTTPUnsupportedMediaType(text=f"send {media}")
    if (request.content_length or 0) > LARGEST_BODY:
        raise web.HTTPRequestEntityTooLarge(LARGEST_BODY, request.content_length or 0)
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while chunk := await request.content.readany():
                data += chunk
                if len(data) > LARGEST_BODY:
                    raise web.HTTPRequestEntityTooLarge(LARGEST_BODY, len(data))
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except web.HTTPRequestEntityTooLarge:
        raise
    except CUT_OFF as error:
        raise web.HTTPBadRequest(text="the body broke off") from error
    return bytes(data)


async def ocsp_post(request: web.Request) -> web.Response:
    """Answer a status; what was posted is not for caches."""
    found = await request.config_dict[PUBLISHER].status(await body_of(request, OCSP_REQUEST))
    return web.Response(body=found.data, content_type=OCSP_RESPONSE)


async def ocsp_get(request: web.Request) -> web.Response:
    """Answer a status that caches may keep as long as it holds (RFC 5019, 6.2)."""
    _, _, text = request.raw_path.partition("?")[0].partition("/ocsp/")
    found = await request.config_dict[PUBLISHER].status_of_path(text)
    return cached(found, OCSP_RESPONSE)


async def time_stamp(request: web.Request) -> web.Response:
    """Answer a time-stamp."""
    data = await request.config_dict[PUBLISHER].time_stamp(await body_of(request, TIMESTAMP_QUERY))
    return web.Response(body=data, content_type=TIMESTAMP_REPLY)


async def crl(request: web.Request) -> web.Response:
    """Answer a revocation list."""
    return cached(await request.config_dict[PUBLISHER].revocation_list(request.match_info["name"]), CRL)


async def certificate(request: web.Request) -> web.Response:
    """Answer a certificate of the authority."""
    return cached(await request.config_dict[PUBLISHER].certificate(request.match_info["name"]), CERTIFICATE)


def cached(found: Published, media: str) -> web.Response:
    """Return an answer with the headers that RFC 5019, 6.2 names."""
    response = web.Response(body=found.data, content_type=media)
    if found.seconds:
        response.headers["Cache-Control"] = f"max-age={found.seconds}, public, no-transform, must-revalidate"
        response.headers["ETag"] = f'"{hashlib.sha256(found.data).hexdigest()}"'
    for header, at in (("Last-Modified", found.modified), ("Expires", found.expires)):
        if at is not None:
            response.headers[header] = _http_date(at)
    return response


def _http_date(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


ROUTES: Final[tuple[tuple[str, str, str, Handler], ...]] = (
    ("POST", "/ocsp", "pki.ocsp", ocsp_post),
    ("GET", "/ocsp/{request:.+}", "pki.ocsp_get", ocsp_get),
    ("POST", "/tsa", "pki.tsa", time_stamp),
    ("GET", "/crl/{name}.crl", "pki.crl", crl),
    ("GET", "/certs/{name}.crt", "pki.certificate", certificate),
)
"""Method, path below the base, name in logs, handler."""


@web.middleware
async def _plain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 404 in plain text where the application's own error pages are not there."""
    try:
        return await handler(request)
    except NotFound as error:
        raise web.HTTPNotFound(text=error.code) from error


def build(publisher: PkiPublisher) -> web.Application:
    """Return an application of an authority alone, at the root and under ``/pki``."""
    app = web.Application(middlewares=(_plain_errors,), client_max_size=0)
    app[PUBLISHER] = publisher
    for base in ("", "/pki"):
        for method, path, _, handler in ROUTES:
            if method == "GET":
                app.router.add_get(base + path, handler)
            else:
                app.router.add_route(method, base + path, handler)
    return app


async def run(
    publisher: PkiPublisher, host: str, port: int, ready: Callable[[str], None], stop: asyncio.Event
) -> None:
    """Serve an authority alone until ``stop`` is set; ``ready`` is told the address once it accepts."""
    runner = web.AppRunner(
        build(publisher),
        access_log=None,
        shutdown_timeout=5,
        handler_cancellation=False,
        max_line_size=LINE_LIMIT_BYTES,
        max_field_size=LINE_LIMIT_BYTES,
        auto_decompress=False,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=512).start()
        ready(f"http://{host}:{port}")
        await stop.wait()
    finally:
        await runner.cleanup()
