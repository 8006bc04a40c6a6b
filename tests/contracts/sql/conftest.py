"""The engines that keep the SQL contract, each with two small tables."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.sql.open import MEMORY, open_database
from storage.sql.protocol import Database, Statement
from tests.services.postgres import PostgresServer, drop_database, fresh_database

BOOKS = """
CREATE TABLE books (
  id TEXT PRIMARY KEY, title TEXT NOT NULL UNIQUE, next BIGINT NOT NULL, closed BIGINT NOT NULL DEFAULT 0,
  opened_at TEXT, tags TEXT NOT NULL DEFAULT '[]', seal {bytes}, CONSTRAINT books_next CHECK (next > 0))
"""
NUMBERS = """
CREATE TABLE numbers (
  book_id TEXT NOT NULL REFERENCES books (id), number BIGINT NOT NULL, PRIMARY KEY (book_id, number))
"""


@pytest.fixture(params=["sqlite-file", "sqlite-memory", "postgres"])
def engine_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of an empty database of each engine in turn."""
    if request.param == "sqlite-memory":
        yield MEMORY
    elif request.param == "sqlite-file":
        yield f"sqlite:///{tmp_path}/contract.db"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = fresh_database(server)
        yield url
        drop_database(server, url)


@pytest.fixture
async def db(engine_url: str) -> AsyncIterator[Database]:
    """A database with the two tables and one book, "b1", whose next number is 1."""
    database = await open_database(engine_url)
    kind = "BYTEA" if database.engine == "postgres" else "BLOB"
    async with database.transaction() as unit:
        for text in (BOOKS, NUMBERS):
            await unit.execute(Statement("contract.schema", text.format(bytes=kind)), {})
        await unit.execute(
            Statement("contract.book", "INSERT INTO books (id, title, next) VALUES ('b1', 'Công văn đi', 1)"),
            {},
        )
    yield database
    await database.close()
