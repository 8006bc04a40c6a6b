"""Named statements kept in ``queries.sql`` beside their room.

A file is a row of blocks::

    -- fragment: visible
    d.body_id = :body_id

    -- name: inbox
    SELECT d.id FROM documents d WHERE {{visible}} AND d.kind IN {{list:kinds}}

``{{visible}}`` puts a fragment in. ``{{list:kinds}}`` reads the parameter ``:kinds`` as a JSON array of
text, in brackets, on either engine. On PostgreSQL a sibling ``queries.postgres.sql`` replaces statements
and fragments of the same name. Lines that start with ``--`` are comments and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from storage.sql.protocol import Statement

Engine = Literal["sqlite", "postgres"]

MARKER = re.compile(r"^--\s*(name|fragment):\s*(\S.*?)\s*$")
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
PLACE = re.compile(r"\{\{\s*(?:(list):)?\s*([a-z][a-z0-9_]*)\s*\}\}")
LIST: Final[Mapping[Engine, str]] = {
    "sqlite": "(SELECT value FROM json_each(:{name}))",
    "postgres": "(SELECT jsonb_array_elements_text(CAST(:{name} AS jsonb)))",
}


class StatementError(Exception):
    """A ``queries.sql`` is wrong: says file, block and what."""


class Statements(Mapping[str, Statement]):
    """The statements of one room, by name."""

    def __init__(self, room: str, statements: Mapping[str, Statement]) -> None:
        self.room = room
        self._statements = statements

    def __getitem__(self, name: str) -> Statement:
        """Return one statement; raises KeyError that names the room."""
        try:
            return self._statements[name]
        except KeyError:
            raise KeyError(f"{self.room}.{name} is not in the queries of {self.room}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._statements)

    def __len__(self) -> int:
        return len(self._statements)


@dataclass(slots=True)
class _Blocks:
    """Raw text of the blocks of one or more files."""

    statements: dict[str, str] = field(default_factory=dict)
    fragments: dict[str, str] = field(default_factory=dict)

    def of(self, kind: str) -> dict[str, str]:
        return self.statements if kind == "name" else self.fragments


def load(path: Path, engine: Engine, fragments: Mapping[str, str] | None = None) -> Statements:
    """Load one file and, on PostgreSQL, its ``<stem>.postgres.sql``. Raises StatementError, OSError.

    ``fragments`` are known to the file without being written in it.
    """
    return _build(path.parent.name, [path], engine, fragments or {})


def load_all(folder: Path, engine: Engine, fragments: Mapping[str, str] | None = None) -> Statements:
    """Load ``queries.sql`` and every ``queries_*.sql`` of a folder as one set; fragments are shared."""
    files = [folder / "queries.sql", *sorted(folder.glob("queries_*.sql"))]
    base = [path for path in files if path.is_file() and not path.name.endswith(".postgres.sql")]
    if not base:
        raise StatementError(f"{folder}: no queries.sql")
    return _build(folder.name, base, engine, fragments or {})


def _build(room: str, files: list[Path], engine: Engine, given: Mapping[str, str]) -> Statements:
    blocks = _Blocks(fragments=dict(given))
    for path in files:
        _read(path, blocks, overriding=False)
    if engine == "postgres":
        for path in files:
            override = path.with_name(f"{path.stem}.postgres.sql")
            if override.is_file():
                _read(override, blocks, overriding=True)
    fragments: dict[str, str] = {}
    for name, text in blocks.fragments.items():
        fragments[name] = _fill(text, fragments, engine, f"{room}: fragment {name}")
    return Statements(
        room,
        {
            name: Statement(f"{room}.{name}", _fill(text, fragments, engine, f"{room}.{name}"))
            for name, text in blocks.statements.items()
        },
    )


def _read(path: Path, blocks: _Blocks, *, overriding: bool) -> None:
    """Add the blocks of a file; an override may only replace, and each name once."""
    seen: set[tuple[str, str]] = set()
    for kind, name, text in _split(path):
        where = f"{path}: {kind} {name}"
        if not IDENTIFIER.fullmatch(name):
            raise StatementError(f"{where}: a name is lower case letters, digits and _")
        if not text:
            raise StatementError(f"{where}: the block is empty")
        known = blocks.of(kind)
        if (kind, name) in seen or (not overriding and name in known):
            raise StatementError(f"{where}: the name is taken")
        if overriding and name not in known:
            raise StatementError(f"{where}: overrides nothing")
        seen.add((kind, name))
        known[name] = text


def _split(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and text of each block in order."""
    kind, name, lines = "", "", list[str]()
    for line in path.read_text(encoding="utf-8").splitlines():
        marker = MARKER.match(line)
        if marker:
            if kind:
                yield kind, name, _text(lines)
            kind, name, lines = marker[1], marker[2], []
        elif not line.lstrip().startswith("--"):
            if not kind and line.strip():
                raise StatementError(f"{path}: text before the first block: {line.strip()}")
            lines.append(line)
    if kind:
        yield kind, name, _text(lines)


def _text(lines: list[str]) -> str:
    return "\n".join(lines).strip().removesuffix(";").rstrip()


def _fill(text: str, fragments: Mapping[str, str], engine: Engine, where: str) -> str:
    """Put fragments and lists in; a fragment must be known before it is used."""

    def replace(place: re.Match[str]) -> str:
        if place[1]:
            return LIST[engine].format(name=place[2])
        if place[2] not in fragments:
            raise StatementError(f"{where}: no fragment {place[2]} before this block")
        return fragments[place[2]]

    filled = PLACE.sub(replace, text)
    if "{{" in filled:
        raise StatementError(f"{where}: {{{{ that is no fragment")
    return filled
