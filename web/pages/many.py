"""Acts on several arrivals chosen in the list: each is done by itself, and its outcome is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from server.circulation.commands import Accept, Assign
from server.circulation.model import ArrivalDetail, Standing
from server.kernel.actor import Actor
from server.kernel.errors import Invalid, LienThongError
from web.keys import CATALOGUE
from web.pages.incoming import PATH
from web.pages.incoming_acts import assignable, targets_of
from web.routes import Body, Call, Html, NoQuery, Route

Id = Annotated[str, Meta(min_length=1, max_length=200)]
Ids = Annotated[list[Id], Meta(max_length=200)]


class ManyForm(Body):
    """Chosen arrivals."""

    ids: Ids = msgspec.field(default_factory=list)


class AssignManyForm(Body):
    """Chosen arrivals, and who gets the work on all of them; nobody yet = the form is to be shown."""

    ids: Ids = msgspec.field(default_factory=list)
    lead: Annotated[str, Meta(max_length=200)] = ""
    join: Annotated[list[Id], Meta(max_length=99)] = msgspec.field(default_factory=list)
    instruction: Annotated[str, Meta(max_length=4000)] = ""
    due_date: date | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one arrival."""

    id: str
    """Arrival."""
    subject: str
    """Its subject; "" = not known here."""
    number_text: str
    """Number of the letter."""
    done: Standing | None
    """Where it stands now; None = refused."""
    message: str
    """Why it was refused."""


async def _each(
    call: Call[object, NoQuery],
    ids: Sequence[str],
    act: Callable[[Actor, str], Awaitable[Standing]],
) -> list[Outcome]:
    """Do one act on each; a refusal of one is a sentence and stops no other."""
    catalogue = call.request.app[CATALOGUE]
    actor = replace(call.actor, request=replace(call.actor.request, once=None))
    outcomes: list[Outcome] = []
    for arrival_id in dict.fromkeys(ids):
        subject = number_text = message = ""
        done: Standing | None = None
        try:
            arrival = await call.services.circulation.arrival(actor, arrival_id)
            subject, number_text = arrival.subject, arrival.number_text
            done = await act(actor, arrival_id)
        except LienThongError as error:
            fault = error.faults[0]
            message = catalogue.message(call.language, fault.code, fault.params)
        outcomes.append(Outcome(arrival_id, subject, number_text, done, message))
    return outcomes


async def accept_many(call: Call[ManyForm, NoQuery]) -> Html:
    """Accept each chosen arrival; show the outcome of each."""
    if not call.body.ids:
        raise Invalid("web.choose_one", field="/ids")
    circulation = call.services.circulation
    outcomes = await _each(call, call.body.ids, lambda actor, one: circulation.accept(actor, one, Accept()))
    return Html("incoming/outcomes.html", {"outcomes": outcomes, "title": "inbox.accept_many"})


async def assign_many(call: Call[AssignManyForm, NoQuery]) -> Html:
    """Give the work on each chosen arrival to the same people; without people yet, ask for them."""
    body = call.body
    if not body.ids:
        raise Invalid("web.choose_one", field="/ids")
    targets = targets_of(body.lead, body.join)
    if not targets:
        arrivals: list[ArrivalDetail] = [
            await call.services.circulation.arrival(call.actor, one) for one in dict.fromkeys(body.ids)
        ]
        return Html("incoming/assign_many.html", {"arrivals": arrivals, "groups": await assignable(call)})
    command = Assign(targets=targets, instruction=body.instruction, due_date=body.due_date)
    circulation = call.services.circulation
    outcomes = await _each(call, body.ids, lambda actor, one: circulation.assign(actor, one, command))
    return Html("incoming/outcomes.html", {"outcomes": outcomes, "title": "inbox.assign_many"})


PAGES = [
    Route(
        "POST",
        PATH + "/tiep-nhan-nhieu",
        "pages.accept_many",
        accept_many,
        "circulation.accept",
        "Accept several",
        ManyForm,
        page=True,
    ),
    Route(
        "POST",
        PATH + "/giao-nhieu",
        "pages.assign_many",
        assign_many,
        "circulation.assign",
        "Assign several",
        AssignManyForm,
        page=True,
    ),
]
