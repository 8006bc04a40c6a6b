"""Statements and row types of the contract suite: a register of books and their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from storage.sql.protocol import Database, Statement, Transaction
from storage.sql.rows import Json


class Tag(StrEnum):
    """A word of a closed list, as columns keep it."""

    PARTY = "party"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Book:
    """A whole row."""

    id: str
    title: str
    next: int
    closed: bool
    opened_at: datetime | None
    tags: Annotated[list[Tag], Json]
    seal: bytes | None


@dataclass(frozen=True, slots=True)
class Next:
    """The next number of a book."""

    next: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number taken."""

    number: int


def sql(text: str) -> Statement:
    """Name a statement of this suite."""
    return Statement("contract.statement", text)


BOOK: Final = sql("SELECT id, title, next, closed, opened_at, tags, seal FROM books WHERE id = :id")
BOOKS: Final = sql("SELECT id, title, next, closed, opened_at, tags, seal FROM books ORDER BY id")
ADD_BOOK: Final = sql("INSERT INTO books (id, title, next) VALUES (:id, :title, :next)")
SET_NEXT: Final = sql("UPDATE books SET next = :next WHERE id = :id")
COUNT_ON: Final = sql("UPDATE books SET next = next + 1 WHERE id = 'b1'")
NEXT: Final = sql("SELECT next FROM books WHERE id = 'b1'")
TAKE: Final = sql("INSERT INTO numbers (book_id, number) VALUES ('b1', :number)")
NUMBERS: Final = sql("SELECT number FROM numbers WHERE book_id = 'b1' ORDER BY number")


async def next_number(database: Database) -> int:
    """Return the next number of the one book."""
    row = await database.fetch_one(NEXT, {}, Next)
    assert row is not None
    return row.next


async def numbers(reader: Database | Transaction) -> list[int]:
    """Return the numbers taken."""
    return [row.number for row in await reader.fetch(NUMBERS, {}, Number)]
