"""Bring a database to the newest schema.

All missing steps run in one transaction, so a failing step leaves the schema as it was. Two processes
that start together do not collide: PostgreSQL by an advisory lock, SQLite by the write lock itself.

A database that stands at the newest step already is told by one plain query: a start that has nothing to
migrate does not pay for loading Alembic (a third of a second).
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar
from urllib.parse import quote

import asyncpg

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
LOCK_KEY = 0x4C544D49
"""Key of PostgreSQL's advisory lock: the letters LTMI."""
LOCK_TIMEOUT_SECONDS = 120
"""How long one process waits for another that is migrating."""
LOOK_TIMEOUT_SECONDS = 10
"""How long the plain query may take; then Alembic is asked, which says what is wrong."""

_ONE_AT_A_TIME: Final = threading.Lock()
_STANDS_AT: Final = "SELECT version_num FROM alembic_version"
_NAME: Final = re.compile(r'^(revision|down_revision) = "(\w+)"$', re.MULTILINE)

T = TypeVar("T")


async def migrate(url: str) -> None:
    """Run every missing step; do nothing when there is none. Raises ValueError for a memory database.

    ``url`` as in ``storage.sql.open``. A memory database belongs to one connection: build it with
    ``open_database(url, copy_of=...)`` from a migrated file.
    """
    if not await asyncio.to_thread(_is_newest, url):
        await _in_thread(url, _upgrade)


async def current(url: str) -> str | None:
    """Return the step the database stands at; None = no step has run."""
    return await _in_thread(url, _current)


def head() -> str:
    """Return the newest step of this program. Reads files: call it in a thread."""
    steps: set[str] = set()
    before: set[str] = set()
    for path in (MIGRATIONS / "versions").glob("[0-9]*.py"):
        for name, revision in _NAME.findall(path.read_text(encoding="utf-8")):
            (steps if name == "revision" else before).add(revision)
    newest = steps - before
    if len(newest) != 1:
        raise RuntimeError(f"the migrations have {len(newest)} newest steps")
    return newest.pop()


def _is_newest(url: str) -> bool:
    """Tell whether the database certainly stands at the newest step (blocking); any doubt is a no."""
    try:
        if url.startswith("sqlite:///"):
            return _look_sqlite(url.removeprefix("sqlite:///")) == head()
        if url.startswith("postgresql://"):
            return asyncio.run(_look_postgres(url)) == head()
    except (sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        return False
    return False


def _look_sqlite(path: str) -> object:
    # Not read-only: after a crash the first to open the database recovers its journal.
    with closing(sqlite3.connect(f"file:{quote(path)}?mode=rw", uri=True)) as connection:
        row = connection.execute(_STANDS_AT).fetchone()
    return row[0] if row else None


async def _look_postgres(url: str) -> object:
    connection = await asyncpg.connect(url, timeout=LOOK_TIMEOUT_SECONDS)
    try:
        return await connection.fetchval(_STANDS_AT, timeout=LOOK_TIMEOUT_SECONDS)
    finally:
        await connection.close(timeout=LOOK_TIMEOUT_SECONDS)


async def _in_thread(url: str, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    # Alembic reads its step files while it runs; a loop of its own in a thread keeps that off ours.
    return await asyncio.to_thread(_alone, url, work)


def _alone(url: str, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    # Alembic keeps what it is working on in the module: two at once in one process would mix.
    with _ONE_AT_A_TIME:
        _load()
        return asyncio.run(_connected(url, work))


def _load() -> None:
    """Load what the steps below use, while no loop runs in this thread: imports read files."""
    import alembic.command  # noqa: F401
    import sqlalchemy.ext.asyncio  # noqa: F401


async def _connected(url: str, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    engine = _engine(url)
    try:
        async with engine.begin() as connection:
            return await work(connection)
    finally:
        await engine.dispose()


async def _upgrade(connection: AsyncConnection) -> None:
    from sqlalchemy import text

    if connection.dialect.name == "postgresql":
        await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'"))
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
    await connection.run_sync(_run_steps)


async def _current(connection: AsyncConnection) -> str | None:
    from alembic.runtime.migration import MigrationContext

    return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def _run_steps(connection: Connection) -> None:
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    # Alembic reads % in options as interpolation.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _engine(url: str) -> AsyncEngine:
    from sqlalchemy import event
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    if url.startswith("postgresql://"):
        return create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool
        )
    if not url.startswith("sqlite:///"):
        raise ValueError(f"cannot migrate {url}: only sqlite:///PATH and postgresql://...")
    engine = create_async_engine(
        url.replace("sqlite:", "sqlite+aiosqlite:", 1),
        poolclass=NullPool,
        connect_args={"timeout": LOCK_TIMEOUT_SECONDS},
    )
    # The driver's own transactions do not include DDL; with them off, ours do.
    event.listen(engine.sync_engine, "connect", _manual_transactions)
    event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


class _HasIsolationLevel(Protocol):
    isolation_level: str | None


def _manual_transactions(connection: _HasIsolationLevel, _record: object) -> None:
    connection.isolation_level = None


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
