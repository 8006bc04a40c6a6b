"""The room on each engine, with the demo province in it."""

from __future__ import annotations

import pytest

from server.identity.access import Access
from server.kernel.clock import FixedClock
from server.organisations.data import TreeData
from server.organisations.service import Organisations
from server.organisations.staffing import Staffing
from server.unit import Units
from storage.sql.protocol import Database
from tests.factories import people


@pytest.fixture(scope="session")
def province() -> TreeData:
    return people.demo_province()


@pytest.fixture
def units(database: Database, clock: FixedClock) -> Units:
    return Units(database, clock)


@pytest.fixture
def access(clock: FixedClock) -> Access:
    return people.access(clock)


@pytest.fixture
def organisations(units: Units, access: Access) -> Organisations:
    return Organisations(units, access)


@pytest.fixture
def staffing(units: Units, access: Access) -> Staffing:
    return Staffing(units, access)


@pytest.fixture
async def installed(organisations: Organisations, province: TreeData) -> Organisations:
    await organisations.import_tree(people.ADMINISTRATOR, province)
    return organisations
