"""Bring a database to the newest schema.

All missing steps run in one transaction, so a failing step leaves the schema as it was. Two processes
that start together do not collide: PostgreSQL by an advisory lock, SQLite by the write lock itself.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, Protocol, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
LOCK_KEY = 0x4C544D49
"""Key of PostgreSQL's advisory lock: the letters LTMI."""
LOCK_TIMEOUT_SECONDS = 120
"""How long one process waits for another that is migrating."""

_ONE_AT_A_TIME: Final = threading.Lock()

T = TypeVar("T")


async def migrate(url: str) -> None:
    """Run every missing step; do nothing when there is none. Raises ValueError for a memory database.

    ``url`` as in ``storage.sql.open``. A memory database belongs to one connection: build it with
    ``open_database(url, copy_of=...)`` from a migrated file.
    """
    await _in_thread(url, _upgrade)


async def current(url: str) -> str | None:
    """Return the step the database stands at; None = no step has run."""
    return await _in_thread(url, _current)


def head() -> str:
    """Return the newest step of this program. Reads files: call it in a thread."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise RuntimeError("the program has no migrations")
    return revision


async def _in_thread(url: str, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    # Alembic reads its step files while it runs; a loop of its own in a thread keeps that off ours.
    return await asyncio.to_thread(_alone, url, work)


def _alone(url: str, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    # Alembic keeps what it is working on in the module: two at once in one process would mix.
    with _ONE_AT_A_TIME:
        return asyncio.run(_connected(url, work))


async def _connected(url: str, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    engine = _engine(url)
    try:
        async with engine.begin() as connection:
            return await work(connection)
    finally:
        await engine.dispose()


async def _upgrade(connection: AsyncConnection) -> None:
    if connection.dialect.name == "postgresql":
        await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'"))
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
    await connection.run_sync(_run_steps)


async def _current(connection: AsyncConnection) -> str | None:
    return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def _run_steps(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    # Alembic reads % in options as interpolation.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _engine(url: str) -> AsyncEngine:
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
