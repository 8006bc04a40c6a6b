"""Signing over JSON: the person's signature, number and date, the seal; keys; what a check found."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from server.documents.commands import Advance, RowVersion
from server.documents.views import Moved
from server.kernel.page import Page
from server.signatures.model import KeyView, LevelView, OwnerKind
from web.routes import Body, Call, NoBody, NoQuery, PageQuery, Route

ONE = "/api/v1/documents/{document_id}"
KEYS = "/api/v1/keys"
ON_ONE = ("documents.unknown", "documents.changed", "documents.not_now", "documents.not_your_turn")
WITH_KEY = (
    *ON_ONE,
    "signatures.no_key",
    "signatures.key_not_valid",
    "signatures.key_revoked",
    "signatures.key_unreadable",
    "signatures.cannot_sign",
    "signatures.busy",
)


class OnVersion(Body):
    """An act on a document as the caller saw it."""

    version: RowVersion
    """Version of the row that the caller saw."""


class TakeNumber(OnVersion):
    """Take the number and fill it in with its date."""

    date: date | None = None
    """Date written beside the number; None = today."""
    number: Annotated[int, Meta(ge=1, le=999_999_999)] | None = None
    """Exactly this number of the series; None = the next."""
    reason: Annotated[str, Meta(max_length=2000)] = ""
    """Why the date lies before that of the number before; "" = it does not."""


class AddKey(Body):
    """Put a key file that lies in the folder of keys into use."""

    owner_kind: OwnerKind
    """Person or body."""
    owner_id: Annotated[str, Meta(min_length=1, max_length=100)]
    """Account or body."""
    path: Annotated[str, Meta(min_length=1, max_length=300)]
    """PKCS#12 file, relative to the folder of keys."""
    passphrase_path: Annotated[str, Meta(min_length=1, max_length=300)]
    """File with its passphrase, relative likewise."""
    image_path: Annotated[str, Meta(max_length=300)] = ""
    """PNG of the signature or seal; "" = none."""


class FileReport(msgspec.Struct, frozen=True):
    """What the check of a file's signatures found."""

    digest: str
    """The file."""
    verdict: str
    """valid, invalid, indeterminate, unsigned, unreadable."""
    report: msgspec.Raw
    """The whole report, as ``lienthong verify --json`` prints it."""
    level: LevelView | None
    """Level wanted and reached; None = nothing above B-B was wanted."""


async def sign(call: Call[OnVersion, NoQuery]) -> Moved:
    """Sign as the person whose turn it is."""
    return await call.services.signatures.sign(
        call.actor, call.path["document_id"], version=call.body.version
    )


async def number(call: Call[TakeNumber, NoQuery]) -> Moved:
    """Take the number and fill it in."""
    body = call.body
    return await call.services.signatures.number(
        call.actor,
        call.path["document_id"],
        version=body.version,
        on=body.date,
        number=body.number,
        reason=body.reason,
    )


async def seal(call: Call[OnVersion, NoQuery]) -> Moved:
    """Seal for the body whose turn it is."""
    return await call.services.signatures.seal(
        call.actor, call.path["document_id"], version=call.body.version
    )


async def approve_to_sign(call: Call[OnVersion, NoQuery]) -> Moved:
    """Approve as the signer; the signature itself follows at the token."""
    command = Advance(version=call.body.version)
    return await call.services.documents.approve_to_sign(call.actor, call.path["document_id"], command)


async def seal_attachment(call: Call[OnVersion, NoQuery]) -> Moved:
    """Sign an attachment for the body."""
    return await call.services.signatures.seal_attachment(
        call.actor, call.path["document_id"], call.path["digest"], version=call.body.version
    )


async def check(call: Call[NoBody, NoQuery]) -> FileReport:
    """Return what the check of the newest version's signatures found."""
    document = await call.services.documents.get(call.actor, call.path["document_id"])
    found = await call.services.signatures.verification(document.document.main_digest)
    level = await call.services.signatures.level_of(document.document.id)
    return FileReport(found.digest, found.verdict, msgspec.Raw(found.report.encode()), level)


async def keys(call: Call[NoBody, PageQuery]) -> Page[KeyView]:
    """Return the inventory of keys."""
    return await call.services.signatures.keys(call.actor, call.query.page)


async def add_key(call: Call[AddKey, NoQuery]) -> KeyView:
    """Put a key into use."""
    body = call.body
    return await call.services.signatures.add_key(
        call.actor,
        body.owner_kind,
        body.owner_id,
        path=body.path,
        passphrase_path=body.passphrase_path,
        image_path=body.image_path,
    )


ROUTES = [
    Route(
        "POST",
        f"{ONE}/sign",
        "signatures.sign",
        sign,
        "documents.sign",
        "Sign as the person whose turn it is",
        body=OnVersion,
        answer=Moved,
        once=True,
        errors=(*WITH_KEY, "documents.no_authority"),
    ),
    Route(
        "POST",
        f"{ONE}/number",
        "signatures.number",
        number,
        "documents.number",
        "Take the number and fill in number and date",
        body=TakeNumber,
        answer=Moved,
        once=True,
        errors=(
            *ON_ONE,
            "documents.number_filled",
            "documents.date_future",
            "documents.date_before_signature",
            "registers.back_dated",
            "registers.number_expected",
            "registers.not_keeper",
            "signatures.number_unreadable",
        ),
    ),
    Route(
        "POST",
        f"{ONE}/seal",
        "signatures.seal",
        seal,
        "documents.seal",
        "Seal for the body whose turn it is",
        body=OnVersion,
        answer=Moved,
        once=True,
        errors=(*WITH_KEY, "documents.number_not_filled"),
    ),
    Route(
        "POST",
        f"{ONE}/approve-to-sign",
        "documents.approve_to_sign",
        approve_to_sign,
        "documents.sign",
        "Approve as the signer, and sign later with one's token",
        body=OnVersion,
        answer=Moved,
        once=True,
        errors=(*ON_ONE, "documents.no_authority"),
    ),
    Route(
        "POST",
        f"{ONE}/attachments/{{digest}}/seal",
        "signatures.seal_attachment",
        seal_attachment,
        "documents.seal",
        "Sign an attachment for the body: number and time at the top right, no image",
        body=OnVersion,
        answer=Moved,
        once=True,
        errors=(*WITH_KEY, "documents.file_unknown"),
    ),
    Route(
        "GET",
        f"{ONE}/signatures",
        "signatures.check",
        check,
        "documents.read",
        "What the check of the newest version's signatures found",
        answer=FileReport,
        errors=("documents.unknown", "signatures.not_verified"),
    ),
    Route(
        "GET",
        KEYS,
        "signatures.keys",
        keys,
        "signatures.manage_keys",
        "The inventory of signing keys",
        query=PageQuery,
        answer=Page[KeyView],
    ),
    Route(
        "POST",
        KEYS,
        "signatures.add_key",
        add_key,
        "signatures.manage_keys",
        "Put a key file of the folder of keys into use for a person or body",
        body=AddKey,
        answer=KeyView,
        status=201,
        once=True,
        errors=("signatures.key_unreadable", "signatures.key_outside"),
    ),
]
