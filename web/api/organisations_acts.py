"""Changing bodies, units, posts and authorities over JSON."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, field

from server.organisations.data import BodyData, PostData, UnitData
from server.organisations.model import Authority, Body, Closing, Mode, Post, Unit
from server.organisations.service import MANAGE
from server.organisations.staffing import NewAuthority
from web.routes import Body as Request
from web.routes import Call, NoQuery, Route

BASE = "/api/v1/bodies"
ONE = BASE + "/{body_id}"
Id = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:~-]+$")]
OptionalId = Annotated[str, Meta(max_length=200, pattern=r"^[A-Za-z0-9._:~-]*$")]
Words = Annotated[str, Meta(max_length=200)]
Basis = Annotated[str, Meta(max_length=500)]


class Change(Request):
    """How a body is from a day on."""

    on: date
    """First day; today at the latest."""
    body: BodyData
    """The body as it becomes; its first day, units and posts do not count here."""
    basis: Basis = ""
    """Decision."""


class Close(Request):
    """The end of a body."""

    on: date
    """First day on which it is closed."""
    successor_id: OptionalId = ""
    """Body that takes over: books, arrivals, open work and mandates pass to it on the day."""
    posts: Annotated[dict[Id, Id], Meta(max_length=1000)] = field(default_factory=dict)
    """Post of the old body -> post of the successor that goes on with its work; open work of posts not named
    is put before the successor's chief of office or leader."""
    basis: Basis = ""
    """Decision."""


class EndOn(Request):
    """The end of a post or an authority."""

    on: date
    """First day on which it is gone."""
    basis: Basis = ""
    """Decision."""


class GrantAuthority(Request):
    """A right to sign."""

    post_id: Id
    """Post that will sign."""
    mode: Mode
    """Capacity."""
    valid_from: date
    """First day."""
    valid_to: date | None = None
    """First day no longer in force; a TUQ must have one."""
    for_title: Words = ""
    """Line printed after the mode's word."""
    own_title: Words = ""
    """Title of the signer."""
    granted_by_post_id: OptionalId = ""
    """Post that gives it; "" = statute."""
    basis: Basis = ""
    """Regulation or written mandate; a TUQ must have one."""


async def create(call: Call[BodyData, NoQuery]) -> Body:
    """Open a body."""
    return await call.services.organisations.create(call.actor, call.body)


async def change(call: Call[Change, NoQuery]) -> Body:
    """Change a body from a day."""
    body = call.body
    return await call.services.organisations.change(
        call.actor, call.path["body_id"], body.body, on=body.on, basis=body.basis
    )


async def close(call: Call[Close, NoQuery]) -> Closing:
    """Close a body from a day."""
    body = call.body
    return await call.services.organisations.close(
        call.actor,
        call.path["body_id"],
        on=body.on,
        successor_id=body.successor_id,
        basis=body.basis,
        posts=body.posts,
    )


async def add_unit(call: Call[UnitData, NoQuery]) -> Unit:
    """Open a unit."""
    return await call.services.staffing.add_unit(call.actor, call.path["body_id"], call.body)


async def add_post(call: Call[PostData, NoQuery]) -> Post:
    """Make a post."""
    return await call.services.staffing.add_post(call.actor, call.path["body_id"], call.body)


async def abolish_post(call: Call[EndOn, NoQuery]) -> Post:
    """Abolish a post from a day."""
    body = call.body
    return await call.services.staffing.abolish_post(
        call.actor, call.path["post_id"], on=body.on, basis=body.basis
    )


async def grant_authority(call: Call[GrantAuthority, NoQuery]) -> Authority:
    """Give a post the right to sign."""
    body = call.body
    new = NewAuthority(
        post_id=body.post_id,
        body_id=call.path["body_id"],
        mode=body.mode,
        valid_from=body.valid_from,
        for_title=body.for_title,
        own_title=body.own_title,
        granted_by_post_id=body.granted_by_post_id,
        valid_to=body.valid_to,
        basis=body.basis,
    )
    return await call.services.staffing.grant_authority(call.actor, new)


async def end_authority(call: Call[EndOn, NoQuery]) -> Authority:
    """End an authority from a day."""
    body = call.body
    return await call.services.staffing.end_authority(
        call.actor, call.path["authority_id"], on=body.on, basis=body.basis
    )


_LINKS = (
    "organisations.link_unknown",
    "organisations.keeper_kept",
    "organisations.parent_loop",
    "organisations.span_empty",
    "organisations.template_wrong",
)
_ON_ONE = ("organisations.body_unknown", "organisations.closed_already", "organisations.changed_meanwhile")

ROUTES = [
    Route(
        "POST",
        BASE,
        "bodies.create",
        create,
        MANAGE,
        "Open a body with its units and posts",
        body=BodyData,
        answer=Body,
        status=201,
        once=True,
        errors=("organisations.code_taken", *_LINKS),
    ),
    Route(
        "POST",
        f"{ONE}/changes",
        "bodies.change",
        change,
        MANAGE,
        "Give a body another name, code or place from a day; the old form stays",
        body=Change,
        answer=Body,
        once=True,
        errors=(*_ON_ONE, *_LINKS, "organisations.date_in_future", "organisations.change_before_form"),
    ),
    Route(
        "POST",
        f"{ONE}/close",
        "bodies.close",
        close,
        MANAGE,
        "Close a body; its code stays resolvable",
        body=Close,
        answer=Closing,
        once=True,
        errors=(
            *_ON_ONE,
            "organisations.closed_before_opening",
            "organisations.successor_self",
            "organisations.successor_closed",
            "organisations.child_open",
            "organisations.books_kept",
            "organisations.post_not_of_body",
            "organisations.post_not_of_successor",
        ),
    ),
    Route(
        "POST",
        f"{ONE}/units",
        "bodies.add_unit",
        add_unit,
        MANAGE,
        "Open a unit",
        body=UnitData,
        answer=Unit,
        status=201,
        once=True,
        errors=(*_ON_ONE, *_LINKS, "organisations.key_taken"),
    ),
    Route(
        "POST",
        f"{ONE}/posts",
        "bodies.add_post",
        add_post,
        MANAGE,
        "Make a post",
        body=PostData,
        answer=Post,
        status=201,
        once=True,
        errors=(*_ON_ONE, *_LINKS, "organisations.key_taken"),
    ),
    Route(
        "POST",
        "/api/v1/posts/{post_id}/abolish",
        "bodies.abolish_post",
        abolish_post,
        MANAGE,
        "Abolish a post that nobody holds",
        body=EndOn,
        answer=Post,
        once=True,
        errors=("organisations.post_unknown", "organisations.post_held", "organisations.span_empty"),
    ),
    Route(
        "POST",
        f"{ONE}/authorities",
        "bodies.grant_authority",
        grant_authority,
        MANAGE,
        "Give a post the right to sign for a body",
        body=GrantAuthority,
        answer=Authority,
        status=201,
        once=True,
        errors=(
            *_ON_ONE,
            "organisations.post_unknown",
            "organisations.span_empty",
            "organisations.for_title_missing",
            "organisations.giver_missing",
            "organisations.giver_self",
            "organisations.giver_without_authority",
            "organisations.mandate_unwritten",
            "organisations.mandate_open",
            "organisations.mandate_passed_on",
        ),
    ),
    Route(
        "POST",
        "/api/v1/authorities/{authority_id}/end",
        "bodies.end_authority",
        end_authority,
        MANAGE,
        "End a right to sign",
        body=EndOn,
        answer=Authority,
        once=True,
        errors=("organisations.authority_unknown", "organisations.span_empty"),
    ),
]
