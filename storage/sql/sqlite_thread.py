"""What runs on the thread of a SQLite connection.

Every await of a statement costs a hop to that thread and back, so a step carries all that is to be done
in one hop: what the unit before left over, BEGIN and SAVEPOINT, the statement, the typed rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, Final, Generic, TypeVar

import aiosqlite

from storage.sql.protocol import (
    DatabaseBusy,
    DatabaseUnavailable,
    ReferenceViolation,
    SqlError,
    Statement,
    UniqueViolation,
)

T = TypeVar("T")

STEP: Final = "-- step"
"""Text under which a step travels through aiosqlite, which knows statements only."""

_UNIQUE = frozenset({"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID"})
_REFERENCE = frozenset(
    {"SQLITE_CONSTRAINT_FOREIGNKEY", "SQLITE_CONSTRAINT_CHECK", "SQLITE_CONSTRAINT_NOTNULL"}
)
_BUSY = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_INTERRUPT"})
_UNAVAILABLE = frozenset(
    {
        "SQLITE_CANTOPEN",
        "SQLITE_CORRUPT",
        "SQLITE_FULL",
        "SQLITE_IOERR",
        "SQLITE_NOMEM",
        "SQLITE_NOTADB",
        "SQLITE_PERM",
        "SQLITE_READONLY",
    }
)
# What a parameter that cannot be bound raises before SQLite sees it.
BINDING_ERRORS: Final = (OverflowError, UnicodeEncodeError)


class Step(Generic[T]):
    """One piece of work for the thread, and its answer."""

    def __init__(self, work: Callable[[sqlite3.Connection], T]) -> None:
        self._work = work
        self.answers: list[T] = []

    def run(self, connection: sqlite3.Connection) -> None:
        """Do the work, on the thread."""
        self.answers.append(self._work(connection))


class SteppingConnection(sqlite3.Connection):
    """A connection that also takes a step where it takes a statement."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run a statement, or the step that comes as its only parameter."""
        if sql is STEP:
            step: Step[object] = parameters[0]
            step.run(self)
            return self.cursor()
        return super().execute(sql, parameters)


async def hop(connection: aiosqlite.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """Run ``work`` on the thread of the connection; steps run in the order in which they were given.

    A cancelled caller does not stop the step: it still runs, before every later one.
    """
    step = Step(work)
    await connection.execute_fetchall(STEP, [step])
    return step.answers[0]


class LostGroup(sqlite3.OperationalError):
    """SQLite has undone the whole transaction (disk full, I/O error): every unit in it is lost."""


class Writer:
    """The state of the writing transaction; used on its thread only."""

    def __init__(self) -> None:
        self._begun = False
        self._inside = False
        self._lost = False

    def enter(self, connection: sqlite3.Connection) -> None:
        """Open the transaction of the group and the savepoint of the unit, where they are not open yet."""
        if self._lost:
            raise LostGroup("the transaction was undone by an earlier failure")
        if not self._begun:
            connection.execute("BEGIN IMMEDIATE")
            self._begun = True
        if not self._inside:
            connection.execute("SAVEPOINT unit")
            self._inside = True

    def check(self, connection: sqlite3.Connection) -> None:
        """Call after a failure: notices when SQLite has undone more than the one statement."""
        if self._begun and not connection.in_transaction:
            self._lost = True

    def keep(self, connection: sqlite3.Connection) -> None:
        """Let the rows of the unit stay for the commit of the group."""
        if self._inside:
            self._inside = False
            self._run(connection, "RELEASE unit")

    def drop(self, connection: sqlite3.Connection) -> None:
        """Undo the unit and nothing else."""
        if self._inside:
            self._inside = False
            self._run(connection, "ROLLBACK TO unit")
            self._run(connection, "RELEASE unit")

    def _run(self, connection: sqlite3.Connection, sql: str) -> None:
        if self._lost:
            return
        try:
            connection.execute(sql)
        except sqlite3.Error:
            # Without its savepoints the group cannot be told apart any more: the commit will say no.
            self._lost = True

    def commit(self, connection: sqlite3.Connection) -> None:
        """Make the group durable; raises sqlite3.Error when nothing of it was kept."""
        begun, lost = self._begun, self._lost
        self._begun = self._inside = self._lost = False
        try:
            if lost:
                raise LostGroup("the transaction was undone by an earlier failure")
            if begun:
                connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def translated(error: Exception, statement: Statement | None = None) -> SqlError:
    """Return what the port calls this failure."""
    name = getattr(error, "sqlite_errorname", "") or ""
    where = f"{statement.name}: " if statement else ""
    if name in _UNIQUE:
        return UniqueViolation(str(error).partition("constraint failed: ")[2])
    if name in _REFERENCE:
        return ReferenceViolation(f"{where}{error}")
    family = "_".join(name.split("_")[:2])
    if family in _BUSY:
        return DatabaseBusy(f"{where}{error}")
    if isinstance(error, LostGroup) or family in _UNAVAILABLE:
        return DatabaseUnavailable(f"{where}{error}")
    return SqlError(f"{where}{error}")


def columns_of(cursor: sqlite3.Cursor) -> tuple[str, ...]:
    """Return the column names of a query; empty for a statement that answers no rows."""
    description: Iterable[tuple[Any, ...]] = cursor.description or ()
    return tuple([column[0] for column in description])
