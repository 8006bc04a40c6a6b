"""Who may write to SQLite, in order of arrival, and when waiting units share a commit.

One unit has the turn at a time. When it ends and others wait, the turn goes on without a commit and the
unit waits for the commit of its group; the last one, or a full group, commits. What a unit leaves over
(RELEASE or ROLLBACK TO of its savepoint) travels with the next step, so it costs no hop of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import aiosqlite

from storage.sql.leaving import outcome
from storage.sql.protocol import DatabaseUnavailable
from storage.sql.sqlite_thread import Writer, hop

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

GROUP_UNITS = 64
"""Units that share one commit at most."""
GROUP_SECONDS = 0.02
"""A group takes no further unit this long after its first statement. It matters under load only: a group
ends as soon as nobody waits. Measured with 64 units at once and an fsync of 3 ms: 5 ms gave 1,000 units/s,
20 ms 1,450 to 3,200, 50 ms no more."""


@dataclass(eq=False, slots=True)
class _Group:
    """Units that share one commit."""

    settled: asyncio.Future[str]
    """Done when the group has ended: "" = committed, else why nothing of it was kept."""
    members: int = 0
    """Units that have ended well."""
    began_at: float | None = None
    """Loop time of the first statement; None = nothing has reached the database."""

    def full(self, now: float) -> bool:
        """Tell whether to commit although others wait."""
        late = self.began_at is not None and now - self.began_at >= GROUP_SECONDS
        return self.members >= GROUP_UNITS or (self.members > 0 and late)


class Turns:
    """The queue in front of the one connection that writes."""

    def __init__(self, writer: aiosqlite.Connection) -> None:
        self._connection = writer
        self._state = Writer()
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._busy = False
        self._holder: asyncio.Task[object] | None = None
        self._group = _Group(self._loop.create_future())
        self._leftovers: list[Work[None]] = []
        self._ending: asyncio.Task[None] | None = None

    async def take(self) -> None:
        """Wait for the turn. Raises RuntimeError when this task has it already: it would wait for itself."""
        task = asyncio.current_task()
        if task is not None and self._holder is task:
            raise RuntimeError("a unit is open in this task already: use its transaction")
        if self._busy:
            turn = self._loop.create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                # A turn already given and not used goes on; one not given yet is skipped later.
                if not turn.cancelled():
                    self._pass_on()
                raise
        self._busy = True
        self._holder = task

    async def step(self, work: Work[T]) -> T:
        """Run one step of the unit whose turn it is. Raises sqlite3.Error, ValueError when closed."""
        if self._group.began_at is None:
            self._group.began_at = self._loop.time()
        leftovers, self._leftovers = self._leftovers, []
        state = self._state

        def whole(connection: sqlite3.Connection) -> T:
            try:
                for leftover in leftovers:
                    leftover(connection)
                state.enter(connection)
                return work(connection)
            except sqlite3.Error:
                state.check(connection)
                raise

        return await hop(self._connection, whole)

    def drop(self) -> None:
        """End the unit whose turn it is and undo its rows."""
        self._leftovers.append(self._state.drop)
        self._pass_on()

    async def keep(self) -> None:
        """End the unit whose turn it is; return when its rows are durable. Raises DatabaseUnavailable."""
        group = self._group
        group.members += 1
        self._leftovers.append(self._state.keep)
        self._pass_on()
        refusal = await outcome(group.settled)
        if refusal:
            raise DatabaseUnavailable(refusal)

    def _pass_on(self) -> None:
        """Give the turn to the next in the queue, or end the group."""
        self._holder = None
        if not self._group.full(self._loop.time()) and self._give():
            return
        if self._group.began_at is None:
            self._settle("")
            self._busy = self._give()
        else:
            self._ending = self._loop.create_task(self._commit())

    def _give(self) -> bool:
        """Wake the first that still waits; False = nobody does."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return True
        return False

    async def _commit(self) -> None:
        """Commit the group and go on with the next."""
        leftovers, self._leftovers = self._leftovers, []
        state = self._state

        def whole(connection: sqlite3.Connection) -> None:
            for leftover in leftovers:
                leftover(connection)
            state.commit(connection)

        refusal = "the commit was broken off"
        try:
            await hop(self._connection, whole)
            refusal = ""
        except (sqlite3.Error, ValueError) as error:
            refusal = f"commit: {error}"
        finally:
            self._settle(refusal)
            self._busy = self._give()

    def _settle(self, refusal: str) -> None:
        group, self._group = self._group, _Group(self._loop.create_future())
        group.settled.set_result(refusal)
