"""Forms with a file: the fields first, then the file as a stream that is never held in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import BodyPartReader

from server.kernel.errors import Fault, Invalid, TooLarge
from web.middleware import csrf
from web.routes import CUT_OFF, STALLED_SECONDS, Call, Route
from web.schema import clean_text

FIELD_LIMIT_BYTES = 64 * 1024
FIELDS_LIMIT = 100
CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A form with its file, the file not read yet."""

    fields: list[tuple[str, str]]
    """The fields that stood before the file."""
    name: str
    """Name of the file as sent; "" = no file was chosen."""
    chunks: AsyncIterator[bytes]
    """The bytes."""


async def read(call: Call[object, object]) -> Upload:
    """Read a multipart form up to its file.

    The CSRF token stands before the file (or in the header), so nothing of a forged upload is read. What was
    typed is noted in the call, for when the form is shown again. Raises
    Forbidden ``web.forgery``, Invalid ``web.form_invalid``, ``web.file_missing``.
    """
    request = call.request
    fields: list[tuple[str, str]] = []
    token = request.headers.get(csrf.HEADER, "")
    try:
        reader = await request.multipart()
        while len(fields) < FIELDS_LIMIT:
            part = await reader.next()
            if part is None:
                break
            if not isinstance(part, BodyPartReader):
                raise Invalid("web.form_invalid")
            if part.filename is not None:
                csrf.require(request, token)
                return Upload(fields, part.filename, stream(part, call.route))
            value = await field(part)
            if part.name == csrf.FIELD:
                token = value
            elif part.name != csrf.KEY_FIELD:
                fields.append((part.name or "", value))
                call.typed = {**call.typed, part.name or "": [*call.typed.get(part.name or "", []), value]}
    except (*CUT_OFF, AssertionError) as error:
        raise Invalid("web.form_invalid") from error
    raise Invalid.of([Fault("web.file_missing", "/file")])


async def field(part: BodyPartReader) -> str:
    """Return a field of a form. Raises TooLarge ``web.body_too_large``, Invalid ``web.control_character``."""
    data = bytearray()
    while chunk := await _chunk(part, 8192):
        data += chunk
        if len(data) > FIELD_LIMIT_BYTES:
            raise TooLarge("web.body_too_large", limit=FIELD_LIMIT_BYTES)
    text = clean_text(bytes(data).decode("utf-8", "surrogateescape"))
    if text is None:
        raise Invalid("web.control_character", field=f"/{part.name or ''}"[:100])
    return text


async def _chunk(part: BodyPartReader, size: int) -> bytes:
    async with asyncio.timeout(STALLED_SECONDS):
        return bytes(await part.read_chunk(size))


async def stream(part: BodyPartReader, route: Route) -> AsyncIterator[bytes]:
    """Hand out the bytes of a file of a form. Raises TooLarge, Invalid ``web.file_missing`` (it is empty)."""
    total = 0
    try:
        while chunk := await _chunk(part, CHUNK_BYTES):
            total += len(chunk)
            if total > route.limit_bytes:
                raise TooLarge("web.body_too_large", limit=route.limit_bytes)
            yield chunk
    except (*CUT_OFF, AssertionError) as error:
        raise Invalid("web.body_cut_off") from error
    if total == 0:
        raise Invalid("web.file_missing", field="/file")
