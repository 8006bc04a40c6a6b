"""PostgreSQL behind the SQL port.

Transactions are READ COMMITTED: stores lock the rows they need by name. Values travel in the binary
protocol as they are; JSON comes as text.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final, Literal, Protocol, TypeVar, cast

import asyncpg

from storage.sql.leaving import outcome
from storage.sql.postgres_text import arguments, numbered
from storage.sql.protocol import (
    DatabaseBusy,
    DatabaseUnavailable,
    Params,
    ReferenceViolation,
    SqlError,
    SqlValue,
    Statement,
    UniqueViolation,
    Write,
)
from storage.sql.rows import convert

T = TypeVar("T")

CONNECT_TIMEOUT_SECONDS = 10
"""How long to wait for the server, or for a free connection of the pool."""
LOCK_TIMEOUT_SECONDS = 10
"""How long a statement waits for a row that another transaction holds."""
IDLE_TIMEOUT_SECONDS = 60
"""PostgreSQL ends a transaction in which nothing happens for so long."""
CLOSE_TIMEOUT_SECONDS = 30
"""How long closing waits for what is under way."""

_BUSY: Final = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    TimeoutError,
)
_UNAVAILABLE: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.PostgresSystemError,
    asyncpg.InternalClientError,
    OSError,
)
_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


class _Record(Protocol):
    """A row: its values in order, and its keys."""

    def __iter__(self) -> Iterator[object]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> object: ...
    def keys(self) -> Iterable[str]: ...


class _Connection(Protocol):
    """What is used of a connection."""

    async def fetch(self, query: str, *args: SqlValue) -> list[_Record]: ...
    async def execute(self, query: str, *args: SqlValue) -> str: ...
    async def executemany(self, command: str, args: list[list[SqlValue]]) -> None: ...


class _Pool(Protocol):
    """What is used of a pool."""

    async def acquire(self, *, timeout: float) -> _Connection: ...  # noqa: ASYNC109  # the driver's name
    async def release(self, connection: _Connection) -> None: ...
    async def close(self) -> None: ...
    def terminate(self) -> None: ...


async def open_postgres(url: str, *, connections: int, statement_timeout_seconds: int) -> PostgresDatabase:
    """Open a pool of up to ``connections``. Raises DatabaseUnavailable."""
    with _errors("connect"):
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=connections,
            timeout=CONNECT_TIMEOUT_SECONDS,
            command_timeout=statement_timeout_seconds + 5,
            statement_cache_size=1024,
            # Nothing is ever set for a session, so there is nothing to reset: saves a round trip each time.
            reset=_keep_session,
            server_settings={
                "application_name": "lienthong",
                "timezone": "UTC",
                "default_transaction_isolation": "read committed",
                "statement_timeout": f"{statement_timeout_seconds}s",
                "lock_timeout": f"{LOCK_TIMEOUT_SECONDS}s",
                "idle_in_transaction_session_timeout": f"{IDLE_TIMEOUT_SECONDS}s",
            },
        )
    return PostgresDatabase(cast(_Pool, pool))


async def _keep_session(_connection: object) -> None:
    """Leave the session as it is (the driver itself has rolled back what was open)."""


class PostgresDatabase:
    """An open PostgreSQL database; made by ``storage.sql.open``."""

    def __init__(self, pool: _Pool) -> None:
        self._pool = pool
        self._inside: set[asyncio.Task[object] | None] = set()
        self._endings: set[asyncio.Future[str]] = set()
        self._closed = False

    @property
    def engine(self) -> Literal["sqlite", "postgres"]:
        """Which engine stands behind."""
        return "postgres"

    async def fetch(self, statement: Statement, params: Params, into: type[T]) -> list[T]:
        """Run a query. Raises SqlError, RowMismatch."""
        connection = await self._acquire()
        with _errors(statement.name):
            try:
                return await _fetch(connection, statement, params, into)
            finally:
                await self._pool.release(connection)

    async def fetch_one(self, statement: Statement, params: Params, into: type[T]) -> T | None:
        """Return the first row, or None. Raises SqlError, RowMismatch."""
        rows = await self.fetch(statement, params, into)
        return rows[0] if rows else None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresTransaction]:
        """Open a unit; leaving the block returns when its rows are durable. Raises SqlError.

        Raises RuntimeError when the same task is inside a unit already: with a full pool it would wait
        for itself.
        """
        task = asyncio.current_task()
        if task in self._inside:
            raise RuntimeError("a unit is open in this task already: use its transaction")
        connection = await self._acquire()
        self._inside.add(task)
        unit = PostgresTransaction(connection)
        try:
            with _errors("begin"):
                await connection.execute("BEGIN")
            yield unit
            if unit.failure is not None:
                raise unit.failure
        except BaseException:
            await self._drop(connection)
            raise
        else:
            await self._keep(connection)
        finally:
            unit.over = True
            self._inside.discard(task)

    async def _keep(self, connection: _Connection) -> None:
        """Commit; waits for the answer even when the task is cancelled meanwhile."""
        with _errors("commit"):
            status = await outcome(asyncio.ensure_future(self._end(connection, "COMMIT")))
        if status != "COMMIT":
            raise DatabaseUnavailable(f"commit answered {status}")

    async def _drop(self, connection: _Connection) -> None:
        """Roll back; goes on by itself when the task is cancelled again."""
        ending = asyncio.ensure_future(self._end(connection, "ROLLBACK"))
        self._endings.add(ending)
        ending.add_done_callback(self._dropped)
        await asyncio.wait([ending])

    def _dropped(self, ending: asyncio.Future[str]) -> None:
        self._endings.discard(ending)
        if not ending.cancelled():
            # A connection that cannot roll back is broken: the server has rolled back, the pool replaces it.
            ending.exception()

    async def _end(self, connection: _Connection, command: str) -> str:
        try:
            return await connection.execute(command)
        finally:
            await self._pool.release(connection)

    async def close(self) -> None:
        """Close every connection; waits for what is under way, and breaks it off when that takes long."""
        self._closed = True
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def _acquire(self) -> _Connection:
        if self._closed:
            raise DatabaseUnavailable("the database is closed")
        with _errors("acquire"):
            return await self._pool.acquire(timeout=CONNECT_TIMEOUT_SECONDS)


class PostgresTransaction:
    """A unit of rows on one connection."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self.over = False
        """True when the block was left."""
        self.failure: SqlError | None = None
        """The first statement that failed; the unit cannot be kept any more."""

    async def fetch(self, statement: Statement, params: Params, into: type[T]) -> list[T]:
        """Run a query (or a write with RETURNING) and return its rows. Raises SqlError, RowMismatch."""
        return await self._step(statement, _fetch(self._connection, statement, params, into))

    async def fetch_one(self, statement: Statement, params: Params, into: type[T]) -> T | None:
        """Return the first row, or None. Raises SqlError, RowMismatch."""
        rows = await self.fetch(statement, params, into)
        return rows[0] if rows else None

    async def execute(self, statement: Statement, params: Params) -> int:
        """Run one write; return how many rows it touched. Raises SqlError."""
        return await self._step(statement, self._execute(statement, params))

    async def execute_many(self, statement: Statement, rows: Sequence[Params]) -> None:
        """Run one write for each of ``rows`` in one step. Raises SqlError."""
        if rows:
            await self._step(statement, self._execute_many(statement, rows))

    async def execute_all(self, writes: Sequence[Write]) -> None:
        """Run several writes, one after the other. Raises SqlError."""
        for statement, rows in writes:
            await self.execute_many(statement, rows)

    async def _execute(self, statement: Statement, params: Params) -> int:
        text, names = numbered(statement.text)
        status = await self._connection.execute(text, *arguments(statement, names, params))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdecimal() else 0

    async def _execute_many(self, statement: Statement, rows: Sequence[Params]) -> None:
        text, names = numbered(statement.text)
        await self._connection.executemany(text, [arguments(statement, names, row) for row in rows])

    async def _step(self, statement: Statement, work: Coroutine[object, object, T]) -> T:
        try:
            if self.over:
                raise RuntimeError(f"{statement.name}: the unit is over")
            if self.failure is not None:
                raise SqlError(f"{statement.name}: an earlier statement of the unit failed") from self.failure
            with _errors(statement.name):
                return await work
        except SqlError as error:
            self.failure = self.failure or error
            raise
        finally:
            work.close()


async def _fetch(connection: _Connection, statement: Statement, params: Params, into: type[T]) -> list[T]:
    text, names = numbered(statement.text)
    records = await connection.fetch(text, *arguments(statement, names, params))
    if not records:
        return []
    return convert(statement.name, tuple(records[0].keys()), records, into)


@contextmanager
def _errors(where: str) -> Iterator[None]:
    """Say in the words of the port what went wrong."""
    try:
        yield
    except _ERRORS as error:
        raise _named(where, error) from error


def _named(where: str, error: Exception) -> SqlError:
    text = f"{where}: {type(error).__name__}: {error}"
    if isinstance(error, asyncpg.UniqueViolationError):
        return UniqueViolation(str(error.constraint_name or ""))
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return ReferenceViolation(text)
    if isinstance(error, _BUSY):
        return DatabaseBusy(text)
    # A value that does not fit its column is a ValueError; what else the driver refuses is a lost connection.
    lost = isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError)
    if lost or isinstance(error, _UNAVAILABLE):
        return DatabaseUnavailable(text)
    return SqlError(text)
