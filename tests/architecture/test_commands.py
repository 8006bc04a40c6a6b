"""Every command has its page, and the page says what the code does."""

from __future__ import annotations

from tests.architecture.commands import FOLDER, commands, pages, texts


def test_the_pages_of_commands_are_those_of_the_code() -> None:
    present = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert present == pages(), "run: make docs"


def test_every_error_that_a_route_names_has_its_text() -> None:
    words = texts()
    assert not {code for route in commands() for code in route.errors if not words.get(code, {}).get("vi")}


def test_every_route_says_in_one_line_what_it_does() -> None:
    assert not [route.name for route in commands() if not route.summary or route.summary.endswith(".")]
