"""Databases for tests: empty ones and migrated ones, on every engine, fast.

The schema is built once a run, then copied: SQLite by copying a file, PostgreSQL by CREATE DATABASE ...
TEMPLATE. A test that asks for ``database_url`` or ``database`` runs once on each engine.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.sql.migrate import migrate
from storage.sql.open import open_database
from storage.sql.protocol import Database
from tests.services.postgres import PostgresServer, drop_database, fresh_database, postgres_server

ENGINES = ("sqlite", "postgres")
TEMPLATE = "lienthong_template"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL cluster for the whole run; fails with the apt command when it is not installed."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file: to be copied, not opened."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """Name of a migrated database: to be copied, not opened."""
    url = fresh_database(postgres)
    asyncio.run(migrate(url))
    return url.rpartition("/")[2]


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a migrated database without rows, of each engine in turn."""
    if request.param == "sqlite":
        path = tmp_path / "lienthong.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = fresh_database(server, request.getfixturevalue("postgres_template"))
        yield url
        drop_database(server, url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, migrated database without rows, of each engine in turn."""
    opened = await open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite_database(sqlite_template: Path) -> AsyncIterator[Database]:
    """An open, migrated database in memory: for tests to which the engine does not matter."""
    opened = await open_database("sqlite://:memory:", copy_of=sqlite_template)
    yield opened
    await opened.close()
