"""Forms with several files: the fields first, then each file as a stream that is never held in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeAlias

from aiohttp import BodyPartReader

from server.kernel.errors import Invalid
from web.middleware import csrf
from web.routes import CUT_OFF, Call
from web.uploads import FIELDS_LIMIT, field, stream

FILES_LIMIT = 500
One: TypeAlias = tuple[list[tuple[str, str]], str, AsyncIterator[bytes]]
"""Fields that stood before the file, its name, its bytes."""


async def read(call: Call[object, object]) -> AsyncIterator[One]:
    """Hand out each file of a multipart form; what of it is not read is passed over.

    The CSRF token stands before the first file (or in the header). Raises Forbidden ``web.forgery``, Invalid
    ``web.form_invalid``, ``web.file_missing``.
    """
    request = call.request
    fields: list[tuple[str, str]] = []
    token = request.headers.get(csrf.HEADER, "")
    files = 0
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or len(fields) > FIELDS_LIMIT or files > FILES_LIMIT:
                raise Invalid("web.form_invalid")
            if part.filename:
                csrf.require(request, token)
                files += 1
                yield list(fields), part.filename, stream(part, call.route)
                await part.release()
            elif part.filename is None:
                value = await field(part)
                if part.name == csrf.FIELD:
                    token = value
                elif part.name != csrf.KEY_FIELD:
                    fields.append((part.name or "", value))
    except (*CUT_OFF, AssertionError) as error:
        raise Invalid("web.form_invalid") from error
    if not files:
        raise Invalid("web.file_missing", field="/file")
