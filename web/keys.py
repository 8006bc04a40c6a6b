"""Typed keys of what the application and a request carry.

What belongs to one module (assets, renderer, hub, metrics) has its key there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

from server.kernel.actor import Actor
from web import i18n
from web.i18n import Catalogue
from web.routes import Language, Route

if TYPE_CHECKING:
    from server.compose import Services

SERVICES: web.AppKey[Services] = web.AppKey("services")
CATALOGUE: web.AppKey[Catalogue] = web.AppKey("catalogue", Catalogue)
ACCESS: web.AppKey[Callable[[bytes], object]] = web.AppKey("access")
TABLE: web.AppKey[tuple[Route, ...]] = web.AppKey("table")
TLS: web.AppKey[bool] = web.AppKey("tls", bool)
TRUSTED: web.AppKey[tuple[str, ...]] = web.AppKey("trusted")

REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)
ACTOR: web.RequestKey[Actor] = web.RequestKey("actor", Actor)
SESSION: web.RequestKey[str] = web.RequestKey("session", str)
BY_COOKIE: web.RequestKey[bool] = web.RequestKey("by_cookie", bool)
LANGUAGE: web.RequestKey[Language] = web.RequestKey("language")
ADDRESS: web.RequestKey[str] = web.RequestKey("address", str)


def route_of(request: web.Request) -> Route | None:
    """Return the row of the table that matched; None for static files, health and unknown addresses."""
    handler: object = request.match_info.handler
    route: object = getattr(handler, "route", None)
    return route if isinstance(route, Route) else None


def language_of(request: web.Request) -> Language:
    """Return the language of the request, found once."""
    language = request.get(LANGUAGE)
    if language is None:
        headers = request.headers
        # Machines send no cookie: asking for the cookies would parse them all the same.
        cookie = request.cookies.get(i18n.LANGUAGE_COOKIE) if "Cookie" in headers else None
        language = i18n.language_of(cookie, headers.get("Accept-Language"))
        request[LANGUAGE] = language
    return language


def route_name(request: web.Request) -> str:
    """Return the name that logs and metrics use: never the raw path, which may hold anything."""
    route = route_of(request)
    if route is not None:
        return route.name
    return getattr(request.match_info.handler, "label", "unmatched")
