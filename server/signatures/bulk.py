"""Bulk signing and sealing: one act sets a run going, which ends whether or not anybody looks on.

Every item is claimed, done and recorded by itself. The record of its outcome stands in the very unit that
records the signed file, so a crash at any moment leaves an item either done or open, never half; an open
one is done again by whoever claims it next, and of two workers at the same item one loses its unit.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

import structlog

from server.identity.access import Access
from server.identity.standing import Standing
from server.kernel.actor import Actor
from server.kernel.errors import Conflict, Invalid, LienThongError, NotFound, Unavailable
from server.kernel.page import Page, PageRequest
from server.kernel.record import Subject
from server.logs import trace
from server.signatures.bulk_model import (
    BulkAsked,
    BulkItem,
    BulkRun,
    BulkWork,
    ItemView,
    Note,
    RunState,
    RunView,
)
from server.signatures.offers import without_once
from server.signatures.offers_model import OfferFault
from server.signatures.pool import SigningPool
from server.signatures.store_bulk import BulkStore
from server.unit import Unit, Units
from storage.sql.protocol import SqlError

log = structlog.get_logger("bulk")
ATTEMPTS_MAX = 5
"""How often an item is tried when something that it needs does not answer."""
AT_ONCE = 4
"""Items under way for each child: one signs while others are read or recorded."""
PAUSE_SECONDS = 0.5
"""How long an item rests before it is tried again, for each time it was tried."""
IDLE_SECONDS = 1.0
RUNS_AT_ONCE = 8


class BulkRuns:
    """Runs, and the worker of this process that carries them out."""

    def __init__(
        self, units: Units, access: Access, pool: SigningPool, *, items_max: int, claim_seconds: int
    ) -> None:
        """``claim_seconds`` after which an item that nobody brought to an end is taken by another worker."""
        self._units = units
        self._access = access
        self._standing = Standing(units)
        self._pool = pool
        self._items_max = items_max
        self._claim = timedelta(seconds=claim_seconds)
        self._store = BulkStore(units.reader)
        self._works: dict[str, BulkWork] = {}
        self._owner = secrets.token_hex(8)
        self._claims = 0
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def register(self, kind: str, work: BulkWork) -> None:
        """Have a room do the items of a kind."""
        self._works[kind] = work

    # --- acts --------------------------------------------------------------------------------------

    async def start_run(self, actor: Actor, kind: str, items: Sequence[BulkAsked]) -> RunView:
        """Set a run going for the actor, who acts in every item of it.

        Raises Forbidden; Invalid ``signatures.bulk_empty``, ``signatures.bulk_many``,
        ``signatures.bulk_twice``.
        """
        self._access.require(actor, self._works[kind].permission)
        if not items:
            raise Invalid("signatures.bulk_empty", field="/items")
        if len(items) > self._items_max:
            raise Invalid("signatures.bulk_many", field="/items", limit=self._items_max)
        if len({item.subject_id for item in items}) < len(items):
            raise Invalid("signatures.bulk_twice", field="/items")
        async with self._units.begin(actor) as unit:
            run = BulkRun(
                id=unit.new_id(),
                kind=kind,
                account_id=actor.account_id,
                post_id=actor.post_id,
                body_id=actor.body_id,
                actor=without_once(actor),
                state=RunState.RUNNING,
                total=len(items),
                created_at=unit.now,
                ended_at=None,
            )
            await self._store.add(unit, run, items)
            unit.record(
                "signatures.start_bulk",
                Subject("bulk_run", run.id, run.body_id),
                detail={"kind": kind, "items": run.total},
            )
            view = RunView(run.id, kind, run.state, run.total, 0, 0, run.created_at, None)
            answer = unit.answer(view)
        self._wake.set()
        return answer

    async def stop_run(self, actor: Actor, run_id: str) -> RunView:
        """Leave what was not begun as it is. Raises NotFound ``signatures.bulk_unknown``."""
        view = await self.run(actor, run_id)
        async with self._units.begin(actor) as unit:
            if await self._store.end(unit, run_id, RunState.STOPPED):
                unit.record("signatures.stop_bulk", Subject("bulk_run", run_id, actor.body_id))
            return unit.answer(await self._store.run(unit, run_id, actor.account_id) or view)

    async def run(self, actor: Actor, run_id: str) -> RunView:
        """Return a run that the actor started. Raises NotFound ``signatures.bulk_unknown``."""
        found = await self._store.run(self._units.reader, run_id, actor.account_id)
        if found is None:
            raise NotFound("signatures.bulk_unknown")
        return found

    async def runs(self, actor: Actor, page: PageRequest) -> Page[RunView]:
        """Return the runs that the actor started, newest first."""
        return await self._store.runs(self._units.reader, actor.account_id, page)

    async def items(self, actor: Actor, run_id: str, page: PageRequest) -> Page[ItemView]:
        """Return the items of a run that the actor started, in their order; none of anybody else's."""
        return await self._store.items(self._units.reader, run_id, actor.account_id, page)

    # --- the worker ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the worker of this process; call ``stop`` before closing the database."""
        self._task = asyncio.create_task(self._work_for_ever(), name="bulk")

    async def stop(self) -> None:
        """Finish the items under way and stop; the others wait for the next start."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def drain(self) -> None:
        """Work until nothing is open (tests)."""
        while await self._work():
            pass

    async def _work_for_ever(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                busy = await self._work()
            except (SqlError, LienThongError) as error:
                log.warning("bulk.database", error=type(error).__name__)
                busy = False
            if not busy and not self._stopping:
                await self._pool.rest()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)

    async def _work(self) -> bool:
        """Do what can be done of every open run, each in turn; tell whether anything was."""
        busy = False
        for run in await self._store.open_runs(RUNS_AT_ONCE):
            if self._stopping:
                break
            busy = await self._work_on(run) or busy
        return busy

    async def _work_on(self, run: BulkRun) -> bool:
        """Do one claim's worth of a run, and end the run when nothing of it is open."""
        now = self._units.now()
        self._claims += 1
        claimed = await self._store.claim(
            run.id, f"{self._owner}-{self._claims}", now, now + self._claim, self._width
        )
        if not claimed:
            if not await self._store.open_items(run.id):
                await self._end(run)
            return False
        try:
            await self._standing.require(run.actor)
        except LienThongError as error:
            await asyncio.gather(*(self._fail(item, error) for item in claimed))
            return True
        await self._flow(run, claimed)
        return True

    async def _flow(self, run: BulkRun, claimed: list[BulkItem]) -> None:
        """Keep every child busy: as items end, more are claimed, until the run has no more to give."""
        under_way = {asyncio.create_task(self._do(run, item)) for item in claimed}
        more = True
        while under_way:
            ended, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
            free = self._width - len(under_way)
            if more and not self._stopping and free >= self._pool.workers:
                now = self._units.now()
                self._claims += 1
                fresh = await self._store.claim(
                    run.id, f"{self._owner}-{self._claims}", now, now + self._claim, free
                )
                more = bool(fresh)
                under_way |= {asyncio.create_task(self._do(run, item)) for item in fresh}

    @property
    def _width(self) -> int:
        return self._pool.workers * AT_ONCE

    async def _do(self, run: BulkRun, item: BulkItem) -> None:
        """Do one item; whatever goes wrong is its own outcome."""
        work = self._works.get(run.kind)
        try:
            if work is None:
                raise Conflict("signatures.bulk_kind", kind=run.kind)
            async with asyncio.timeout(self._claim.total_seconds()):
                await work.run(run.actor, item, self._note_for(item))
        except (Unavailable, TimeoutError) as error:
            if item.attempts < ATTEMPTS_MAX:
                await asyncio.sleep(PAUSE_SECONDS * item.attempts)
                await self._store.free(item)
            else:
                known = error if isinstance(error, LienThongError) else Unavailable("signatures.busy")
                await self._fail(item, known)
        except LienThongError as error:
            await self._fail(item, error)
        except Exception as error:  # noqa: BLE001 - a fault in one item must not stop the others
            log.warning("bulk.fault", run=run.id, n=item.n, **trace(error))
            await self._fail(item, Conflict("signatures.failed", reason=type(error).__name__))

    def _note_for(self, item: BulkItem) -> Note:
        async def note(unit: Unit, *, version: int = 0, result: str = "", last: bool = True) -> None:
            until = self._units.now() + self._claim
            kept = await self._store.note(
                unit, item, version=version or item.version, until=until, result=result, last=last
            )
            if not kept:
                raise Conflict("signatures.bulk_lost")

        return note

    async def _fail(self, item: BulkItem, error: LienThongError) -> None:
        fault = OfferFault(error.code, dict(error.faults[0].params))
        await self._store.fail(item, fault, self._units.now())

    async def _end(self, run: BulkRun) -> None:
        async with self._units.begin(run.actor) as unit:
            if await self._store.end(unit, run.id, RunState.DONE):
                figures = await self._store.run(unit, run.id, run.account_id)
                unit.record(
                    "signatures.end_bulk",
                    Subject("bulk_run", run.id, run.body_id),
                    detail={
                        "done": figures.done if figures else 0,
                        "failed": figures.failed if figures else 0,
                    },
                )
