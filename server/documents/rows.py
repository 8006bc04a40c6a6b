"""Rows of the room as statements answer them, and a document as its columns."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

import msgspec

from server.documents.model import Comment, Document, Fields, FileRef, Request, State, Step, Version
from server.documents.rules import folded
from server.kernel.clock import text
from storage.sql.protocol import SqlValue
from storage.sql.rows import Json, prepare

prepare(Version)  # the loop makes it of rows while threads make rows that contain it


@dataclass(frozen=True)
class WholeRow(Document):
    """A document with its children, as one statement answers it."""

    versions: Annotated[tuple[Version, ...], Json]
    steps: Annotated[tuple[Step, ...], Json]
    requests: Annotated[tuple[Request, ...], Json]
    comments: Annotated[tuple[Comment, ...], Json]

    @property
    def document(self) -> Document:
        """The document without its children."""
        return Document(**{field.name: getattr(self, field.name) for field in dataclasses.fields(Document)})


@dataclass(frozen=True)
class VersionRow:
    """A version as its own statements answer it."""

    n: int
    round: int
    kind: str
    main: Annotated[FileRef | None, Json]
    attachments: Annotated[tuple[FileRef, ...], Json]
    placements: Annotated[list[object], Json]
    note: str
    account_name: str
    post_title: str
    at: datetime

    def version(self) -> Version:
        """As the model has it."""
        return msgspec.convert(self, Version, from_attributes=True)


@dataclass(frozen=True)
class VersionFieldsRow(VersionRow):
    """A version with its fields."""

    fields: Annotated[Fields, Json]


@dataclass(frozen=True)
class FileRow:
    """The version of a document in which a file stands."""

    id: str
    body_id: str
    main: Annotated[FileRef | None, Json]
    attachments: Annotated[tuple[FileRef, ...], Json]


@dataclass(frozen=True)
class CountRow:
    """One figure."""

    what: str
    state: State
    n: int


def json_text(value: object) -> str:
    """Return a value as JSON text."""
    return msgspec.json.encode(value).decode()


def day_text(day: date | None) -> str | None:
    """Return a day as rows keep it."""
    return None if day is None else day.isoformat()


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else text(instant)


def columns(document: Document) -> dict[str, SqlValue]:
    """Return every column of ``documents`` for a document."""
    fields = document.fields
    return {
        "id": document.id,
        "body_id": document.body_id,
        "author_body": document.author_body,
        "author_post": document.author_post,
        "author_title": document.author_title,
        "author_account": document.author_account,
        "author_name": document.author_name,
        "office_body": document.office_body,
        "form_role": document.form_role,
        "origin": document.origin.value,
        "body_name": fields.body.name,
        "type_code": fields.type_code,
        "type_name": fields.type_name,
        "subject": fields.subject,
        "search_text": folded(f"{fields.subject} {fields.type_name} {document.number_text}"),
        "urgency": fields.urgency.value,
        "restricted": int(fields.restricted),
        "reply_to": fields.reply_to,
        "renews": document.renews,
        "fields": json_text(fields),
        "state": document.state.value,
        "round": document.round,
        "turn": document.turn,
        "chain_at": document.chain_at,
        "signed_count": document.signed_count,
        "sealed_count": document.sealed_count,
        "version": document.version,
        "current_n": document.current_n,
        "current_kind": document.current_kind.value,
        "main_digest": document.main_digest,
        "number_id": document.number_id,
        "number_text": document.number_text,
        "document_date": day_text(document.document_date),
        "signer_name": document.signer_name,
        "signed_at": _instant(document.signed_at),
        "approved_at": _instant(document.approved_at),
        "created_at": text(document.created_at),
        "updated_at": text(document.updated_at),
    }
