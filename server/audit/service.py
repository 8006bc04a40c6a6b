"""What others ask of the record: place, verify, prove, read."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from server.audit.model import AuditRow, Proof, VerifyReport
from server.audit.sequencer import Sequencer
from server.audit.store import AuditStore
from server.audit.verify import verify_record
from server.kernel.actor import Actor, Role
from server.kernel.errors import NotFound, Unavailable
from server.kernel.page import Page, PageRequest
from storage.ledger.checkpoint import Checkpoint, split
from storage.ledger.log import LedgerDamaged, read_heads, read_leaves
from storage.ledger.merkle import inclusion_proof
from storage.sql.protocol import Database, Params

LAST = "~"
"""Sorts after every id."""


class Audit:
    """The room's public face."""

    def __init__(self, database: Database, folder: Path, *, origin: str, batch: int) -> None:
        self._store = AuditStore(database)
        self._folder = folder
        self.sequencer = Sequencer(database, folder, origin, batch)

    async def verify(self) -> VerifyReport:
        """Check every entry against the log outside the database."""
        return await verify_record(self._store, self._folder)

    async def checkpoint(self) -> str:
        """Return the newest signed head. Raises NotFound ``audit.no_head``."""
        return await asyncio.to_thread(self._last_head)

    async def prove(self, entry_id: str) -> Proof:
        """Prove that an entry is in the log.

        Raises NotFound ``audit.entry_unknown``, ``audit.not_placed``.
        """
        position = await self._store.position(entry_id)
        rows = await self._store.leaves(position, 1) if position is not None else []
        if position is None or not rows:
            raise NotFound("audit.entry_unknown", entry=entry_id)
        row = rows[0]
        head, path = await asyncio.to_thread(self._path, position)
        return Proof(
            entry_id=entry_id,
            position=position,
            leaf_hash=row.leaf_hash.hex(),
            salt=row.salt.hex(),
            entry={name: str(value) for name, value in msgspec.structs.asdict(row.entry).items()},
            path=tuple(node.hex() for node in path),
            checkpoint=head,
        )

    async def entries(
        self, actor: Actor, page: PageRequest, *, subject_id: str = "", action: str = "", account_id: str = ""
    ) -> Page[AuditRow]:
        """Return entries, newest first, as far as the actor may read them.

        A supervisor reads the bodies of the mandate, an administrator what is administration, others the
        acts of and on their own body. The room above has asked for the permission ``audit.read``.
        """
        filters: Params = {"subject_id": subject_id, "action": action, "account_id": account_id}
        rows = await self._store.entries(_scope(actor), filters, page.after or LAST, page.limit + 1)
        return Page(rows[: page.limit], rows[page.limit - 1].id if len(rows) > page.limit else None)

    async def trail(self, subject_id: str, page: PageRequest) -> Page[AuditRow]:
        """Return every entry on one subject, newest first; for the operator's own tools, without a scope."""
        everything: Params = {"g_admin": 0, "g_own_body": "", "g_mandate": "", "g_all": 1}
        filters: Params = {"subject_id": subject_id, "action": "", "account_id": ""}
        rows = await self._store.entries(everything, filters, page.after or LAST, page.limit + 1)
        return Page(rows[: page.limit], rows[page.limit - 1].id if len(rows) > page.limit else None)

    async def prove_visible(self, actor: Actor, entry_id: str) -> Proof:
        """Prove an entry that the actor may read. Raises as ``prove``; NotFound when it may not be read."""
        if not await self._store.visible(_scope(actor), entry_id):
            raise NotFound("audit.entry_unknown", entry=entry_id)
        return await self.prove(entry_id)

    def _last_head(self) -> str:
        head = ""
        try:
            for note in read_heads(self._folder):
                head = note
        except (OSError, LedgerDamaged) as error:
            raise Unavailable("audit.ledger_damaged") from error
        if not head:
            raise NotFound("audit.no_head")
        return head

    def _path(self, position: int) -> tuple[str, list[bytes]]:
        head = self._last_head()
        size = Checkpoint.parse(split(head)[0]).size
        if position >= size:
            raise NotFound("audit.not_placed")
        leaves = list(read_leaves(self._folder, size))
        return head, inclusion_proof(leaves, position)


def _scope(actor: Actor) -> Params:
    """Return the parameters of the record's scope predicate."""
    return {
        "g_admin": int(actor.role is Role.ADMINISTRATOR),
        "g_own_body": "" if actor.role in (Role.ADMINISTRATOR, Role.SUPERVISOR) else actor.body_id,
        "g_mandate": actor.mandate_id,
        "g_all": 0,
    }
