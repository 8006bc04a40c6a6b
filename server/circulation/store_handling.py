"""Rows of the handling of an arrival: parts of posts, notes, and what undoing a mistake changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.circulation.codes import NoteKind, Part
from server.circulation.rows import HeldFiles, OpenPart, PartOf
from server.circulation.rules import search_text
from server.kernel.clock import text
from server.organisations.model import Body
from server.registers.correcting import Corrected
from server.registers.series import Book
from server.unit import Unit
from storage.sql.protocol import Params, Reader, SqlValue, Statement


class HandlingStore:
    """Statements of the handling."""

    def __init__(self, statements: Mapping[str, Statement]) -> None:
        self._statements = statements

    async def assign(self, unit: Unit, rows: Sequence[Params]) -> None:
        """Write parts of posts; a post named again gets the newer part."""
        by = {**_by(unit), "at": text(unit.now)}
        await unit.execute_many(self._statements["upsert_assignment"], [{**row, **by} for row in rows])

    async def lead_joins(self, unit: Unit, arrival_id: str) -> None:
        """Make the one who led before one who joins."""
        await unit.execute(self._statements["lead_joins"], {"arrival_id": arrival_id})

    async def part_done(
        self, unit: Unit, arrival_id: str, *, post: str = "", part: Part | None = None
    ) -> int:
        """Mark parts as done: of one post or of all, of one kind or of all. Return how many."""
        return await unit.execute(
            self._statements["part_done"],
            {
                "arrival_id": arrival_id,
                "post": post,
                "part": part.value if part else "",
                "at": text(unit.now),
            },
        )

    async def parts(self, tx: Reader | Unit, arrival_id: str) -> list[PartOf]:
        """Return the parts that posts have now, withdrawn ones left out, in the order they were given."""
        return await tx.fetch(self._statements["parts"], {"arrival_id": arrival_id}, PartOf)

    async def withdraw_parts(self, unit: Unit, arrival_id: str, posts: Sequence[str], reason: str) -> None:
        """Mark parts as withdrawn, with the reason; they stay to be read."""
        rows: list[Params] = [
            {
                "arrival_id": arrival_id,
                "post_id": post_id,
                "at": text(unit.now),
                "by": unit.actor.name,
                "reason": reason,
            }
            for post_id in posts
        ]
        if rows:
            await unit.execute_many(self._statements["withdraw_part"], rows)

    async def lead_resumes(self, unit: Unit, arrival_id: str) -> None:
        """The part of the one who leads waits again."""
        await unit.execute(self._statements["lead_resumes"], {"arrival_id": arrival_id})

    async def open_parts_of(self, unit: Unit, body_id: str, limit: int) -> list[OpenPart]:
        """Return parts that wait for posts of a body; the id of a post begins with that of its body."""
        params: dict[str, SqlValue] = {"first": f"{body_id}.", "last": f"{body_id}/", "limit": limit}
        return await unit.fetch(self._statements["open_parts_of"], params, OpenPart)

    async def move_office(self, unit: Unit, kind: str, body_id: str, old: str, new: str, limit: int) -> int:
        """Move arrivals or dispatches of a body to another office, a batch at a time; return how many."""
        params: dict[str, SqlValue] = {"body": body_id, "old": old, "new": new, "limit": limit}
        return await unit.execute(self._statements[f"move_{kind}"], params)

    async def set_book(self, unit: Unit, arrival_id: str, book: Book) -> None:
        """Say in which book an arrival stands."""
        await unit.execute(self._statements["set_book"], {"id": arrival_id, "book": book.value})

    async def set_body(self, unit: Unit, arrival_id: str, body: Body) -> None:
        """Say to which body of the same office a letter on paper came."""
        await unit.execute(
            self._statements["set_body"],
            {
                "id": arrival_id,
                "to_body": body.id,
                "to_code": body.code,
                "to_name": body.name,
                "to_parent": body.parent_id,
                "office": body.keeper_id,
            },
        )

    async def correct_header(self, unit: Unit, line: Corrected) -> bool:
        """Write the corrected header of a letter on paper; False when the arrival did not come on paper."""
        return (
            await unit.execute(
                self._statements["correct_header"],
                {
                    "id": line.arrival_id,
                    "from_name": line.author,
                    "from_address": line.author_address,
                    "number_text": line.notation,
                    "document_date": line.document_date.isoformat() if line.document_date else "",
                    "type_name": line.type_name,
                    "subject": line.subject,
                    "urgency": line.urgency,
                    "pages": line.pages,
                    "search": search_text([line.notation, line.subject, line.author, line.text]),
                },
            )
            > 0
        )

    async def file_digests(self, tx: Reader | Unit, arrival_id: str) -> list[str]:
        """Return the digests of the files of an arrival that the caller holds."""
        found = await tx.fetch_one(self._statements["files_of"], {"id": arrival_id}, HeldFiles)
        return [] if found is None else [one.digest for one in found.files]

    async def add_note(self, unit: Unit, arrival_id: str, kind: NoteKind, words: str) -> None:
        """Write a line of handling."""
        await unit.execute(
            self._statements["insert_note"],
            {
                "id": unit.new_id(),
                "arrival_id": arrival_id,
                "kind": kind.value,
                "text": words,
                "at": text(unit.now),
                **_by(unit),
            },
        )


def _by(unit: Unit) -> Params:
    actor = unit.actor
    return {
        "by_account": actor.account_id,
        "by_name": actor.name,
        "by_post": actor.post_id,
        "by_title": actor.post_title,
    }
