"""SQLite behind the SQL port: one writer, a few readers, shared commits.

Durability costs one fsync a commit. Units that wait for the writer anyway share one (``sqlite_turns``);
each runs in a savepoint of its own, so one that fails undoes its own rows only. Leaving the block means
that the rows are on disk, whoever committed them.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Literal, TypeVar

import aiosqlite

from storage.sql.protocol import DatabaseUnavailable, Params, SqlError, Statement, Write
from storage.sql.rows import convert
from storage.sql.sqlite_thread import BINDING_ERRORS, columns_of, hop, translated
from storage.sql.sqlite_turns import Turns

T = TypeVar("T")


class SqliteDatabase:
    """An open SQLite database; made by ``storage.sql.open``."""

    def __init__(self, writer: aiosqlite.Connection, readers: Sequence[aiosqlite.Connection]) -> None:
        """Take open connections; without readers (a memory database) a read is a unit of its own."""
        self._writer = writer
        self._readers = tuple(readers)
        self._idle: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        for reader in readers:
            self._idle.put_nowait(reader)
        self._turns = Turns(writer)
        self._closed = False

    @property
    def engine(self) -> Literal["sqlite", "postgres"]:
        """Which engine stands behind."""
        return "sqlite"

    async def fetch(self, statement: Statement, params: Params, into: type[T]) -> list[T]:
        """Run a query on a reader. Raises SqlError, RowMismatch."""
        if not self._readers:
            async with self.transaction() as unit:
                return await unit.fetch(statement, params, into)
        self._check_open()
        idle = self._idle
        reader = await idle.get() if idle.empty() else idle.get_nowait()
        try:
            return await hop(reader, _fetching(statement, params, into))
        except (sqlite3.Error, *BINDING_ERRORS) as error:
            raise translated(error, statement) from error
        finally:
            idle.put_nowait(reader)

    async def fetch_one(self, statement: Statement, params: Params, into: type[T]) -> T | None:
        """Return the first row, or None. Raises SqlError, RowMismatch."""
        rows = await self.fetch(statement, params, into)
        return rows[0] if rows else None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteTransaction]:
        """Open a unit; leaving the block returns when its rows are durable. Raises SqlError.

        A statement that failed dooms its unit, as it does on PostgreSQL: leaving the block raises, too.
        Raises RuntimeError when the same task is inside a unit already.
        """
        self._check_open()
        await self._turns.take()
        unit = SqliteTransaction(self._turns)
        try:
            yield unit
            if unit.failure is not None:
                raise unit.failure
        except BaseException:
            unit.over = True
            self._turns.drop()
            raise
        unit.over = True
        await self._turns.keep()

    async def close(self) -> None:
        """Close every connection; waits for what is under way."""
        if self._closed:
            return
        self._closed = True
        await self._turns.take()
        for _ in self._readers:
            reader = await self._idle.get()
            await reader.close()
        await self._writer.close()

    def _check_open(self) -> None:
        if self._closed:
            raise DatabaseUnavailable("the database is closed")


class SqliteTransaction:
    """A unit of rows on the writer."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.over = False
        """True when the block was left."""
        self.failure: SqlError | None = None
        """The first statement that failed; the unit cannot be kept any more."""

    async def fetch(self, statement: Statement, params: Params, into: type[T]) -> list[T]:
        """Run a query (or a write with RETURNING) and return its rows. Raises SqlError, RowMismatch."""
        return await self._step(statement, _fetching(statement, params, into))

    async def fetch_one(self, statement: Statement, params: Params, into: type[T]) -> T | None:
        """Return the first row, or None. Raises SqlError, RowMismatch."""
        rows = await self.fetch(statement, params, into)
        return rows[0] if rows else None

    async def execute(self, statement: Statement, params: Params) -> int:
        """Run one write; return how many rows it touched. Raises SqlError."""

        def work(connection: sqlite3.Connection) -> int:
            return max(connection.execute(statement.text, params).rowcount, 0)

        return await self._step(statement, work)

    async def execute_many(self, statement: Statement, rows: Sequence[Params]) -> None:
        """Run one write for each of ``rows`` in one step. Raises SqlError."""
        if rows:
            await self.execute_all([(statement, rows)])

    async def execute_all(self, writes: Sequence[Write]) -> None:
        """Run several writes in one step. Raises SqlError."""
        if not writes:
            return
        reached = [writes[0][0]]

        def work(connection: sqlite3.Connection) -> None:
            for statement, rows in writes:
                reached[0] = statement
                connection.executemany(statement.text, rows)

        await self._step(reached[0], work, reached)

    async def _step(
        self,
        statement: Statement,
        work: Callable[[sqlite3.Connection], T],
        reached: Sequence[Statement] = (),
    ) -> T:
        """Run work on the thread; ``reached`` names the statement at which it stands, when it has several."""
        if self.over:
            raise RuntimeError(f"{statement.name}: the unit is over")
        if self.failure is not None:
            raise SqlError(f"{statement.name}: an earlier statement of the unit failed") from self.failure
        try:
            return await self._turns.step(work)
        except (sqlite3.Error, *BINDING_ERRORS) as error:
            self.failure = translated(error, reached[0] if reached else statement)
            raise self.failure from error


def _fetching(statement: Statement, params: Params, into: type[T]) -> Callable[[sqlite3.Connection], list[T]]:
    """Return the step that runs a query and makes typed rows, both on the thread."""

    def work(connection: sqlite3.Connection) -> list[T]:
        cursor = connection.execute(statement.text, params)
        return convert(statement.name, columns_of(cursor), cursor.fetchall(), into)

    return work
