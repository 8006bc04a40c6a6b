"""Rows of notices and of who has read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from server.kernel.actor import Actor, Role
from server.kernel.clock import text
from server.kernel.ids import make_id
from server.kernel.page import Page, PageRequest
from server.kernel.record import canonical
from server.notifications.model import Batch, Notice, Unread
from server.unit import Unit
from storage.sql.protocol import Params, Reader
from storage.sql.statements import Engine, load_all

FIRST = "~"
"""Above every id: the list from its start."""


class NoticeStore:
    """Statements of the room."""

    def __init__(self, engine: Engine) -> None:
        self._statements = load_all(Path(__file__).parent, engine)

    async def add(self, unit: Unit, message_id: str, batch: Batch) -> None:
        """Write the notices of a message; those written before are left alone. One statement."""
        params = canonical(batch.params).decode()
        await unit.execute_many(
            self._statements["insert_notice"],
            [
                {
                    "id": unit.new_id(),
                    "message_id": message_id,
                    "place": place,
                    "grantee": item.grantee,
                    "body_id": item.body_id,
                    "event": batch.event,
                    "subject_kind": item.subject_kind,
                    "subject_id": item.subject_id,
                    "params": params,
                    "urgent": int(batch.urgent),
                    "at": batch.at,
                }
                for place, item in enumerate(batch.items)
            ],
        )

    async def page(self, tx: Reader, actor: Actor, page: PageRequest, *, unread: bool) -> Page[Notice]:
        """Return a part of the actor's notices, newest first."""
        rows = await tx.fetch(
            self._statements["notices"],
            {
                **_whose(actor),
                "after": page.after or FIRST,
                "unread": int(unread),
                "limit": page.limit + 1,
            },
            Notice,
        )
        more = len(rows) > page.limit
        rows = rows[: page.limit]
        return Page(rows, rows[-1].id if more else None)

    async def unread(self, tx: Reader, actor: Actor, since: datetime) -> Unread:
        """Count unread notices made since an instant, up to 100."""
        found = await tx.fetch_one(
            self._statements["unread"],
            {**_whose(actor), "since": make_id(int(since.timestamp() * 1000), 0)},
            Unread,
        )
        return found or Unread(0, 0)

    async def mark_read(self, unit: Unit, actor: Actor, ids: Sequence[str]) -> int:
        """Mark notices of the actor as read by this account; return how many were not before."""
        return await unit.execute(
            self._statements["mark_read"],
            {**_whose(actor), "ids": canonical(list(ids)).decode(), "at": text(unit.now)},
        )

    async def mark_all_read(self, unit: Unit, actor: Actor, upto: str) -> int:
        """Mark every notice up to an id as read; newer ones came while the person looked."""
        return await unit.execute(
            self._statements["mark_all_read"], {**_whose(actor), "upto": upto, "at": text(unit.now)}
        )

    async def drop_old(self, unit: Unit, before: datetime) -> int:
        """Delete notices older than an instant; return how many."""
        params: Params = {"before": text(before)}
        await unit.execute(self._statements["drop_old_reads"], params)
        return await unit.execute(self._statements["drop_old"], params)


def _whose(actor: Actor) -> Params:
    return {
        "account": actor.account_id,
        "post": actor.post_grantee,
        "role": actor.role_grantee,
        "clerk_of": actor.body_id if actor.role is Role.RECORDS_CLERK else "",
    }
