"""Signatures made elsewhere: tokens, digest out and value in, files from and to the signing plugin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Literal

import msgspec
from aiohttp import BodyPartReader
from msgspec import Meta

from server.documents.commands import Digest, Id, RowVersion
from server.documents.views import Moved
from server.kernel.errors import Conflict, Forbidden, Invalid, LienThongError, Refused, TooLarge, Unavailable
from server.kernel.page import Page
from server.signatures.deferred import Asked, Begun
from server.signatures.model import OwnerKind
from server.signatures.offers_model import OfferAct, OfferView, TokenView
from web.keys import CATALOGUE
from web.routes import CUT_OFF, PUBLIC, SIGNED_IN, Body, Call, Download, NoBody, NoQuery, PageQuery, Route
from web.uploads import CHUNK_BYTES

REQUESTS = "/api/v1/signing-requests"
TOKENS = "/api/v1/signing-tokens"
PLUGIN = "/api/v1/vgca/{secret}"
FIELD = "uploadfile"
"""Name of the file's part, as the plugin sends it (standards 6.3)."""
ITEMS_MAX = 200


class AskedInput(Body):
    """One document to be signed."""

    document_id: Id
    """Document."""
    version: RowVersion
    """Version of the row that the caller saw."""
    attachment: Digest | None = None
    """Digest of the attachment (act ``attachment``)."""


class BeginSigning(Body):
    """Ask for the bytes to be signed of up to 200 documents: one act, one PIN at the agent."""

    act: Literal["sign", "seal", "attachment"]
    """What the signature is put for."""
    items: Annotated[list[AskedInput], Meta(min_length=1, max_length=ITEMS_MAX)]
    """Documents."""
    token_id: Annotated[str, Meta(max_length=100)] = ""
    """Certificate of the inventory; "" = the only one of the person or body."""


class CompleteSigning(Body):
    """The signature value."""

    value: Annotated[str, Meta(min_length=1, max_length=4096)]
    """Base64 of the signature value as CMS carries it (RSA: PKCS#1 v1.5 block; ECDSA: DER)."""


class AddToken(Body):
    """Register the certificate of a token, so that its signatures count as its owner's."""

    owner_kind: OwnerKind
    """Person or body."""
    owner_id: Annotated[str, Meta(min_length=1, max_length=100)]
    """Account or body."""
    certificates: Annotated[str, Meta(min_length=1, max_length=65536)]
    """PEM: the owner's certificate, then its issuers."""
    image_path: Annotated[str, Meta(max_length=300)] = ""
    """PNG in the folder of keys, for signatures that this system draws; "" = none."""


class Uploaded(msgspec.Struct, frozen=True, rename="pascal"):
    """The answer that the plugin waits for (standards 6.3)."""

    status: bool
    message: str
    file_name: str
    file_server: str
    document_number: str
    document_date: str


async def begin(call: Call[BeginSigning, NoQuery]) -> tuple[Begun, ...]:
    """Hand out what is to be signed, an outcome for each document."""
    body = call.body
    asked = [Asked(one.document_id, one.version, one.attachment or "") for one in body.items]
    return await call.services.signatures.begin_deferred(
        call.actor, OfferAct(body.act), asked, token_id=body.token_id
    )


async def complete(call: Call[CompleteSigning, NoQuery]) -> Moved:
    """Take the signature value; the document moves on when it is right."""
    return await call.services.signatures.complete_deferred(
        call.actor, call.path["request_id"], call.body.value
    )


async def state(call: Call[NoBody, NoQuery]) -> OfferView:
    """Tell how a request stands."""
    return await call.services.signatures.offer(call.actor, call.path["request_id"])


async def tokens(call: Call[NoBody, PageQuery]) -> Page[TokenView]:
    """Return the inventory of tokens."""
    return await call.services.signatures.tokens(call.actor, call.query.page)


async def add_token(call: Call[AddToken, NoQuery]) -> TokenView:
    """Register a token."""
    body = call.body
    return await call.services.signatures.add_token(
        call.actor, body.owner_kind, body.owner_id, body.certificates, image_path=body.image_path
    )


async def end_token(call: Call[NoBody, NoQuery]) -> None:
    """Take no more signatures of a token."""
    await call.services.signatures.end_token(call.actor, call.path["token_id"])


async def offered(call: Call[NoBody, NoQuery]) -> Download:
    """Hand the offered file to the plugin, once."""
    view = await call.services.signatures.fetch_offered(call.path["secret"])
    return Download(
        digest=view.info.digest,
        size_bytes=view.info.size_bytes,
        media_type=view.media_type,
        name=view.name,
        read=lambda start, end: call.services.files.read(view.info, start, end),
        inline=False,
    )


