"""A small site over stand-in services: routes of every kind, so that the edge is tested without the rooms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, cast

import msgspec
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from server.identity.permissions import PermissionTable
from server.kernel.actor import Actor, RequestContext, Role
from server.kernel.errors import Conflict, Forbidden, Unavailable
from server.kernel.page import Page
from server.unit import Replayed
from web.app import build
from web.assets import ASSETS
from web.keys import CATALOGUE
from web.render import RENDERER, TEMPLATES, Renderer
from web.routes import (
    PUBLIC,
    SIGNED_IN,
    Answer,
    Body,
    Call,
    Download,
    Html,
    NoBody,
    NoQuery,
    PageQuery,
    Redirect,
    Route,
)

if TYPE_CHECKING:
    from server.compose import Services

CLERK = Actor("a-clerk", "Văn thư Sở 1", Role.RECORDS_CLERK, "z02-05", "Sở Y tế", "", "z02-05.vt", "Văn thư")
TOKEN = "clerk-token"
FILE = bytes(range(256)) * 40
DIGEST = "sha256:" + "ab" * 32


class Sessions:
    """One token, one clerk."""

    async def resume(
        self, token: str, post: str, context: RequestContext, *, touch: bool = True
    ) -> Actor | None:
        return replace(CLERK, request=context) if token == TOKEN else None


class Access:
    """The clerk may do what starts with ``t.``."""

    table = PermissionTable({}, date(2026, 1, 1))

    def require(self, actor: Actor, action: str) -> None:
        if not action.startswith("t."):
            raise Forbidden("identity.not_allowed", action=action)

    def allows(self, actor: Actor, action: str) -> bool:
        return action.startswith("t.")


@dataclass
class Memory:
    """What the routes of the site write."""

    answers: dict[tuple[str, str], bytes] = field(default_factory=dict)
    made: int = 0


class Line(Body):
    """One line of a thing."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    on: date | None = None


class MakeThing(Body):
    """A thing to make."""

    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=50)]
    count: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0
    lines: Annotated[list[Line], msgspec.Meta(max_length=5)] = msgspec.field(default_factory=list)


class Thing(msgspec.Struct, frozen=True):
    """A thing made."""

    id: str
    subject: str


class ThingForm(Body):
    """The form of a thing."""

    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=50)]
    to: list[str] = msgspec.field(default_factory=list)


async def make(call: Call[MakeThing, NoQuery]) -> Thing:
    memory = cast(Memory, getattr(call.services, "memory"))  # noqa: B009 - the stand-in's own field
    once = call.actor.request.once
    assert once is not None
    key = (once.route, once.key)
    if key in memory.answers:
        stored = memory.answers[key]
        digest, _, answer = stored.partition(b"|")
        if digest.decode() != once.body_digest:
            raise Conflict("unit.key_reused", field="header:idempotency-key")
        raise Replayed(answer)
    memory.made += 1
    thing = Thing(f"t{memory.made}", call.body.subject)
    memory.answers[key] = once.body_digest.encode() + b"|" + msgspec.json.encode(thing)
    return thing


async def listing(call: Call[NoBody, PageQuery]) -> Page[Thing]:
    return Page([Thing("t1", f"limit {call.query.limit}")], None)


async def one(call: Call[NoBody, NoQuery]) -> Thing:
    return Thing(call.path["thing_id"], call.actor.name)


async def broken(call: Call[NoBody, NoQuery]) -> Thing:
    raise ZeroDivisionError("a fault in the program")


async def busy(call: Call[NoBody, NoQuery]) -> Thing:
    raise Unavailable("unit.busy")


async def upload(call: Call[NoBody, NoQuery]) -> Thing:
    total = 0
    async for chunk in call.stream():
        total += len(chunk)
    return Thing("file", str(total))


async def sign_in(call: Call[NoBody, NoQuery]) -> Answer:
    return Answer(None, session=TOKEN)


async def file(call: Call[NoBody, NoQuery]) -> Download:
    async def read(start: int, end: int) -> AsyncIterator[bytes]:
        for at in range(start, end, 1000):
            yield FILE[at : min(at + 1000, end)]

    return Download(DIGEST, len(FILE), "application/pdf", "Quyết định số 1.pdf", read)


async def form(call: Call[NoBody, NoQuery]) -> Html:
    return Html("test/form.html")


async def send_form(call: Call[ThingForm, NoQuery]) -> Redirect:
    if call.body.subject == "taken":
        raise Conflict("unit.key_reused", field="/subject")
    return Redirect("/things", notice="web.to_home")


THINGS = "/api/v1/things"
PDF = ("application/pdf",)
ROUTES = [
    Route("POST", THINGS, "t.make", make, "t.make", "Make", MakeThing, answer=Thing, status=201, once=True),
    Route("GET", THINGS, "t.list", listing, "t.read", "List", query=PageQuery, answer=Page[Thing]),
    Route("GET", THINGS + "/{thing_id}", "t.one", one, "t.read", "One", answer=Thing),
    Route("GET", "/api/v1/secret", "t.secret", one, "x.read", "Not for the clerk", answer=Thing),
    Route("GET", "/api/v1/broken", "t.broken", broken, PUBLIC, "Broken", answer=Thing),
    Route("GET", "/api/v1/busy", "t.busy", busy, PUBLIC, "Busy", answer=Thing),
    Route("POST", "/api/v1/ping", "t.ping", one, SIGNED_IN, "No body", answer=Thing),
    Route("POST", "/api/v1/session", "t.sign_in", sign_in, PUBLIC, "Sign in", status=204),
    Route(
        "POST",
        "/api/v1/files",
        "t.upload",
        upload,
        "t.make",
        "Upload",
        answer=Thing,
        once=True,
        upload=True,
        media=PDF,
        limit_bytes=100_000,
    ),
    Route("GET", "/api/v1/file", "t.file", file, PUBLIC, "A file", media=PDF),
    Route("GET", "/things", "page.things", form, "t.read", "The form", page=True),
    Route("POST", "/things", "page.send", send_form, "t.make", "Send", ThingForm, page=True, again=form),
]


def services(*, tls: bool = False, proxies: tuple[str, ...] = ()) -> Services:
    """Stand-in services of the site."""
    server = SimpleNamespace(tls=tls, trusted_proxies=list(proxies))

    async def ready() -> dict[str, bool]:
        return {"database": True, "objects": False}

    return cast(
        "Services",
        SimpleNamespace(
            settings=SimpleNamespace(server=server),
            sessions=Sessions(),
            access=Access(),
            memory=Memory(),
            pki=None,
            ready=ready,
        ),
    )


def site(*, tls: bool = False, proxies: tuple[str, ...] = ()) -> Application:
    """The application of the site."""
    application = build(services(tls=tls, proxies=proxies), routes=ROUTES)
    folders = (TEMPLATES, Path(__file__).parent / "templates")
    application[RENDERER] = Renderer(application[CATALOGUE], application[ASSETS], folders)
    return application


Client = TestClient[Request, Application]


async def client_of(application: Application) -> Client:
    """A client that keeps no cookies of its own accord."""
    server = TestServer(application)
    await server.start_server(auto_decompress=False)
    client: Client = TestClient(server)
    await client.start_server()
    return client
