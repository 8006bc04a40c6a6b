"""Two hundred clerks at once: numbers stay unique and without a gap, whatever fails in between."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict

import pytest

from server.kernel.actor import Role
from server.kernel.errors import LienThongError, Unavailable
from server.kernel.page import PageRequest
from server.registers.model import OutgoingFacts
from server.registers.service import Registers
from server.unit import Units
from tests.factories import people

TODAY = people.TODAY
SEED = 20261122
CLERKS = {
    body: people.actor(f"{body}.van-thu", Role.RECORDS_CLERK) for body in ("z02-05", "z03-01", "z06-05")
}
ATTEMPTS = 200


class Undone(Exception):
    """Something else in the unit failed after the number was taken."""


async def attempt(
    registers: Registers, units: Units, gate: asyncio.Semaphore, body: str, fails: bool, voids: bool
) -> tuple[str, int] | None:
    clerk = CLERKS[body]
    async with gate:
        for _ in range(20):
            try:
                async with units.begin(clerk) as unit:
                    number = await registers.allocate(
                        unit, body, "bao-cao", TODAY, "", facts=OutgoingFacts(subject="Báo cáo tuần")
                    )
                    if fails:
                        raise Undone
                if voids:
                    await registers.void(clerk, number.id, "Ghi nhầm")
                return body, number.number
            except Undone:
                return None
            except Unavailable:
                await asyncio.sleep(0.01)
    raise AssertionError("the database stayed busy")


async def test_two_hundred_takers_leave_no_gap(registers: Registers, units: Units) -> None:
    dice = random.Random(SEED)
    gate = asyncio.Semaphore(24)
    tasks = [
        attempt(
            registers, units, gate, dice.choice(sorted(CLERKS)), dice.random() < 0.25, dice.random() < 0.15
        )
        for _ in range(ATTEMPTS)
    ]
    answers = await asyncio.gather(*tasks)

    given: dict[str, list[int]] = defaultdict(list)
    for answer in answers:
        if answer is not None:
            given[answer[0]].append(answer[1])
    for body, numbers in given.items():
        (series,) = (await registers.series_of(CLERKS[body], body, PageRequest())).items
        report = await registers.complete(CLERKS[body], series.id)
        expected = list(range(series.start_number, series.start_number + len(numbers)))
        assert sorted(numbers) == expected, f"seed {SEED}"
        assert report.complete
        assert [line.number for line in report.lines] == expected
    assert sum(map(len, given.values())) < ATTEMPTS


async def test_a_first_number_taken_by_many_at_once_opens_one_series(
    registers: Registers, units: Units
) -> None:
    gate = asyncio.Semaphore(16)
    answers = await asyncio.gather(
        *(attempt(registers, units, gate, "z03-01", False, False) for _ in range(16))
    )

    series = await registers.series_of(CLERKS["z03-01"], "z03-01", PageRequest())
    assert sorted(answer[1] for answer in answers if answer) == list(range(1, 17))
    assert len(series.items) == 1


async def test_a_refused_number_is_given_to_the_next(registers: Registers, units: Units) -> None:
    clerk = CLERKS["z02-05"]
    with pytest.raises(LienThongError):
        async with units.begin(clerk) as unit:
            await registers.allocate(unit, "z02-05", "bao-cao", TODAY, "", facts=OutgoingFacts())
            await registers.allocate(unit, "z02-05", "khong-co-loai-nay", TODAY, "", facts=OutgoingFacts())

    number = await registers.take_number(
        clerk, body_id="z02-05", type_code="bao-cao", on=TODAY, facts=OutgoingFacts()
    )
    assert number.number == 1
