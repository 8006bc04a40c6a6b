"""Documents that came: the list, one of them, its files."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from server.circulation.codes import OPEN, Code, Part
from server.circulation.commands import InboxFilter
from server.circulation.model import ArrivalDetail
from server.kernel.actor import Role
from web.links import address
from web.pages.shared import PrimaryAct, download
from web.routes import Call, Download, Html, NoBody, NoQuery, PageQuery, Route
from web.timeline import of_arrival

PATH = "/van-ban-den"
View = Literal["", "waiting", "mine", "overdue", "new", "open", "done", "refused"]
VIEWS: tuple[View, ...] = ("", "waiting", "mine", "new", "open", "overdue", "done", "refused")
STATUSES: dict[str, frozenset[Code]] = {
    "new": frozenset({Code.ARRIVED}),
    "open": OPEN - {Code.ARRIVED},
    "done": frozenset({Code.FINISHED}),
    "refused": frozenset({Code.REFUSED, Code.RECALL_AGREED}),
}


class InboxQuery(PageQuery):
    """Filters of the list; they stand in the address."""

    loc: View = ""
    """Which of the chips."""
    nguon: Literal["", "electronic", "paper"] = ""
    """How it came."""
    don_vi: Annotated[str, Meta(max_length=100)] = ""
    """To which body of the office."""
    q: Annotated[str, Meta(max_length=200)] = ""
    """Words."""


async def inbox(call: Call[NoBody, InboxQuery]) -> Html:
    """Show what came, open ones by urgency."""
    query = call.query
    wanted = InboxFilter(
        statuses=STATUSES.get(query.loc, frozenset()),
        waiting=query.loc == "waiting",
        mine=query.loc == "mine",
        overdue=query.loc == "overdue",
        origin=query.nguon,
        body_id=query.don_vi,
        q=query.q,
    )
    page = await call.services.circulation.inbox(call.actor, wanted, query.page)
    allows = call.services.access.allows
    may_accept = allows(call.actor, "circulation.accept")
    may_assign = allows(call.actor, "circulation.assign")
    chosen = (frozenset({Code.ARRIVED}) if may_accept else frozenset()) | (
        OPEN - {Code.ARRIVED} if may_assign else frozenset()
    )
    return Html(
        "incoming/list.html",
        {
            "rows": page.items,
            "query": query,
            "chips": [(view, address(PATH, query, loc=view)) for view in VIEWS],
            "next": page.next,
            "more": address(PATH, query, after=page.next or ""),
            "may_register": allows(call.actor, "circulation.register_paper"),
            "may_accept": may_accept,
            "may_assign": may_assign,
            "pickable": {row.id for row in page.items if row.status in chosen},
        },
    )


async def detail(call: Call[NoBody, NoQuery]) -> Html:
    """Show an arrival: page image first, facts and the next act beside it, its way below."""
    arrival = await call.services.circulation.arrival(call.actor, call.path["arrival_id"])
    return Html("incoming/detail.html", await context(call, arrival))


async def context(call: Call[NoBody, NoQuery], arrival: ArrivalDetail) -> dict[str, object]:
    """Return what the page of an arrival shows."""
    acts = acts_of(call, arrival)
    return {
        "arrival": arrival,
        "main": next((file for file in arrival.files if file.main), None),
        "others": [file for file in arrival.files if not file.main],
        "stations": of_arrival(arrival),
        "acts": acts,
        "primary": acts[0] if acts else "",
        "primary_act": primary_act(acts[0] if acts else "", f"{PATH}/{arrival.id}"),
        "replies": [(reply.document_id, reply.number_text or "…") for reply in arrival.replies],
    }


def acts_of(call: Call[NoBody, NoQuery], arrival: ArrivalDetail) -> list[str]:
    """Return what the reader may do now, the expected act first."""
    actor = call.actor

    def may(verb: str) -> bool:
        return call.services.access.allows(actor, f"circulation.{verb}")

    acts: list[str] = []
    status = arrival.status
    if arrival.recall is Code.RECALL_REQUESTED and may("answer_recall"):
        acts.append("answer_recall")
    if status is Code.ARRIVED:
        acts += [verb for verb in ("accept", "refuse") if may(verb)]
        return acts
    if status not in OPEN:
        return acts
    mine = [one for one in arrival.assignments if one.post_id == actor.post_id and one.done_at is None]
    parts = {one.part for one in mine}
    if parts & {Part.LEAD, Part.JOIN}:
        if status is not Code.IN_PROGRESS and may("start"):
            acts.append("start")
        if may("finish"):
            acts.append("finish")
        if call.services.access.allows(actor, "documents.draft"):
            acts.append("reply")
    if may("assign"):
        acts.insert(len(acts) if parts else 0, "assign")
    submitted = any(one.part is Part.DECIDE for one in arrival.assignments)
    if may("submit"):
        first = actor.role is Role.RECORDS_CLERK and status is Code.ACCEPTED and not submitted
        acts.insert(acts.count("answer_recall") if first else len(acts), "submit")
    if may("instruct"):
        acts.append("instruct")
    if mine and may("start"):
        acts.append("remark")
    return acts


def primary_act(verb: str, base: str) -> PrimaryAct | None:
    """Return the expected act of an arrival for the bar of a phone; None when nothing is expected."""
    found = {
        "answer_recall": PrimaryAct("arrival.act.answer_recall", "recall", link="#viec"),
        "accept": PrimaryAct("arrival.act.accept", "check", form="tiep-nhan"),
        "start": PrimaryAct("arrival.act.start", "pen", form="bat-dau"),
        "finish": PrimaryAct("arrival.act.finish", "check", link="#hoan-thanh"),
        "submit": PrimaryAct("arrival.act.submit", "up", link=f"{base}/trinh"),
        "assign": PrimaryAct("arrival.act.assign", "assign", link=f"{base}/giao-viec"),
    }
    return found.get(verb)


async def file(call: Call[NoBody, NoQuery]) -> Download:
    """Send a file of an arrival."""
    view = await call.services.circulation.file(call.actor, call.path["arrival_id"], call.path["digest"])
    return download(call.services, view)


PAGES = [
    Route("GET", PATH, "pages.inbox", inbox, "circulation.read", "Inbox", query=InboxQuery, page=True),
    Route("GET", PATH + "/{arrival_id}", "pages.arrival", detail, "circulation.read", "Arrival", page=True),
    Route(
        "GET",
        PATH + "/{arrival_id}/tep/{digest}",
        "pages.arrival_file",
        file,
        "circulation.read",
        "A file of an arrival",
        page=True,
    ),
]
