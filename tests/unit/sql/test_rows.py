"""Row types: which kinds there are, and what is refused before a row is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
import pytest

from storage.sql.rows import Json, RowMismatch, convert


class Kind(StrEnum):
    LETTER = "CV"


class Recipient(msgspec.Struct, frozen=True):
    name: str
    copies: int


class Row(msgspec.Struct, frozen=True):
    kind: Kind
    day: date | None
    recipients: Annotated[tuple[Recipient, ...], Json]
    extra: Annotated[dict[str, int], Json] | None
    raw: str


@dataclass(frozen=True, slots=True)
class Small:
    n: int


COLUMNS = ("kind", "day", "recipients", "extra", "raw")


def test_a_struct_is_filled_and_json_inside_it_is_typed() -> None:
    values = ("CV", "2026-11-22", '[{"name":"Sở 1","copies":2}]', None, '{"stays":"text"}')
    assert convert("room.name", COLUMNS, [values], Row) == [
        Row(Kind.LETTER, date(2026, 11, 22), (Recipient("Sở 1", 2),), None, '{"stays":"text"}')
    ]


def test_the_order_of_columns_does_not_matter() -> None:
    reverse = tuple(reversed(COLUMNS))
    rows = convert("room.name", reverse, [("x", '{"a":1}', "[]", None, "CV")], Row)
    assert rows == [Row(Kind.LETTER, None, (), {"a": 1}, "x")]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(("QĐ", None, "[]", None, "x"), id="a word outside the enum"),
        pytest.param(("CV", "22/11/2026", "[]", None, "x"), id="a day in another form"),
        pytest.param(("CV", None, '[{"name":1,"copies":2}]', None, "x"), id="json of another shape"),
        pytest.param(("CV", None, "[", None, "x"), id="text that is no json"),
        pytest.param(("CV", None, None, None, "x"), id="nothing where json must be"),
        pytest.param((None, None, "[]", None, "x"), id="nothing where a value must be"),
        pytest.param(("CV", None, "[]", None, 7), id="a number for text"),
    ],
)
def test_a_value_that_does_not_fit_names_statement_and_type(values: tuple[object, ...]) -> None:
    with pytest.raises(RowMismatch, match=r"room\.name: Row"):
        convert("room.name", COLUMNS, [values], Row)


def test_a_column_twice_is_refused() -> None:
    with pytest.raises(RowMismatch, match=r"columns twice: \['n'\]"):
        convert("room.name", ("n", "n"), [(1, 2)], Small)


def test_a_type_that_has_no_fields_is_refused() -> None:
    with pytest.raises(RowMismatch, match="neither a dataclass nor"):
        convert("room.name", ("n",), [(1,)], int)
