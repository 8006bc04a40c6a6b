"""The schema on both engines: built once, the same on both, and safe to start twice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.sql.migrate import current, head, migrate
from storage.sql.open import open_database
from storage.sql.protocol import Database, SqlError, Statement, UniqueViolation
from tests.services.postgres import PostgresServer, drop_database, fresh_database


@dataclass(frozen=True, slots=True)
class Column:
    relation: str
    name: str
    required: bool


COLUMNS_SQLITE = """
SELECT m.name AS relation, c.name AS name, c."notnull" AS required
FROM sqlite_schema m, pragma_table_info(m.name) c
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
"""
COLUMNS_POSTGRES = """
SELECT table_name AS relation, column_name AS name, CAST(is_nullable = 'NO' AS int) AS required
FROM information_schema.columns WHERE table_schema = 'public'
"""
MESSAGE = Statement(
    "contract.message",
    "INSERT INTO outbox (id, kind, key, payload, due_at, created_at) VALUES (:id, 'x', :key, '{}', '', '')",
)


async def columns(url: str) -> list[Column]:
    database = await open_database(url)
    text = COLUMNS_POSTGRES if database.engine == "postgres" else COLUMNS_SQLITE
    try:
        found = await database.fetch(Statement("contract.columns", text), {}, Column)
        return sorted(found, key=lambda column: (column.relation, column.name))
    finally:
        await database.close()


async def test_both_engines_get_the_same_tables(tmp_path: Path, postgres: PostgresServer) -> None:
    file, server = f"sqlite:///{tmp_path}/a.db", await asyncio.to_thread(fresh_database, postgres)
    assert await current(file) is None and await current(server) is None
    await asyncio.gather(migrate(file), migrate(server))
    newest = await asyncio.to_thread(head)
    assert await current(file) == newest and await current(server) == newest
    assert await columns(file) == await columns(server)
    await asyncio.to_thread(drop_database, postgres, server)


async def test_processes_that_start_together_do_not_collide(tmp_path: Path, postgres: PostgresServer) -> None:
    file, server = f"sqlite:///{tmp_path}/a.db", await asyncio.to_thread(fresh_database, postgres)
    await asyncio.gather(*[migrate(url) for url in (file, file, server, server)])
    assert await current(file) == await current(server) is not None
    await asyncio.to_thread(drop_database, postgres, server)


async def test_a_migrated_database_is_left_as_it_is(database_url: str) -> None:
    before = await columns(database_url)
    await migrate(database_url)
    assert await columns(database_url) == before


async def test_columns_refuse_a_value_of_another_type(database: Database) -> None:
    text = "INSERT INTO leases (name, owner, until) VALUES (:name, 'x', 'x')"
    with pytest.raises(SqlError):
        async with database.transaction() as unit:
            await unit.execute(Statement("contract.lease", text), {"name": b"bytes"})


async def test_a_key_is_unique_where_there_is_one(database: Database) -> None:
    async with database.transaction() as unit:
        await unit.execute_many(MESSAGE, [{"id": str(n), "key": key} for n, key in enumerate(("", "", "k"))])
    with pytest.raises(UniqueViolation):
        async with database.transaction() as unit:
            await unit.execute(MESSAGE, {"id": "4", "key": "k"})


async def test_only_a_file_or_a_server_can_be_migrated() -> None:
    with pytest.raises(ValueError, match="cannot migrate"):
        await migrate("sqlite://:memory:")


async def test_a_memory_database_can_be_a_copy_of_a_migrated_one(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as unit:
        assert await unit.execute(MESSAGE, {"id": "1", "key": "k"}) == 1
