"""The directory: the dated tree of bodies, and one body with its posts, forms and authorities."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from server.organisations.model import Bloc
from web.people import posts_held
from web.routes import Call, Html, NoBody, NoQuery, Query, Route

PATH = "/danh-muc"


class TreeQuery(Query):
    """Which day, which words."""

    ngay: date | None = None
    """Day; None = today."""
    q: Annotated[str, Meta(max_length=200)] = ""
    """Words of name or code."""


async def tree(call: Call[NoBody, TreeQuery]) -> Html:
    """Show the bodies of a day as a tree."""
    organisations = call.services.organisations
    day = call.query.ngay or organisations.today()
    nodes = await organisations.tree(call.query.ngay)
    words = call.query.q.casefold()
    if words:
        nodes = [node for node in nodes if words in f"{node.name} {node.code} {node.short_name}".casefold()]
    return Html(
        "directory/tree.html",
        {
            "tree": [] if words else nodes,
            "found": nodes if words else [],
            "day": day,
            "query": call.query,
            "count": len(nodes),
            "blocs": [bloc.value for bloc in Bloc],
        },
    )


async def body(call: Call[NoBody, NoQuery]) -> Html:
    """Show one body: what it is, its posts, who signs, how it was called before."""
    organisations = call.services.organisations
    detail = await organisations.detail(call.path["body_id"])
    people = await posts_held(organisations, [detail.body.id])
    accounts = [holder.account_id for _, holders in people for holder in holders]
    names = await call.services.identity.names(accounts)
    held = {
        post.id: [names.get(holder.account_id, "") for holder in holders if holder.account_id in names]
        for post, holders in people
    }
    today = organisations.today()
    return Html(
        "directory/body.html",
        {
            "detail": detail,
            "body": detail.body,
            "held": held,
            "posts": [post for post in detail.posts if post.valid_to is None or today < post.valid_to],
            "units": {unit.id: unit.name for unit in detail.units},
            "titles": {post.id: post.title for post in detail.posts},
            "authorities": [one for one in detail.authorities if one.in_force_on(today)],
        },
    )


PAGES = [
    Route(
        "GET", PATH, "pages.directory", tree, "organisations.read", "Directory", query=TreeQuery, page=True
    ),
    Route("GET", PATH + "/{body_id}", "pages.body", body, "organisations.read", "A body", page=True),
]
