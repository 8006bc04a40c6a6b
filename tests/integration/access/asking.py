"""One request of somebody for something, and what came back."""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.factories.lived import LivedOffice
from tests.factories.server import Answered, Client
from tests.integration.access.bodies import smallest
from web.routes import Route

VOLATILE = ("sessions", "limits", "rate_limits", "sqlite_sequence", "leases")
"""Tables that a refused request may touch: when somebody was last seen, how often somebody tried."""
QUERIES = {
    "bodies.resolve": "code=Z01",
    "registers.print": "book=outgoing",
    "pages.print_book": "",
}
"""Queries that must be there."""


@dataclass(frozen=True)
class Ask:
    """A route with its path filled in."""

    route: Route
    path: str


BODIES: dict[str, dict[str, object]] = {
    "results.drop": {"version": 1, "reason": "Sai"},
    "results.revoke": {"version": 1, "reason": "Sai"},
    "results.replace": {"version": 1, "reason": "Sai", "by_code": "x"},
    "pages.result_drop": {"version": 1, "reason": "Sai"},
    "circulation.submit": {"posts": ["z02-05.giam-doc"]},
    "circulation.assign": {"targets": [{"post_id": "z02-05.chuyen-vien"}]},
    "circulation.finish": {"result": "Xong"},
    "documents.check_form": {"version": 1, "passed": True},
    "documents.send_back": {"version": 1, "reason": "Sai"},
    "documents.withdraw": {"version": 1, "reason": "Sai"},
    "documents.take_back": {"version": 1, "reason": "Sai"},
    "documents.reject": {"version": 1, "reason": "Sai"},
    "pages.document_return_form": {"version": 1, "reason": "Sai"},
    "pages.document_send_back": {"version": 1, "reason": "Sai"},
    "pages.document_withdraw": {"version": 1, "reason": "Sai"},
    "pages.document_take_back": {"version": 1, "reason": "Sai"},
    "pages.document_reject": {"version": 1, "reason": "Sai"},
}
"""Bodies that make sense where the smallest would be refused for what it says."""


def smallest_body(route: Route) -> dict[str, object] | None:
    """Return the body that a route is tried with."""
    if route.name in BODIES:
        return BODIES[route.name]
    found: dict[str, object] | None = smallest(route.body) if route.body else None
    return found


def fill(route: Route, values: Mapping[str, str]) -> str:
    """Return the path of a route with its parameters from ``values``; the others are nobody's."""
    return re.sub(r"\{([a-z_]+)\}", lambda match: values.get(match[1], "nobodys"), route.path)


def _form(route: Route, csrf: str) -> bytes:
    fields = smallest_body(route) or {}
    return urlencode({"_csrf": csrf, "_key": secrets.token_hex(8), **fields}, doseq=True).encode()


def _multipart(csrf: str, pdf: bytes) -> tuple[bytes, str]:
    mark = "----edge"
    head = f'--{mark}\r\nContent-Disposition: form-data; name="_csrf"\r\n\r\n{csrf}\r\n--{mark}\r\n'
    head += 'Content-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
    head += "Content-Type: application/pdf\r\n\r\n"
    return head.encode() + pdf + f"\r\n--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


async def ask(client: Client, route: Route, path: str, pdf: bytes = b"%PDF-1.4") -> Answered:
    """Send the smallest request of a route that has the right shape."""
    csrf = client.headers.get("X-CSRF-Token", "")
    query = QUERIES.get(route.name, "")
    path += f"?{query}" if query else ""
    if not route.unsafe:
        async with client._session.get(
            client.url + path, headers=client.headers, allow_redirects=False
        ) as answer:
            return Answered(answer.status, answer.headers, await answer.read())
    if route.page and route.upload:
        data, kind = _multipart(csrf, pdf)
        return await client.call("POST", path, data=data, headers={"Content-Type": kind})
    if route.page:
        kind = "application/x-www-form-urlencoded"
        return await client.call("POST", path, data=_form(route, csrf), headers={"Content-Type": kind})
    if route.upload:
        headers = {"Content-Type": route.media[0], "Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
        target = f"{path}?name=a.pdf&secrecy=none" if route.name == "files.receive" else path
        return await client.call(route.method, target, data=pdf, headers=headers)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Metadata": "secrecy bm9uZQ=="}
    body = smallest_body(route)
    return await client.call(route.method, path, body=body, headers=headers)


def code_of(answer: Answered) -> str:
    """Return the code of a problem; "" for pages, which show words only."""
    is_problem = answer.headers.get("Content-Type", "").startswith("application/problem+json")
    return str(answer.json["code"]) if is_problem else ""


def rows(database: Path) -> dict[str, str]:
    """Return name of each lasting table -> count and digest of its rows."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {}
        for name in names:
            if name in VOLATILE:
                continue
            content = connection.execute(f'SELECT * FROM "{name}"').fetchall()
            found[name] = f"{len(content)} {hashlib.sha256(repr(content).encode()).hexdigest()[:16]}"
    connection.close()
    return found


def things(office: LivedOffice, name: str) -> dict[str, str]:
    """Return the path parameters that lead to a thing of the story."""
    identity = office.objects[name]
    kind = name.partition("_")[0]
    found = {"n": "1"}
    digest = {"document_answer": "digest_document", "arrival_done": "digest_arrival"}.get(name)
    if digest is not None:
        found["digest"] = office.objects[digest]
    parameter = {"incoming": "entry_id", "postal": "entry_id"}.get(kind, f"{kind}_id")
    return {**found, parameter: identity}
