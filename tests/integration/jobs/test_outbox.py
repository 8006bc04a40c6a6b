"""The outbox: at least once, with growing pauses, nothing dropped, one worker at a time."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import msgspec

from server.jobs import Jobs
from server.jobs.owner import this_process
from server.kernel.actor import SYSTEM
from server.kernel.clock import FixedClock
from server.kernel.errors import Unavailable
from server.kernel.record import Subject
from server.settings import Jobs as JobSettings
from server.unit import Units
from storage.sql.protocol import Database

SETTINGS = JobSettings(
    lease_seconds=60, batch_messages=10, attempts=3, backoff_seconds=2, backoff_limit_seconds=60, parallel=2
)


class Letter(msgspec.Struct):
    text: str


async def post(units: Units, text: str, key: str = "") -> None:
    async with units.begin(SYSTEM) as unit:
        unit.record("test.posted", Subject("system", "outbox"))
        unit.publish("test.letter", Letter(text), key=key)


async def test_a_message_is_delivered_once_when_all_goes_well(database: Database, clock: FixedClock) -> None:
    units, jobs, seen = Units(database, clock), Jobs(database, clock, SETTINGS, "one"), []

    async def read(letter: Letter, _: str) -> None:
        seen.append(letter.text)

    jobs.subscribe("test.letter", Letter, read)
    for n in range(25):
        await post(units, str(n))
    await jobs.drain()
    assert sorted(seen, key=int) == [str(n) for n in range(25)]
    assert (await jobs.depth()).waiting == 0


async def test_a_failure_comes_back_after_growing_pauses_and_is_kept_aside_at_the_end(
    database: Database, clock: FixedClock
) -> None:
    units, jobs, tries = Units(database, clock), Jobs(database, clock, SETTINGS, "one"), []

    async def fail(_: Letter, __: str) -> None:
        tries.append(clock.now())
        raise Unavailable("test.down")

    jobs.subscribe("test.letter", Letter, fail)
    await post(units, "x")
    for _ in range(10):
        await jobs.drain()
        clock.advance(timedelta(seconds=1))
    assert [round((at - tries[0]).total_seconds()) for at in tries] == [0, 2, 6]
    depth = await jobs.depth()
    assert (depth.waiting, depth.dead) == (0, 1)


async def test_one_key_waits_once(database: Database, clock: FixedClock) -> None:
    units, jobs, seen = Units(database, clock), Jobs(database, clock, SETTINGS, "one"), []

    async def read(letter: Letter, _: str) -> None:
        seen.append(letter.text)

    jobs.subscribe("test.letter", Letter, read)
    await post(units, "first", key="same")
    await post(units, "second", key="same")
    await jobs.drain()
    assert seen == ["first"]


async def test_two_workers_share_and_do_not_double(database: Database, clock: FixedClock) -> None:
    units, seen = Units(database, clock), []

    async def read(letter: Letter, _: str) -> None:
        seen.append(letter.text)
        await asyncio.sleep(0)

    workers = [Jobs(database, clock, SETTINGS, name) for name in ("one", "two")]
    for worker in workers:
        worker.subscribe("test.letter", Letter, read)
    for n in range(40):
        await post(units, str(n))
    await asyncio.gather(*(worker.drain() for worker in workers))
    await workers[0].drain()
    assert sorted(seen, key=int) == [str(n) for n in range(40)]


async def test_a_dead_worker_loses_its_messages_when_the_lease_ends(
    database: Database, clock: FixedClock
) -> None:
    units, seen, taken = Units(database, clock), [], asyncio.Event()

    async def hang(_: Letter, __: str) -> None:
        taken.set()
        await asyncio.Event().wait()

    async def read(letter: Letter, _: str) -> None:
        seen.append(letter.text)

    dead, alive = Jobs(database, clock, SETTINGS, "dead"), Jobs(database, clock, SETTINGS, "alive")
    dead.subscribe("test.letter", Letter, hang)
    alive.subscribe("test.letter", Letter, read)
    await post(units, "x")
    task = asyncio.create_task(dead.drain())
    await asyncio.wait_for(taken.wait(), 30)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await alive.drain()
    assert seen == []
    clock.advance(timedelta(seconds=61))
    await alive.drain()
    assert seen == ["x"]


async def test_a_prompt_schedule_runs_at_once_when_something_was_published(
    database: Database, clock: FixedClock
) -> None:
    units, jobs, ran = Units(database, clock), Jobs(database, clock, SETTINGS, "one"), asyncio.Event()

    async def run() -> None:
        ran.set()

    jobs.every("test.prompt", 3600, run, leased=False, prompt=True)
    units.after_publish(jobs.wake)
    jobs.start()
    await asyncio.wait_for(ran.wait(), 10)
    ran.clear()
    await post(units, "x")
    await asyncio.wait_for(ran.wait(), 10)
    await jobs.stop()


async def test_what_a_dead_process_held_is_delivered_at_once(database: Database, clock: FixedClock) -> None:
    host, boot, process, began, rest = (await asyncio.to_thread(this_process)).split(":")
    dead = ":".join([host, boot, process, str(int(began) - 1), rest])
    units, seen = Units(database, clock), []

    async def read(letter: Letter, _: str) -> None:
        seen.append(letter.text)

    async def die(_: Letter, __: str) -> None:
        raise asyncio.CancelledError

    await post(units, "x")
    before = Jobs(database, clock, SETTINGS, dead)
    before.subscribe("test.letter", Letter, die)
    with contextlib.suppress(asyncio.CancelledError):
        await before.drain()
    after = Jobs(database, clock, SETTINGS, await asyncio.to_thread(this_process))
    after.subscribe("test.letter", Letter, read)
    await after.drain()
    assert seen == []  # still held
    await after.release_dead()
    await after.drain()
    assert seen == ["x"]
