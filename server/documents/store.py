"""Rows of documents, their versions, steps, requests and comments."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from server.documents.model import (
    FINAL,
    Act,
    Comment,
    Document,
    DocumentRow,
    Fields,
    FileRef,
    Request,
    Stance,
    State,
    Step,
    Version,
)
from server.documents.rules import folded
from server.identity.scope import FRAGMENTS
from server.kernel.clock import text
from server.kernel.errors import Invalid
from server.kernel.page import Page, PageRequest
from server.unit import Unit
from storage.sql.protocol import Params, Reader, SqlValue
from storage.sql.rows import Json
from storage.sql.statements import load_all

ListKind = Literal["all", "waiting", "mine", "asked"]
_FIRST = ("9999", "~")
"""Before every row of a list that runs from the newest to the oldest."""


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


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else text(instant)


class DocumentStore:
    """Reads and writes the tables of the room."""

    def __init__(self, engine: Literal["sqlite", "postgres"]) -> None:
        self._statements = load_all(Path(__file__).parent, engine, FRAGMENTS)

    async def insert(self, unit: Unit, document: Document) -> None:
        """Write a new document."""
        await unit.execute(self._statements["insert_document"], _columns(document))

    async def replace(self, unit: Unit, seen: Document, new: Document) -> bool:
        """Write a document anew if it is still as it was seen; tell whether it was."""
        params: dict[str, SqlValue] = {
            **_columns(new),
            "seen_version": seen.version,
            "seen_state": seen.state.value,
            "seen_digest": seen.main_digest,
        }
        for unchanging in (
            "author_body",
            "author_post",
            "author_title",
            "author_account",
            "author_name",
            "origin",
            "renews",
            "created_at",
        ):
            del params[unchanging]
        return await unit.execute(self._statements["update_document"], params) == 1

    async def add_version(
        self, unit: Unit, document: Document, version: Version, fields: Fields | None = None
    ) -> None:
        """Write a version; it is never changed again."""
        await unit.execute(
            self._statements["insert_version"],
            {
                "document_id": document.id,
                "n": version.n,
                "round": version.round,
                "kind": version.kind.value,
                "main": None if version.main is None else _json(version.main),
                "main_digest": version.main.digest if version.main else "",
                "attachments": _json(version.attachments),
                "placements": _json(version.placements),
                "fields": _json(fields or document.fields),
                "note": version.note,
                "account_id": unit.actor.account_id,
                "account_name": version.account_name,
                "post_title": version.post_title,
                "at": text(version.at),
            },
        )

    async def add_step(self, unit: Unit, before: Document, after: Document, act: Act, reason: str) -> None:
        """Write a line of the timeline."""
        actor = unit.actor
        await unit.execute(
            self._statements["insert_step"],
            {
                "id": unit.new_id(),
                "document_id": after.id,
                "round": before.round,
                "act": act.value,
                "from_state": before.state.value,
                "to_state": after.state.value,
                "version_n": after.current_n,
                "reason": reason,
                "account_id": actor.account_id,
                "account_name": actor.name,
                "post_id": actor.post_id,
                "post_title": actor.post_title,
                "body_id": actor.body_id,
                "on_behalf": actor.on_behalf,
                "at": text(unit.now),
            },
        )

    async def add_requests(
        self,
        unit: Unit,
        document_id: str,
        posts: Sequence[tuple[str, str]],
        question: str,
        due_date: date | None,
    ) -> None:
        """Write requests for opinions, (post, title) each, in one statement."""
        actor = unit.actor
        rows: list[Params] = [
            {
                "id": unit.new_id(),
                "document_id": document_id,
                "post_id": post_id,
                "post_title": title,
                "question": question,
                "due_date": _day(due_date),
                "asked_by": actor.post_id,
                "asked_by_title": actor.post_title,
                "at": text(unit.now),
            }
            for post_id, title in posts
        ]
        await unit.execute_many(self._statements["insert_request"], rows)

    async def add_comment(self, unit: Unit, document: Document, words: str, stance: Stance) -> Comment:
        """Write an opinion on the newest version."""
        actor = unit.actor
        comment = Comment(
            id=unit.new_id(),
            version_n=document.current_n,
            stance=stance,
            text=words,
            account_name=actor.name,
            post_id=actor.post_id,
            post_title=actor.post_title,
            on_behalf=actor.on_behalf,
            at=unit.now,
        )
        await unit.execute(
            self._statements["insert_comment"],
            {
                "id": comment.id,
                "document_id": document.id,
                "version_n": comment.version_n,
                "stance": stance.value,
                "text": words,
                "account_id": actor.account_id,
                "account_name": actor.name,
                "post_id": actor.post_id,
                "post_title": actor.post_title,
                "on_behalf": actor.on_behalf,
                "at": text(unit.now),
            },
        )
        return comment

    async def find(self, tx: Reader, document_id: str) -> Document | None:
        """Return a document whoever asks: for rooms that checked the scope themselves."""
        return await tx.fetch_one(self._statements["find"], {"id": document_id}, Document)

    async def find_visible(self, tx: Reader, document_id: str, scope: Params) -> Document | None:
        """Return a document that the scope lets see, or None."""
        return await tx.fetch_one(self._statements["find_visible"], {"id": document_id, **scope}, Document)

    async def view(self, tx: Reader, document_id: str, scope: Params) -> WholeRow | None:
        """Return a document with its children in one statement, or None."""
        return await tx.fetch_one(self._statements["view"], {"id": document_id, **scope}, WholeRow)

    async def version(
        self, tx: Reader, document_id: str, n: int, scope: Params
    ) -> tuple[Version, Fields] | None:
        """Return one version with its fields, or None."""
        row = await tx.fetch_one(
            self._statements["version_view"], {"id": document_id, "n": n, **scope}, VersionFieldsRow
        )
        return None if row is None else (row.version(), row.fields)

    async def newest_version(self, tx: Reader, document_id: str) -> Version:
        """Return the newest version; every document has one."""
        row = await tx.fetch_one(self._statements["newest_version"], {"id": document_id}, VersionRow)
        if row is None:
            raise LookupError(f"document {document_id} has no version")
        return row.version()

    async def file(self, tx: Reader, document_id: str, digest: str, scope: Params) -> FileRow | None:
        """Return the newest version in which the file stands, if the scope lets see it."""
        return await tx.fetch_one(
            self._statements["file"],
            {"id": document_id, "digest": digest, "in_attachments": f'%"{digest}"%', **scope},
            FileRow,
        )

    async def rows(
        self,
        tx: Reader,
        kind: ListKind,
        scope: Params,
        *,
        post_id: str,
        states: Sequence[State],
        q: str,
        page: PageRequest,
    ) -> Page[DocumentRow]:
        """Return one part of a list, newest change first. Raises Invalid ``documents.cursor``."""
        after_at, after_id = _cursor(page.after)
        params: dict[str, SqlValue] = {
            **scope,
            "after_at": after_at,
            "after_id": after_id,
            "states": _json([state.value for state in states or State]),
            "q": _like(q),
            "limit": page.limit + 1,
        }
        if kind in ("mine", "asked"):
            params["mine"] = post_id
        found = await tx.fetch(self._statements[f"list_{kind}"], params, DocumentRow)
        items = found[: page.limit]
        more = len(found) > page.limit
        return Page(items, f"{text(items[-1].updated_at)}~{items[-1].id}" if more else None)

    async def steps(self, tx: Reader, document_id: str, scope: Params, page: PageRequest) -> Page[Step]:
        """Return one part of the timeline, oldest first."""
        found = await tx.fetch(
            self._statements["steps"],
            {"id": document_id, "after": page.after, "limit": page.limit + 1, **scope},
            Step,
        )
        items = found[: page.limit]
        return Page(items, items[-1].id if len(found) > page.limit else None)

    async def counts(self, tx: Reader, scope: Params, post_id: str) -> list[CountRow]:
        """Return the figures of a home page in one statement."""
        return await tx.fetch(
            self._statements["counts"],
            {
                "g_post": scope["g_post"],
                "g_role": scope["g_role"],
                "mine": post_id,
                "states": _json([state.value for state in State if state not in FINAL]),
            },
            CountRow,
        )

    async def replies_to(self, tx: Reader, arrival_id: str, scope: Params) -> list[DocumentRow]:
        """Return the documents that answer an arrival."""
        return await tx.fetch(
            self._statements["replies_to"], {"arrival_id": arrival_id, **scope}, DocumentRow
        )


def _columns(document: Document) -> dict[str, SqlValue]:
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
        "fields": _json(fields),
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
        "document_date": _day(document.document_date),
        "signer_name": document.signer_name,
        "signed_at": _instant(document.signed_at),
        "created_at": text(document.created_at),
        "updated_at": text(document.updated_at),
    }


def _like(q: str) -> str:
    words = folded(q)
    if not words:
        return ""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _cursor(after: str) -> tuple[str, str]:
    if not after:
        return _FIRST
    at, separator, id_ = after.partition("~")
    if not separator or not at or not id_:
        raise Invalid("documents.cursor", field="query:after")
    return at, id_


Scope = Mapping[str, SqlValue]
"""Parameters of the scope predicate."""
