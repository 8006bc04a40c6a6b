"""The public look-up: a code typed or scanned, or a file dropped; readable without script, phone first."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from server.kernel.errors import NotFound
from server.lookup.model import Outcome
from web import uploads
from web.keys import CATALOGUE
from web.pages.shared import download
from web.routes import PUBLIC, Body, Call, Download, Html, NoBody, NoQuery, Query, Redirect, Route

PATH = "/tra-cuu"
ONE = PATH + "/{code}"
GOOD = (Outcome.ISSUED, Outcome.EXTENDED)


class CodeQuery(Query):
    """A code typed into the form."""

    ma: Annotated[str, Meta(max_length=100)] = ""


class FactForm(Body):
    """The second fact that opens the file."""

    fact: Annotated[str, Meta(max_length=100)] = ""


async def ask(call: Call[NoBody, CodeQuery]) -> Html | Redirect:
    """Show the form; a typed code leads to its own page, so that the address can be kept."""
    typed = call.query.ma if isinstance(call.query, CodeQuery) else ""
    plain = "".join(character for character in typed if character.isascii() and character.isalnum())
    if plain:
        return Redirect(f"{PATH}/{plain[:60]}")
    return Html("lookup/ask.html", _limits(call))


async def show(call: Call[NoBody, NoQuery]) -> Html:
    """Show what stands behind a code; a code that does not exist shows the form again."""
    try:
        found = await call.services.lookup.code(call.actor, call.path["code"])
    except NotFound as error:
        message = call.request.app[CATALOGUE].message(call.language, error.code, {})
        return Html("lookup/ask.html", {**_limits(call), "typed": call.path["code"], "wrong": message}, 404)
    return Html("lookup/result.html", {"found": found, "check": found.check, **_limits(call)})


async def fetch(call: Call[FactForm, NoQuery]) -> Download:
    """Send the issued file to whoever knows the second fact."""
    view = await call.services.lookup.file(call.actor, call.path["code"], call.body.fact)
    return download(call.services, view, inline=False)


async def check(call: Call[NoBody, NoQuery]) -> Html:
    """Say what a file is that somebody brings."""
    sent = await uploads.read(call)
    finding = await call.services.lookup.check(call.actor, sent.chunks)
    problem = ""
    if finding.problem:
        catalogue = call.request.app[CATALOGUE]
        problem = catalogue.message(call.language, finding.problem, finding.problem_params)
    return Html(
        "lookup/file.html",
        {
            "finding": finding,
            "found": finding.result,
            "problem": problem,
            "good": finding.outcome in GOOD,
            "check": finding.check,
            **_limits(call),
        },
    )


def _limits(call: Call[NoBody, CodeQuery] | Call[NoBody, NoQuery]) -> dict[str, object]:
    return {"limit_bytes": call.services.lookup.file_limit_bytes, "typed": "", "wrong": ""}


PAGES = [
    Route("GET", PATH, "pages.lookup", ask, PUBLIC, "Look a result up", query=CodeQuery, page=True),
    Route(
        "POST",
        PATH,
        "pages.lookup_file",
        check,
        PUBLIC,
        "Check a file",
        upload=True,
        media=("multipart/form-data",),
        page=True,
        again=ask,
    ),
    Route("GET", ONE, "pages.lookup_code", show, PUBLIC, "What stands behind a code", page=True),
    Route(
        "POST",
        ONE + "/tep",
        "pages.lookup_fetch",
        fetch,
        PUBLIC,
        "The issued file of a code",
        FactForm,
        page=True,
        again=show,
    ),
]
