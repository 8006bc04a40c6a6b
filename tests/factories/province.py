"""The demo province, built once a run on each engine and copied for each test: a whole installation."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from server.compose import Services, open_services
from server.demo.province import build_province
from server.settings import Settings, load
from tests.factories.databases import ENGINES
from tests.factories.server import Client
from tests.services.postgres import PostgresServer, drop_database, fresh_database
from web.app import build

PASSWORD = "Mat-khau-thu-nghiem-1"
"""Password of every account of the test province."""
CHEAP = {"LIENTHONG_IDENTITY_ARGON2_MEMORY_KIB": "8", "LIENTHONG_IDENTITY_ARGON2_PASSES": "1"}
"""Environment in which hashing passwords costs nothing, for speed of tests only."""


@dataclass(frozen=True)
class Built:
    """A built installation that is copied, never opened."""

    folder: Path
    database: str
    """Address of its database."""


def settings_of(folder: Path, database: str = "") -> Settings:
    """Return test settings for a data folder; ``database`` "" = SQLite inside it."""
    environment = {**CHEAP, "LIENTHONG_DATA": str(folder)}
    if database:
        environment["LIENTHONG_STORAGE_DATABASE"] = database
    return load(environment)


async def _build(settings: Settings) -> None:
    async with open_services(settings, background=False) as services:
        await build_province(services, password=PASSWORD, base_url="http://127.0.0.1/pki")
        await services.audit.sequencer.run()


@pytest.fixture(scope="session")
def sqlite_province(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The province on SQLite."""
    folder = tmp_path_factory.mktemp("province-sqlite")
    asyncio.run(_build(settings_of(folder)))
    return Built(folder, "")


@pytest.fixture(scope="session")
def postgres_province(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> Built:
    """The province on PostgreSQL."""
    folder = tmp_path_factory.mktemp("province-postgres")
    database = fresh_database(postgres)
    asyncio.run(_build(settings_of(folder, database)))
    return Built(folder, database)


@pytest.fixture(params=ENGINES)
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a fresh copy of the province, on each engine in turn."""
    built: Built = request.getfixturevalue(f"{request.param}_province")
    folder = tmp_path / "data"
    shutil.copytree(built.folder, folder)
    if request.param == "sqlite":
        yield settings_of(folder)
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    database = fresh_database(server, built.database.rpartition("/")[2])
    yield settings_of(folder, database)
    drop_database(server, database)


@pytest.fixture
def sqlite_installation(sqlite_province: Built, tmp_path: Path) -> Settings:
    """Settings of a fresh copy of the province on SQLite: for tests to which the engine does not matter."""
    folder = tmp_path / "data"
    shutil.copytree(sqlite_province.folder, folder)
    return settings_of(folder)


@dataclass
class Office:
    """An open installation with its HTTP server inside the test's own loop."""

    services: Services
    server: TestServer

    @property
    def url(self) -> str:
        """Address of the server."""
        return str(self.server.make_url("")).rstrip("/")

    def client(self) -> Client:
        """Return a client that nobody has signed in with."""
        return Client(self.url)

    async def sign_in(self, username: str) -> Client:
        """Return a client signed in as an account of the province; close it with ``async with``."""
        client = self.client()
        await sign_in(client, username)
        return client


async def sign_in(client: Client, username: str, password: str = PASSWORD) -> None:
    """Sign a client in: session cookie and CSRF token."""
    answer = await client.post("/api/v1/session", {"username": username, "password": password})
    client.headers["X-CSRF-Token"] = answer["csrf_token"]


async def open_office(settings: Settings, *, background: bool = False) -> AsyncGenerator[Office, None]:
    """Open an installation and serve it (generator for fixtures)."""
    async with open_services(settings, background=background) as services:
        server = TestServer(await asyncio.to_thread(application, services))
        await server.start_server()
        try:
            yield Office(services, server)
        finally:
            await server.close()


def application(services: Services) -> web.Application:
    """Return the HTTP application without an access log."""
    return build(services, access=lambda _: None)


@pytest.fixture
async def office(installation: Settings) -> AsyncIterator[Office]:
    """The province, open and served, on each engine in turn. Outbox: call ``services.jobs.drain()``."""
    async for opened in open_office(installation):
        yield opened


@pytest.fixture
async def sqlite_office(sqlite_installation: Settings) -> AsyncIterator[Office]:
    """The province, open and served, on SQLite."""
    async for opened in open_office(sqlite_installation):
        yield opened
