"""The room on each engine: the demo province with its people, one password for all, cheap hashes."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from server.identity.access import Access
from server.identity.imports import AccountImport
from server.identity.limits import Limits
from server.identity.mandates import Mandates
from server.identity.model import SignedIn
from server.identity.passwords import Cost, Passwords
from server.identity.rules import Limit
from server.identity.sealing import Sealer
from server.identity.secondfactor import SecondFactor
from server.identity.service import Identity
from server.identity.sessions import Sessions, SessionSettings
from server.identity.tokens import Tokens
from server.kernel.actor import Channel, RequestContext, Role
from server.kernel.clock import FixedClock
from server.organisations.data import TreeData
from server.organisations.service import Organisations
from server.organisations.staffing import Staffing
from server.unit import Units
from storage.sql.open import open_database
from storage.sql.protocol import Database
from tests.conftest import MORNING
from tests.factories import people
from tests.factories.databases import ENGINES
from tests.services.postgres import PostgresServer, drop_database, fresh_database

PASSWORD = "mật khẩu dùng thử"
COST = Cost(memory_kib=8, passes=1)
REQUEST = RequestContext(request_id="r1", address="192.0.2.7", channel=Channel.WEB)
SETTINGS = SessionSettings(
    idle=timedelta(hours=1),
    absolute=timedelta(hours=12),
    account_limit=Limit(attempts=5, window_seconds=900, rest_seconds=900),
    address_limit=Limit(attempts=30, window_seconds=60, rest_seconds=60),
    totp_required=frozenset({Role.ADMINISTRATOR}),
)


@dataclass
class Rooms:
    """Everything the tests of identity speak to."""

    units: Units
    clock: FixedClock
    access: Access
    organisations: Organisations
    staffing: Staffing
    identity: Identity
    sessions: Sessions
    factor: SecondFactor
    tokens: Tokens
    mandates: Mandates
    imports: AccountImport
    limits: Limits

    async def sign_in(self, username: str, *, code: str = "", previous: str = "") -> SignedIn:
        return await self.sessions.sign_in(
            username, PASSWORD, code=code, request=REQUEST, user_agent="test", previous=previous
        )

    async def account_id(self, username: str) -> str:
        found = await self.identity._accounts.by_usernames(self.units.reader, [username])
        return found[username].id


@pytest.fixture(scope="session")
def province() -> TreeData:
    return people.demo_province()


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(COST)
    yield made
    made.close()


@asynccontextmanager
async def opened(database: Database, clock: FixedClock, passwords: Passwords) -> AsyncIterator[Rooms]:
    """The rooms over a database."""
    units, access = Units(database, clock), people.access(clock)
    organisations, staffing = Organisations(units, access), Staffing(units, access)
    limits = Limits(database, clock)
    factor = SecondFactor(units, access, passwords, Sealer(b"s" * 32))
    rooms = Rooms(
        units=units,
        clock=clock,
        access=access,
        organisations=organisations,
        staffing=staffing,
        identity=Identity(units, access, passwords, staffing),
        sessions=Sessions(units, passwords, factor, limits, SETTINGS),
        factor=factor,
        tokens=Tokens(units, access),
        mandates=Mandates(units, access, organisations),
        imports=AccountImport(units, access, passwords, staffing),
        limits=limits,
    )
    yield rooms
    await rooms.sessions.close()


async def furnish(url: str, province: TreeData) -> None:
    """Bring the demo province and its people in; tests give mandates themselves."""
    database, passwords = await open_database(url), Passwords(COST)
    async with opened(database, FixedClock(MORNING), passwords) as rooms:
        await rooms.organisations.import_tree(people.ADMINISTRATOR, province)
        without = msgspec.structs.replace(province, mandates=())
        await rooms.imports.import_accounts(people.ADMINISTRATOR, without, password=PASSWORD)
    passwords.close()
    await database.close()


@pytest.fixture(scope="session")
def sqlite_province(
    sqlite_template: Path, province: TreeData, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A file with the province in it: to be copied, not opened."""
    path = tmp_path_factory.mktemp("province") / "province.db"
    shutil.copy(sqlite_template, path)
    asyncio.run(furnish(f"sqlite:///{path}", province))
    return path


@pytest.fixture(scope="session")
def postgres_province(postgres: PostgresServer, postgres_template: str, province: TreeData) -> str:
    """Name of a database with the province in it: to be copied, not opened."""
    url = fresh_database(postgres, postgres_template)
    asyncio.run(furnish(url, province))
    return url.rpartition("/")[2]


@pytest.fixture(params=ENGINES)
def furnished_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database with the province in it, of each engine in turn."""
    if request.param == "sqlite":
        path = tmp_path / "province.db"
        shutil.copy(request.getfixturevalue("sqlite_province"), path)
        yield f"sqlite:///{path}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = fresh_database(server, request.getfixturevalue("postgres_province"))
        yield url
        drop_database(server, url)


@pytest.fixture
async def rooms(furnished_url: str, clock: FixedClock, passwords: Passwords) -> AsyncIterator[Rooms]:
    """The rooms with the demo province and its people, of each engine in turn."""
    database = await open_database(furnished_url)
    async with opened(database, clock, passwords) as made:
        yield made
    await database.close()


@pytest.fixture
async def empty(database: Database, clock: FixedClock, passwords: Passwords) -> AsyncIterator[Rooms]:
    """The rooms on a database without rows, of each engine in turn."""
    async with opened(database, clock, passwords) as made:
        yield made
