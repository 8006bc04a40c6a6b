"""Open a database by its address."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import suppress
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
        await asyncio.to_thread(_probe, path)
        opened.append(await _connect(_address(path, "rw"), _WRITER))
        for _ in range(max(readers, 1)):
            opened.append(await _connect(_address(path, "ro"), _READER))
    except sqlite3.Error as error:
        for connection in opened:
            await connection.close()
        raise DatabaseUnavailable(f"{path}: {error}") from error
    return SqliteDatabase(opened[0], opened[1:])


def _probe(path: Path) -> None:
    """Make the file when there is none, readable by this user alone, and look whether it is a database.

    Raises sqlite3.Error here, because a connection of aiosqlite that fails to open leaves its thread behind.
    """
    # SQLite gives its journal files the mode of the database, so the mode has to be right from the start.
    with suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(_address(path, "rw"), uri=True, timeout=BUSY_TIMEOUT_MS / 1000)
    try:
        connection.execute("PRAGMA schema_version").fetchone()
    finally:
        connection.close()


def _address(path: Path, mode: str) -> str:
    return f"file:{quote(str(path))}?mode={mode}"


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
