"""The unit of work: rows, audit entries and outbox messages commit together or not at all.

Every write of every room goes through ``Units.begin``. A unit that wrote rows and recorded no audit
entry is a fault in the program and is undone. With an Idempotency-Key, the answer is kept in the same
commit, so a retry gets the same bytes for ever (contracts: HTTP).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from server.kernel.actor import Actor, Once
from server.kernel.clock import Clock, text
from server.kernel.errors import Conflict, Unavailable
from server.kernel.ids import make_id
from server.kernel.record import Entry, Subject, canonical, leaf_hash, value_digest
from storage.sql.protocol import (
    Database,
    DatabaseBusy,
    DatabaseUnavailable,
    Params,
    Statement,
    Transaction,
    UniqueViolation,
    Write,
)
from storage.sql.statements import load

T = TypeVar("T")
BUSY_ATTEMPTS = 5


class Replayed(Exception):
    """This request was answered before; ``answer`` is the stored body, byte for byte."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("replayed")
        self.answer = answer


class UnrecordedWrite(AssertionError):
    """A unit wrote rows and left no audit entry: a fault in the program."""


@dataclass(frozen=True)
class _Stored:
    body_digest: str
    answer: bytes


class IdSource:
    """Makes ids that grow within this process, also within one millisecond, so that order is kept."""

    def __init__(self) -> None:
        self._instant = 0
        self._random = 0

    def make(self, now: datetime) -> str:
        """Return the next id; never lower than one made before, even if the clock steps back."""
        instant = max(int(now.timestamp() * 1000), self._instant)
        if instant == self._instant:
            self._random += 1 + secrets.randbits(32)
        else:
            self._instant, self._random = instant, secrets.randbits(79)
        return make_id(self._instant, self._random)


class Unit:
    """One open unit of work. Rows are written through it; leaving the block commits."""

    def __init__(
        self,
        transaction: Transaction,
        actor: Actor,
        now: datetime,
        statements: Mapping[str, Statement],
        ids: IdSource,
    ) -> None:
        self._ids = ids
        self._tx = transaction
        self._statements = statements
        self._entries: list[Entry] = []
        self._messages: list[Params] = []
        self._answer: bytes | None = None
        self._wrote = False
        self._later: list[Write] = []
        self.actor = actor
        self.now = now

    def new_id(self) -> str:
        """Return a fresh id, sorted by the unit's time."""
        return self._ids.make(self.now)

    async def fetch(self, statement: Statement, params: Params, into: type[T]) -> list[T]:
        """Read rows inside the unit (its own writes are seen)."""
        await self._flush()
        return await self._tx.fetch(statement, params, into)

    async def fetch_one(self, statement: Statement, params: Params, into: type[T]) -> T | None:
        """Read the first row inside the unit, or None."""
        await self._flush()
        return await self._tx.fetch_one(statement, params, into)

    async def execute(self, statement: Statement, params: Params) -> int:
        """Write; return how many rows it touched."""
        await self._flush()
        touched = await self._tx.execute(statement, params)
        self._wrote = self._wrote or touched > 0
        return touched

    async def execute_many(self, statement: Statement, rows: Sequence[Params]) -> None:
        """Write once for each of ``rows`` in one step."""
        if rows:
            self._wrote = True
            await self._flush()
            await self._tx.execute_many(statement, rows)

    def later(self, statement: Statement, rows: Sequence[Params]) -> None:
        """Write once for each of ``rows``, together with what else the unit writes last.

        For rows on whose outcome nothing in the unit depends: all of them go in one step, in the order of the
        calls, before the unit's next read or write or at its end. What the database refuses is raised there.
        """
        if rows:
            self._wrote = True
            self._later.append((statement, rows))

    def record(
        self,
        action: str,
        subject: Subject,
        *,
        old: object = None,
        new: object = None,
        detail: Mapping[str, str | int] | None = None,
    ) -> None:
        """Leave an audit entry: ``action`` (``room.verb``) on ``subject``.

        ``old`` and ``new`` are values (dataclasses, mappings, None); only their digests are kept.
        ``detail`` holds what an inspector reads: codes, numbers, states, ids. Never contents or secrets.
        """
        actor = self.actor
        entry = Entry(
            id=self.new_id(),
            at=text(self.now),
            account_id=actor.account_id,
            account_name=actor.name,
            post_id=actor.post_id,
            body_id=actor.body_id,
            on_behalf=actor.on_behalf,
            channel=actor.request.channel.value,
            address=actor.request.address,
            request_id=actor.request.request_id,
            action=action,
            subject_kind=subject.kind,
            subject_id=subject.id,
            subject_body=subject.body_id,
            old_digest=value_digest(old),
            new_digest=value_digest(new),
            detail=canonical(dict(detail or {})).decode(),
        )
        self._entries.append(entry)

    def publish(self, kind: str, payload: object, *, key: str = "", due_at: datetime | None = None) -> None:
        """Put a message into the outbox, delivered after the commit, at least once.

        ``kind`` names the subscriber (``room.event``); a non-empty ``key`` makes a pending message of the
        same kind and key one (a second is dropped); ``payload`` is encoded as JSON.
        """
        self._messages.append(
            {
                "id": self.new_id(),
                "kind": kind,
                "key": key,
                "payload": msgspec.json.encode(payload).decode(),
                "due_at": text(due_at or self.now),
                "created_at": text(self.now),
            }
        )

    @property
    def has_messages(self) -> bool:
        """Tell whether something waits in the outbox because of this unit."""
        return bool(self._messages)

    def answer(self, result: T) -> T:
        """Name the answer of this request; kept for ever if the request carries an Idempotency-Key."""
        self._answer = msgspec.json.encode(result)
        return result

    async def close(self) -> None:
        """Write what was recorded; called once, just before the commit."""
        if self._wrote and not self._entries:
            raise UnrecordedWrite("a unit wrote rows without an audit entry")
        writes, self._later = self._later, []
        if self._entries:
            rows: list[Params] = []
            for entry in self._entries:
                salt = secrets.token_bytes(16)
                row = msgspec.structs.asdict(entry)
                rows.append({**row, "salt": salt, "leaf_hash": leaf_hash(entry, salt)})
            writes.append((self._statements["insert_audit_entry"], rows))
            pending: list[Params] = [{"entry_id": row["id"]} for row in rows]
            writes.append((self._statements["insert_audit_pending"], pending))
        if self._messages:
            writes.append((self._statements["insert_outbox"], self._messages))
        once = self.actor.request.once
        if once is not None and self._answer is not None:
            answered: Params = {
                "account_id": self.actor.account_id,
                "route": once.route,
                "key": once.key,
                "body_digest": once.body_digest,
                "answer": self._answer,
                "created_at": text(self.now),
            }
            writes.append((self._statements["insert_idempotency"], [answered]))
        await self._tx.execute_all(writes)

    async def _flush(self) -> None:
        """Write what was put off: a read must see it, and order is kept."""
        if self._later:
            writes, self._later = self._later, []
            await self._tx.execute_all(writes)


