"""Acts on a document that came: accept, refuse, submit, assign, instruct, start, opine, finish, recall."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from server.circulation.codes import Part
from server.circulation.commands import (
    Accept,
    Assign,
    Finish,
    Reason,
    RecallAnswer,
    Remark,
    Submit,
    Target,
)
from server.circulation.model import Standing
from server.kernel.actor import Role
from server.kernel.errors import Fault, Invalid
from web.pages.incoming import PATH, detail
from web.pages.shared import once
from web.people import Person, by_unit, posts_held
from web.routes import Body, Call, Handler, Html, NoBody, NoQuery, Redirect, Route

ONE = PATH + "/{arrival_id}"
Text = Annotated[str, Meta(max_length=4000)]
PostId = Annotated[str, Meta(min_length=1, max_length=200)]


class AcceptForm(Body):
    """Take into the book."""

    due_date: date | None = None
    note: Text = ""


class ReasonForm(Body):
    """An act with a reason."""

    reason: Annotated[str, Meta(min_length=1, max_length=4000)]


class RecallForm(Body):
    """Answer to a recall."""

    agreed: bool
    reason: Text = ""


class TextForm(Body):
    """Words."""

    text: Annotated[str, Meta(min_length=1, max_length=4000)]


class FinishForm(Body):
    """The result."""

    result: Text = ""
    reply_document: Annotated[str, Meta(max_length=200)] = ""


class EmptyForm(Body):
    """Nothing but the press of the button."""


class SubmitForm(Body):
    """Posts that decide."""

    posts: Annotated[list[PostId], Meta(max_length=20)] = msgspec.field(default_factory=list)
    note: Text = ""


class AssignForm(Body):
    """Who leads, who joins, by when."""

    lead: Annotated[str, Meta(max_length=200)] = ""
    join: Annotated[list[PostId], Meta(max_length=99)] = msgspec.field(default_factory=list)
    instruction: Text = ""
    due_date: date | None = None


async def accept(call: Call[AcceptForm, NoQuery]) -> Redirect:
    """Accept: the incoming number is taken in the same act."""
    command = Accept(due_date=call.body.due_date, note=call.body.note)
    done = await once(call.services.circulation.accept(call.actor, _id(call), command), Standing)
    return _back(call, "arrival.accepted", number=done.incoming_text)


async def refuse(call: Call[ReasonForm, NoQuery]) -> Redirect:
    """Refuse with a reason."""
    command = Reason(reason=call.body.reason)
    await once(call.services.circulation.refuse(call.actor, _id(call), command), Standing)
    return _back(call, "arrival.refused")


async def answer_recall(call: Call[RecallForm, NoQuery]) -> Redirect:
    """Agree to give back, or not."""
    command = RecallAnswer(agreed=call.body.agreed, reason=call.body.reason)
    await once(call.services.circulation.answer_recall(call.actor, _id(call), command), Standing)
    return _back(call, "arrival.recall_agreed" if call.body.agreed else "arrival.recall_refused")


async def start(call: Call[EmptyForm, NoQuery]) -> Redirect:
    """Begin the work."""
    await once(call.services.circulation.start(call.actor, _id(call)), Standing)
    return _back(call, "arrival.started")


async def instruct(call: Call[TextForm, NoQuery]) -> Redirect:
    """Write an instruction."""
    command = Remark(text=call.body.text)
    await once(call.services.circulation.instruct(call.actor, _id(call), command), Standing)
    return _back(call, "arrival.instructed")


async def remark(call: Call[TextForm, NoQuery]) -> Redirect:
    """Write an opinion."""
    command = Remark(text=call.body.text)
    await once(call.services.circulation.remark(call.actor, _id(call), command), Standing)
    return _back(call, "arrival.remarked")


async def finish(call: Call[FinishForm, NoQuery]) -> Redirect:
    """Finish with a result."""
    command = Finish(result=call.body.result, reply_document=call.body.reply_document)
    await once(call.services.circulation.finish(call.actor, _id(call), command), Standing)
    return _back(call, "arrival.finished")


async def submit_page(call: Call[NoBody, NoQuery]) -> Html:
    """Show to whom an arrival can be put for a decision."""
    arrival = await call.services.circulation.arrival(call.actor, _id(call))
    people = await posts_held(call.services.organisations, [arrival.to_body, call.actor.body_id])
    deciders = [person for person in people if person[0].role in (Role.LEADER, Role.CHIEF_OF_OFFICE)]
    return Html("incoming/submit.html", {"arrival": arrival, "people": deciders})


async def submit(call: Call[SubmitForm, NoQuery]) -> Redirect:
    """Put an arrival before leaders."""
    if not call.body.posts:
        raise Invalid.of([Fault("web.choose_one", "/posts")])
    command = Submit(posts=tuple(call.body.posts), note=call.body.note)
    await once(call.services.circulation.submit(call.actor, _id(call), command), Standing)
    return _back(call, "arrival.submitted")


async def assign_page(call: Call[NoBody, NoQuery]) -> Html:
    """Show to whom work can be given."""
    arrival = await call.services.circulation.arrival(call.actor, _id(call))
    return Html("incoming/assign.html", {"arrival": arrival, "groups": await assignable(call)})


async def assignable(call: Call[object, NoQuery]) -> list[tuple[str, list[Person]]]:
    """Return the posts that the reader can give work to, by unit."""
    people = await posts_held(call.services.organisations, [call.actor.body_id])
    if call.actor.role is Role.HEAD_OF_UNIT:
        people = [person for person in people if person[0].unit_id == call.actor.unit_id]
    units = await call.services.organisations.units_of(call.actor.body_id)
    return by_unit(people, units)


async def assign(call: Call[AssignForm, NoQuery]) -> Redirect:
    """Give the work."""
    body = call.body
    targets = targets_of(body.lead, body.join)
    if not targets:
        raise Invalid.of([Fault("web.choose_one", "/lead")])
    command = Assign(targets=targets, instruction=body.instruction, due_date=body.due_date)
    await once(call.services.circulation.assign(call.actor, _id(call), command), Standing)
    return _back(call, "arrival.assigned")


def targets_of(lead: str, join: Sequence[str]) -> tuple[Target, ...]:
    """Return who leads and who joins; nobody has two parts."""
    first = [Target(post_id=lead, part=Part.LEAD)] if lead else []
    return (*first, *(Target(post_id=post, part=Part.JOIN) for post in join if post != lead))


def _id(call: Call[object, object]) -> str:
    return call.path["arrival_id"]


def _back(call: Call[object, object], notice: str, **params: str) -> Redirect:
    return Redirect(f"{PATH}/{_id(call)}", notice=notice, params=params)


def _act(slug: str, verb: str, handler: Handler, body: type[Body], again: Handler, action: str = "") -> Route:
    return Route(
        "POST",
        f"{ONE}/{slug}",
        f"pages.arrival_{verb}",
        handler,
        action or f"circulation.{verb}",
        verb,
        body,
        page=True,
        again=again,
    )


PAGES = [
    _act("tiep-nhan", "accept", accept, AcceptForm, detail),
    _act("tu-choi", "refuse", refuse, ReasonForm, detail),
    _act("tra-loi-lay-lai", "answer_recall", answer_recall, RecallForm, detail),
    _act("bat-dau", "start", start, EmptyForm, detail),
    _act("but-phe", "instruct", instruct, TextForm, detail),
    _act("y-kien", "remark", remark, TextForm, detail, "circulation.start"),
    _act("hoan-thanh", "finish", finish, FinishForm, detail),
    Route("GET", ONE + "/trinh", "pages.submit_form", submit_page, "circulation.submit", "Submit", page=True),
    _act("trinh", "submit", submit, SubmitForm, submit_page),
    Route(
        "GET", ONE + "/giao-viec", "pages.assign_form", assign_page, "circulation.assign", "Assign", page=True
    ),
    _act("giao-viec", "assign", assign, AssignForm, assign_page),
]
