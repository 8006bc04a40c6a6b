"""Who makes the request: the session of the cookie, or a bearer token; with the post they act in."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from aiohttp import web
from aiohttp.typedefs import Handler

from server.kernel.actor import Actor, Channel, RequestContext
from server.kernel.errors import Unauthenticated
from web.cookies import TOKEN_LIMIT, session_token
from web.keys import ACTOR, ADDRESS, BY_COOKIE, REQUEST_ID, SERVICES, SESSION, TRUSTED, route_of
from web.routes import PUBLIC

POST_HEADER = "Lien-Thong-Post"


def address_of(request: web.Request) -> str:
    """Return the caller's network address.

    ``X-Forwarded-For`` counts only as far as trusted proxies wrote it: the rightmost entry that is not
    one of them is the caller.
    """
    peer = request.remote or ""
    trusted = request.app[TRUSTED]
    forwarded = request.headers.get("X-Forwarded-For")
    if forwarded is None or not _within(peer, trusted):
        return peer
    for part in reversed(forwarded[:1000].split(",")):
        candidate = part.strip()
        if not _is_address(candidate):
            break
        peer = candidate
        if not _within(candidate, trusted):
            break
    return peer


@lru_cache(maxsize=4096)
def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def _within(address: str, networks: tuple[str, ...]) -> bool:
    if not _is_address(address):
        return False
    return any(
        ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False) for network in networks
    )


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find the actor of requests that the table knows; public routes are nobody's unless signed in."""
    route = route_of(request)
    if route is None:
        return await handler(request)
    context = RequestContext(
        request_id=request[REQUEST_ID],
        address=address_of(request),
        channel=Channel.WEB if route.page else Channel.API,
    )
    request[ADDRESS] = context.address
    authorization = request.headers.get("Authorization")
    token = bearer(authorization) if authorization is not None else session_token(request)
    actor: Actor | None = None
    if token:
        post = request.headers.get(POST_HEADER, "")
        actor = await request.app[SERVICES].sessions.resume(token, post, context)
    if actor is None:
        if authorization is not None and route.action != PUBLIC:
            raise Unauthenticated("web.signed_out", field="header:authorization")
        actor = Actor(account_id="", name="", role=None, request=context)
    else:
        request[SESSION] = token
        request[BY_COOKIE] = authorization is None
    request[ACTOR] = actor
    return await handler(request)


def bearer(header: str) -> str:
    """Return the token of an Authorization header (RFC 6750 section 2.1); "" when it is not one."""
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if (
        scheme.lower() != "bearer"
        or len(token) > TOKEN_LIMIT
        or not token.isascii()
        or not token.isprintable()
    ):
        return ""
    return token