class Units:
    """Opens units of work on one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._ids = IdSource()
        self._published: list[Callable[[], None]] = []
        self._statements = load(Path(__file__).with_name("unit.sql"), database.engine)

    @property
    def reader(self) -> Database:
        """The database, for reads outside a unit."""
        return self._database

    def now(self) -> datetime:
        """Return the present instant."""
        return self._clock.now()

    def after_publish(self, call: Callable[[], None]) -> None:
        """Have ``call()`` made after each commit that put messages into the outbox."""
        self._published.append(call)

    @asynccontextmanager
    async def begin(self, actor: Actor) -> AsyncIterator[Unit]:
        """Open a unit for ``actor``.

        Raises Replayed (same Idempotency-Key and body as an answered request), Conflict
        ``unit.key_reused`` (same key, another body), Unavailable ``unit.database``.
        """
        once = actor.request.once
        try:
            async with self._database.transaction() as transaction:
                if once is not None:
                    await self._replay(transaction, actor, once)
                unit = Unit(transaction, actor, self._clock.now(), self._statements, self._ids)
                yield unit
                await unit.close()
            if unit.has_messages:
                for call in self._published:
                    call()
        except UniqueViolation as error:
            if once is not None and "idempotency" in error.constraint:
                await self._replay(self._database, actor, once)
            raise
        except DatabaseBusy as error:
            raise Unavailable("unit.busy") from error
        except DatabaseUnavailable as error:
            raise Unavailable("unit.database") from error

    async def _replay(self, reader: Transaction | Database, actor: Actor, once: Once) -> None:
        stored = await reader.fetch_one(
            self._statements["find_idempotency"],
            {"account_id": actor.account_id, "route": once.route, "key": once.key},
            _Stored,
        )
        if stored is None:
            return
        if stored.body_digest != once.body_digest:
            raise Conflict("unit.key_reused", field="header:idempotency-key")
        raise Replayed(stored.answer)


def digest_of(data: bytes) -> str:
    """Return ``sha256:`` + hex of bytes that are small enough to hash here."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
