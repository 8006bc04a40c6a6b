"""What every test has: fixtures of real components, a clock that stands, a loop that may not be blocked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from blockbuster import BlockBuster

from server.kernel.clock import UTC, FixedClock

pytest_plugins = [
    "tests.factories.databases",
    "tests.factories.blobs",
    "tests.factories.province",
    "tests.factories.lived",
]

MORNING = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
"""When tests take place: a Sunday, 14:00 in Viet Nam."""

MAY_BLOCK = (
    # Migrations run on a loop of their own in a thread, with nobody else on it.
    ("storage/sql/migrate.py", "_connected"),
    ("storage/sql/migrate.py", "_run_steps"),
    ("storage/sql/migrate.py", "_current"),
    ("tests/factories/databases.py", "sqlite_template"),
    ("tests/factories/databases.py", "postgres_template"),
    # Statements are read once, when a store is made at the start of the program.
    ("storage/sql/statements.py", "load"),
    ("storage/sql/statements.py", "load_all"),
    # The driver looks for a password file and certificates, once for each connection of the pool.
    ("asyncpg/connect_utils.py", "_parse_connect_dsn_and_args"),
)
"""Functions inside which a blocking call holds nobody up: file (its end) and name."""


@pytest.fixture(scope="session", autouse=True)
def blocking_calls_fail() -> Iterator[None]:
    """Make a blocking call of our code inside an event loop fail the test."""
    guard = BlockBuster(["server", "signing", "storage", "web"])
    for file, function in MAY_BLOCK:
        for watched in guard.functions.values():
            watched.can_block_in(file, function)
    guard.activate()
    yield
    guard.deactivate()


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at 07:00 UTC until the test moves it."""
    return FixedClock(MORNING)
