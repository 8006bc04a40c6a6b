"""Several sequencers on one log, killed, paused, with wrong clocks: each entry gets one place, for ever."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from server.audit.logstore import LogStore
from server.audit.sequencer import LEASE, Overtaken, Sequencer
from server.kernel.clock import FixedClock, SystemClock
from server.kernel.errors import Unavailable
from storage.blobs.filesystem import FilesystemBlobStore
from storage.sql.open import open_database
from storage.sql.protocol import Database, SqlError, Statement
from tests.factories.ledger import act, log_of

FENCES = Statement("test.fences", "SELECT position, entry_id, fence FROM audit_leaves ORDER BY position")


@dataclass(frozen=True)
class Placed:
    position: int
    entry_id: str
    fence: int


async def start(url: str, folder: Path, wrong: float) -> Process:
    """A sequencer whose clock is wrong by so many seconds."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.faults.sequencing",
        url,
        str(folder),
        str(wrong),
        stdout=PIPE,
        stderr=PIPE,
    )
    assert process.stdout is not None
    assert (await process.stdout.readline()).strip() == b"ready"
    return process


async def disturb(url: str, folder: Path, seconds: float, chance: random.Random) -> Counter[str]:
    """Run two sequencers; kill one or hold one for longer than its lease, again and again."""
    done: Counter[str] = Counter()
    running = [await start(url, folder, wrong) for wrong in (0, -3600)]
    until = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < until:
        await asyncio.sleep(chance.uniform(0.05, 0.4))
        victim = running.pop(chance.randrange(2))
        if chance.random() < 0.5:
            victim.kill()
            await victim.wait()
            running.append(await start(url, folder, chance.choice([0, 3600, -3600])))
            done["killed"] += 1
        else:
            victim.send_signal(signal.SIGSTOP)
            await asyncio.sleep(1.0)
            victim.send_signal(signal.SIGCONT)
            running.append(victim)
            done["paused"] += 1
    for process in running:
        process.terminate()
        await process.wait()
    return done


async def write(database: Database, stop: asyncio.Event) -> list[str]:
    """Write entries until told to stop; return those that were acknowledged."""
    written: list[str] = []
    clock = SystemClock()
    while not stop.is_set():
        try:
            written += await act(database, clock, 17)
        except (Unavailable, SqlError):
            # A paused holder may stand inside a transaction; nothing of this one was acknowledged.
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.005)
    return written


async def check_storm(url: str, folder: Path, seconds: float, seed: int) -> Counter[str]:
    """Entries, kills and pauses for some seconds; then everything must have its one place."""
    database = await open_database(url, readers=1)
    try:
        stop = asyncio.Event()
        writer = asyncio.create_task(write(database, stop))
        done = await disturb(url, folder, seconds, random.Random(seed))
        stop.set()
        written = await writer
        blobs = await FilesystemBlobStore.open(folder.parent / "objects")
        log = log_of(database, folder, clock=WrongByADay(), blobs=blobs)
        # The last lease may still run; its end is at most one lease away on any clock.
        await log.sequencer.run()
        placed = await database.fetch(FENCES, {}, Placed)
        assert [row.position for row in placed] == list(range(len(placed)))
        assert len({row.entry_id for row in placed}) == len(placed)
        missing = set(written) - {row.entry_id for row in placed}
        assert not missing, f"{len(missing)} of {len(written)} acknowledged entries have no place"
        fences = [row.fence for row in placed]
        assert fences == sorted(fences), "a holder that was overtaken has placed"
        report = await log.verify()
        assert report.ok, report.findings
        assert report.entries == len(placed)
        await log.sequencer.close()
        done["entries"], done["leases"] = len(placed), len(set(fences))
        return done
    finally:
        await database.close()


class WrongByADay(SystemClock):
    """Sees every lease as over."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=1)


async def test_two_sequencers_killed_and_paused_place_each_entry_once(
    database_url: str, tmp_path: Path
) -> None:
    done = await check_storm(database_url, tmp_path / "ledger", 4, seed=4)
    assert done["killed"] + done["paused"] >= 2
    assert done["leases"] >= 2


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(6))
async def test_two_sequencers_for_a_minute(database_url: str, tmp_path: Path, seed: int) -> None:
    done = await check_storm(database_url, tmp_path / "ledger", 60, seed=seed)
    print(f"sequencers seed={seed} {dict(done)}")


async def test_a_holder_that_was_overtaken_cannot_place(
    database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    """It read its batch, stood still, and comes back after another has placed."""
    old, new = (log_of(database, tmp_path / "ledger", clock=clock, batch=5).sequencer for _ in range(2))
    await act(database, clock, 5)
    await old.run()
    await act(database, clock, 5)
    pending = await old._store.pending(5)
    clock.advance(LEASE + timedelta(seconds=1))
    assert await new.run() == 5
    with pytest.raises(Overtaken):
        await old._place(5, pending)
    with pytest.raises(Overtaken):
        await old._place(10, pending)
    assert (await LogStore(database).state()).size == 10
    assert await old.run() == 0


@pytest.mark.parametrize("step", [timedelta(hours=-2), timedelta(hours=2)])
async def test_a_clock_that_steps_does_not_stop_the_log(
    database: Database, clock: FixedClock, tmp_path: Path, step: timedelta
) -> None:
    first, second = (sequencer_of(database, clock, tmp_path) for _ in range(2))
    await act(database, clock, 3)
    assert await first.run() == 3
    clock.advance(step)
    await act(database, clock, 3)
    # The holder goes on, and if it is gone another takes over at once or after one lease.
    assert await second.run() in (0, 3)
    clock.advance(LEASE)
    await act(database, clock, 3)
    assert await second.run() + await first.run() >= 3
    log = log_of(database, tmp_path / "ledger", clock=clock)
    report = await log.verify()
    assert (report.ok, report.entries) == (True, 9)


def sequencer_of(database: Database, clock: FixedClock, tmp_path: Path) -> Sequencer:
    return log_of(database, tmp_path / "ledger", clock=clock).sequencer
