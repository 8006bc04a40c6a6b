"""Rows of the outbox and of leases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from server.kernel.clock import text
from storage.sql.protocol import Database, Params
from storage.sql.statements import load_all

Lane: TypeAlias = Literal["fast", "slow"]
"""Notices go by the fast lane; what takes seconds of processor time goes by the slow one."""


@dataclass(frozen=True)
class Message:
    """One outbox message under a lease."""

    id: str
    kind: str
    key: str
    payload: str
    attempts: int


@dataclass(frozen=True)
class _Owner:
    owner: str


@dataclass(frozen=True)
class _One:
    one: int


@dataclass(frozen=True)
class Depth:
    """How much waits; counts stop at 10,001."""

    waiting: int
    dead: int


class JobStore:
    """Leases, completes and buries messages."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self._owner = owner
        self._statements = load_all(Path(__file__).parent, database.engine)

    async def lease(
        self, now: datetime, until: datetime, limit: int, slow: Sequence[str], lane: Lane
    ) -> list[Message]:
        """Take up to ``limit`` due messages of a lane; until ``until`` no other worker takes them.

        ``slow`` names the kinds of the slow lane; the fast lane has all others.
        """
        wanted: Params = {
            "now": text(now),
            "slow": msgspec.json.encode(sorted(slow)).decode(),
            "lane": 1 if lane == "slow" else 0,
        }
        if not await self._database.fetch_one(self._statements["any_due"], wanted, _One):
            return []
        async with self._database.transaction() as tx:
            due = await tx.fetch(self._statements["due"], {**wanted, "limit": limit}, Message)
            await tx.execute_many(
                self._statements["lease"],
                [
                    {"id": message.id, "now": text(now), "until": text(until), "owner": self._owner}
                    for message in due
                ],
            )
        return due

    async def finish(
        self,
        done: list[str],
        again: list[tuple[str, datetime, str]],
        dead: list[tuple[str, str]],
        now: datetime,
    ) -> None:
        """Delete what was delivered, put back what failed (id, when, why), bury what failed too often."""
        async with self._database.transaction() as tx:
            await tx.execute_many(
                self._statements["bury"],
                [{"id": id_, "owner": self._owner, "error": error, "now": text(now)} for id_, error in dead],
            )
            await tx.execute_many(
                self._statements["done"],
                [{"id": id_, "owner": self._owner} for id_ in [*done, *(id_ for id_, _ in dead)]],
            )
            await tx.execute_many(
                self._statements["again"],
                [
                    {"id": id_, "owner": self._owner, "due_at": text(due), "error": error}
                    for id_, due, error in again
                ],
            )

    async def take_lease(self, name: str, now: datetime, until: datetime) -> bool:
        """Become (or stay) the one process that runs a schedule until ``until``."""
        async with self._database.transaction() as tx:
            touched = await tx.execute(
                self._statements["take_lease"],
                {"name": name, "owner": self._owner, "now": text(now), "until": text(until)},
            )
        return touched == 1

    async def release_lease(self, name: str) -> None:
        """Give a schedule back, so that another process need not wait."""
        async with self._database.transaction() as tx:
            await tx.execute(self._statements["release_lease"], {"name": name, "owner": self._owner})

    async def owners(self) -> list[str]:
        """Return every process that holds a message or a schedule."""
        return [row.owner for row in await self._database.fetch(self._statements["owners"], {}, _Owner)]

    async def release_all(self, owners: Sequence[str]) -> None:
        """Give back everything that these processes hold."""
        rows: list[Params] = [{"owner": owner} for owner in owners]
        async with self._database.transaction() as tx:
            await tx.execute_many(self._statements["release_messages"], rows)
            await tx.execute_many(self._statements["release_schedules"], rows)

    async def depth(self) -> Depth:
        """Count what waits and what was given up."""
        found = await self._database.fetch_one(self._statements["depth"], {}, Depth)
        return found or Depth(0, 0)
