"""Files of named statements: what they may say, and which mistakes they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.sql.statements import StatementError, load, load_all

BASE = """
-- Statements of a room that does not exist.

-- fragment: visible
d.body_id = :body_id

-- fragment: mine
{{visible}} AND d.author = :author

-- name: inbox
-- newest first
SELECT id FROM d
WHERE {{ mine }} AND kind IN {{list:kinds}};

-- name: count
SELECT count(*) AS n FROM d
"""


@pytest.fixture
def room(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "queries.sql").write_text(BASE, encoding="utf-8")
    return folder


def write(room: Path, name: str, text: str) -> Path:
    (room / name).write_text(text, encoding="utf-8")
    return room / name


def test_a_statement_is_named_after_its_room(room: Path) -> None:
    statements = load(room / "queries.sql", "sqlite")
    assert set(statements) == {"inbox", "count"} and len(statements) == 2
    assert statements["count"].name == "documents.count"
    assert statements["count"].text == "SELECT count(*) AS n FROM d"


def test_fragments_and_lists_are_filled_in_and_comments_left_out(room: Path) -> None:
    where = "WHERE d.body_id = :body_id AND d.author = :author AND kind IN "
    assert load(room / "queries.sql", "sqlite")["inbox"].text == (
        f"SELECT id FROM d\n{where}(SELECT value FROM json_each(:kinds))"
    )
    assert load(room / "queries.sql", "postgres")["inbox"].text == (
        f"SELECT id FROM d\n{where}(SELECT jsonb_array_elements_text(CAST(:kinds AS jsonb)))"
    )


def test_only_postgres_takes_the_override(room: Path) -> None:
    write(room, "queries.postgres.sql", "-- fragment: visible\nTRUE\n-- name: count\nSELECT 0 AS n")
    assert load(room / "queries.sql", "sqlite")["count"].text == "SELECT count(*) AS n FROM d"
    overridden = load(room / "queries.sql", "postgres")
    assert overridden["count"].text == "SELECT 0 AS n"
    assert "WHERE TRUE AND d.author" in overridden["inbox"].text


def test_several_files_are_one_set_and_share_fragments(room: Path) -> None:
    write(room, "queries_search.sql", "-- name: search\nSELECT id FROM d WHERE {{visible}}")
    write(room, "queries_search.postgres.sql", "-- name: search\nSELECT id FROM d_pg WHERE {{visible}}")
    assert set(load_all(room, "sqlite")) == {"inbox", "count", "search"}
    assert load_all(room, "postgres")["search"].text == "SELECT id FROM d_pg WHERE d.body_id = :body_id"


def test_fragments_may_be_given(room: Path) -> None:
    path = write(room, "other.sql", "-- name: one\nSELECT 1 AS n WHERE {{scope}}")
    assert load(path, "sqlite", {"scope": "1 = 1"})["one"].text == "SELECT 1 AS n WHERE 1 = 1"


def test_an_unknown_name_says_of_which_room(room: Path) -> None:
    with pytest.raises(KeyError, match=r"documents\.nothing"):
        load(room / "queries.sql", "sqlite")["nothing"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("-- name: a\nSELECT 1\n-- name: a\nSELECT 2", "taken"),
        ("-- fragment: a\nx\n-- fragment: a\ny", "taken"),
        ("-- name: a\nSELECT {{nothing}}", "no fragment nothing"),
        ("-- fragment: a\n{{b}}\n-- fragment: b\nx", "no fragment b"),
        ("-- name: a\nSELECT {{A b}}", "no fragment"),
        ("-- name: a\n\n-- name: b\nSELECT 1", "empty"),
        ("-- name: a(x)\nSELECT 1", "lower case"),
        ("-- name: Ab\nSELECT 1", "lower case"),
        ("SELECT 1", "before the first block"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(StatementError, match=says):
        load(write(tmp_path, "queries.sql", text), "sqlite")


@pytest.mark.parametrize("text", ["-- name: nothing\nSELECT 1", "-- fragment: nothing\nx"])
def test_an_override_of_nothing_is_refused(room: Path, text: str) -> None:
    write(room, "queries.postgres.sql", text)
    load(room / "queries.sql", "sqlite")
    with pytest.raises(StatementError, match="overrides nothing"):
        load(room / "queries.sql", "postgres")


def test_a_folder_without_queries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StatementError, match=r"no queries\.sql"):
        load_all(tmp_path, "sqlite")
