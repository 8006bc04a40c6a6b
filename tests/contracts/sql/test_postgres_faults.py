"""PostgreSQL: what only a server can do to a unit, in the words of the port."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from storage.sql.open import open_database
from storage.sql.protocol import Database, DatabaseBusy, DatabaseUnavailable, Statement
from tests.contracts.sql.words import Number
from tests.services.postgres import PostgresServer, drop_database, fresh_database


def sql(text: str) -> Statement:
    return Statement("faults.statement", text)


LOCK = sql("UPDATE t SET n = n + 1 WHERE id = :id")
READ = sql("SELECT n AS number FROM t ORDER BY id")


@pytest.fixture
async def db(postgres: PostgresServer) -> AsyncIterator[Database]:
    """A database with two rows, opened with a statement timeout of one second."""
    url = await asyncio.to_thread(fresh_database, postgres)
    database = await open_database(url, statement_timeout_seconds=1)
    async with database.transaction() as unit:
        await unit.execute(sql("CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)"), {})
        await unit.execute_many(sql("INSERT INTO t (id, n) VALUES (:id, 0)"), [{"id": 1}, {"id": 2}])
    yield database
    await database.close()
    await asyncio.to_thread(drop_database, postgres, url)


async def test_a_deadlock_ends_one_unit_as_busy_and_keeps_the_other(db: Database) -> None:
    both = asyncio.Barrier(2)

    async def cross(first: int, second: int) -> None:
        async with db.transaction() as unit:
            await unit.execute(LOCK, {"id": first})
            await both.wait()
            await unit.execute(LOCK, {"id": second})

    # The detector looks after one second, as long as a statement may take: either ends it.
    results = await asyncio.gather(cross(1, 2), cross(2, 1), return_exceptions=True)
    assert any(isinstance(result, DatabaseBusy) for result in results)
    rows = await db.fetch(READ, {}, Number)
    assert rows[0] == rows[1]


async def test_a_statement_that_takes_too_long_is_busy(db: Database) -> None:
    with pytest.raises(DatabaseBusy):
        await db.fetch(sql("SELECT 1 AS number FROM pg_sleep(5)"), {}, Number)
    assert len(await db.fetch(READ, {}, Number)) == 2


async def test_a_lost_connection_is_unavailable_and_the_next_unit_gets_another(db: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with db.transaction() as unit:
            await unit.execute(LOCK, {"id": 1})
            await unit.execute(sql("SELECT pg_terminate_backend(pg_backend_pid())"), {})
    async with db.transaction() as unit:
        await unit.execute(LOCK, {"id": 2})
    assert [row.number for row in await db.fetch(READ, {}, Number)] == [0, 1]


async def test_commit_is_not_answered_when_the_connection_is_lost_before_it(db: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with db.transaction() as unit:
            await unit.execute(LOCK, {"id": 1})
            ended = sql(
                "SELECT count(pg_terminate_backend(pid)) AS number FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await db.fetch(ended, {}, Number)
    assert [row.number for row in await db.fetch(READ, {}, Number)] == [0, 0]


async def test_no_server_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable):
        await open_database("postgresql://postgres@127.0.0.1:1/none")


async def test_no_such_database_is_unavailable(postgres: PostgresServer) -> None:
    with pytest.raises(DatabaseUnavailable):
        await open_database(postgres.url(f"none_{os.getpid()}"))
