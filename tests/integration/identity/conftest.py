"""The room on each engine: the demo province with its people, one password for all, cheap hashes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta

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
from storage.sql.protocol import Database
from tests.factories import people

PASSWORD = "mật khẩu dùng thử"
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
    made = Passwords(Cost(memory_kib=8, passes=1))
    yield made
    made.close()


@pytest.fixture
async def empty(database: Database, clock: FixedClock, passwords: Passwords) -> AsyncIterator[Rooms]:
    """The rooms on a database without rows."""
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


@pytest.fixture
async def rooms(empty: Rooms, province: TreeData) -> Rooms:
    """The rooms with the demo province and its people."""
    await empty.organisations.import_tree(people.ADMINISTRATOR, province)
    await empty.imports.import_accounts(people.ADMINISTRATOR, province, password=PASSWORD)
    return empty
