"""Looking bodies, units, posts and holders up over JSON. Changing them: ``organisations_acts``."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, field

from server.kernel.page import Page
from server.organisations.model import (
    Bloc,
    Body,
    BodyDetail,
    DirectoryEntry,
    Holder,
    Node,
    Post,
    Unit,
)
from web.routes import Call, NoBody, NoQuery, PageQuery, Query, Route

READ = "organisations.read"
BASE = "/api/v1/bodies"
ONE = BASE + "/{body_id}"
Id = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:~-]+$")]
OptionalId = Annotated[str, Meta(max_length=200, pattern=r"^[A-Za-z0-9._:~-]*$")]
Words = Annotated[str, Meta(max_length=200)]
Basis = Annotated[str, Meta(max_length=500)]


class BodiesQuery(PageQuery):
    """Which bodies."""

    q: Words = ""
    """Part of name or code; marks and case do not matter."""
    bloc: Bloc | None = None
    """Only this bloc."""
    at: date | None = None
    """Only those open on this day; none = closed ones too."""


class DirectoryQuery(PageQuery):
    """Whom to look for."""

    q: Words = ""
    """Part of name or code; marks and case do not matter."""


class TreeQuery(Query):
    """The tree of which day."""

    at: date | None = None
    """Day; none = today."""


class CodeQuery(Query):
    """A code to resolve."""

    code: Annotated[str, Meta(min_length=1, max_length=35)]
    """Identifier in either form."""


class PostsQuery(Query):
    """Which posts."""

    ids: Annotated[list[Id], Meta(max_length=200)] = field(default_factory=list)
    """Posts; the parameter is repeated."""


async def list_bodies(call: Call[NoBody, BodiesQuery]) -> Page[Body]:
    """Return bodies by id."""
    query = call.query
    return await call.services.organisations.bodies(query.page, query=query.q, bloc=query.bloc, at=query.at)


async def show(call: Call[NoBody, NoQuery]) -> BodyDetail:
    """Return a body with all that belongs to it."""
    return await call.services.organisations.detail(call.path["body_id"])


async def directory(call: Call[NoBody, DirectoryQuery]) -> Page[DirectoryEntry]:
    """Return whom documents can be sent to today."""
    return await call.services.organisations.directory(call.query.page, query=call.query.q)


async def tree(call: Call[NoBody, TreeQuery]) -> list[Node]:
    """Return the tree of a day."""
    return await call.services.organisations.tree(call.query.at)


async def resolve(call: Call[NoBody, CodeQuery]) -> list[Body]:
    """Return the bodies that have or had a code."""
    return await call.services.organisations.resolve(call.query.code)


async def units_of(call: Call[NoBody, NoQuery]) -> list[Unit]:
    """Return the units of a body."""
    return await call.services.organisations.units_of(call.path["body_id"])


async def posts_of(call: Call[NoBody, NoQuery]) -> list[Post]:
    """Return the posts of a body."""
    return await call.services.organisations.posts_of(call.path["body_id"])


async def holders(call: Call[NoBody, PostsQuery]) -> list[Holder]:
    """Return who holds posts today."""
    return await call.services.organisations.holders(call.query.ids)


ROUTES = [
    Route("GET", BASE, "bodies.list", list_bodies, READ, "Bodies", query=BodiesQuery, answer=Page[Body]),
    Route(
        "GET",
        "/api/v1/directory",
        "bodies.directory",
        directory,
        READ,
        "Whom documents can be sent to today",
        query=DirectoryQuery,
        answer=Page[DirectoryEntry],
    ),
    Route(
        "GET",
        "/api/v1/tree",
        "bodies.tree",
        tree,
        READ,
        "The tree of bodies on a day",
        query=TreeQuery,
        answer=list[Node],
    ),
    Route(
        "GET",
        "/api/v1/codes",
        "bodies.resolve",
        resolve,
        READ,
        "Bodies that have or had a code, in either form",
        query=CodeQuery,
        answer=list[Body],
    ),
    Route(
        "GET",
        ONE,
        "bodies.show",
        show,
        READ,
        "A body with its forms, units, posts and authorities",
        answer=BodyDetail,
        errors=("organisations.body_unknown",),
    ),
    Route("GET", f"{ONE}/units", "bodies.units", units_of, READ, "Units of a body", answer=list[Unit]),
    Route("GET", f"{ONE}/posts", "bodies.posts", posts_of, READ, "Posts of a body", answer=list[Post]),
    Route(
        "GET",
        "/api/v1/holders",
        "bodies.holders",
        holders,
        READ,
        "Who holds posts today",
        query=PostsQuery,
        answer=list[Holder],
    ),
]
