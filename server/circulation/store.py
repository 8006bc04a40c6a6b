"""Rows of circulation: typed reads and batched writes; no rule lives here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from server.circulation.commands import InboxFilter, SentFilter
from server.circulation.model import (
    ArrivalDetail,
    ArrivalRow,
    Counts,
    Position,
    Reply,
)
from server.circulation.model_sent import DispatchDetail, DispatchRow, OutsideRecipient
from server.circulation.receipts import Sealed
from server.circulation.rows import Asked, Changes, HeldFiles, Received, SentHeader, Step
from server.circulation.rules import like_pattern
from server.circulation.store_handling import HandlingStore
from server.evidence.service import Evidence
from server.identity.scope import FRAGMENTS, predicate
from server.kernel.actor import Actor
from server.kernel.clock import text
from server.kernel.page import Page, PageRequest
from server.kernel.record import canonical
from server.unit import Unit
from storage.sql.protocol import Params, Reader, SqlValue
from storage.sql.statements import Engine, load_all

SENT = predicate("document", "s").replace("s.id", "s.document_id")
"""A dispatch is seen by whoever may see the document that was sent."""
FIRST_PRIORITY = 99
"""Above every rank: the list from its start."""
FIRST_ID = "~"
"""Above every id."""


class CirculationStore(HandlingStore):
    """Statements of the room."""

    def __init__(self, engine: Engine, evidence: Evidence) -> None:
        self._evidence = evidence
        super().__init__(load_all(Path(__file__).parent, engine, {**FRAGMENTS, "may_see_sent": SENT}))

    async def inbox(
        self,
        tx: Reader,
        scope: Mapping[str, SqlValue],
        actor: Actor,
        wanted: InboxFilter,
        page: PageRequest,
        *,
        clerk: bool,
        today: date,
    ) -> Page[ArrivalRow]:
        """Return a part of an inbox: open and urgent first, then newest. Raises ValueError: no cursor."""
        priority, after = _cursor(page.after)
        narrow = wanted.waiting or wanted.overdue
        rows = await tx.fetch(
            self._statements["inbox"],
            {
                **scope,
                **_filter(wanted),
                "body": wanted.body_id or actor.body_id,
                "post": actor.post_id,
                "clerk": int(clerk),
                "today": today.isoformat(),
                "priority": priority,
                "after": after,
                "lowest": 1 if narrow else 0,
                "limit": page.limit + 1,
            },
            ArrivalRow,
        )
        more = len(rows) > page.limit
        rows = rows[: page.limit]
        return Page(rows, f"{rows[-1].priority}.{rows[-1].id}" if more else None)

    async def arrival(
        self, tx: Reader, scope: Mapping[str, SqlValue], arrival_id: str
    ) -> ArrivalDetail | None:
        """Return an arrival with everything that hangs on it, if the actor may see it; one statement."""
        return await tx.fetch_one(self._statements["arrival"], {**scope, "id": arrival_id}, ArrivalDetail)

    async def arrival_files(
        self, tx: Reader, scope: Mapping[str, SqlValue], arrival_id: str
    ) -> HeldFiles | None:
        """Return the files of an arrival that the actor may see and that was not withdrawn."""
        return await tx.fetch_one(self._statements["arrival_files"], {**scope, "id": arrival_id}, HeldFiles)

    async def counts(
        self,
        tx: Reader,
        scope: Mapping[str, SqlValue],
        actor: Actor,
        *,
        clerk: bool,
        today: date,
        soon: date,
    ) -> Counts:
        """Count what waits for the actor."""
        found = await tx.fetch_one(
            self._statements["counts"],
            {
                **scope,
                "clerk": int(clerk),
                "body": actor.body_id,
                "post": actor.post_id,
                "today": today.isoformat(),
                "soon": soon.isoformat(),
            },
            Counts,
        )
        return found or Counts(0, 0, 0, 0, 0, 0)

    async def sent(
        self,
        tx: Reader,
        scope: Mapping[str, SqlValue],
        actor: Actor,
        wanted: SentFilter,
        page: PageRequest,
    ) -> Page[DispatchRow]:
        """Return a part of what the office sent, newest first."""
        rows = await tx.fetch(
            self._statements["sent"],
            {
                **scope,
                "body": wanted.body_id or actor.body_id,
                "from_body": wanted.body_id,
                "document": wanted.document_id,
                "open": int(wanted.open),
                "q": like_pattern(wanted.q),
                "after": page.after or FIRST_ID,
                "limit": page.limit + 1,
            },
            DispatchRow,
        )
        more = len(rows) > page.limit
        rows = rows[: page.limit]
        return Page(rows, rows[-1].id if more else None)

    async def dispatch(
        self, tx: Reader, scope: Mapping[str, SqlValue], dispatch_id: str
    ) -> DispatchDetail | None:
        """Return a dispatch with all recipients (in no order), if the actor may see it; one statement."""
        return await tx.fetch_one(self._statements["dispatch"], {**scope, "id": dispatch_id}, DispatchDetail)

    async def lock(
        self, unit: Unit, scope: Mapping[str, SqlValue], arrival_id: str, *, as_sender: bool = False
    ) -> Position | None:
        """Return where an arrival stands and hold its row; None = the actor may not see it."""
        name = "lock_sent_arrival" if as_sender else "lock_arrival"
        return await unit.fetch_one(
            self._statements[name],
            {**scope, "id": arrival_id, "post": unit.actor.post_id},
            Position,
        )

    async def advance(self, unit: Unit, position: Position, step: Step) -> bool:
        """Write a new state and its receipt; False = somebody was faster and nothing was written."""
        receipt, changes = step.receipt.receipt, step.changes
        touched = await unit.execute(
            self._statements["advance"],
            {
                "id": position.id,
                "version": position.version,
                "status": step.status.value,
                "recall": step.recall.value if step.recall else "",
                "priority": step.priority,
                "sequence": receipt.sequence,
                "receipt_digest": step.receipt.digest,
                "changed_at": receipt.at,
                "changed_by": receipt.acting.name,
                "recall_reason": changes.recall_reason,
                "due_date": _day_or_none(changes.due_date),
                **_line(changes),
                "result": changes.result,
                "reply_document": changes.reply_document,
                "search": changes.search,
            },
        )
        if touched:
            await self.add_receipts(unit, [step.receipt])
        return touched > 0

    async def set_due_date(self, unit: Unit, position: Position, due_date: date) -> bool:
        """Move a deadline; False = somebody was faster."""
        return (
            await unit.execute(
                self._statements["set_due_date"],
                {
                    "id": position.id,
                    "version": position.version,
                    "due_date": due_date.isoformat(),
                },
            )
            > 0
        )

    async def add_dispatch(self, unit: Unit, row: Params) -> None:
        """Write a dispatch."""
        unit.later(self._statements["insert_dispatch"], [row])

    async def add_arrivals(self, unit: Unit, rows: Sequence[Params]) -> None:
        """Write arrivals in one statement."""
        unit.later(self._statements["insert_arrival"], rows)

    async def add_receipts(self, unit: Unit, receipts: Sequence[Sealed]) -> None:
        """Keep receipts byte for byte, in one statement, and have them signed."""
        unit.later(
            self._statements["insert_receipt"],
            [
                {
                    "id": sealed.receipt.id,
                    "arrival_id": sealed.receipt.arrival,
                    "sequence": sealed.receipt.sequence,
                    "code": sealed.receipt.code.value,
                    "at": sealed.receipt.at,
                    "body_id": sealed.receipt.body,
                    "content": sealed.content,
                    "digest": sealed.digest,
                }
                for sealed in receipts
            ],
        )
        self._evidence.receipts(unit, [(one.receipt.id, one.receipt.body, one.digest) for one in receipts])

    async def add_outside(self, unit: Unit, rows: Sequence[Params]) -> None:
        """Write recipients by post in one statement."""
        unit.later(self._statements["insert_outside"], rows)

    async def asked(self, tx: Reader | Unit, arrival_id: str) -> Asked | None:
        """Return the arrival that a document answers."""
        return await tx.fetch_one(self._statements["asked"], {"id": arrival_id}, Asked)

    async def already_sent(self, tx: Reader, document_id: str, body_ids: Sequence[str]) -> list[Received]:
        """Return which of the bodies have the document already."""
        return await tx.fetch(
            self._statements["already_sent"],
            {"document": document_id, "bodies": canonical(list(body_ids)).decode()},
            Received,
        )

    async def link_reply(self, unit: Unit, arrival_id: str, document_id: str) -> None:
        """Say that a document is being made to answer an arrival."""
        await unit.execute(
            self._statements["link_reply"],
            {
                "arrival_id": arrival_id,
                "document_id": document_id,
                "linked_at": text(unit.now),
                "linked_by": unit.actor.account_id,
            },
        )

    async def reply_sent(
        self, unit: Unit, arrival_id: str, document_id: str, number_text: str, day: str, reply_arrival: str
    ) -> None:
        """Say that the answer went to the body that asked."""
        await unit.execute(
            self._statements["reply_sent"],
            {
                "arrival_id": arrival_id,
                "document_id": document_id,
                "linked_by": unit.actor.account_id,
                "number_text": number_text,
                "document_date": day,
                "sent_at": text(unit.now),
                "reply_arrival": reply_arrival,
            },
        )

    async def linked(self, tx: Unit, arrival_id: str, document_id: str) -> Reply | None:
        """Return the link of a document to an arrival."""
        return await tx.fetch_one(
            self._statements["linked"], {"arrival_id": arrival_id, "document_id": document_id}, Reply
        )

    async def sent_header(
        self, tx: Reader | Unit, scope: Mapping[str, SqlValue], dispatch_id: str
    ) -> SentHeader | None:
        """Return the header of a dispatch that the actor may see."""
        return await tx.fetch_one(self._statements["sent_header"], {**scope, "id": dispatch_id}, SentHeader)

    async def lock_outside(
        self, unit: Unit, scope: Mapping[str, SqlValue], dispatch_id: str, ids: Sequence[str]
    ) -> list[OutsideRecipient]:
        """Return recipients by post and hold their rows."""
        return await unit.fetch(
            self._statements["lock_outside"],
            {**scope, "dispatch_id": dispatch_id, "ids": canonical(list(ids)).decode()},
            OutsideRecipient,
        )

    async def posted(self, unit: Unit, rows: Sequence[Params]) -> None:
        """Write the postings in one statement."""
        await unit.execute_many(self._statements["posted"], rows)


def _line(changes: Changes) -> Params:
    """What an arrival has in the book: new, emptied, or (None) as it is."""
    if changes.off_book:
        return {
            "incoming_number": 0,
            "incoming_text": "",
            "incoming_series": "",
            "incoming_entry": "",
            "incoming_date": "",
        }
    return {
        "incoming_number": changes.incoming_number,
        "incoming_text": changes.incoming_text,
        "incoming_series": changes.incoming_series,
        "incoming_entry": changes.incoming_entry,
        "incoming_date": _day_or_none(changes.incoming_date),
    }


def _filter(wanted: InboxFilter) -> Params:
    return {
        "all_statuses": int(not wanted.statuses),
        "statuses": canonical(sorted(wanted.statuses)).decode(),
        "all_urgencies": int(not wanted.urgency),
        "urgencies": canonical(sorted(wanted.urgency)).decode(),
        "origin": wanted.origin,
        "to_body": wanted.body_id,
        "q": like_pattern(wanted.q),
        "overdue": int(wanted.overdue),
        "mine": int(wanted.mine),
        "waiting": int(wanted.waiting),
    }


def _cursor(after: str) -> tuple[int, str]:
    """Split ``priority.id``; raises ValueError when it is not a cursor of this list."""
    if not after:
        return FIRST_PRIORITY, FIRST_ID
    priority, dot, place = after.partition(".")
    if not dot or not priority.isascii() or not priority.isdigit() or len(priority) > 2 or not place:
        raise ValueError("not a cursor")
    return int(priority), place


def _day_or_none(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
