"""Notices: what happened that concerns me."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from server.notifications.model import Marked, Notice
from web.links import address
from web.pages.shared import once
from web.routes import Body, Call, Html, NoBody, NoQuery, PageQuery, Redirect, Route

PATH = "/thong-bao"
TARGETS = {
    "arrival": "/van-ban-den/",
    "dispatch": "/van-ban-di/",
    "document": "/van-ban/",
    "result_batch": "/ket-qua/lo/",
}


class ReadForm(Body):
    """Everything up to a notice."""

    upto: Annotated[str, Meta(min_length=1, max_length=100)]


def target(notice: Notice) -> str:
    """Return the page of what a notice is about; "" when there is none."""
    base = TARGETS.get(notice.subject_kind)
    return f"{base}{notice.subject_id}" if base else ""


async def notices(call: Call[NoBody, PageQuery]) -> Html:
    """Show notices, newest first."""
    page = await call.services.notifications.notices(call.actor, call.query.page)
    return Html(
        "notices.html",
        {
            "rows": [(notice, target(notice)) for notice in page.items],
            "next": page.next,
            "more": address(PATH, call.query, after=page.next or ""),
        },
    )


async def read(call: Call[ReadForm, NoQuery]) -> Redirect:
    """Mark everything shown as read."""
    await once(call.services.notifications.mark_all_read(call.actor, call.body.upto), Marked)
    return Redirect(PATH)


PAGES = [
    Route("GET", PATH, "pages.notices", notices, "notifications.read", "Notices", query=PageQuery, page=True),
    Route(
        "POST", PATH, "pages.notices_read", read, "notifications.read", "Mark as read", ReadForm, page=True
    ),
]
