"""Units of rows: all or nothing, seen by themselves first, durable when left."""

from __future__ import annotations

import asyncio

import pytest

from storage.sql.open import MEMORY, open_database
from storage.sql.protocol import (
    Database,
    DatabaseUnavailable,
    ReferenceViolation,
    SqlError,
    UniqueViolation,
)
from tests.contracts.sql.words import (
    ADD_BOOK,
    COUNT_ON,
    NUMBERS,
    SET_NEXT,
    TAKE,
    Number,
    next_number,
    numbers,
    sql,
)


class Broken(Exception):
    """Raised by a test inside a unit."""


async def test_a_unit_reads_its_own_writes_and_nobody_else_does(db: Database, engine_url: str) -> None:
    async with db.transaction() as unit:
        await unit.execute(TAKE, {"number": 1})
        assert await numbers(unit) == [1]
        if engine_url != MEMORY:  # a memory database is one connection: a reader waits for the unit
            assert await numbers(db) == []
    assert await numbers(db) == [1]


async def test_an_exception_undoes_the_unit(db: Database) -> None:
    with pytest.raises(Broken):
        async with db.transaction() as unit:
            await unit.execute(TAKE, {"number": 1})
            raise Broken
    assert await numbers(db) == []


async def test_a_unit_without_statements_is_nothing(db: Database) -> None:
    async with db.transaction():
        pass
    with pytest.raises(Broken):
        async with db.transaction():
            raise Broken
    assert await numbers(db) == []


async def test_a_failing_unit_undoes_no_other_that_runs_beside_it(db: Database) -> None:
    async def take(number: int) -> None:
        async with db.transaction() as unit:
            await unit.execute(TAKE, {"number": number})
            await asyncio.sleep(0)
            if number % 3 == 0:
                raise Broken

    results = await asyncio.gather(*[take(number) for number in range(60)], return_exceptions=True)
    assert [number for number in range(60) if results[number] is None] == await numbers(db)
    assert sum(isinstance(result, Broken) for result in results) == 20


async def test_200_units_at_once_lose_no_increment(db: Database) -> None:
    async def count_on() -> None:
        async with db.transaction() as unit:
            await unit.execute(COUNT_ON, {})

    await asyncio.gather(*[count_on() for _ in range(200)])
    assert await next_number(db) == 201


async def test_what_was_left_is_there_after_opening_again(db: Database, engine_url: str) -> None:
    if engine_url == MEMORY:
        return  # lives as long as it is open: that is its contract
    async with db.transaction() as unit:
        await unit.execute(TAKE, {"number": 41})
    await db.close()
    again = await open_database(engine_url)
    assert await numbers(again) == [41]
    await again.close()


async def test_a_committed_unit_is_seen_by_the_very_next_read(db: Database) -> None:
    for number in range(30):
        async with db.transaction() as unit:
            await unit.execute(TAKE, {"number": number})
        assert len(await numbers(db)) == number + 1


async def test_a_taken_key_is_a_unique_violation(db: Database) -> None:
    with pytest.raises(UniqueViolation) as caught:
        async with db.transaction() as unit:
            await unit.execute(ADD_BOOK, {"id": "b1", "title": "other", "next": 1})
    assert caught.value.constraint == ("books_pkey" if db.engine == "postgres" else "books.id")


async def test_a_taken_unique_column_is_a_unique_violation(db: Database) -> None:
    with pytest.raises(UniqueViolation) as caught:
        async with db.transaction() as unit:
            await unit.execute(ADD_BOOK, {"id": "b2", "title": "Công văn đi", "next": 1})
    assert caught.value.constraint == ("books_title_key" if db.engine == "postgres" else "books.title")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("INSERT INTO numbers (book_id, number) VALUES ('none', 1)", id="foreign key"),
        pytest.param("UPDATE books SET next = 0", id="check"),
        pytest.param("UPDATE books SET title = NULL", id="not null"),
    ],
)
async def test_a_broken_rule_of_the_schema_is_a_reference_violation(db: Database, text: str) -> None:
    with pytest.raises(ReferenceViolation):
        async with db.transaction() as unit:
            await unit.execute(sql(text), {})


