"""From what a handler returns to what goes over the wire."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec
from aiohttp import ClientConnectionResetError, web

from web import i18n
from web.cookies import set_language, set_notice, set_session
from web.render import RENDERER
from web.routes import Answer, Call, Content, Download, Html, Redirect

JSON_TYPE = "application/json"
PRIVATE = "private, no-store"
"""Nothing that a session shows may stay in a cache: PCs are shared."""
REVALIDATE = "private, no-cache"
"""Files are immutable by digest: the browser may keep them, and asks each time whether it still may."""
SCRIPT_HEADER = "X-CSRF-Token"
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_encode = msgspec.json.Encoder().encode


async def respond(call: Call[object, object], result: object) -> web.StreamResponse:
    """Return the response for whatever a handler returned."""
    if isinstance(result, Html):
        return page(call, result)
    if isinstance(result, Redirect):
        return redirect(call.request, result)
    if isinstance(result, Download):
        return await download(call.request, result)
    if isinstance(result, Content):
        return content(result)
    if isinstance(result, web.StreamResponse):
        return result
    if isinstance(result, Answer):
        status = result.status or call.route.status
        response = json_response(result.value, status, dict(result.headers))
        if result.session is not None:
            set_session(call.request, response, result.session)
        return response
    return json_response(result, call.route.status, {})


def json_response(value: object, status: int, headers: dict[str, str]) -> web.Response:
    """Return a JSON answer; None is 204 without a body."""
    headers["Cache-Control"] = PRIVATE
    if value is None:
        return web.Response(status=204, headers=headers)
    return web.Response(body=_encode(value), status=status, content_type=JSON_TYPE, headers=headers)


def stored(route_status: int, body: bytes) -> web.Response:
    """Return the stored answer of an earlier, equal request, byte for byte."""
    headers = {"Cache-Control": PRIVATE, "Idempotent-Replay": "true"}
    if body == b"null":
        return web.Response(status=204, headers=headers)
    return web.Response(body=body, status=route_status, content_type=JSON_TYPE, headers=headers)


def page(call: Call[object, object], result: Html) -> web.Response:
    """Return an HTML page inside the frame."""
    renderer = call.request.app[RENDERER]
    text, shown = renderer.page(call, result)
    response = web.Response(
        text=text,
        status=result.status,
        content_type="text/html",
        headers={"Cache-Control": PRIVATE, "Vary": "Cookie, Accept-Language"},
    )
    if shown:
        set_notice(call.request, response, "", {})
    return response


def redirect(request: web.Request, result: Redirect) -> web.Response:
    """Return 303 to a local path; anything that is not one goes home (no open redirect)."""
    headers = {"Cache-Control": PRIVATE}
    if SCRIPT_HEADER in request.headers:
        # A script that followed by itself would see the next page before the person does.
        response = web.Response(status=200, headers={**headers, "X-Location": local(result.path)})
    else:
        response = web.Response(status=303, headers={**headers, "Location": local(result.path)})
    if result.session is not None:
        set_session(request, response, result.session)
    if result.language in i18n.LANGUAGES:
        set_language(request, response, result.language)
    if result.notice:
        set_notice(request, response, result.notice, result.params)
    return response


def local(path: str) -> str:
    """Return a path of this site, "/" for anything else."""
    if not path.startswith("/") or path.startswith(("//", "/\\")) or not path.isprintable():
        return "/"
    return quote(path, safe="/?&=#%:.,~-_+@!$'()*;[]")


def content(result: Content) -> web.Response:
    """Return bytes made for this request."""
    headers = {"Cache-Control": PRIVATE, "ETag": f'"{hashlib.sha256(result.data).hexdigest()[:32]}"'}
    if result.name:
        headers["Content-Disposition"] = disposition(result.name, inline=result.inline)
    return web.Response(body=result.data, content_type=result.media_type, headers=headers)


def disposition(name: str, *, inline: bool) -> str:
    """Return a Content-Disposition (RFC 6266) whose name survives in every browser (RFC 8187)."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)[:150] or "file"
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name[:150], safe='')}"


async def download(request: web.Request, result: Download) -> web.StreamResponse:
    """Stream a stored file: one range at most (RFC 9110 section 14), strong ETag, conditional requests."""
    tag = f'"{result.digest.removeprefix("sha256:")}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Cache-Control": REVALIDATE,
        "Content-Disposition": disposition(result.name, inline=result.inline),
        "Repr-Digest": _repr_digest(result.digest),
    }
    if _matches(request.headers.get("If-None-Match", ""), tag):
        return web.Response(status=304, headers=headers)
    start, end, status = 0, result.size_bytes, 200
    wanted = request.headers.get("Range")
    if wanted is not None and request.headers.get("If-Range", tag) == tag:
        span = parse_range(wanted, result.size_bytes)
        if span == "unsatisfiable":
            headers["Content-Range"] = f"bytes */{result.size_bytes}"
            return web.Response(status=416, headers=headers)
        if isinstance(span, tuple):
            start, end = span
            status = 206
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{result.size_bytes}"
    response = web.StreamResponse(status=status, headers=headers)
    response.content_type = result.media_type
    response.content_length = end - start
    if request.method == "HEAD" or end == start:
        await response.prepare(request)
        return response
    chunks = result.read(start, end)
    first = await anext(chunks, None)  # a damaged or missing first chunk is still a clean error
    with contextlib.suppress(ClientConnectionResetError):  # the reader went on: nobody is left to tell
        await response.prepare(request)
        if first is not None:
            await response.write(first)
        async for chunk in chunks:
            await response.write(chunk)
        await response.write_eof()
    return response


def parse_range(header: str, size_bytes: int) -> tuple[int, int] | str | None:
    """Return [start, end) of a single byte range, ``unsatisfiable``, or None when the header is ignored.

    Several ranges and other units are ignored, as RFC 9110 section 14.2 allows: the whole is sent.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or (not match[1] and not match[2]):
        return None
    if not match[1]:
        length = int(match[2])
        if length == 0 or size_bytes == 0:
            return "unsatisfiable"
        return max(0, size_bytes - length), size_bytes
    start = int(match[1])
    if match[2] and int(match[2]) < start:
        return None
    if start >= size_bytes:
        return "unsatisfiable"
    return start, min(int(match[2]) + 1 if match[2] else size_bytes, size_bytes)


def _matches(header: str, tag: str) -> bool:
    return header.strip() == "*" or tag in (part.strip().removeprefix("W/") for part in header.split(","))


def _repr_digest(digest: str) -> str:
    """Return the RFC 9530 form of a digest."""
    raw = bytes.fromhex(digest.removeprefix("sha256:"))
    return f"sha-256=:{base64.b64encode(raw).decode()}:"


def http_date(instant: datetime) -> str:
    """Return an IMF-fixdate (RFC 9110 section 5.6.7)."""
    return instant.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
