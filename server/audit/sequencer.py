"""Gives entries their places in the tree, in batches, after their commit.

One sequencer at a time, however many processes run: it holds a lease in the database whose fence is a
number that only grows. A batch is placed only if fence and size are still the sequencer's own, checked in
the transaction that places, so one that was killed, paused or cut off can never place again once another
has taken over, whatever its clock says (lease with a fencing token).

Rows come first, files second: an entry gets its place in the database, then its hash is appended to
``leaves.bin`` and a signed head to ``heads.txt``. After a crash in between, the files are completed from
the rows. Files that are ahead of the rows mean that rows are gone: nothing is placed any more until
somebody has looked (``lienthong audit verify``).
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from pathlib import Path

from server.audit.key import LedgerKey
from server.audit.logstore import LogStore
from server.audit.store import AuditStore, Pending
from server.kernel.clock import Clock
from server.kernel.errors import Unavailable
from storage.ledger.checkpoint import Checkpoint, CheckpointError, verify
from storage.ledger.log import LedgerBehind, LedgerBusy, LedgerDamaged, LedgerLog
from storage.sql.protocol import Database

CATCH_UP_LEAVES = 10_000
LEASE = timedelta(seconds=10)
"""How long a sequencer that is silent keeps others out; a batch takes well under a second."""


class Overtaken(Exception):
    """Another sequencer has the lease: what was to be placed was undone."""


class Sequencer:
    """Appends to the log while it holds the lease."""

    def __init__(self, database: Database, folder: Path, origin: str, batch: int, clock: Clock) -> None:
        self._database = database
        self._store = AuditStore(database)
        self._rows = LogStore(database)
        self._folder = folder
        self._origin = origin
        self._batch = batch
        self._clock = clock
        self._owner = secrets.token_hex(8)
        self._fence: int | None = None
        self._log: LedgerLog | None = None
        self._key: LedgerKey | None = None
        self._turn = asyncio.Lock()
        self.fault = ""
        """Why nothing is placed at present; "" = all is well (readiness)."""

    async def run(self) -> int:
        """Place every waiting entry, if no other sequencer does; return how many were placed.

        Raises Unavailable ``audit.ledger_busy``, ``audit.ledger_damaged``, ``audit.rows_missing`` or
        ``audit.key_differs``.
        """
        async with self._turn:
            log, key = await self._opened()
            size = await self._lead(log, key)
            if size is None:
                return 0
            if (rows := await self._store.size()) < size:
                self._missing(rows, size)
            await self._catch_up(log, key, size)
            placed = 0
            try:
                while pending := await self._store.pending(self._batch):
                    await self._place(size, pending)
                    await self._append(log, key, size, [entry.leaf_hash for entry in pending])
                    size += len(pending)
                    placed += len(pending)
            except Overtaken:
                self._fence = None
            return placed

    async def newest_head(self) -> str | None:
        """Return the newest head of this node if it is the one that leads; else None."""
        async with self._turn:
            if self._fence is None or self._log is None:
                return None
            state = await self._rows.state()
            log = self._log
            if state.fence != self._fence or log.tree.size != state.size:
                return None
            return log.last_head

    async def close(self) -> None:
        """Close the files and let another process lead."""
        async with self._turn:
            if self._log is not None:
                await asyncio.to_thread(self._log.close)
                self._log = None
            if self._fence is not None:
                await self._rows.give_up(self._owner, self._fence)
                self._fence = None

    async def _opened(self) -> tuple[LedgerLog, LedgerKey]:
        try:
            if self._key is None:
                self._key = await asyncio.to_thread(LedgerKey.open, self._folder, self._origin)
            if self._log is None:
                self._log = await asyncio.to_thread(LedgerLog, self._folder)
        except LedgerBusy as error:
            self.fault = "audit.ledger_busy"
            raise Unavailable("audit.ledger_busy") from error
        except (LedgerDamaged, OSError, ValueError, TypeError) as error:
            self.fault = "audit.ledger_damaged"
            raise Unavailable("audit.ledger_damaged") from error
        self.fault = ""
        return self._log, self._key

    async def _lead(self, log: LedgerLog, key: LedgerKey) -> int | None:
        """Return how many entries have a place, if this sequencer leads; None = another does."""
        state = await self._rows.state()
        if self._fence is not None and state.fence == self._fence:
            return state.size
        self._fence = None
        now = self._clock.now()
        verifier = str(key.note)
        if state.verifier not in ("", verifier):
            self.fault = "audit.key_differs"
            raise Unavailable("audit.key_differs", verifier=state.verifier)
        if not await self._rows.lead(self._owner, verifier, now, now + LEASE):
            return None
        state = await self._rows.state()
        if state.owner != self._owner:
            return None
        self._fence = state.fence
        try:
            leaves = await asyncio.to_thread(log.refresh)
        except (LedgerBusy, LedgerDamaged, OSError) as error:
            raise await self._spoilt(log, error) from error
        if leaves > state.size:
            self._missing(state.size, leaves)
        return state.size

    async def _place(self, start: int, entries: list[Pending]) -> None:
        """Give places in one transaction. Raises Overtaken."""
        if self._fence is None:
            raise Overtaken
        until = self._clock.now() + LEASE
        async with self._database.transaction() as tx:
            if not await self._rows.place(tx, start, entries, self._fence, until):
                raise Overtaken

    async def _catch_up(self, log: LedgerLog, key: LedgerKey, size: int) -> None:
        """Complete the files from the rows; refuse when the rows are behind the files."""
        if log.tree.size > size:
            self._missing(size, log.tree.size)
        newest = await self._rows.newest() if log.tree.size < size else None
        while (start := log.tree.size) < size:
            # Up to the newest checkpoint first: what was published must come out of the rows again.
            limit = CATCH_UP_LEAVES
            if newest is not None and start < newest.size:
                limit = min(limit, newest.size - start)
            rows = await self._store.hashes(start, limit)
            if not rows or rows[-1].position != start + len(rows) - 1:
                self._missing(size, start)
            await self._append(log, key, start, [row.leaf_hash for row in rows])
            if newest is not None and log.tree.size == newest.size:
                self._compare(log, key, newest.note)

    def _compare(self, log: LedgerLog, key: LedgerKey, note: str) -> None:
        """Raise Unavailable unless the log is the one that a published checkpoint speaks of."""
        try:
            published: Checkpoint | None = verify(note, [key.note])
        except CheckpointError:
            published = None
        if published is None or published.root != log.tree.root():
            self.fault = "audit.ledger_damaged"
            raise Unavailable("audit.ledger_damaged")

    def _missing(self, rows: int, leaves: int) -> None:
        self.fault = "audit.rows_missing"
        raise Unavailable("audit.rows_missing", rows=rows, leaves=leaves)

    async def _append(self, log: LedgerLog, key: LedgerKey, start: int, leaves: list[bytes]) -> None:
        try:
            await asyncio.to_thread(log.append, start, leaves, key.sign)
        except (LedgerBusy, LedgerBehind, LedgerDamaged, OSError) as error:
            raise await self._spoilt(log, error) from error

    async def _spoilt(self, log: LedgerLog, error: Exception) -> Unavailable:
        """Remember what is wrong with the files; they are opened anew at the next turn."""
        self.fault = "audit.ledger_busy" if isinstance(error, LedgerBusy) else "audit.ledger_damaged"
        self._log = None
        await asyncio.to_thread(log.close)
        return Unavailable(self.fault)
