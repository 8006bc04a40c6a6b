"""The first page of each role, by what waits; and the counts beside the places."""

from __future__ import annotations

from dataclasses import dataclass

from server.circulation.commands import InboxFilter
from server.circulation.model import ArrivalRow
from server.circulation.model import Counts as ArrivalCounts
from server.documents.model import State
from server.documents.service import Filter
from server.documents.views import Counts as DocumentCounts
from server.documents.views import DocumentRow
from server.kernel.actor import Role
from server.kernel.page import PageRequest
from server.results.model import Stage
from web.routes import SIGNED_IN, Answer, Call, Html, NoBody, NoQuery, Redirect, Route


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: a count that is a link."""

    word: str
    """Key of its words."""
    count: int
    """How many."""
    path: str
    """List of what is counted."""
    late: bool = False
    """Red when not zero."""


RESULT_FIGURES = {
    Role.LEADER: (Stage.TO_SIGN, "home.results_to_sign"),
    Role.RECORDS_CLERK: (Stage.TO_SEAL, "home.results_to_seal"),
    Role.COUNTER_OFFICER: (Stage.DRAFT, "home.results_draft"),
}
"""For which batches of results each role is waited for."""
SHOWN = 8
"""Rows of each list of the first page."""
NO_ARRIVALS = ArrivalCounts(to_accept=0, to_answer=0, to_decide=0, to_do=0, overdue=0, due_soon=0)
NO_DOCUMENTS = DocumentCounts(waiting={}, mine={}, asked=0)


async def home(call: Call[NoBody, NoQuery]) -> Html | Redirect:
    """Show what waits for the person in this post."""
    actor = call.actor
    if actor.role is None:
        return Redirect("/ca-nhan")
    arrivals, documents = await counts(call)
    came, mine = await waiting(call, arrivals, documents)
    waits = figures(actor.role, arrivals, documents) + await of_results(call)
    shown = {"figures": waits, "arrivals": came, "documents": mine}
    return Html("home.html", {**shown, "guide": await left(call)})


async def of_results(call: Call[NoBody, NoQuery]) -> list[Figure]:
    """Return what waits for the role among the batches of results; nothing where no batch does."""
    wanted = RESULT_FIGURES.get(call.actor.role) if call.actor.role else None
    if wanted is None:
        return []
    stage, word = wanted
    count = (await call.services.results.waiting(call.actor)).get(stage, 0)
    return [Figure(word, count, f"/ket-qua?loc={stage}")] if count else []


async def left(call: Call[NoBody, NoQuery]) -> int:
    """Return how many steps of the first run are left; 0 for everybody but the administrator."""
    if call.actor.role is not Role.ADMINISTRATOR:
        return 0
    steps = await call.services.guide.steps(call.actor)
    return [steps.body, steps.people, steps.registers, steps.keys, steps.document].count(False)


async def waiting(
    call: Call[NoBody, NoQuery], arrivals: ArrivalCounts, documents: DocumentCounts
) -> tuple[list[ArrivalRow], list[DocumentRow]]:
    """Return the first things that wait; a room is asked only when its counts say that something does."""
    services, part = call.services, PageRequest(limit=SHOWN)
    came: list[ArrivalRow] = []
    mine: list[DocumentRow] = []
    if arrivals.to_accept or arrivals.to_answer or arrivals.to_decide or arrivals.to_do:
        came = (await services.circulation.inbox(call.actor, InboxFilter(waiting=True), part)).items
    if documents.waiting:
        mine = (await services.documents.list(call.actor, Filter(kind="waiting"), part)).items
    return came, mine


async def counts(call: Call[NoBody, NoQuery]) -> tuple[ArrivalCounts, DocumentCounts]:
    """Return what waits in the two rooms; zeros where the role has no part."""
    allows = call.services.access.allows
    arrivals, documents = NO_ARRIVALS, NO_DOCUMENTS
    if call.actor.role is not Role.SUPERVISOR:
        if allows(call.actor, "circulation.read"):
            arrivals = await call.services.circulation.counts(call.actor)
        if allows(call.actor, "documents.read"):
            documents = await call.services.documents.counts(call.actor)
    return arrivals, documents


def figures(role: Role, arrivals: ArrivalCounts, documents: DocumentCounts) -> list[Figure]:
    """Return the figures of a role, what waits first."""
    waiting = documents.waiting

    def of(*states: State) -> int:
        return sum(waiting.get(state, 0) for state in states)

    inbox, drafts = "/van-ban-den", "/du-thao"
    accept = Figure("home.to_accept", arrivals.to_accept, f"{inbox}?loc=new")
    recall = Figure("home.to_answer", arrivals.to_answer, f"{inbox}?loc=waiting", late=True)
    decide = Figure("home.to_decide", arrivals.to_decide, f"{inbox}?loc=waiting")
    work = Figure("home.to_do", arrivals.to_do, f"{inbox}?loc=mine")
    overdue = Figure("home.overdue", arrivals.overdue, f"{inbox}?loc=overdue", late=True)
    soon = Figure("home.due_soon", arrivals.due_soon, f"{inbox}?loc=waiting")
    form = Figure("home.to_check", of(State.FORM_CHECK), f"{drafts}?loc=waiting")
    approve = Figure("home.to_approve", of(State.APPROVAL), f"{drafts}?loc=waiting")
    sign = Figure("home.to_sign", of(State.TO_SIGN), f"{drafts}?loc=waiting")
    number = Figure("home.to_number", of(State.SIGNED), f"{drafts}?loc=to_number")
    seal = Figure("home.to_seal", of(State.NUMBERED, State.SEALED), f"{drafts}?loc=to_seal")
    returned = Figure(
        "home.returned", documents.mine.get(State.RETURNED, 0), f"{drafts}?loc=returned", late=True
    )
    mine = Figure("home.my_drafts", sum(documents.mine.values()), f"{drafts}?loc=mine")
    asked = Figure("home.asked", documents.asked, f"{drafts}?loc=asked")
    by_role: dict[Role, list[Figure]] = {
        Role.RECORDS_CLERK: [accept, number, seal, recall, overdue, returned],
        Role.LEADER: [sign, decide, approve, overdue, soon, asked],
        Role.CHIEF_OF_OFFICE: [form, decide, approve, sign, overdue, returned],
        Role.HEAD_OF_UNIT: [approve, work, soon, overdue, asked, returned],
        Role.SPECIALIST: [work, soon, overdue, mine, returned, asked],
        Role.COUNTER_OFFICER: [work, soon, overdue],
    }
    return by_role.get(role, [])


async def figures_json(call: Call[NoBody, NoQuery]) -> Answer:
    """Answer the counts beside the places; a page asks for them after it is shown."""
    if call.actor.role is None:
        return Answer({})
    arrivals, documents = await counts(call)
    unread = 0
    if call.services.access.allows(call.actor, "notifications.read"):
        unread = (await call.services.notifications.unread(call.actor)).unread
    return Answer(
        {
            "incoming": arrivals.to_accept + arrivals.to_answer + arrivals.to_decide + arrivals.to_do,
            "incoming_late": arrivals.overdue,
            "drafts": sum(documents.waiting.values())
            + documents.mine.get(State.RETURNED, 0)
            + documents.asked,
            "notices": unread,
        }
    )


PAGES = [
    Route("GET", "/", "pages.home", home, SIGNED_IN, "Home", page=True),
    Route("GET", "/dem", "pages.counts", figures_json, SIGNED_IN, "Counts beside the places", page=True),
]
