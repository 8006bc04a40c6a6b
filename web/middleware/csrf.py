"""Requests that another site makes in the user's name are stopped before anything is read.

Two checks, each enough alone: where the request comes from (Sec-Fetch-Site, else Origin, against Host),
and for cookie sessions a token that only pages of this session know. Bearer tokens need neither: no
browser sends them by itself.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from server.kernel.errors import Forbidden
from web.cookies import forgery_token
from web.keys import BY_COOKIE, SESSION, route_of
from web.schema import visible

HEADER = "X-CSRF-Token"
FIELD = "_csrf"
KEY_FIELD = "_key"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def same_origin(request: web.Request) -> bool:
    """Tell whether the request comes from a page of this very site, or from no page at all."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc.lower() == request.headers.get("Host", "").lower()


def require(request: web.Request, token: str) -> None:
    """Raise Forbidden ``web.forgery`` unless the token belongs to the session of the cookie."""
    if not request.get(BY_COOKIE, False):
        return
    if not hmac.compare_digest(token.encode(), forgery_token(request[SESSION]).encode()):
        raise Forbidden("web.forgery")


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Stop unsafe requests of other origins; JSON requests of cookie sessions need the token header.

    Forms of pages carry the token as a field, which is read with the rest of the form.
    """
    if request.method not in SAFE:
        by_browser = request.get(BY_COOKIE, False) or not request.headers.get("Authorization")
        if by_browser and not same_origin(request):
            raise Forbidden("web.other_origin", origin=visible(request.headers.get("Origin", "?")))
        route = route_of(request)
        if route is not None and (not route.page or HEADER in request.headers):
            require(request, request.headers.get(HEADER, ""))
    return await handler(request)
