"""Plain text to blocks: what a specialist types is shown, never obeyed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kernel.errors import Invalid
from server.render.model import NumberedList, Paragraph, Run, Table
from server.render.text import blocks_from_text, runs_from_text


def test_paragraphs_lists_and_tables_are_told_apart() -> None:
    blocks = blocks_from_text("Mở đầu.\n\n3. Một;\n4. Hai.\n\n| TT | Việc |\n| 1 | Họp |\nKết.")

    assert [type(block) for block in blocks] == [Paragraph, NumberedList, Table, Paragraph]
    numbered, table = blocks[1], blocks[2]
    assert isinstance(numbered, NumberedList)
    assert isinstance(table, Table)
    assert (numbered.start, len(numbered.items)) == (3, 2)
    assert table.header[1] == (Run("Việc"),)


def test_bold_and_italic_are_marked_in_the_line() -> None:
    assert runs_from_text("a **b** __c__ d") == (
        Run("a "),
        Run("b", bold=True),
        Run(" "),
        Run("c", italic=True),
        Run(" d"),
    )


def test_a_short_row_is_filled_up() -> None:
    (table,) = blocks_from_text("|a|b|c|\n|1|")

    assert isinstance(table, Table)
    assert [len(row) for row in table.rows] == [3]


@given(st.text(max_size=300))
def test_any_text_becomes_blocks(text: str) -> None:
    for block in blocks_from_text(text):
        assert isinstance(block, Paragraph | NumberedList | Table)


@pytest.mark.parametrize("text", ["a" * 400_001, "|" + "a|" * 21])
def test_what_cannot_be_set_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        blocks_from_text(text)
