"""Errors, translated once: problem documents (RFC 9457) for programs, pages for people."""

from __future__ import annotations

import msgspec
from aiohttp import web

from server.kernel.errors import (
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    LienThongError,
    NotFound,
    Refused,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from web.i18n import Catalogue
from web.keys import CATALOGUE, REQUEST_ID, language_of
from web.routes import Language

PROBLEM_TYPE = "application/problem+json"
STATUSES: dict[type[LienThongError], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    Refused: 422,
    TooMany: 429,
    Unavailable: 503,
}
CODE_STATUSES = {"web.media_type": 415, "web.method_not_allowed": 405}
"""Codes of the edge whose status is finer than that of their class."""


class FaultView(msgspec.Struct, frozen=True):
    """One thing that is wrong, as the caller reads it."""

    field: str
    """Where: a JSON pointer, ``query:<name>`` or ``header:<name>``; "" = the whole."""
    code: str
    """Stable code."""
    message: str
    """What, why, and what to do, in the caller's language."""


class Problem(msgspec.Struct, frozen=True):
    """A problem document (RFC 9457) with all faults at once."""

    type: str
    """``urn:lien-thong:problem:<code>``."""
    title: str
    """What kind of failure, in the caller's language."""
    status: int
    """HTTP status."""
    code: str
    """Stable code of the first fault: what a program switches on."""
    detail: str
    """Message of the first fault, and how many more there are."""
    faults: list[FaultView]
    """Every fault."""
    request_id: str
    """Id of the request, also in the log."""


def status_of(error: LienThongError) -> int:
    """Return the HTTP status of an error."""
    special = CODE_STATUSES.get(error.code)
    if special is not None:
        return special
    for kind in type(error).__mro__:
        if kind in STATUSES:
            return STATUSES[kind]
    return 400


def views(catalogue: Catalogue, language: Language, faults: tuple[Fault, ...]) -> list[FaultView]:
    """Return faults with their messages."""
    return [
        FaultView(fault.field, fault.code, catalogue.message(language, fault.code, fault.params))
        for fault in faults
    ]


def problem(request: web.Request, error: LienThongError) -> Problem:
    """Return the problem document of an error."""
    catalogue = request.app[CATALOGUE]
    language = language_of(request)
    status = status_of(error)
    faults = views(catalogue, language, error.faults)
    detail = faults[0].message
    if len(faults) > 1:
        detail += " " + catalogue.t(language, "web.more_faults", {"count": len(faults) - 1})
    return Problem(
        type=f"urn:lien-thong:problem:{error.code}",
        title=catalogue.t(language, f"web.status_{status}", {}),
        status=status,
        code=error.code,
        detail=detail,
        faults=faults,
        request_id=request.get(REQUEST_ID, ""),
    )


def headers_of(error: LienThongError, status: int) -> dict[str, str]:
    """Return what the status asks for beside the body."""
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="lien-thong"'
    if status == 405:
        headers["Allow"] = str(error.faults[0].params.get("allowed", ""))
    if status == 429:
        headers["Retry-After"] = str(error.faults[0].params.get("retry_after_seconds", 60))
    if status == 503:
        headers["Retry-After"] = "5"
    return headers


def problem_response(request: web.Request, error: LienThongError) -> web.Response:
    """Return an error as ``application/problem+json``."""
    document = problem(request, error)
    return web.Response(
        body=msgspec.json.encode(document),
        status=document.status,
        content_type=PROBLEM_TYPE,
        headers=headers_of(error, document.status),
    )


class Internal(LienThongError):
    """A fault in the program (HTTP 500); never raised on purpose for anything a caller sent."""


STATUSES[Internal] = 500


def from_http(request: web.Request, error: web.HTTPException) -> LienThongError:
    """Return one of aiohttp's own refusals in our words."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return Invalid("web.method_not_allowed", method=request.method[:20], allowed=allowed)
    if error.status == 404:
        return NotFound("web.not_found")
    if error.status == 413:
        return TooLarge("web.body_too_large", limit=0)
    return Invalid("web.bad_request")
