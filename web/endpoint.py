"""One route as an aiohttp handler: permission, parsing, the call, the answer.

The order is fixed: path, session, permission, then query, body and Idempotency-Key together (so that all
their faults are named at once), then the handler.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import parse_qsl

from aiohttp import web

from server.kernel.actor import Actor, Once
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
from server.unit import Replayed
from web import answers, schema
from web.errors import status_of
from web.keys import ACTOR, SERVICES, SESSION, language_of
from web.middleware import csrf
from web.routes import (
    CUT_OFF,
    PUBLIC,
    SIGNED_IN,
    STALLED_SECONDS,
    Call,
    Html,
    NoBody,
    NoQuery,
    Redirect,
    Route,
)

_SEGMENT = re.compile(r"[A-Za-z0-9._:~\-]{1,200}")
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_NO_BODY = NoBody()
_NO_QUERY = NoQuery()
OBLIGED = ("/ca-nhan/bao-mat", "/dang-xuat", "/tuy-chon")
"""All that an account may open which must change its password or set up its second factor first."""
KEY_HEADER = "Idempotency-Key"
JSON_TYPES = ("application/json",)
FORM_TYPES = ("application/x-www-form-urlencoded",)
SHOWN_AGAIN = (Invalid, Conflict, Refused, Forbidden, TooLarge, TooMany, Unavailable, Unauthenticated)
"""Refusals after which a form is shown again with what was typed."""

Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]


def endpoint(route: Route) -> Endpoint:
    """Return the aiohttp handler of a route; the row itself is its attribute ``route``."""

    async def handle(request: web.Request) -> web.StreamResponse:
        for value in request.match_info.values():
            if not _SEGMENT.fullmatch(value):
                raise NotFound("web.not_found")
        actor = request[ACTOR]
        allow(request, route, actor)
        call: Call[object, object] = Call(
            request=request,
            route=route,
            services=request.app[SERVICES],
            actor=actor,
            path=request.match_info,
            query=_NO_QUERY,
            body=_NO_BODY,
            language=language_of(request),
            session=request.get(SESSION, ""),
        )
        if route.page:
            return await _page(call)
        await _parse_json(call)
        try:
            result = await route.handler(call)
        except Replayed as replay:
            return answers.stored(route.status, replay.answer)
        return await answers.respond(call, result)

    setattr(handle, "route", route)  # noqa: B010 - read back by keys.route_of; aiohttp keeps the function
    return handle


def allow(request: web.Request, route: Route, actor: Actor) -> None:
    """Let the caller through or raise Unauthenticated, Forbidden; services check again."""
    if route.action == PUBLIC:
        return
    if not actor.account_id:
        raise Unauthenticated("web.signed_out")
    if route.action != SIGNED_IN:
        request.app[SERVICES].access.require(actor, route.action)


async def _parse_json(call: Call[object, object]) -> None:
    """Fill query, body and Once. Raises Invalid with the faults of all three."""
    route, request = call.route, call.request
    faults: list[Fault] = []
    if request.query_string or route.query is not None:
        try:
            call.query = schema.query(request.query.items(), route.query or NoQuery)
        except Invalid as error:
            faults += error.faults
    key = request.headers.get(KEY_HEADER)
    if route.once:
        faults += _key_faults(key)
    digest = ""
    if route.upload:
        _require_type(request, route.media)
    elif route.unsafe:
        raw = await read_body(request, route)
        if route.body is not None:
            if raw:
                _require_type(request, JSON_TYPES)
            try:
                call.body = schema.body(raw, route.body)
            except Invalid as error:
                faults += error.faults
        elif raw.strip() not in (b"", b"{}", b"null"):
            faults.append(Fault("web.body_unexpected"))
        if route.once:
            digest = "sha256:" + hashlib.sha256(raw).hexdigest()
    elif request.can_read_body and request.content_length:
        faults.append(Fault("web.body_unexpected"))
    if faults:
        raise Invalid.of(faults)
    if route.once and key is not None:
        _once(call, key, digest)


def _key_faults(key: str | None) -> list[Fault]:
    if key is None:
        return [Fault("web.idempotency_key_missing", "header:idempotency-key")]
    if not _KEY.fullmatch(key):
        return [Fault("web.idempotency_key_invalid", "header:idempotency-key")]
    return []


def _once(call: Call[object, object], key: str, digest: str) -> None:
    """Put the key into the actor; routes with ids in the path are one route per thing."""
    path = call.request.path
    once = Once(f"{call.route.method} {path}", key, digest)
    call.actor = replace(call.actor, request=replace(call.actor.request, once=once))


def _require_type(request: web.Request, expected: tuple[str, ...]) -> None:
    if "Content-Encoding" in request.headers:
        given = schema.visible(request.headers["Content-Encoding"])
        raise Invalid("web.media_type", field="header:content-encoding", given=given, expected="identity")
    if request.content_type not in expected:
        raise Invalid(
            "web.media_type",
            field="header:content-type",
            given=schema.visible(request.content_type),
            expected=", ".join(expected),
        )


async def read_body(request: web.Request, route: Route) -> bytes:
    """Return the whole body. Raises TooLarge ``web.body_too_large``, Invalid ``web.body_cut_off``."""
    limit = route.limit_bytes
    if (request.content_length or 0) > limit:
        raise TooLarge("web.body_too_large", limit=limit)
    if not request.can_read_body:
        return b""
    parts: list[bytes] = []
    total = 0
    try:
        async with asyncio.timeout(STALLED_SECONDS):
            async for chunk in request.content.iter_any():
                total += len(chunk)
                if total > limit:
                    raise TooLarge("web.body_too_large", limit=limit)
                parts.append(chunk)
    except CUT_OFF as error:
        raise Invalid("web.body_cut_off") from error
    return b"".join(parts)


async def _page(call: Call[object, object]) -> web.StreamResponse:
    """Run a page. A refused form is shown again with what was typed and the faults beside the fields."""
    route, request = call.route, call.request
    if getattr(call.actor, "obligations", ()) and not request.path.startswith(OBLIGED):
        return answers.redirect(request, Redirect("/ca-nhan/bao-mat"))
    if not route.unsafe:
        if request.query_string or route.query is not None:
            call.query = schema.query(request.query.items(), route.query or NoQuery)
        return await answers.respond(call, await route.handler(call))
    typed: dict[str, list[str]] = {}
    try:
        if route.upload:
            _require_type(request, ("multipart/form-data",))
        else:
            await _parse_form(call, typed)
        return await answers.respond(call, await route.handler(call))
    except SHOWN_AGAIN as error:
        if route.again is None:
            raise
        return await _again(call, typed or dict(call.typed), error)


async def _parse_form(call: Call[object, object], typed: dict[str, list[str]]) -> None:
    route, request = call.route, call.request
    raw = await read_body(request, route)
    if raw:
        _require_type(request, FORM_TYPES)
    pairs = form_pairs(raw)
    token = key = ""
    fields: list[tuple[str, str]] = []
    for name, value in pairs:
        if name == csrf.FIELD:
            token = value
        elif name == csrf.KEY_FIELD:
            key = value
        else:
            fields.append((name, value))
            typed.setdefault(name, []).append(value)
    csrf.require(request, token)
    call.body = schema.form(fields, route.body or NoBody)
    if _KEY.fullmatch(key):
        digest = "sha256:" + hashlib.sha256(repr(fields).encode("utf-8", "replace")).hexdigest()
        _once(call, key, digest)


def form_pairs(raw: bytes) -> list[tuple[str, str]]:
    """Return the fields of a urlencoded form (WHATWG URL 5.1). Raises Invalid ``web.form_invalid``."""
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=2000, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise Invalid("web.form_invalid") from error


def _form_field(pointer: str) -> str:
    """Return where a form has what a command keeps deeper: forms are flat, and count approvers from one."""
    field = re.sub(r"^(?:query:|/fields(?=/))", "", pointer)
    field = field if field == "" or field.startswith(("/", "header:")) else f"/{field}"
    head, _, index = field.rpartition("/")
    return f"/chain_{int(index) + 1}" if head == "/chain" and index.isdigit() else field


async def _again(
    call: Call[object, object], typed: dict[str, list[str]], error: LienThongError
) -> web.StreamResponse:
    again = call.route.again
    assert again is not None  # noqa: S101 - the caller looked
    faults = [replace(fault, field=_form_field(fault.field)) for fault in error.faults]
    shown: Call[object, object] = replace(call, query=_NO_QUERY, body=_NO_BODY, faults=faults, typed=typed)
    result = await again(shown)
    if isinstance(result, Html):
        status = status_of(error)
        result = replace(result, status=422 if status == 400 else status)
    return await answers.respond(shown, result)
