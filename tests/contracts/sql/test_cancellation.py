"""Cancellation anywhere: what returned is durable, what raised is absent, the database goes on."""

from __future__ import annotations

import asyncio
import random

import pytest

from storage.sql.protocol import Database
from tests.contracts.sql.words import TAKE, numbers


async def _take(db: Database, number: int, returned: set[int]) -> None:
    """Take a number in two statements (it and its negative); note it without an await in between."""
    async with db.transaction() as unit:
        await unit.execute(TAKE, {"number": number})
        await unit.execute(TAKE, {"number": -number})
    returned.add(number)
    await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(6))
async def test_tasks_cancelled_at_random_points(db: Database, seed: int) -> None:
    chance = random.Random(seed)
    returned: set[int] = set()
    tasks = [asyncio.create_task(_take(db, number, returned)) for number in range(1, 121)]
    for task in chance.sample(tasks, 80):
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0 if chance.random() < 0.5 else chance.random() / 500)
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    kept = await numbers(db)
    assert {number for number in kept if number > 0} == returned
    assert {-number for number in kept if number < 0} == returned
    async with db.transaction() as unit:
        await unit.execute(TAKE, {"number": 1000})
    assert 1000 in await numbers(db)


async def test_a_cancelled_task_learns_of_it_after_the_commit(db: Database) -> None:
    entered = asyncio.Event()
    returned: set[int] = set()

    async def first() -> None:
        async with db.transaction() as unit:
            await unit.execute(TAKE, {"number": 1})
            entered.set()
        returned.add(1)
        await asyncio.sleep(60)

    task = asyncio.create_task(first())
    await entered.wait()
    while not returned and not task.done():
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    assert set(await numbers(db)) == returned


async def test_a_timeout_that_ends_during_the_commit_strikes_nothing_later(db: Database) -> None:
    for delay in range(30):
        try:
            async with asyncio.timeout(delay / 10_000):
                async with db.transaction() as unit:
                    await unit.execute(TAKE, {"number": delay + 1})
        except TimeoutError:
            pass
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    async with db.transaction() as unit:
        await unit.execute(TAKE, {"number": 1000})
    assert 1000 in await numbers(db)


async def test_cancelled_readers_give_their_connection_back(db: Database) -> None:
    for _ in range(40):
        tasks = [asyncio.create_task(numbers(db)) for _ in range(8)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert await asyncio.wait_for(numbers(db), 5) == []
