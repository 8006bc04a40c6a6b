"""The whole API description, fuzzed against a real server process: nobody and every role, good and bad input.

Nothing may answer 500, and every answer must be what the description says: status, media type, body. Half of
the ids are real, so that the services are reached and not only the edge. The examples are the same at every
run; LIENTHONG_FUZZ_EXAMPLES asks for more of them.
"""

from __future__ import annotations

import os
import random
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server.identity.permissions import load_permissions
from server.kernel.actor import Role
from tests.factories.lived import DEPARTMENT, Lived
from tests.factories.people import PERMISSIONS
from tests.factories.province import CHEAP
from tests.factories.server import ServerProcess
from web.openapi import describe
from web.routes import PUBLIC, SIGNED_IN, Route
from web.table import routes


@schemathesis.serializer("application/offset+octet-stream", "application/pdf")
def octets(_context: object, value: object) -> bytes:
    """A file, or a part of one, is bytes as they are."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


EXAMPLES = int(os.environ.get("LIENTHONG_FUZZ_EXAMPLES", "4"))
"""Examples of each kind (good, bad) for each route."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
TABLE = {route.name: route for route in routes() if not route.page}
DESCRIPTION = schemathesis.openapi.from_dict(msgspec.json.decode(msgspec.json.encode(describe(routes()))))
PERMITTED = load_permissions(PERMISSIONS)
ROLES = (
    "nobody",
    "clerk",
    "chief",
    "leader",
    "head",
    "specialist",
    "counter",
    "administrator",
    "supervisor",
    "machine",
    "former",
)
ENDS_THE_SESSION = {
    "session.sign_out",
    "session.end",
    "session.end_others",
    "accounts.leave",
    "accounts.lock",
}
"""Tried by nobody and by people of the other body alone: the others still have work to do."""
EXPENDABLE = ("nobody", "stranger_clerk", "stranger_head")


@dataclass
class Desk:
    """A running server, and who sits before it."""

    url: str
    lived: Lived
    http: requests.Session = field(default_factory=requests.Session)

    def known(self, kind: str, chance: random.Random) -> str:
        """Return the id of a real thing of a kind (``document``, ``arrival``, ...), "" when there is none."""
        found = [value for name, value in self.lived.objects.items() if name.partition("_")[0] == kind]
        return chance.choice(found) if found else ""


