"""Words in which migrations are written, so that one text makes the same tables on both engines.

SQLite tables are STRICT: a column refuses a value of another type, as PostgreSQL does. Text compares
by bytes on both engines (collation C on PostgreSQL), so a keyset cursor means the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

TEXT: TypeEngine[str] = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text in UTF-8; instants as fixed-width RFC 3339, JSON as canonical text."""
INTEGER: TypeEngine[int] = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
"""64 bits, signed, on both engines; flags are 0 or 1."""
BLOB: TypeEngine[bytes] = sa.LargeBinary()
"""Bytes: BLOB on SQLite, BYTEA on PostgreSQL."""

T = TypeVar("T", str, int, bytes)


def column(
    name: str,
    kind: TypeEngine[T],
    *,
    primary_key: bool = False,
    nullable: bool = False,
    unique: bool = False,
    default: str | int | None = None,
    references: str | None = None,
) -> sa.Column[T]:
    """Return a column, NOT NULL unless said otherwise.

    ``default`` is the value the database fills in; ``references`` is ``table.column`` of a foreign key.
    """
    constraints = [sa.ForeignKey(references)] if references else []
    return sa.Column(
        name,
        kind,
        *constraints,
        primary_key=primary_key,
        nullable=nullable,
        unique=unique or None,
        autoincrement=False,
        server_default=None if default is None else sa.text(_literal(default)),
    )


def _literal(value: str | int | None) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def table(name: str, *parts: sa.schema.SchemaItem) -> None:
    """Create a table out of columns and constraints (``sa.PrimaryKeyConstraint``, ``sa.CheckConstraint``)."""
    op.create_table(name, *parts, sqlite_strict=True)


def index(
    name: str, on: str, columns: Sequence[str], *, unique: bool = False, where: str | None = None
) -> None:
    """Create an index; ``where`` makes it partial. A column may be written ``"at DESC"``."""
    condition = None if where is None else sa.text(where)
    op.create_index(
        name,
        on,
        [sa.text(item) if " " in item or "(" in item else item for item in columns],
        unique=unique,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def engine() -> str:
    """Return ``sqlite`` or ``postgresql``: for the few steps that differ."""
    return op.get_bind().dialect.name
