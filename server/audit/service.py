"""What others ask of the record: place, verify, prove, read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from server.audit.checkpoints import Checkpoints
from server.audit.logstore import CheckpointRow, LogStore
from server.audit.model import Attested, AuditRow, Proof, VerifyReport, WitnessState
from server.audit.sequencer import Sequencer
from server.audit.store import AuditStore
from server.audit.tiling import Tiles
from server.audit.verify import Verification
from server.audit.witness_client import WitnessAddress
from server.kernel.actor import Actor, Role
from server.kernel.clock import Clock
from server.kernel.errors import NotFound, Unavailable
from server.kernel.page import Page, PageRequest
from server.kernel.record import Entry, leaf_bytes
from server.unit import Units
from signing.services import Timestamper
from storage.blobs.protocol import BlobStore
from storage.ledger.checkpoint import Checkpoint, split
from storage.ledger.log import LedgerDamaged, newest_head
from storage.ledger.merkle import consistency_ranges, inclusion_ranges
from storage.ledger.proof import LogProof
from storage.sql.protocol import Params

LAST = "~"
"""Sorts after every id."""


class Audit:
    """The room's public face."""

    def __init__(
        self,
        units: Units,
        blobs: BlobStore,
        folder: Path,
        *,
        origin: str,
        batch: int,
        clock: Clock,
        stamper: Timestamper | None = None,
        witnesses: Sequence[WitnessAddress] = (),
        timeout_seconds: float = 10,
    ) -> None:
        database = units.reader
        self._store = AuditStore(database)
        self._rows = LogStore(database)
        self._blobs = blobs
        self._folder = folder
        self._tiles = Tiles(database, blobs)
        self.sequencer = Sequencer(database, folder, origin, batch, clock)
        self.checkpoints = Checkpoints(
            units,
            self.sequencer,
            self._tiles,
            stamper=stamper,
            witnesses=witnesses,
            timeout_seconds=timeout_seconds,
        )

    async def verify(self) -> VerifyReport:
        """Check every entry against log files, tiles and checkpoints."""
        return await Verification(self._store, self._rows, self._blobs, self._folder).run()

    async def checkpoint(self) -> str:
        """Return the newest signed head, with the cosignatures it has. Raises NotFound ``audit.no_head``."""
        head = await asyncio.to_thread(self._newest_head)
        newest = await self._rows.newest()
        published = await self._attested(newest) if newest is not None else None
        if published is not None and (not head or published.size >= Checkpoint.parse(split(head)[0]).size):
            return published.note
        if not head:
            raise NotFound("audit.no_head")
        return head

    async def attested(self, size: int = 0) -> Attested | None:
        """Return the newest published checkpoint with time-stamp and cosignatures; None = none yet.

        With ``size`` the one over so many entries.
        """
        row = await (self._rows.checkpoint(size) if size else self._rows.newest())
        return None if row is None else await self._attested(row)

    async def witnesses(self) -> list[WitnessState]:
        """Return what is known of the witnesses that are asked; [] = no independent witness."""
        known = {row.witness: row for row in await self._rows.witnesses()}
        found = []
        for address in self.checkpoints.witnesses:
            name = str(address.key)
            row = known.get(name)
            found.append(
                WitnessState(address.key.name, name, row.size if row else 0, row.alarm if row else "")
            )
        return found

    async def prove(self, entry_id: str) -> Proof:
        """Prove that an entry is in the log: under the newest published checkpoint that covers it, or else
        under the newest head of this node.

        Raises NotFound ``audit.entry_unknown``, ``audit.not_placed``; Unavailable as tiles do.
        """
        position = await self._store.position(entry_id)
        rows = await self._store.leaves(position, 1) if position is not None else []
        if position is None or not rows:
            raise NotFound("audit.entry_unknown", entry=entry_id)
        row = rows[0]
        head, size = await self._head_over(position)
        reader = await self._tiles.reader(inclusion_ranges(position, size), size)
        path = await asyncio.to_thread(reader.inclusion, position)
        return Proof(
            entry_id=entry_id,
            position=position,
            leaf_hash=row.leaf_hash.hex(),
            salt=row.salt.hex(),
            entry={name: str(value) for name, value in msgspec.structs.asdict(row.entry).items()},
            path=tuple(node.hex() for node in path),
            checkpoint=head,
        )

    async def proof_file(self, entry_id: str) -> str:
        """Return the same proof as a C2SP tlog-proof file; its extra data is the leaf (salt and entry).

        Raises as ``prove``.
        """
        return proof_text(await self.prove(entry_id))

    async def consistency(self, old_size: int, size: int) -> list[bytes]:
        """Return the proof that the tree of ``size`` continues that of ``old_size``. Raises as tiles do."""
        reader = await self._tiles.reader(consistency_ranges(old_size, size), size)
        return await asyncio.to_thread(reader.consistency, old_size)

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

    async def _attested(self, row: CheckpointRow) -> Attested:
        lines = await self._rows.cosignatures(row.size)
        state = await self._rows.state()
        return Attested(
            size=row.size,
            at=row.at,
            note=row.note + "".join(one.line for one in lines),
            signed_note=row.note,
            token=row.token,
            witnesses=tuple(one.witness.split("+", 1)[0] for one in lines),
            verifier=state.verifier,
        )

    async def _head_over(self, position: int) -> tuple[str, int]:
        """Return a signed head that covers a place, and its size. Raises NotFound ``audit.not_placed``."""
        newest = await self._rows.newest()
        if newest is not None and newest.size > position:
            return (await self._attested(newest)).note, newest.size
        head = await asyncio.to_thread(self._newest_head)
        size = Checkpoint.parse(split(head)[0]).size if head else 0
        if position >= size:
            raise NotFound("audit.not_placed")
        return head, size

    def _newest_head(self) -> str:
        try:
            return newest_head(self._folder) or ""
        except (OSError, LedgerDamaged) as error:
            raise Unavailable("audit.ledger_damaged") from error


def proof_text(proof: Proof) -> str:
    """Return a proof as a C2SP tlog-proof file."""
    leaf = leaf_bytes(Entry(**proof.entry), bytes.fromhex(proof.salt))
    path = tuple(bytes.fromhex(node) for node in proof.path)
    return LogProof(proof.position, path, proof.checkpoint, leaf).text()


def _scope(actor: Actor) -> Params:
    """Return the parameters of the record's scope predicate."""
    return {
        "g_admin": int(actor.role is Role.ADMINISTRATOR),
        "g_own_body": "" if actor.role in (Role.ADMINISTRATOR, Role.SUPERVISOR) else actor.body_id,
        "g_mandate": actor.mandate_id,
        "g_all": 0,
    }
