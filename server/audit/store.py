"""Rows of the record, read in the order of the tree."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server.audit.model import ADMINISTRATION, AuditRow
from server.kernel.record import Entry, canonical, leaf_hash
from storage.sql.protocol import Database, Params
from storage.sql.statements import load_all


@dataclass(frozen=True)
class Pending:
    """An entry that has no place yet."""

    entry_id: str
    leaf_hash: bytes


@dataclass(frozen=True)
class Placed:
    """A leaf hash at its place, as the row has it."""

    position: int
    leaf_hash: bytes


@dataclass(frozen=True)
class Leaf:
    """A whole entry at its place."""

    position: int
    entry_id: str
    salt: bytes
    leaf_hash: bytes
    id: str
    at: str
    account_id: str
    account_name: str
    post_id: str
    body_id: str
    on_behalf: str
    channel: str
    address: str
    request_id: str
    action: str
    subject_kind: str
    subject_id: str
    subject_body: str
    old_digest: str
    new_digest: str
    detail: str

    @property
    def entry(self) -> Entry:
        """The entry as it was hashed."""
        return Entry(**{name: getattr(self, name) for name in Entry.__struct_fields__})

    def computed(self) -> bytes:
        """Return the leaf hash that this row gives now."""
        return leaf_hash(self.entry, self.salt)


@dataclass(frozen=True)
class _Size:
    size: int


@dataclass(frozen=True)
class _Id:
    id: str


@dataclass(frozen=True)
class _Position:
    position: int


_KINDS: Params = {"administration": canonical(list(ADMINISTRATION)).decode()}


class AuditStore:
    """Reads entries, gives them their places."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._statements = load_all(Path(__file__).parent, database.engine)

    async def pending(self, limit: int) -> list[Pending]:
        """Return entries without a place, oldest first."""
        return await self._database.fetch(self._statements["pending"], {"limit": limit}, Pending)

    async def size(self) -> int:
        """Return how many entries have a place."""
        found = await self._database.fetch_one(self._statements["count_leaves"], {}, _Size)
        return found.size if found else 0

    async def hashes(self, start: int, limit: int) -> list[Placed]:
        """Return the leaf hashes that the rows claim, from a place on."""
        return await self._database.fetch(
            self._statements["leaf_hashes"], {"start": start, "limit": limit}, Placed
        )

    async def leaves(self, start: int, limit: int) -> list[Leaf]:
        """Return whole entries from a place on."""
        return await self._database.fetch(self._statements["leaves"], {"start": start, "limit": limit}, Leaf)

    async def orphans(self, limit: int) -> list[str]:
        """Return ids of entries that neither have a place nor wait for one."""
        found = await self._database.fetch(self._statements["orphans"], {"limit": limit}, _Id)
        return [row.id for row in found]

    async def position(self, entry_id: str) -> int | None:
        """Return the place of an entry; None = unknown or not placed yet."""
        found = await self._database.fetch_one(
            self._statements["position_of"], {"entry_id": entry_id}, _Position
        )
        return found.position if found else None

    async def entries(self, scope: Params, filters: Params, before: str, limit: int) -> list[AuditRow]:
        """Return entries that the scope lets through, newest first."""
        params = {**scope, **filters, **_KINDS, "before": before, "limit": limit}
        return await self._database.fetch(self._statements["entries"], params, AuditRow)

    async def visible(self, scope: Params, entry_id: str) -> bool:
        """Tell whether the scope lets an entry through."""
        params = {**scope, **_KINDS, "entry_id": entry_id}
        return await self._database.fetch_one(self._statements["visible"], params, _Id) is not None
