"""Every route, tried by everybody: the table of expectations against the whole product."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from tests.data.pdf_pieces import plain
from tests.factories.lived import LivedOffice
from tests.factories.server import Client
from tests.integration.access.asking import ask, code_of, fill, rows, things
from tests.integration.access.expectations import (
    ANYBODY,
    EVERYBODY,
    KNOWN_TO,
    LETTERS,
    PUBLIC,
    SENT_BACK_BY_SENDER,
    TOKEN_ACTIONS,
    expected,
)
from web.routes import Route
from web.table import routes

TABLE = {route.name: route for route in routes()}
NEEDS_TOO = {"pages.sendings": "documents.read"}
"""Pages that show things of two rooms; a token must be for both."""
BY_SERVICE = frozenset({"identity.not_allowed", "identity.by_machine"})
"""Refusals of a service for an act that any account may make on its own things."""

SAID_BEFORE = frozenset({"circulation.reply_elsewhere", "identity.assign_outside"})
"""Refusals of what was sent beside the id, given before the thing is looked up: they tell nothing of it."""
ELSE_UNKNOWN = frozenset({"signatures.not_verified"})
"""Codes of 404 that say that something else is not there."""
NAMES_MORE = frozenset({"pages.recall", "pages.document_signatures", "pages.arrival_signatures"})
"""Pages whose 404 may be about a second thing; their JSON twins tell by the code."""
WITH_FILE = frozenset({"document_answer", "arrival_done"})
"""Things whose file the story knows."""
TAKES_AWAY = frozenset({"circulation.undo_accept"})
"""Acts after which others no longer know of the thing: tried last."""
WITH_SECRET = frozenset(
    {
        "pages.password",
        "pages.totp_begin",
        "pages.totp_confirm",
        "session.change_password",
        "session.begin_totp",
        "session.confirm_totp",
        "session.remove_totp",
        "session.renew_codes",
    }
)
"""Acts that ask for a password or code, here a wrong one: 401."""


def test_every_route_has_its_expectation_and_no_other() -> None:
    assert set(TABLE) == set(expected())


def permitted(office: LivedOffice, route: Route, name: str) -> bool:
    """Tell whether the table of expectations lets somebody use a route at all."""
    who = expected()[route.name]
    if who == PUBLIC:
        return True
    if name in ("nobody", "former_machine"):
        return False
    if who == ANYBODY:
        return True
    role = office.people[name].role
    scopes = TOKEN_ACTIONS.get(name)
    if scopes is not None and not {route.action, NEEDS_TOO.get(route.name, route.action)} <= set(scopes):
        return False
    return name != "former" and role in {LETTERS[letter] for letter in who}


async def refused(client: Client, route: Route, path: str, *, signed_in: bool) -> str:
    """Ask for what is not allowed; return what is wrong with the answer, "" when it is a clean refusal."""
    answer = await ask(client, route, path)
    if signed_in:
        good = answer.status == 403 and code_of(answer) in ("identity.not_allowed", "")
    elif route.page and not route.unsafe:
        good = answer.status == 303 and answer.headers["Location"].startswith("/dang-nhap")
    else:
        good = answer.status == 401
    return "" if good else f"{route.name} {path}: {answer.status} {code_of(answer)}"


async def refusals(lived_office: LivedOffice, name: str) -> list[str]:
    """Have somebody ask for everything their role may not; return what was wrong with the answers."""
    wrong = []
    async with lived_office.client(name) as client:
        for route in TABLE.values():
            if permitted(lived_office, route, name):
                continue
            values = {"arrival_id": lived_office.objects["arrival_done"]}
            values["document_id"] = lived_office.objects["document_answer"]
            values["dispatch_id"] = lived_office.objects["dispatch_open"]
            values["account_id"] = lived_office.objects["account"]
            values["body_id"] = lived_office.objects["body"]
            signed_in = name not in ("nobody", "former_machine")
            wrong.append(await refused(client, route, fill(route, values), signed_in=signed_in))
    return [f"{name} {line}" for line in wrong if line]


async def test_a_role_that_may_not_is_refused_and_changes_nothing(lived_office: LivedOffice) -> None:
    before = await asyncio.to_thread(rows, lived_office.database)
    wrong = []
    for name in ("nobody", *EVERYBODY):
        wrong += await refusals(lived_office, name)
    assert not wrong, "\n".join(wrong)
    assert await asyncio.to_thread(rows, lived_office.database) == before


@pytest.mark.parametrize("name", EVERYBODY)
async def test_a_role_that_may_gets_past_the_door(lived_office: LivedOffice, name: str) -> None:
    wrong = []
    ends = {"session.sign_out", "pages.sign_out", "session.end_others", "pages.end_others"}
    chosen = [route for route in TABLE.values() if route.name not in ends]
    chosen += [TABLE["session.end_others"], TABLE["session.sign_out"]]
    async with lived_office.client(name) as client:
        for route in chosen:
            if not permitted(lived_office, route, name) or expected()[route.name] == PUBLIC:
                continue
            answer = await ask(client, route, fill(route, {}), plain())
            own = expected()[route.name] == ANYBODY and code_of(answer) in BY_SERVICE
            closed = code_of(answer) == "identity.not_allowed" and not own
            signed_out = answer.status == 401 and route.name not in WITH_SECRET
            if signed_out or answer.status >= 500 or closed:
                wrong.append(f"{route.name}: {answer.status} {code_of(answer)}")
    assert not wrong, "\n".join(wrong)


def acts_on(route: Route, thing: str) -> bool:
    """Tell whether a route is about things of this kind."""
    kind = thing.partition("_")[0]
    if kind in ("incoming", "postal"):
        return "{entry_id}" in route.path and f"/books/{kind}/" in route.path
    if "{digest}" in route.path and thing not in WITH_FILE:
        return False
    return f"{{{kind}_id}}" in route.path and route.name not in SENT_BACK_BY_SENDER


async def told(lived_office: LivedOffice, thing: str) -> list[str]:
    """Have all who may not know of a thing ask for it; return the answers that tell that it exists."""
    chosen = [route for route in TABLE.values() if acts_on(route, thing)]
    assert chosen, thing
    values = things(lived_office, thing)
    wrong = []
    for name in EVERYBODY:
        if name in KNOWN_TO[thing]:
            continue
        async with lived_office.client(name) as client:
            for route in chosen:
                if not permitted(lived_office, route, name):
                    continue
                answer = await ask(client, route, fill(route, values), plain())
                if answer.status != 404 and code_of(answer) not in BY_SERVICE | SAID_BEFORE:
                    wrong.append(f"{thing} {name} {route.name}: {answer.status} {code_of(answer)}")
    return wrong


async def test_a_thing_exists_only_for_those_who_may_know(lived_office: LivedOffice) -> None:
    before = await asyncio.to_thread(rows, lived_office.database)
    wrong = []
    for thing in sorted(KNOWN_TO):
        wrong += await told(lived_office, thing)
    assert not wrong, "\n".join(wrong)
    assert await asyncio.to_thread(rows, lived_office.database) == before


@pytest.mark.parametrize("thing", sorted(KNOWN_TO))
async def test_a_thing_is_there_for_those_who_may_know(lived_office: LivedOffice, thing: str) -> None:
    chosen = [route for route in TABLE.values() if acts_on(route, thing)]
    values = things(lived_office, thing)
    wrong = []
    tries = [(route, name) for name in sorted(KNOWN_TO[thing]) for route in chosen]
    tries.sort(key=lambda one: (one[0].name in TAKES_AWAY, one[1], one[0].unsafe))
    for name, mine in itertools.groupby(tries, key=lambda one: one[1]):
        async with lived_office.client(name) as client:
            for route, _ in mine:
                if not permitted(lived_office, route, name):
                    continue
                answer = await ask(client, route, fill(route, values), plain())
                unknown = answer.status == 404 and code_of(answer) not in ELSE_UNKNOWN
                if route.name in NAMES_MORE:
                    unknown = False
                if unknown or answer.status == 401 or answer.status >= 500:
                    wrong.append(f"{name} {route.name}: {answer.status} {code_of(answer)}")
    assert not wrong, "\n".join(wrong)