@pytest.fixture(scope="module")
def desk(lived: Lived, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The real server on a copy of a province that has worked."""
    data = tmp_path_factory.mktemp("fuzz") / "data"
    shutil.copytree(lived.folder, data)
    with ServerProcess(data, environment=CHEAP) as server, requests.Session() as http:
        yield Desk(server.url, lived, http)
        assert "Traceback" not in server.log()


REAL: dict[str, tuple[object, ...]] = {
    "body_id": (DEPARTMENT, "z01"),
    "post_id": (f"{DEPARTMENT}.chuyen-vien", f"{DEPARTMENT}.van-thu"),
    "signer_post": (f"{DEPARTMENT}.giam-doc",),
    "type_code": ("cong-van", "quyet-dinh"),
    "secrecy": ("none",),
    "version": (1, 2, 3, 4),
    "to": (["z03-01"], ["z03-02", "z02"]),
    "recipients": (["z03-01"],),
    "posts": ([f"{DEPARTMENT}.giam-doc"],),
    "chain": ([], [f"{DEPARTMENT}.chanh-van-phong"]),
}
"""Values that make sense, by the name of the field."""


def enriched(desk: Desk, value: object, chance: random.Random) -> object:
    """Return a body in which many fields hold what exists."""
    if isinstance(value, list):
        return [enriched(desk, item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    result: dict[str, object] = {}
    for name, item in value.items():
        kind = name.removesuffix("_id")
        real = desk.known({"reply_document": "document", "reply_to": "arrival"}.get(name, kind), chance)
        if chance.random() < 0.3:
            result[name] = item
        elif name in REAL:
            result[name] = chance.choice(REAL[name])
        elif name.endswith(("_id", "reply_to", "reply_document")) and real:
            result[name] = real
        elif name == "digest":
            result[name] = desk.known("digest", chance)
        else:
            result[name] = enriched(desk, item, chance)
    return result


def prepared(desk: Desk, case: Case[Any], chance: random.Random, *, bad: bool) -> Case[Any]:
    """Put real ids into a case, and a new Idempotency-Key unless the key is what is wrong."""
    for name in case.path_parameters or {}:
        kind = name.removesuffix("_id")
        if kind == "entry" and "/books/" in case.path:
            kind = "postal" if "postal" in case.path else "incoming"
        real = {"n": "1", "post": f"{DEPARTMENT}.chuyen-vien"}.get(kind) or desk.known(kind, chance)
        if real and chance.random() < 0.8:
            case.path_parameters[name] = real
    if not bad:
        if "Idempotency-Key" in (case.headers or {}):
            case.headers["Idempotency-Key"] = f"fuzz-{chance.getrandbits(96):x}"
        if isinstance(case.body, dict | list):
            body: Any = enriched(desk, case.body, chance)
            case.body = body
    if case.headers and chance.random() < 0.9:
        case.headers.pop("Lien-Thong-Post", None)
    return case


def people(route: Route, *, bad: bool) -> tuple[str, ...]:
    """Return who tries a route: everybody, or for bad input somebody who gets past the permission."""
    if route.name in ENDS_THE_SESSION:
        return EXPENDABLE
    if not bad:
        return ROLES
    if route.action == PUBLIC:
        return ("nobody",)
    by_role = {
        "clerk": Role.RECORDS_CLERK,
        "leader": Role.LEADER,
        "administrator": Role.ADMINISTRATOR,
        "counter": Role.COUNTER_OFFICER,
    }
    for name, role in by_role.items():
        if route.action == SIGNED_IN or PERMITTED.allows(role, route.action):
            return (name,)
    raise AssertionError(f"{route.name}: nobody may")


def judge(desk: Desk, case: Case[Any], name: str) -> list[str]:
    """Send a case as somebody; return what is wrong with the answer."""
    headers = {} if name == "nobody" else dict(desk.lived.people[name].headers)
    try:
        answer = case.call(base_url=desk.url, session=desk.http, headers=headers, timeout=30)
    except requests.exceptions.InvalidHeader:
        return []  # the client library itself refuses to send it
    desk.http.cookies.clear()
    told = f"{case.as_curl_command()[:1500]}\nas {name}: {answer.status_code} {answer.content[:600]!r}"
    found = []
    try:
        case.validate_response(answer, checks=CHECKS, headers=headers)
    except FailureGroup as group:
        found += [f"{failure}\n{told}" for failure in group.exceptions]
    if answer.status_code >= 400:
        problem = answer.json()
        if not problem["faults"] or problem["status"] != answer.status_code or not problem["code"]:
            found.append(f"a problem without its faults\n{told}")
        if any("errors." in fault["message"] or not fault["message"] for fault in problem["faults"]):
            found.append(f"a fault without words\n{told}")
    return found


def takes_anything(route: Route) -> bool:
    """Tell whether no input is bad: any bytes are a file, and there is nothing else to get wrong."""
    return route.upload and not route.once and route.query is None and "{" not in route.path


CASES = [
    pytest.param(name, mode, id=f"{name}-{word}")
    for name, route in sorted(TABLE.items())
    for mode, word in ((GenerationMode.POSITIVE, "good"), (GenerationMode.NEGATIVE, "bad"))
    if word == "good" or not takes_anything(route)
]


@pytest.mark.parametrize(("name", "mode"), CASES)
def test_every_answer_is_as_described(desk: Desk, name: str, mode: GenerationMode) -> None:
    route = TABLE[name]
    bad = mode is GenerationMode.NEGATIVE
    operation = DESCRIPTION[route.path][route.method]
    chance = random.Random(zlib.crc32(name.encode()))
    faults: list[str] = []

    def attempt(case: Case[Any]) -> None:
        ready = prepared(desk, case, chance, bad=bad)
        for person in people(route, bad=bad):
            faults.extend(judge(desk, ready, person))

    strategy: Any = operation.as_strategy(generation_mode=mode)
    few = settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    few(given(case=strategy)(attempt))()
    assert not faults, "\n\n".join(faults[:5])