async def test_a_failed_statement_dooms_its_unit_even_when_caught(db: Database) -> None:
    with pytest.raises(UniqueViolation):
        async with db.transaction() as unit:
            await unit.execute(TAKE, {"number": 5})
            with pytest.raises(UniqueViolation):
                await unit.execute(TAKE, {"number": 5})
            with pytest.raises(SqlError, match="earlier statement"):
                await unit.execute(TAKE, {"number": 6})
    assert await numbers(db) == []


@pytest.mark.parametrize("text", ["SELEC 1", "SELECT number FROM nowhere", "SELECT nothing FROM books"])
async def test_wrong_sql_is_an_error_that_names_the_statement(db: Database, text: str) -> None:
    with pytest.raises(SqlError, match=r"contract\.statement"):
        await db.fetch(sql(text), {}, Number)


async def test_a_missing_parameter_is_an_error(db: Database) -> None:
    with pytest.raises(SqlError):
        async with db.transaction() as unit:
            await unit.execute(TAKE, {})


async def test_execute_says_how_many_rows_it_touched(db: Database) -> None:
    async with db.transaction() as unit:
        assert await unit.execute(SET_NEXT, {"id": "b1", "next": 9}) == 1
        assert await unit.execute(SET_NEXT, {"id": "none", "next": 9}) == 0


async def test_execute_many_writes_every_row_or_none(db: Database) -> None:
    async with db.transaction() as unit:
        await unit.execute_many(TAKE, [{"number": number} for number in range(1, 501)])
        await unit.execute_many(TAKE, [])
    with pytest.raises(UniqueViolation):
        async with db.transaction() as unit:
            await unit.execute_many(TAKE, [{"number": number} for number in (501, 502, 1)])
    assert await numbers(db) == list(range(1, 501))


async def test_a_unit_inside_a_unit_of_the_same_task_is_refused(db: Database) -> None:
    async with db.transaction() as unit:
        with pytest.raises(RuntimeError, match="open in this task"):
            async with db.transaction():
                pass
        await unit.execute(TAKE, {"number": 1})
    assert await numbers(db) == [1]


async def test_a_unit_cannot_be_used_after_it_was_left(db: Database) -> None:
    async with db.transaction() as unit:
        pass
    with pytest.raises(RuntimeError, match="over"):
        await unit.execute(TAKE, {"number": 1})
    with pytest.raises(RuntimeError, match="over"):
        await unit.fetch(NUMBERS, {}, Number)


async def test_a_closed_database_is_unavailable(db: Database) -> None:
    await db.close()
    await db.close()
    with pytest.raises(DatabaseUnavailable):
        await numbers(db)
    with pytest.raises(DatabaseUnavailable):
        async with db.transaction():
            pass


async def test_closing_waits_for_units_under_way(db: Database, engine_url: str) -> None:
    entered = asyncio.Event()

    async def slow() -> None:
        async with db.transaction() as unit:
            entered.set()
            await unit.execute(TAKE, {"number": 1})
            await asyncio.sleep(0.05)
            await unit.execute(TAKE, {"number": 2})

    task = asyncio.create_task(slow())
    await entered.wait()
    await db.close()
    await task
    if engine_url != MEMORY:
        again = await open_database(engine_url)
        assert await numbers(again) == [1, 2]
        await again.close()


async def test_many_readers_and_writers_at_once(db: Database) -> None:
    async def write(number: int) -> None:
        async with db.transaction() as unit:
            await unit.execute(TAKE, {"number": number})

    async def read() -> int:
        return len(await numbers(db))

    work = [write(number) if number % 2 else read() for number in range(120)]
    await asyncio.gather(*work)
    assert len(await numbers(db)) == 60
