"""The SQL port: what a store may ask of a database, whichever engine stands behind it.

Statements are SQL text with ``:name`` parameters, kept in ``queries.sql`` beside their room. Rows come
back as instances of a type the store names, checked on the way out, so no untyped value leaves a store.
Columns are TEXT, INTEGER (64 bit) or bytes; instants are fixed-width RFC 3339 text in UTC; flags are 0/1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, TypeVar

SqlValue: TypeAlias = str | int | bytes | None
Params: TypeAlias = Mapping[str, SqlValue]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Statement:
    """One named SQL statement."""

    name: str
    """``room.name``: appears in errors, metrics and the query log of tests."""
    text: str
    """SQL with ``:name`` parameters."""


Write: TypeAlias = tuple[Statement, Sequence[Params]]
"""A statement, and the rows for each of which it runs once."""


class SqlError(Exception):
    """Base of what a database can answer instead of rows."""


class UniqueViolation(SqlError):
    """A unique constraint refused a row."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint
        """PostgreSQL: name of the constraint; SQLite: ``table.column, table.column``."""


class ReferenceViolation(SqlError):
    """A foreign key or check constraint refused a row."""


class DatabaseBusy(SqlError):
    """A deadlock, a serialisation failure or a lock held too long; the whole unit may be tried again."""


class DatabaseUnavailable(SqlError):
    """No connection, or the disk refuses; nothing of the unit was committed as far as is known."""


class Reader(Protocol):
    """What can be read from."""

    async def fetch(self, statement: Statement, params: Params, into: type[T]) -> list[T]:
        """Run a query and return its rows, each as an ``into`` (dataclass or msgspec Struct).

        Column names are field names; JSON text columns stay text. Raises SqlError.
        """
        ...

    async def fetch_one(self, statement: Statement, params: Params, into: type[T]) -> T | None:
        """Return the first row, or None."""
        ...


class Transaction(Reader, Protocol):
    """A unit of rows: all or nothing. Reads see its own writes."""

    async def execute(self, statement: Statement, params: Params) -> int:
        """Run one write; return how many rows it touched. Raises SqlError."""
        ...

    async def execute_many(self, statement: Statement, rows: Sequence[Params]) -> None:
        """Run one write for each of ``rows`` in one step; an empty sequence does nothing."""
        ...

    async def execute_all(self, writes: Sequence[Write]) -> None:
        """Run several writes in order in one step (SQLite: one hop to its thread). Raises SqlError."""
        ...


class Database(Reader, Protocol):
    """An open database."""

    @property
    def engine(self) -> Literal["sqlite", "postgres"]:
        """Which engine stands behind."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction. Leaving the block returns only when the rows are durable.

        An exception inside the block undoes this transaction and no other. SQLite: one writer at a
        time, and transactions that wait for each other share one commit (one fsync).
        """
        ...

    async def close(self) -> None:
        """Close every connection; waits for what is under way."""
        ...
