"""A database that remembers which statements were run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Literal, TypeVar

from storage.sql.protocol import Database, Params, Statement, Transaction, Write

T = TypeVar("T")


class Watched:
    """Passes everything on and notes the name of each statement."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: list[str] = []

    @property
    def engine(self) -> Literal["sqlite", "postgres"]:
        return self._database.engine

    @contextmanager
    def watching(self) -> Iterator[list[str]]:
        """Give the names of the statements run inside the block."""
        self._seen = []
        yield self._seen

    async def fetch(self, statement: Statement, params: Params, into: type[T]) -> list[T]:
        self._seen.append(statement.name)
        return await self._database.fetch(statement, params, into)

    async def fetch_one(self, statement: Statement, params: Params, into: type[T]) -> T | None:
        self._seen.append(statement.name)
        return await self._database.fetch_one(statement, params, into)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self._database.transaction() as inner:
            yield _Watched(inner, self._seen)

    async def close(self) -> None:
        await self._database.close()


class _Watched:
    def __init__(self, inner: Transaction, seen: list[str]) -> None:
        self._inner = inner
        self._seen = seen

    async def fetch(self, statement: Statement, params: Params, into: type[T]) -> list[T]:
        self._seen.append(statement.name)
        return await self._inner.fetch(statement, params, into)

    async def fetch_one(self, statement: Statement, params: Params, into: type[T]) -> T | None:
        self._seen.append(statement.name)
        return await self._inner.fetch_one(statement, params, into)

    async def execute(self, statement: Statement, params: Params) -> int:
        self._seen.append(statement.name)
        return await self._inner.execute(statement, params)

    async def execute_many(self, statement: Statement, rows: Sequence[Params]) -> None:
        self._seen.append(statement.name)
        await self._inner.execute_many(statement, rows)

    async def execute_all(self, writes: Sequence[Write]) -> None:
        self._seen.extend(statement.name for statement, _ in writes)
        await self._inner.execute_all(writes)
