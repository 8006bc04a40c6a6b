"""kill -9 at any moment: nothing answered is lost, and a retry under the same key doubles nothing.

``LIENTHONG_FAULT_SEED`` repeats a run, ``LIENTHONG_FAULT_KILLS`` sets the number of kills of the long form.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path

import pytest

from tests.factories.province import Built
from tests.faults.kills import Outcome, campaign, copy_of
from tests.services.postgres import PostgresServer, drop_database, fresh_database

KILLS = 100
KILLS_LONG = int(os.environ.get("LIENTHONG_FAULT_KILLS", "1000"))
INSTALLATIONS = 2
"""Installations killed at the same time, each on a core of its own."""


@pytest.fixture
def seed() -> int:
    """Seed of the run: given, or new each time and printed."""
    return int(os.environ.get("LIENTHONG_FAULT_SEED") or secrets.randbelow(10**9))


async def kill(folders: list[Path], database: str, kills: int, seed: int) -> Outcome:
    """Share the kills among installations, and say what came of it."""
    share = kills // len(folders)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(campaign(folder, database, share, seed + 100 * index))
            for index, folder in enumerate(folders)
        ]
    total = sum((task.result() for task in tasks), Outcome())
    assert total.kills == share * len(folders)
    # A run whose kills hit nothing proves nothing.
    assert sum(total.cut_off.values()) >= total.kills and total.retried >= total.kills // 2
    return total


def say(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Print past pytest's capture: the seed must be seen when the test passes, too."""
    with capsys.disabled():
        print(f"\n{text}", flush=True)


@pytest.mark.timeout(1800)
async def test_a_hundred_kills(
    sqlite_province: Built, tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    say(capsys, f"kills: LIENTHONG_FAULT_SEED={seed}")
    folders = [
        await asyncio.to_thread(copy_of, sqlite_province.folder, tmp_path / f"data{index}")
        for index in range(INSTALLATIONS)
    ]
    say(capsys, f"kills: {await kill(folders, '', KILLS, seed)}")


@pytest.mark.faults
@pytest.mark.timeout(7200)
async def test_a_thousand_kills(
    sqlite_province: Built, tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    say(capsys, f"kills: LIENTHONG_FAULT_SEED={seed}")
    folders = [
        await asyncio.to_thread(copy_of, sqlite_province.folder, tmp_path / f"data{index}")
        for index in range(INSTALLATIONS)
    ]
    say(capsys, f"kills: {await kill(folders, '', KILLS_LONG, seed)}")


@pytest.mark.faults
@pytest.mark.timeout(3600)
async def test_kills_on_postgres(
    postgres_province: Built,
    postgres: PostgresServer,
    tmp_path: Path,
    seed: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    say(capsys, f"kills on PostgreSQL: LIENTHONG_FAULT_SEED={seed}")
    folder = await asyncio.to_thread(copy_of, postgres_province.folder, tmp_path / "data")
    template = postgres_province.database.rpartition("/")[2]
    database = await asyncio.to_thread(fresh_database, postgres, template)
    say(capsys, f"kills on PostgreSQL: {await kill([folder], database, KILLS_LONG // 2, seed)}")
    await asyncio.to_thread(drop_database, postgres, database)
