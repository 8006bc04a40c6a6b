"""The application: one table of routes behind one order of middlewares."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from storage.sql.rows import prepare
from web import i18n, pki, system, table
from web.assets import ASSETS, Assets
from web.endpoint import endpoint
from web.i18n import Catalogue
from web.keys import ACCESS, CATALOGUE, SERVICES, TABLE, TLS, TRUSTED
from web.live.hub import HUB, Hub
from web.live.socket import live
from web.middleware import access_log, csrf, errors, request_id, security_headers, session
from web.middleware.metrics import METRICS, Metrics
from web.openapi import DESCRIPTION, Description, Words
from web.render import RENDERER, Renderer
from web.routes import Route

if TYPE_CHECKING:
    from server.compose import Services

MIDDLEWARES = (
    request_id.middleware,  # first, so that everything after it can name the request
    access_log.middleware,  # sees the status that the caller sees
    errors.middleware,  # turns what the rest raises into an answer
    session.middleware,  # who
    csrf.middleware,  # and did they mean it
)
"""From the outside in."""


def build(
    services: Services,
    *,
    hub: Hub | None = None,
    routes: list[Route] | None = None,
    access: Callable[[bytes], object] | None = None,
) -> web.Application:
    """Return the application over ready services.

    ``hub`` is shared with the jobs that publish to it; ``routes`` replaces the table in tests;
    ``access`` takes the lines of the access log (default: standard error).
    """
    settings = services.settings.server
    app = web.Application(middlewares=MIDDLEWARES, client_max_size=0)
    app[SERVICES] = services
    app[CATALOGUE] = i18n.load()
    app[ASSETS] = Assets()
    app[METRICS] = Metrics()
    lines = access_log.Lines(structlog.BytesLogger(sys.stderr.buffer).msg)
    app[ACCESS] = lines if access is None else access
    app[HUB] = hub or Hub()
    app[pki.PUBLISHER] = services.pki
    app[TLS] = settings.tls
    app[TRUSTED] = tuple(settings.trusted_proxies)
    app[TABLE] = tuple(table.routes() if routes is None else routes)
    app[DESCRIPTION] = Description(app[TABLE], lambda: _words(app[CATALOGUE], services))
    app[RENDERER] = Renderer(app[CATALOGUE], app[ASSETS])
    for route in app[TABLE]:
        for kind in (route.body, route.query):
            if kind is not None:
                prepare(kind)  # before requests need it on the loop while rows need it in threads
    app.on_response_prepare.append(security_headers.on_prepare)
    app.on_shutdown.append(_close_live)

    async def write_lines(_: web.Application) -> None:
        lines.flush()

    app.on_cleanup.append(write_lines)
    _add(app)
    return app


def _words(catalogue: Catalogue, services: Services) -> Words:
    """What the description of the API says beside types."""
    roles = {one.action: sorted(role.value for role in one.roles) for one in services.access.table.actions}
    return Words(messages=catalogue.errors["en"], roles=roles)


def _add(app: web.Application) -> None:
    router = app.router
    router.add_get("/static/{version}/{name:.+}", _named(system.static, "static"))
    router.add_get("/healthz", _named(system.alive, "healthz"))
    router.add_get("/readyz", _named(system.ready, "readyz"))
    router.add_get("/metrics", _named(system.metrics, "metrics"))
    router.add_get("/api/v1/openapi.json", _named(system.openapi, "openapi"))
    router.add_route("OPTIONS", "/api/v1/uploads", _named(system.tus, "tus"))
    router.add_get("/live", _named(live, "live"), allow_head=False)
    for method, path, label, plain in pki.ROUTES:
        if method == "GET":
            router.add_get("/pki" + path, _named(plain, label))
        else:
            router.add_route(method, "/pki" + path, _named(plain, label))
    for route in app[TABLE]:
        handler = endpoint(route)
        if route.method == "GET":
            router.add_get(route.path, handler)
        else:
            router.add_route(route.method, route.path, handler)


def _named(handler: Handler, label: str) -> Handler:
    """Give a plain handler the name that logs and metrics use (read back by ``keys.route_name``)."""
    setattr(handler, "label", label)  # noqa: B010 - functions take attributes, their type does not say so
    return handler


async def _close_live(app: web.Application) -> None:
    """Let the sockets go first: they would hold the shutdown until its time limit."""
    app[HUB].close()
