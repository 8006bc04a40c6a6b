"""Durable units per second through the SQL port, against the same rows by bare sqlite3.

``python -m tests.benchmarks.sql_commit`` prints one line a figure. A unit is 18 rows in 6 tables, three
a table; 64 units run at once through the port. The floors write the same rows in a plain loop: with one
commit a unit, and with 16 units a commit (what sharing can reach at best).
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from storage.sql.open import open_database
from storage.sql.protocol import Database, Params, Statement
from tests.benchmarks.figures import WORK, Figure

TABLES = 6
ROWS = 3
AT_ONCE = 64
UNITS = 1536
ROUNDS = 4
SHARED = 16
INSERTS: Final = tuple(
    Statement(
        f"bench.insert{table}", f"INSERT INTO t{table} (id, unit, body, at) VALUES (:id, :unit, :body, :at)"
    )
    for table in range(TABLES)
)
PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"


def rows_of(unit: int, table: int) -> list[Params]:
    """Rows of one table of one unit."""
    return [
        {
            "id": f"{unit:010}{table}{row:015}",
            "unit": f"{unit:026}",
            "body": "Về việc triển khai liên thông văn bản điện tử " * 2,
            "at": "2026-11-22T07:00:00.000000Z",
        }
        for row in range(ROWS)
    ]


def create(path: Path) -> None:
    """Make a database with the tables."""
    connection = sqlite3.connect(path)
    connection.executescript(PRAGMAS)
    for table in range(TABLES):
        connection.execute(
            f"CREATE TABLE t{table} "
            "(id TEXT PRIMARY KEY, unit TEXT NOT NULL, body TEXT NOT NULL, at TEXT NOT NULL) STRICT"
        )
        connection.execute(f"CREATE INDEX t{table}_unit ON t{table} (unit)")
    connection.close()


def floor(path: Path, units: int, per_commit: int) -> float:
    """Units per second of a plain loop over sqlite3."""
    create(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(PRAGMAS)
    started = time.perf_counter()
    for first in range(0, units, per_commit):
        connection.execute("BEGIN IMMEDIATE")
        for unit in range(first, min(first + per_commit, units)):
            for table, statement in enumerate(INSERTS):
                connection.executemany(statement.text, rows_of(unit, table))
        connection.execute("COMMIT")
    seconds = time.perf_counter() - started
    connection.close()
    return units / seconds


async def through_port(database: Database, units: int, at_once: int) -> float:
    """Units per second through the port, ``at_once`` tasks writing one unit after the other."""
    numbers = iter(range(units))

    async def work() -> None:
        for unit in numbers:
            async with database.transaction() as transaction:
                for table, statement in enumerate(INSERTS):
                    await transaction.execute_many(statement, rows_of(unit, table))

    started = time.perf_counter()
    await asyncio.gather(*[work() for _ in range(at_once)])
    return units / (time.perf_counter() - started)


async def port(path: Path, units: int, at_once: int) -> float:
    """Open a new file and measure."""
    await asyncio.to_thread(create, path)
    database = await open_database(f"sqlite:///{path}")
    try:
        return await through_port(database, units, at_once)
    finally:
        await database.close()


def compare(folder: Path, units: int = UNITS, rounds: int = ROUNDS) -> dict[str, float]:
    """Return every figure in units per second, the best of the rounds; they take turns on the machine."""
    ways: dict[str, Callable[[Path], float]] = {
        "port_64_at_once": lambda path: asyncio.run(port(path, units, AT_ONCE)),
        "port_one_at_a_time": lambda path: asyncio.run(port(path, units // 4, 1)),
        "floor_commit_each": lambda path: floor(path, units, 1),
        "floor_shared_commit": lambda path: floor(path, units, SHARED),
    }
    best = dict.fromkeys(ways, 0.0)
    for turn in range(rounds):
        for label, figure in ways.items():
            best[label] = max(best[label], figure(folder / f"{label}{turn}.db"))
    return best


def measure() -> list[Figure]:
    """Return the figures of the port, each against the floor that commits each unit."""
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as name:
        found = compare(Path(name))
    floor_each, shared = found["floor_commit_each"], found["floor_shared_commit"]
    note = f"bare sqlite3 with {SHARED} units a commit: {shared:.0f}"
    return [
        Figure(f"SQL units, {label}", found[way], "units/s", floor_each, found[way] / floor_each, note=note)
        for label, way in (("64 at once", "port_64_at_once"), ("one at a time", "port_one_at_a_time"))
    ]


def main() -> int:
    """Measure and print the ratios to the floors of the same run."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        figures = compare(Path(name))
    for label, per_second in figures.items():
        each = per_second / figures["floor_commit_each"]
        shared = per_second / figures["floor_shared_commit"]
        print(f"{label:22} {per_second:8.0f} units/s   {each:5.2f} x commit each   {shared:5.2f} x shared")
    return 0


if __name__ == "__main__":
    sys.exit(main())
