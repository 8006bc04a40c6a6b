"""A province of real size comes in within a minute on either engine."""

from __future__ import annotations

import time

from server.organisations.generate import generate
from tests.factories.people import ADMINISTRATOR
from tests.integration.identity.conftest import Rooms

SECONDS = 60


async def test_a_thousand_bodies_and_twenty_thousand_accounts_come_in_within_a_minute(empty: Rooms) -> None:
    tree = generate()
    began = time.perf_counter()
    bodies = await empty.organisations.import_tree(ADMINISTRATOR, tree)
    people = await empty.imports.import_accounts(ADMINISTRATOR, tree)
    took = time.perf_counter() - began
    assert (bodies.bodies, bodies.posts) == (1000, 20_000)
    assert (people.accounts, people.holdings) == (20_000, 20_000)
    assert took < SECONDS
    print(f"bulk import: {took:.1f} s on {empty.units.reader.engine}")
