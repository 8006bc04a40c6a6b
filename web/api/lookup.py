"""The look-up that anybody may use, over JSON: a code, its file, or a file that somebody brings."""

from __future__ import annotations

from server.lookup.model import Finding, PublicResult
from web.api.results_forms import Fact
from web.pages.shared import download
from web.routes import PUBLIC, Call, Download, NoBody, NoQuery, Route

LOOK_UP = "/api/v1/look-up"


async def look_up(call: Call[NoBody, NoQuery]) -> PublicResult:
    """Tell anybody what stands behind a code."""
    return await call.services.lookup.code(call.actor, call.path["code"])


async def fetch(call: Call[Fact, NoQuery]) -> Download:
    """Send the file of a code to whoever knows the second fact, or to anybody where the result is public."""
    view = await call.services.lookup.file(call.actor, call.path["code"], call.body.fact)
    return download(call.services, view, inline=False)


async def check(call: Call[NoBody, NoQuery]) -> Finding:
    """Tell anybody what a file is; nothing of it is kept."""
    return await call.services.lookup.check(call.actor, call.stream())


ROUTES = [
    Route(
        "GET",
        LOOK_UP + "/{code}",
        "lookup.code",
        look_up,
        PUBLIC,
        "What stands behind a look-up code",
        answer=PublicResult,
        errors=("lookup.code_slip", "lookup.unknown", "identity.too_many"),
    ),
    Route(
        "POST",
        LOOK_UP + "/{code}/file",
        "lookup.fetch",
        fetch,
        PUBLIC,
        "The issued file of a look-up code",
        body=Fact,
        media=("application/pdf",),
        errors=(
            "lookup.code_slip",
            "lookup.unknown",
            "lookup.not_in_force",
            "lookup.fact_wrong",
            "identity.too_many",
        ),
    ),
    Route(
        "POST",
        LOOK_UP,
        "lookup.check",
        check,
        PUBLIC,
        "What a file is that somebody brings; nothing of it is kept",
        answer=Finding,
        upload=True,
        media=("application/pdf",),
        errors=("lookup.busy", "lookup.too_slow", "files.too_large", "identity.too_many"),
    ),
]
