"""A campaign: one installation whose real server is killed again and again while its clients work."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from server.settings import load
from tests.factories.province import CHEAP
from tests.factories.server import ServerProcess
from tests.faults import oracle
from tests.faults.journal import Line, signed_in
from tests.faults.office import PEOPLE, Office

SOONEST, LATEST = 0.005, 0.400
"""Seconds between the start of the load (or an answer chosen at random) and the kill."""
ANSWERS_FIRST = (0, 0, 0, 4, 12, 30)
"""How many answers may come before the moment is counted: a cold server is killed, and a warm one."""
CLERKS = ("vanthu.vptu", "vanthu.syt", "vanthu.xa1", "vanthu.xa2")
CHILDREN_SECONDS = 10
FAST = {
    **CHEAP,
    # What a dead process has leased comes back sooner, so that the end can be awaited.
    "LIENTHONG_JOBS_LEASE_SECONDS": "20",
    "LIENTHONG_IDENTITY_ADDRESS_ATTEMPTS": "1000",
}


@dataclass
class Outcome:
    """Figures of a campaign."""

    kills: int = 0
    answered: int = 0
    cut_off: Counter[str] = field(default_factory=Counter)
    """Requests that a kill cut off, by kind."""
    retried: int = 0
    """Requests that were answered after at least one cut."""
    series: int = 0
    entries: int = 0
    """Audit entries that were verified."""
    start_seconds: list[float] = field(default_factory=list)

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.kills + other.kills,
            self.answered + other.answered,
            self.cut_off + other.cut_off,
            self.retried + other.retried,
            self.series + other.series,
            self.entries + other.entries,
            self.start_seconds + other.start_seconds,
        )

    def __str__(self) -> str:
        start = sorted(self.start_seconds)[len(self.start_seconds) // 2]
        return (
            f"{self.kills} kills, {self.answered} requests answered, {self.retried} of them after being cut "
            f"off, {self.series} series complete, {self.entries} audit entries intact, median start "
            f"{start:.2f} s; "
            f"cut off: {dict(sorted(self.cut_off.items()))}"
        )


async def campaign(folder: Path, database: str, kills: int, seed: int) -> Outcome:
    """Kill the server of an installation ``kills`` times; then compare it with what its clients know."""
    chance = random.Random(seed)
    environment = dict(FAST)
    if database:
        environment["LIENTHONG_STORAGE_DATABASE"] = database
    server = ServerProcess(folder, environment=environment)
    settings = await asyncio.to_thread(load, {**environment, "LIENTHONG_DATA": str(folder)})
    line, outcome = Line(), Outcome(kills=kills)
    try:
        await asyncio.to_thread(server.start)
        async with signed_in(line, server.url, *PEOPLE) as people:
            async with asyncio.TaskGroup() as both:  # whichever fails ends the other
                both.create_task(Office(line, people, random.Random(seed + 1)).run())
                both.create_task(_strikes(server, line, kills, chance, outcome))
            await oracle.outbox_drains(settings)
            await oracle.all_is_there(line)
            await oracle.repeats_are_identical(line.answered)
            outcome.series = await oracle.registers_are_complete(people[name] for name in CLERKS)
        assert await asyncio.to_thread(server.stop) == 0
        # Not every traceback: a child that starts while its server dies prints one, and ends.
        faults = [line for line in server.log().splitlines() if '"level": "error"' in line.lower()]
        assert faults == []
    finally:
        if server.process is not None:
            await asyncio.to_thread(server.kill)
    await oracle.rows_agree(settings, line)
    outcome.entries = await asyncio.to_thread(
        oracle.audit_is_intact, {**os.environ, **environment, "LIENTHONG_DATA": str(folder)}
    )
    outcome.answered, outcome.cut_off = len(line.answered), line.cut_off
    outcome.retried = sum(1 for sent in line.answered if sent.cuts)
    return outcome


async def _strikes(
    server: ServerProcess, line: Line, kills: int, chance: random.Random, outcome: Outcome
) -> None:
    for _ in range(kills):
        await oracle.small_check(line, chance)
        line.open()
        await line.wait_for_answers(chance.choice(ANSWERS_FIRST))
        await asyncio.sleep(chance.uniform(SOONEST, LATEST))  # the moment of the kill: chance, not a wait
        children = descendants(server)
        line.close()
        await asyncio.to_thread(server.kill)
        await gone(children)
        began = time.monotonic()
        await asyncio.to_thread(server.start)
        outcome.start_seconds.append(time.monotonic() - began)
    line.closing = True
    line.open()


def descendants(server: ServerProcess) -> set[int]:
    """Process ids of everything that the server has started."""
    assert server.process is not None
    found: set[int] = set()
    waiting = [server.process.pid]
    while waiting:
        for tasks in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            try:
                born = {int(pid) for pid in tasks.read_text().split()}
            except OSError:
                continue  # that thread has just ended
            waiting += born - found
            found |= born
    return found


async def gone(processes: set[int]) -> None:
    """Wait until these have ended; a killed server must leave nobody behind."""
    end = time.monotonic() + CHILDREN_SECONDS
    while left := {pid for pid in processes if _alive(pid)}:
        if time.monotonic() > end:
            names = [Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ") for pid in left]
            raise AssertionError(f"left behind by a killed server: {names}")
        await asyncio.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def copy_of(built: Path, target: Path) -> Path:
    """Copy an installation that nobody has open."""
    shutil.copytree(built, target)
    return target
