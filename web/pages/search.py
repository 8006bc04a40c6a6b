"""Looking things up: documents and arrivals by words; read-only for supervisors within their mandate."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from server.circulation.commands import InboxFilter, SentFilter
from server.documents.service import Filter
from server.kernel.actor import Role
from server.kernel.page import PageRequest
from server.organisations.model import Body
from web.routes import Call, Html, NoBody, Query, Route

PATH = "/tim"
SHOWN = 30


class SearchQuery(Query):
    """What is looked for."""

    q: Annotated[str, Meta(max_length=200)] = ""
    """Words."""
    don_vi: Annotated[str, Meta(max_length=100)] = ""
    """Body; supervisors name one."""


async def search(call: Call[NoBody, SearchQuery]) -> Html:
    """Show what is found in the rooms that the person may read."""
    query, services, actor = call.query, call.services, call.actor
    part = PageRequest(limit=SHOWN)
    supervisor = actor.role is Role.SUPERVISOR
    bodies: list[Body] = []
    if supervisor:
        mandates = await services.mandates.mandates(actor, PageRequest(), account_id=actor.account_id)
        ids = sorted(
            {body for mandate in mandates.items if mandate.ended_at is None for body in mandate.body_ids}
        )
        bodies = list((await services.organisations.bodies_by_id(ids)).values())
    asked = bool(query.q) or bool(query.don_vi)
    body_id = query.don_vi or (bodies[0].id if supervisor and bodies else "")
    documents, arrivals, sent = [], [], []
    if asked and services.access.allows(actor, "documents.read"):
        documents = (await services.documents.list(actor, Filter(q=query.q), part)).items
    if asked and services.access.allows(actor, "circulation.read") and (body_id or not supervisor):
        wanted = InboxFilter(q=query.q, body_id=body_id)
        arrivals = (await services.circulation.inbox(actor, wanted, part)).items
        sent = (await services.circulation.sent(actor, SentFilter(q=query.q, body_id=body_id), part)).items
    return Html(
        "search.html",
        {
            "query": query,
            "asked": asked,
            "bodies": bodies,
            "body_id": body_id,
            "documents": documents,
            "arrivals": arrivals,
            "sent": sent,
        },
    )


PAGES = [Route("GET", PATH, "pages.search", search, "documents.read", "Search", query=SearchQuery, page=True)]
