"""Plain text of a draft to blocks: what a specialist can type into one box.

A blank line ends a paragraph; ``**words**`` are bold, ``__words__`` italic; lines that start with ``1. ``
make a numbered list; lines between ``|`` make a table, its first line the header. Everything else is
shown as it is. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from server.kernel.errors import Invalid
from server.render.model import Block, NumberedList, Paragraph, Run, Runs, Table

STYLED = re.compile(r"\*\*(?P<bold>.+?)\*\*|__(?P<italic>.+?)__")
NUMBERED = re.compile(r"(?P<number>\d{1,4})\. +(?P<text>.+)")
CENTRED = re.compile(r">(?P<text>.+)<")
CHARACTERS_MAX = 400_000
"""About 150 pages."""
COLUMNS_MAX = 20


def blocks_from_text(text: str) -> tuple[Block, ...]:
    """Return the blocks of a text. Raises Invalid ``render.text_too_long``, ``render.table_too_wide``."""
    if len(text) > CHARACTERS_MAX:
        raise Invalid("render.text_too_long", limit=CHARACTERS_MAX)
    composed = unicodedata.normalize("NFC", text)
    lines = ["".join(c if c.isprintable() else " " for c in line).strip() for line in composed.splitlines()]
    return tuple(block for group in _groups(lines) for block in _blocks(group))


def runs_from_text(text: str) -> Runs:
    """Return the runs of one line: bold between ``**``, italic between ``__``."""
    runs, at = list[Run](), 0
    for match in STYLED.finditer(text):
        if match.start() > at:
            runs.append(Run(text[at : match.start()]))
        bold = match["bold"] is not None
        runs.append(Run(match["bold"] if bold else match["italic"], bold=bold, italic=not bold))
        at = match.end()
    if at < len(text):
        runs.append(Run(text[at:]))
    return tuple(runs)


def _kind(line: str) -> str:
    if line.startswith("|") and line.endswith("|") and len(line) > 1:
        return "table"
    return "numbered" if NUMBERED.fullmatch(line) else "paragraph"


def _groups(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield runs of lines that belong together, with their kind."""
    kind, group = "", list[str]()
    for line in [*lines, ""]:
        here = _kind(line) if line else ""
        if group and here != kind:
            yield kind, group
            group = []
        kind = here
        if line:
            group.append(line)


def _blocks(group: tuple[str, list[str]]) -> list[Block]:
    kind, lines = group
    if kind == "table":
        return [_table(lines)]
    if kind == "numbered":
        return [_numbered(lines)]
    return [_paragraph(line) for line in lines]


def _paragraph(line: str) -> Paragraph:
    centred = CENTRED.fullmatch(line)
    if centred:
        return Paragraph(runs_from_text(centred["text"].strip()), indent=False, align="center")
    return Paragraph(runs_from_text(line))


def _numbered(lines: list[str]) -> NumberedList:
    matches = [match for line in lines if (match := NUMBERED.fullmatch(line))]
    return NumberedList(
        items=tuple(runs_from_text(match["text"]) for match in matches), start=int(matches[0]["number"])
    )


def _table(lines: list[str]) -> Table:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    width = max(len(row) for row in rows)
    if width > COLUMNS_MAX:
        raise Invalid("render.table_too_wide", limit=COLUMNS_MAX)
    cells = [tuple(runs_from_text(cell) for cell in row + [""] * (width - len(row))) for row in rows]
    longest = [max(len(row[n]) if n < len(row) else 0 for row in rows) for n in range(width)]
    return Table(
        widths=tuple(min(max(length, 3), 30) for length in longest), header=cells[0], rows=tuple(cells[1:])
    )
