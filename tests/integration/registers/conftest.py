"""The room on each engine, with the demo province and its books."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.identity.access import Access
from server.kernel.actor import SYSTEM, Role
from server.kernel.clock import FixedClock
from server.organisations.data import TreeData
from server.organisations.service import Organisations
from server.registers.bookforms import BookForms
from server.registers.config import RuleSet, load_rules
from server.registers.profiles import Profiles
from server.registers.service import Registers
from server.render.service import Renderer
from server.unit import Units
from storage.sql.protocol import Database
from tests.factories import people

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "config"
FONTS = ROOT / "node_modules" / "@expo-google-fonts" / "tinos"

PARTY_CLERK = people.actor("z01-01.van-thu", Role.RECORDS_CLERK)
"""Keeps the books of the committee, its office and a steering board."""
HEALTH_CLERK = people.actor("z02-05.van-thu", Role.RECORDS_CLERK)
COMMUNE_CLERK = people.actor("z03-01.van-thu", Role.RECORDS_CLERK)


@pytest.fixture(scope="session")
def province() -> TreeData:
    return people.demo_province()


@pytest.fixture(scope="session")
def rule_set() -> RuleSet:
    return load_rules(CONFIG / "registers" / "demo.toml")


@pytest.fixture(scope="session")
def profiles() -> Profiles:
    return Profiles.load(CONFIG / "profiles")


@pytest.fixture(scope="session")
def forms() -> BookForms:
    return BookForms.load(CONFIG / "registers" / "books.toml")


@pytest.fixture
def units(database: Database, clock: FixedClock) -> Units:
    return Units(database, clock)


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    made = Renderer(FONTS, CONFIG / "forms")
    yield made
    await made.close()


@pytest.fixture
def access(clock: FixedClock) -> Access:
    return people.access(clock)


@pytest.fixture
def directory(units: Units, access: Access) -> Organisations:
    return Organisations(units, access)


@pytest.fixture
def room(
    units: Units,
    access: Access,
    directory: Organisations,
    profiles: Profiles,
    forms: BookForms,
    renderer: Renderer,
) -> Registers:
    return Registers(units, access, directory, profiles, forms, renderer)


@pytest.fixture
async def registers(
    room: Registers,
    directory: Organisations,
    province: TreeData,
    rule_set: RuleSet,
) -> Registers:
    await directory.import_tree(people.ADMINISTRATOR, province)
    keys = ("z01", "z01-01", "z01-90", "z02", "z02-05", "z03-01", "z06-05")
    await room.configure(SYSTEM, rule_set.rules_of([await directory.body(key) for key in keys]))
    return room
