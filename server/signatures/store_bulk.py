"""Rows of bulk runs. Claims are written outside units, as leases are: they are no acts of anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec

from server.kernel.clock import text
from server.kernel.page import Page, PageRequest
from server.signatures.bulk_model import BulkAsked, BulkItem, BulkRun, ItemState, ItemView, RunState, RunView
from server.signatures.offers_model import OfferFault
from server.unit import Unit
from storage.sql.protocol import Database, Params, Reader
from storage.sql.rows import Json
from storage.sql.statements import load_all


@dataclass(frozen=True)
class _Count:
    n: int


@dataclass(frozen=True)
class _ItemRow:
    n: int
    subject_id: str
    title: str
    state: ItemState
    result: str
    fault: Annotated[OfferFault | None, Json]


class BulkStore:
    """Reads and writes the rows."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._statements = load_all(Path(__file__).parent, database.engine)

    async def add(self, unit: Unit, run: BulkRun, items: Sequence[BulkAsked]) -> None:
        """Write a run with its items."""
        await unit.execute(
            self._statements["insert_run"],
            {
                "id": run.id,
                "kind": run.kind,
                "account_id": run.account_id,
                "post_id": run.post_id,
                "body_id": run.body_id,
                "actor": msgspec.json.encode(run.actor).decode(),
                "total": run.total,
                "created_at": text(run.created_at),
            },
        )
        rows: list[Params] = [
            {
                "run_id": run.id,
                "n": n,
                "subject_id": item.subject_id,
                "title": item.title,
                "version": item.version,
            }
            for n, item in enumerate(items, 1)
        ]
        await unit.execute_many(self._statements["insert_item"], rows)

    async def run(self, reader: Reader, run_id: str, account_id: str) -> RunView | None:
        """Return a run of an account with its figures."""
        params = {"id": run_id, "account_id": account_id}
        return await reader.fetch_one(self._statements["run_of"], params, RunView)

    async def runs(self, reader: Reader, account_id: str, page: PageRequest) -> Page[RunView]:
        """Return the runs of an account, newest first."""
        found = await reader.fetch(
            self._statements["runs_of"],
            {"account_id": account_id, "after": page.after, "limit": page.limit + 1},
            RunView,
        )
        items = found[: page.limit]
        return Page(items, items[-1].id if len(found) > page.limit else None)

    async def items(self, reader: Reader, run_id: str, account_id: str, page: PageRequest) -> Page[ItemView]:
        """Return items of a run of an account, in their order."""
        after = int(page.after) if page.after.isascii() and page.after.isdigit() else 0
        params: Params = {"id": run_id, "account_id": account_id, "after": after, "limit": page.limit + 1}
        found = await reader.fetch(self._statements["items_of"], params, _ItemRow)
        shown = [
            ItemView(row.n, row.subject_id, row.title, row.state, row.result, row.fault)
            for row in found[: page.limit]
        ]
        return Page(shown, str(shown[-1].n) if len(found) > page.limit else None)

    async def open_runs(self, limit: int) -> list[BulkRun]:
        """Return runs that are under way, oldest first."""
        return await self._database.fetch(self._statements["open_runs"], {"limit": limit}, BulkRun)

    async def claim(
        self, run_id: str, claimed_by: str, now: datetime, until: datetime, limit: int
    ) -> list[BulkItem]:
        """Claim up to ``limit`` items until an instant; ``claimed_by`` names this one claim."""
        async with self._database.transaction() as tx:
            claim: Params = {"run_id": run_id, "claimed_by": claimed_by}
            wanted: Params = {**claim, "now": text(now), "until": text(until), "limit": limit}
            if not await tx.execute(self._statements["claim"], wanted):
                return []
            return await tx.fetch(self._statements["claimed"], claim, BulkItem)

    async def note(
        self, unit: Unit, item: BulkItem, *, version: int, until: datetime, result: str, last: bool
    ) -> bool:
        """Write how far an item is, in the unit of its work; False = the claim was lost."""
        claim: Params = {"run_id": item.run_id, "n": item.n, "claimed_by": item.claimed_by}
        if not last:
            params: Params = {**claim, "version": version, "until": text(until)}
            return await unit.execute(self._statements["note_item"], params) == 1
        ended: Params = {
            **claim,
            "state": ItemState.DONE.value,
            "version": version,
            "result": result,
            "fault": "null",
            "now": text(unit.now),
        }
        return await unit.execute(self._statements["end_item"], ended) == 1

    async def fail(self, item: BulkItem, fault: OfferFault, now: datetime) -> None:
        """Write that an item could not be done."""
        async with self._database.transaction() as tx:
            await tx.execute(
                self._statements["end_item"],
                {
                    "run_id": item.run_id,
                    "n": item.n,
                    "claimed_by": item.claimed_by,
                    "state": ItemState.FAILED.value,
                    "version": item.version,
                    "result": "",
                    "fault": msgspec.json.encode(fault).decode(),
                    "now": text(now),
                },
            )

    async def free(self, item: BulkItem) -> None:
        """Give an item back to be tried again."""
        async with self._database.transaction() as tx:
            await tx.execute(
                self._statements["free_item"],
                {"run_id": item.run_id, "n": item.n, "claimed_by": item.claimed_by},
            )

    async def open_items(self, run_id: str) -> int:
        """Return how many items have no outcome yet."""
        found = await self._database.fetch_one(self._statements["open_items"], {"run_id": run_id}, _Count)
        return found.n if found else 0

    async def end(self, unit: Unit, run_id: str, state: RunState) -> bool:
        """End a run; False = it was ended before, or items are still open."""
        params: Params = {"id": run_id, "state": state.value, "now": text(unit.now)}
        ended = await unit.execute(self._statements["end_run"], params) == 1
        if ended and state is RunState.STOPPED:
            await unit.execute(self._statements["leave_items"], {"run_id": run_id, "now": text(unit.now)})
        return ended
