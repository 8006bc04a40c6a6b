"""Open a database by its address."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

import aiosqlite

from storage.sql.postgres import open_postgres
from storage.sql.protocol import Database, DatabaseUnavailable
from storage.sql.sqlite import SqliteDatabase
from storage.sql.sqlite_thread import SteppingConnection, hop

MEMORY = "sqlite://:memory:"
"""Address of a database that lives as long as it is open: for tests."""
BUSY_TIMEOUT_MS = 5_000
"""How long a statement waits for another process that writes."""
STATEMENT_TIMEOUT_SECONDS = 30
"""How long PostgreSQL works at one statement."""

_COMMON = (
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    # A changed file must not make SQL functions run through its schema.
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
)
_WRITER = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", *_COMMON)
_READER = (*_COMMON, "PRAGMA query_only = ON")


async def open_database(
    url: str,
    *,
    readers: int = 4,
    statement_timeout_seconds: int = STATEMENT_TIMEOUT_SECONDS,
    copy_of: Path | None = None,
) -> Database:
    """Open ``sqlite:///ABSOLUTE/PATH``, ``sqlite://:memory:`` or ``postgresql://...``.

    ``readers`` is the number of connections that read beside the writer (SQLite), or of the whole pool
    less one (PostgreSQL). ``copy_of`` fills a memory database from a file, such as a migrated one.
    Raises DatabaseUnavailable, ValueError for another address.
    """
    if url.startswith("postgresql://"):
        return await open_postgres(
            url, connections=readers + 1, statement_timeout_seconds=statement_timeout_seconds
        )
    if url == MEMORY:
        return SqliteDatabase(await _open_memory(copy_of), [])
    if not url.startswith("sqlite:////"):
        raise ValueError(f"no database address: {url}")
    return await _open_file(Path(url.removeprefix("sqlite:///")), readers)


async def _open_file(path: Path, readers: int) -> SqliteDatabase:
    opened: list[aiosqlite.Connection] = []
    try:
        opened.append(await _connect(f"file:{quote(str(path))}?mode=rwc", _WRITER))
        for _ in range(max(readers, 1)):
            opened.append(await _connect(f"file:{quote(str(path))}?mode=ro", _READER))
    except sqlite3.Error as error:
        for connection in opened:
            await connection.close()
        raise DatabaseUnavailable(f"{path}: {error}") from error
    return SqliteDatabase(opened[0], opened[1:])


async def _open_memory(copy_of: Path | None) -> aiosqlite.Connection:
    connection = await _connect(":memory:", _COMMON)
    if copy_of is not None:
        source = copy_of

        def fill(target: sqlite3.Connection) -> None:
            with sqlite3.connect(source) as original:
                original.backup(target)
            original.close()

        await hop(connection, fill)
    return connection


async def _connect(address: str, pragmas: tuple[str, ...]) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(
        address, uri=True, isolation_level=None, cached_statements=512, factory=SteppingConnection
    )
    try:
        for pragma in pragmas:
            await connection.execute_fetchall(pragma)
    except BaseException:
        await connection.close()
        raise
    return connection
