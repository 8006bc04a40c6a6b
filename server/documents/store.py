"""Rows of documents, their versions, steps, requests and comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from server.documents.model import FINAL, Act, Comment, Document, Fields, Stance, State, Step, Version
from server.documents.rows import (
    CountRow,
    FileRow,
    VersionFieldsRow,
    VersionRow,
    WholeRow,
    columns,
    day_text,
    json_text,
)
from server.documents.rules import folded
from server.documents.states import ListKind
from server.documents.views import DocumentRow
from server.identity.scope import FRAGMENTS
from server.kernel.clock import text
from server.kernel.errors import Invalid
from server.kernel.page import Page, PageRequest
from server.unit import Unit
from storage.sql.protocol import Params, Reader, SqlValue
from storage.sql.statements import load_all

_FIRST = ("9999", "~")
"""Before every row of a list that runs from the newest to the oldest."""


class DocumentStore:
    """Reads and writes the tables of the room."""

    def __init__(self, engine: Literal["sqlite", "postgres"]) -> None:
        self._statements = load_all(Path(__file__).parent, engine, FRAGMENTS)

    async def insert(self, unit: Unit, document: Document) -> None:
        """Write a new document."""
        unit.later(self._statements["insert_document"], [columns(document)])

    async def replace(self, unit: Unit, seen: Document, new: Document) -> bool:
        """Write a document anew if it is still as it was seen; tell whether it was."""
        params: dict[str, SqlValue] = {
            **columns(new),
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

    async def pass_on(self, unit: Unit, posts: Mapping[str, str]) -> int:
        """Pass turns and authorship of open documents from posts to others; return how many rows changed."""
        touched = 0
        for old, new in posts.items():
            for name in ("pass_turn", "pass_authorship"):
                touched += await unit.execute(self._statements[name], {"old": old, "new": new})
        return touched

    async def move_office(self, unit: Unit, body_id: str, old: str, new: str, limit: int) -> int:
        """Let documents of a body name another office, a batch at a time; return how many."""
        params: Params = {"body": body_id, "old": old, "new": new, "limit": limit}
        return await unit.execute(self._statements["move_documents"], params)

    async def add_version(
        self, unit: Unit, document: Document, version: Version, fields: Fields | None = None
    ) -> None:
        """Write a version; it is never changed again."""
        unit.later(
            self._statements["insert_version"],
            [
                {
                    "document_id": document.id,
                    "n": version.n,
                    "round": version.round,
                    "kind": version.kind.value,
                    "main": None if version.main is None else json_text(version.main),
                    "main_digest": version.main.digest if version.main else "",
                    "attachments": json_text(version.attachments),
                    "placements": json_text(version.placements),
                    "fields": json_text(fields or document.fields),
                    "note": version.note,
                    "account_id": unit.actor.account_id,
                    "account_name": version.account_name,
                    "post_title": version.post_title,
                    "at": text(version.at),
                }
            ],
        )

    async def add_step(self, unit: Unit, before: Document, after: Document, act: Act, reason: str) -> None:
        """Write a line of the timeline."""
        actor = unit.actor
        unit.later(
            self._statements["insert_step"],
            [
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
                }
            ],
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
                "due_date": day_text(due_date),
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
            "states": json_text([state.value for state in states or State]),
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
                "states": json_text([state.value for state in State if state not in FINAL]),
            },
            CountRow,
        )

    async def replies_to(self, tx: Reader, arrival_id: str, scope: Params) -> list[DocumentRow]:
        """Return the documents that answer an arrival."""
        return await tx.fetch(
            self._statements["replies_to"], {"arrival_id": arrival_id, **scope}, DocumentRow
        )


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
