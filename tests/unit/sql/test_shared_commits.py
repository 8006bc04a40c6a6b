"""SQLite: units that wait for each other share one commit, and its failure is the failure of each."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.sql.open import open_database
from storage.sql.protocol import Database, DatabaseBusy, DatabaseUnavailable, SqlError, Statement
from storage.sql.sqlite_thread import Writer


@dataclass(frozen=True, slots=True)
class Number:
    n: int


def sql(text: str) -> Statement:
    return Statement("shared.statement", text)


ADD = sql("INSERT INTO numbers (n) VALUES (:n)")
ALL = sql("SELECT n FROM numbers ORDER BY n")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shared.db"


@pytest.fixture
async def db(path: Path) -> AsyncIterator[Database]:
    database = await open_database(f"sqlite:///{path}")
    async with database.transaction() as unit:
        await unit.execute(sql("CREATE TABLE numbers (n INTEGER PRIMARY KEY) STRICT"), {})
        await unit.execute(sql("CREATE TABLE marks (n INTEGER NOT NULL REFERENCES numbers (n)) STRICT"), {})
    yield database
    await database.close()


@pytest.fixture
def commits(db: Database, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One item for each commit that reached SQLite."""
    seen: list[None] = []
    commit = Writer.commit

    def counted(self: Writer, connection: sqlite3.Connection) -> None:
        seen.append(None)
        commit(self, connection)

    monkeypatch.setattr(Writer, "commit", counted)
    return seen


async def kept(db: Database) -> list[int]:
    return [row.n for row in await db.fetch(ALL, {}, Number)]


async def add(db: Database, n: int) -> None:
    async with db.transaction() as unit:
        await unit.execute(ADD, {"n": n})


async def test_units_one_after_the_other_commit_each(db: Database, commits: list[None]) -> None:
    for n in range(5):
        await add(db, n)
    assert len(commits) == 5


async def test_units_that_wait_for_each_other_share_commits(db: Database, commits: list[None]) -> None:
    await asyncio.gather(*[add(db, n) for n in range(100)])
    assert await kept(db) == list(range(100))
    assert 2 <= len(commits) < 50, "64 units at most share a commit"


async def test_a_failed_commit_fails_every_unit_of_its_group(db: Database) -> None:
    async def spoil() -> None:
        async with db.transaction() as unit:
            await unit.execute(sql("PRAGMA defer_foreign_keys = ON"), {})
            await unit.execute(sql("INSERT INTO marks (n) VALUES (404)"), {})

    results = await asyncio.gather(add(db, 1), spoil(), add(db, 2), return_exceptions=True)
    assert [type(result) for result in results] == [DatabaseUnavailable] * 3
    assert await kept(db) == []
    await add(db, 3)
    assert await kept(db) == [3]


async def test_units_of_a_transaction_that_sqlite_undid_are_all_told(db: Database) -> None:
    async def undo() -> None:
        async with db.transaction() as unit:
            await unit.execute(sql("INSERT OR ROLLBACK INTO numbers (n) VALUES (1)"), {})

    results = await asyncio.gather(add(db, 1), undo(), add(db, 2), return_exceptions=True)
    assert all(isinstance(result, SqlError) for result in results)
    assert await kept(db) == []
    await add(db, 4)
    assert await kept(db) == [4]


async def test_a_lock_of_another_process_is_busy_and_passes(db: Database, path: Path) -> None:
    async with db.transaction() as unit:
        await unit.execute(sql("PRAGMA busy_timeout = 10"), {})
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy):
        await add(db, 1)
    other.execute("ROLLBACK")
    other.close()
    await add(db, 2)
    assert await kept(db) == [2]


async def test_readers_do_not_wait_for_the_writer(db: Database) -> None:
    async with db.transaction() as unit:
        await unit.execute(ADD, {"n": 1})
        assert await asyncio.wait_for(kept(db), 1) == []


async def test_a_reader_cannot_write(db: Database) -> None:
    with pytest.raises(SqlError):
        await db.fetch(sql("INSERT INTO numbers (n) VALUES (9) RETURNING n"), {}, Number)
    assert await kept(db) == []


async def test_the_file_is_opened_durable_and_checked(db: Database) -> None:
    async with db.transaction() as unit:
        synchronous = await unit.fetch(sql("SELECT synchronous AS n FROM pragma_synchronous"), {}, Number)
        foreign_keys = await unit.fetch(sql("SELECT foreign_keys AS n FROM pragma_foreign_keys"), {}, Number)
        trusted = await unit.fetch(sql("SELECT trusted_schema AS n FROM pragma_trusted_schema"), {}, Number)
    assert (synchronous, foreign_keys, trusted) == ([Number(2)], [Number(1)], [Number(0)])


@pytest.mark.parametrize("url", ["sqlite:///no/such", "mysql://x", "sqlite://", ""])
async def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="no database address"):
        await open_database(url)


async def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable):
        await open_database(f"sqlite:///{tmp_path}/none/lienthong.db")


async def test_a_file_that_is_no_database_is_unavailable(path: Path) -> None:
    path.write_bytes(b"this is not a database, but long enough to be looked at" * 100)
    with pytest.raises(DatabaseUnavailable):
        await open_database(f"sqlite:///{path}")