async def returned(call: Call[NoBody, NoQuery]) -> Uploaded:
    """Take the signed file from the plugin, and answer as it expects: a refusal is an answer too."""
    try:
        name, chunks = await _file(call)
        moved = await call.services.signatures.take_from_plugin(call.path["secret"], name, chunks)
    except (Conflict, Refused, Forbidden, Invalid, TooLarge, Unavailable) as error:
        return Uploaded(False, _sentence(call, error), "", "", "", "")
    day = moved.document_date.isoformat() if moved.document_date else ""
    return Uploaded(True, "", name, moved.main_digest, moved.number_text, day)


def _sentence(call: Call[NoBody, NoQuery], error: LienThongError) -> str:
    fault = error.faults[0]
    return call.request.app[CATALOGUE].message(call.language, fault.code, fault.params)


async def _file(call: Call[NoBody, NoQuery]) -> tuple[str, AsyncIterator[bytes]]:
    """Return name and bytes of the part ``uploadfile``; nothing of it is read yet."""
    try:
        reader = await call.request.multipart()
        while (part := await reader.next()) is not None:
            if isinstance(part, BodyPartReader) and part.name == FIELD:
                return part.filename or "van-ban.pdf", _chunks(part)
    except (*CUT_OFF, AssertionError) as error:
        raise Invalid("web.form_invalid") from error
    raise Invalid("web.file_missing", field=f"/{FIELD}")


async def _chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    try:
        while chunk := await part.read_chunk(CHUNK_BYTES):
            yield bytes(chunk)
    except (*CUT_OFF, AssertionError) as error:
        raise Invalid("web.body_cut_off") from error


_ACT = ("documents.unknown", "documents.changed", "documents.not_now", "documents.not_your_turn")
ROUTES = [
    Route(
        "POST",
        REQUESTS,
        "signatures.begin_deferred",
        begin,
        SIGNED_IN,
        "Ask for the bytes to be signed by a key elsewhere; an outcome for each document",
        body=BeginSigning,
        answer=tuple[Begun, ...],
        status=201,
        once=True,
        errors=(*_ACT, "signatures.no_token", "signatures.token_choice", "documents.number_not_filled"),
    ),
    Route(
        "POST",
        f"{REQUESTS}/{{request_id}}/complete",
        "signatures.complete_deferred",
        complete,
        SIGNED_IN,
        "Put the signature value in; the request is used up, right or wrong",
        body=CompleteSigning,
        answer=Moved,
        once=True,
        errors=(
            *_ACT,
            "signatures.offer_unknown",
            "signatures.offer_used",
            "signatures.offer_expired",
            "signatures.value_unreadable",
            "signatures.failed",
            "signatures.return_not_valid",
        ),
    ),
    Route(
        "GET",
        f"{REQUESTS}/{{request_id}}",
        "signatures.deferred",
        state,
        SIGNED_IN,
        "How a request stands",
        answer=OfferView,
        errors=("signatures.offer_unknown",),
    ),
    Route(
        "GET",
        TOKENS,
        "signatures.tokens",
        tokens,
        "signatures.manage_keys",
        "The inventory of tokens whose keys their owners hold",
        query=PageQuery,
        answer=Page[TokenView],
    ),
    Route(
        "POST",
        TOKENS,
        "signatures.add_token",
        add_token,
        "signatures.manage_keys",
        "Register the certificate of a token for a person or body",
        body=AddToken,
        answer=TokenView,
        status=201,
        once=True,
        errors=(
            "signatures.certificate_unreadable",
            "signatures.certificate_unfit",
            "signatures.token_known",
        ),
    ),
    Route(
        "POST",
        f"{TOKENS}/{{token_id}}/end",
        "signatures.end_token",
        end_token,
        "signatures.manage_keys",
        "Take no more signatures of a token",
        once=True,
        status=204,
        errors=("signatures.token_unknown",),
    ),
    Route(
        "GET",
        f"{PLUGIN}/van-ban.pdf",
        "signatures.fetch_offered",
        offered,
        PUBLIC,
        "The file offered to a signing plugin; the address works once",
        media=("application/pdf",),
        errors=(
            "signatures.offer_unknown",
            "signatures.offer_used",
            "signatures.offer_expired",
            "documents.changed",
        ),
    ),
    Route(
        "POST",
        PLUGIN,
        "signatures.take_back",
        returned,
        PUBLIC,
        "The signed file from a signing plugin; the address works once",
        answer=Uploaded,
        upload=True,
        media=("multipart/form-data",),
        errors=("signatures.offer_unknown",),
    ),
]
