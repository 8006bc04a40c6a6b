"""``:name`` becomes ``$n`` where it is a parameter, and nowhere else."""

from __future__ import annotations

import pytest

from storage.sql.postgres_text import arguments, numbered
from storage.sql.protocol import SqlError, Statement


@pytest.mark.parametrize(
    ("text", "expected", "names"),
    [
        ("SELECT 1", "SELECT 1", ()),
        ("WHERE a = :a AND b = :b OR a > :a", "WHERE a = $1 AND b = $2 OR a > $1", ("a", "b")),
        ("SELECT :a::text, x::bigint", "SELECT $1::text, x::bigint", ("a",)),
        ("SELECT ':a', :a", "SELECT ':a', $1", ("a",)),
        ("SELECT 'it''s :a', :b", "SELECT 'it''s :a', $1", ("b",)),
        ("SELECT E'\\':a', :b", "SELECT E'\\':a', $1", ("b",)),
        ('SELECT ":a" FROM t WHERE c = :c', 'SELECT ":a" FROM t WHERE c = $1', ("c",)),
        ("SELECT :a -- not :b\n, :c", "SELECT $1 -- not :b\n, $2", ("a", "c")),
        ("SELECT /* :a\n:b */ :c", "SELECT /* :a\n:b */ $1", ("c",)),
        ("SELECT $$ :a $$, $x$ :b $x$, :c", "SELECT $$ :a $$, $x$ :b $x$, $1", ("c",)),
        ("SELECT array[1:2], :a", "SELECT array[1:2], $1", ("a",)),
        ("LIMIT :limit", "LIMIT $1", ("limit",)),
        ("(:a,:b)", "($1,$2)", ("a", "b")),
    ],
)
def test_only_parameters_are_numbered(text: str, expected: str, names: tuple[str, ...]) -> None:
    assert numbered(text) == (expected, names)


def test_values_come_in_the_order_of_their_numbers() -> None:
    statement = Statement("room.name", "SELECT :b, :a")
    assert arguments(statement, numbered(statement.text)[1], {"a": 1, "b": "x", "c": None}) == ["x", 1]


def test_a_missing_value_is_named() -> None:
    with pytest.raises(SqlError, match=r"room\.name: no value for :a"):
        arguments(Statement("room.name", "SELECT :a"), ("a",), {})
