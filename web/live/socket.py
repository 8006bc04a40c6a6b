"""The socket ``/live``: events from the server to a page; the page says nothing but that it is there."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from server.kernel.actor import Actor, Channel, RequestContext
from server.kernel.errors import Forbidden, TooMany, Unauthenticated
from web.cookies import session_token
from web.keys import REQUEST_ID, SERVICES
from web.live.hub import HUB, Subscription
from web.middleware.metrics import METRICS

HEARTBEAT_SECONDS = 30
MESSAGE_LIMIT_BYTES = 4096
RECHECK_SECONDS = 300
"""How often a socket asks whether its session still lives."""


async def live(request: web.Request) -> web.StreamResponse:
    """Open the socket. The Origin must be this site, checked before the handshake (RFC 6455 section 10.2)."""
    origin = request.headers.get("Origin", "")
    if urlsplit(origin).netloc.lower() != request.headers.get("Host", "").lower():
        raise Forbidden("web.other_origin", origin=origin[:100])
    actor = await _actor(request)
    if actor is None:
        raise Unauthenticated("web.signed_out")
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, max_msg_size=MESSAGE_LIMIT_BYTES)
    if not socket.can_prepare(request):
        raise Forbidden("web.bad_request")
    hub = request.app[HUB]
    subscription = hub.subscribe(actor.account_id, audiences(actor))
    if subscription is None:
        raise TooMany("web.too_many_sockets", retry_after_seconds=60)
    gauge = request.app[METRICS].sockets
    gauge.inc()
    try:
        await socket.prepare(request)
        await _run(request, socket, subscription)
    finally:
        gauge.dec()
        hub.unsubscribe(subscription)
    return socket


def audiences(actor: Actor) -> list[str]:
    """Return what a person listens to."""
    return [
        "all",
        f"account:{actor.account_id}",
        f"body:{actor.body_id}",
        actor.post_grantee,
        actor.role_grantee,
    ]


async def _actor(request: web.Request) -> Actor | None:
    token = session_token(request)
    if not token:
        return None
    context = RequestContext(request_id=request[REQUEST_ID], channel=Channel.WEB)
    return await request.app[SERVICES].sessions.resume(token, "", context, touch=False)


async def _run(request: web.Request, socket: web.WebSocketResponse, subscription: Subscription) -> None:
    """Send until either side goes; whichever task ends first ends the others."""
    tasks = [
        asyncio.create_task(_send(socket, subscription)),
        asyncio.create_task(_listen(socket)),
        asyncio.create_task(_recheck(request)),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await socket.close()


async def _send(socket: web.WebSocketResponse, subscription: Subscription) -> None:
    while True:
        frame = await subscription.next()
        if frame is None:
            return
        await socket.send_str(frame.decode())


async def _listen(socket: web.WebSocketResponse) -> None:
    """Take what the page says (nothing) until it goes."""
    async for message in socket:
        if message.type is WSMsgType.ERROR:
            return


async def _recheck(request: web.Request) -> None:
    """End when the session has ended."""
    while True:
        await asyncio.sleep(RECHECK_SECONDS)
        if await _actor(request) is None:
            return
