"""Uploads, whole or in parts (tus 1.0). Downloads lie below the thing a file belongs to, in its scope."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from msgspec import Meta

from server.files.model import PDF, StoredFile, Upload
from server.kernel.errors import Invalid
from web.routes import Answer, Call, NoBody, NoQuery, Query, Route

TUS = "1.0.0"
"""Version of the tus protocol: core and creation (https://tus.io/protocols/resumable-upload)."""
PART = "application/offset+octet-stream"
"""Media type of a part."""
LONGEST_LENGTH = 18
"""Digits of a length or offset; more do not fit 64 bits."""


class UploadQuery(Query):
    """What is said of a file before its bytes are read."""

    name: Annotated[str, Meta(max_length=1000)] = ""
    """File name; kept as metadata only, without its path."""
    secrecy: str | None = None
    """Level of secrecy: ``none``, or a level that is refused. Missing is a fault."""


async def receive(call: Call[NoBody, UploadQuery]) -> StoredFile:
    """Take in one file; the body is its bytes."""
    return await call.services.files.receive(
        call.actor, call.stream(), name=call.query.name, secrecy=call.query.secrecy
    )


async def begin(call: Call[NoBody, NoQuery]) -> Answer:
    """Begin a resumable upload: length and metadata (filename, secrecy) come in headers."""
    _require_tus(call)
    metadata = _metadata(call.request.headers.get("Upload-Metadata", ""))
    upload = await call.services.files.uploads.begin(
        call.actor,
        name=metadata.get("filename", ""),
        secrecy=metadata.get("secrecy"),
        size_bytes=_number(call, "Upload-Length"),
    )
    return Answer(upload, headers={"Location": f"/api/v1/uploads/{upload.id}", **_headers(upload)})


async def state(call: Call[NoBody, NoQuery]) -> Answer:
    """Tell how far an upload is."""
    upload = await call.services.files.uploads.state(call.actor, call.path["upload_id"])
    return Answer(upload, headers=_headers(upload))


async def append(call: Call[NoBody, NoQuery]) -> Answer:
    """Append a part; the last one is answered with the stored file."""
    _require_tus(call)
    upload = await call.services.files.uploads.append(
        call.actor, call.path["upload_id"], _number(call, "Upload-Offset"), call.stream()
    )
    if upload.file is None:
        return Answer(None, headers=_headers(upload))
    return Answer(upload, headers=_headers(upload), status=200)


def _headers(upload: Upload) -> dict[str, str]:
    return {
        "Tus-Resumable": TUS,
        "Upload-Offset": str(upload.offset),
        "Upload-Length": str(upload.size_bytes),
        "Upload-Expires": upload.expires_at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    }


def _require_tus(call: Call[NoBody, NoQuery]) -> None:
    if call.request.headers.get("Tus-Resumable") != TUS:
        raise Invalid("files.tus_version", field="header:tus-resumable")


def _number(call: Call[NoBody, NoQuery], header: str) -> int:
    text = call.request.headers.get(header, "")
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_LENGTH:
        raise Invalid("files.length_missing", field=f"header:{header.lower()}")
    return int(text)


def _metadata(header: str) -> dict[str, str]:
    """Return the pairs of Upload-Metadata: name, blank, base64 value; commas between them."""
    found = {}
    for pair in filter(None, (item.strip() for item in header.split(","))):
        name, _, value = pair.partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError) as error:
            raise Invalid("files.tus_metadata", field="header:upload-metadata") from error
    return found


_IN = (
    "files.secrecy_missing",
    "files.secrecy_unknown",
    "files.state_secret",
    "files.name_missing",
    "files.name_too_long",
    "files.too_large",
    "files.store",
    "files.disk",
)
"""Errors of taking a file in, beside those that the guard and the scanner find."""

ROUTES = [
    Route(
        "POST",
        "/api/v1/files",
        "files.receive",
        receive,
        "files.upload",
        "Upload a file; its level of secrecy is declared before its bytes are read",
        query=UploadQuery,
        answer=StoredFile,
        status=201,
        once=True,
        upload=True,
        media=(PDF, "application/octet-stream"),
        errors=_IN,
    ),
    Route(
        "POST",
        "/api/v1/uploads",
        "files.begin_upload",
        begin,
        "files.upload",
        "Begin a resumable upload (tus 1.0: Upload-Length, Upload-Metadata with filename and secrecy)",
        answer=Upload,
        status=201,
        once=True,
        errors=(
            *_IN,
            "files.length_missing",
            "files.too_many_uploads",
            "files.tus_version",
            "files.tus_metadata",
        ),
    ),
    Route(
        "GET",
        "/api/v1/uploads/{upload_id}",
        "files.upload_state",
        state,
        "files.upload",
        "Tell how far a resumable upload is (Upload-Offset)",
        answer=Upload,
        errors=("files.upload_unknown",),
    ),
    Route(
        "PATCH",
        "/api/v1/uploads/{upload_id}",
        "files.append_upload",
        append,
        "files.upload",
        "Append a part at Upload-Offset; the last part is answered with the stored file",
        answer=Upload,
        status=200,
        upload=True,
        media=(PART,),
        errors=(
            *_IN,
            "files.length_missing",
            "files.tus_version",
            "files.upload_unknown",
            "files.upload_offset",
            "files.upload_busy",
            "files.upload_too_long",
        ),
    ),
]
