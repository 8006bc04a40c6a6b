"""Uploads. Downloads lie below the thing a file belongs to, where the scope is checked."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from server.files.model import PDF, StoredFile
from web.routes import Call, NoBody, Query, Route


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
        errors=(
            "files.secrecy_missing",
            "files.secrecy_unknown",
            "files.state_secret",
            "files.name_missing",
            "files.name_too_long",
            "files.too_large",
            "files.store",
            "files.disk",
        ),
    ),
]
