"""Notices over JSON."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from server.kernel.page import Page
from server.notifications.model import Marked, Notice, Unread
from web.routes import Body, Call, NoBody, NoQuery, PageQuery, Route

BASE = "/api/v1/notices"
READ = "notifications.read"


class NoticeQuery(PageQuery):
    """Which notices."""

    unread: bool = False
    """Only those this account has not read."""


class MarkRead(Body):
    """Notices that were read."""

    ids: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=100)], ...], Meta(max_length=200)] = ()
    """Their ids."""
    upto: Annotated[str, Meta(max_length=100)] = ""
    """Instead of ids: everything up to this notice."""


async def notices(call: Call[NoBody, NoticeQuery]) -> Page[Notice]:
    """List the notices of the post acted in."""
    query = call.query
    return await call.services.notifications.notices(call.actor, query.page, unread=query.unread)


async def unread(call: Call[NoBody, NoQuery]) -> Unread:
    """Count unread notices."""
    return await call.services.notifications.unread(call.actor)


async def mark_read(call: Call[MarkRead, NoQuery]) -> Marked:
    """Mark notices as read by this account."""
    room, body = call.services.notifications, call.body
    if body.upto:
        return await room.mark_all_read(call.actor, body.upto)
    return await room.mark_read(call.actor, body.ids)


ROUTES = [
    Route(
        "GET",
        BASE,
        "notifications.list",
        notices,
        READ,
        "Notices of the post acted in, newest first",
        query=NoticeQuery,
        answer=Page[Notice],
    ),
    Route(
        "GET",
        BASE + "/unread",
        "notifications.unread",
        unread,
        READ,
        "Unread notices, counted up to 100",
        answer=Unread,
    ),
    Route(
        "POST",
        BASE + "/read",
        "notifications.mark_read",
        mark_read,
        READ,
        "Mark notices as read by the account",
        body=MarkRead,
        answer=Marked,
        once=True,
        errors=("notifications.too_many",),
    ),
]
