"""Rows of the log: who may place entries, tiles, checkpoints, what witnesses said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from server.audit.store import Pending
from server.kernel.clock import text
from storage.ledger.tiles import TileId
from storage.sql.protocol import Database, Params, Transaction
from storage.sql.statements import load_all


@dataclass(frozen=True, slots=True)
class LogState:
    """Where the log stands in the database."""

    fence: int
    """Number of the lease: who holds a lower one can place no more."""
    owner: str
    """Sequencer that took it."""
    size: int
    """Entries that have a place."""
    verifier: str
    """Verifier key of the log (C2SP vkey); "" = none yet."""


@dataclass(frozen=True, slots=True)
class TileRow:
    """One stored tile."""

    level: int
    idx: int
    width: int
    digest: str
    """Blob that holds it."""
    root: bytes
    """Root over a full tile; b"" for a partial one."""

    @property
    def id(self) -> TileId:
        """Which tile."""
        return TileId(self.level, self.idx, self.width)


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """One published checkpoint."""

    size: int
    at: datetime
    """When it was made."""
    note: str
    """C2SP signed note, with the signature of the node alone."""
    token: bytes
    """RFC 3161 token over SHA-256 of the note; b"" = none."""
    stamped_at: str
    """When the token came, fixed-width RFC 3339; "" = none."""


@dataclass(frozen=True, slots=True)
class Cosignature:
    """What one witness added to one checkpoint."""

    size: int
    witness: str
    """Verifier key of the witness."""
    line: str
    """Signature line of the note."""
    at: datetime
    """When it came."""


@dataclass(frozen=True, slots=True)
class WitnessRow:
    """What is known of one witness."""

    witness: str
    """Verifier key."""
    size: int
    """Size it cosigned last."""
    alarm: str
    """Code of what it refused; "" = nothing."""
    at: datetime
    """When it last answered."""


@dataclass(frozen=True, slots=True)
class _Count:
    level: int
    count: int


@dataclass(frozen=True, slots=True)
class _Root:
    idx: int
    root: bytes


class LogStore:
    """Statements of the log."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._statements = load_all(Path(__file__).parent, database.engine)

    async def state(self) -> LogState:
        """Return where the log stands."""
        found = await self._database.fetch_one(self._statements["log_state"], {}, LogState)
        return found or LogState(0, "", 0, "")

    async def lead(self, owner: str, verifier: str, now: datetime, until: datetime) -> bool:
        """Take the lease, if nobody holds it, with the next fence."""
        params: Params = {"owner": owner, "verifier": verifier, "now": text(now), "until": text(until)}
        async with self._database.transaction() as tx:
            return await tx.execute(self._statements["lead"], params) == 1

    async def give_up(self, owner: str, fence: int) -> None:
        """Let another sequencer take the lease at once."""
        async with self._database.transaction() as tx:
            await tx.execute(self._statements["give_up"], {"owner": owner, "fence": fence})

    async def place(
        self, tx: Transaction, start: int, entries: Sequence[Pending], fence: int, until: datetime
    ) -> bool:
        """Give ``entries`` the places from ``start`` on; False when the fence or the size is no longer ours.

        The caller then undoes the transaction. The lease lasts until ``until`` from now on.
        """
        grown: Params = {
            "start": start,
            "end": start + len(entries),
            "fence": fence,
            "until": text(until),
        }
        if await tx.execute(self._statements["grow"], grown) != 1:
            return False
        ids = msgspec.json.encode([entry.entry_id for entry in entries]).decode()
        placed: Params = {"start": start, "fence": fence, "ids": ids}
        await tx.execute_all(
            [(self._statements["place"], [placed]), (self._statements["unqueue"], [{"ids": ids}])]
        )
        return True

    async def tile_counts(self) -> dict[int, int]:
        """Return how many full tiles of each level are stored, from the first without a gap."""
        rows = await self._database.fetch(self._statements["tile_counts"], {}, _Count)
        return {row.level: row.count for row in rows}

    async def keep_tiles(self, tiles: Sequence[TileRow]) -> None:
        """Store rows of tiles; those that are there stay."""
        rows: list[Params] = [
            {"level": t.level, "idx": t.idx, "width": t.width, "digest": t.digest, "root": t.root}
            for t in tiles
        ]
        async with self._database.transaction() as tx:
            await tx.execute_many(self._statements["insert_tile"], rows)

    async def find_tile(self, tile: TileId) -> TileRow | None:
        """Return a stored tile that is at least as wide."""
        params: Params = {"level": tile.level, "idx": tile.index, "width": tile.width}
        return await self._database.fetch_one(self._statements["find_tile"], params, TileRow)

    async def tiles(self, level: int, start: int, end: int) -> list[TileRow]:
        """Return the stored tiles [start, end) of a level, partial ones too."""
        params: Params = {"level": level, "start": start, "end": end}
        return await self._database.fetch(self._statements["tiles_of"], params, TileRow)

    async def roots(self, level: int, start: int, end: int) -> dict[int, bytes]:
        """Return the roots of the full tiles [start, end) of a level, as far as they are stored."""
        params: Params = {"level": level, "start": start, "end": end}
        rows = await self._database.fetch(self._statements["tile_roots"], params, _Root)
        return {row.idx: row.root for row in rows}

    async def publish(self, size: int, note: str, at: datetime) -> None:
        """Keep a checkpoint."""
        params: Params = {"size": size, "at": text(at), "note": note, "token": b""}
        async with self._database.transaction() as tx:
            await tx.execute(self._statements["insert_checkpoint"], params)

    async def newest(self) -> CheckpointRow | None:
        """Return the newest checkpoint; None = none yet."""
        return await self._database.fetch_one(self._statements["newest_checkpoint"], {}, CheckpointRow)

    async def checkpoint(self, size: int) -> CheckpointRow | None:
        """Return the checkpoint of a size; None = none."""
        return await self._database.fetch_one(
            self._statements["checkpoint_at"], {"size": size}, CheckpointRow
        )

    async def checkpoints(self, size: int, limit: int) -> list[CheckpointRow]:
        """Return the checkpoints from a size on, smallest first."""
        params: Params = {"size": size, "limit": limit}
        return await self._database.fetch(self._statements["checkpoints_from"], params, CheckpointRow)

    async def stamp(self, size: int, token: bytes, at: datetime) -> None:
        """Keep the time-stamp of a checkpoint; the first one stays."""
        params: Params = {"size": size, "token": token, "at": text(at)}
        async with self._database.transaction() as tx:
            await tx.execute(self._statements["stamp"], params)

    async def cosignatures(self, size: int) -> list[Cosignature]:
        """Return what witnesses added to a checkpoint."""
        return await self._database.fetch(self._statements["cosignatures"], {"size": size}, Cosignature)

    async def witness(self, witness: str) -> WitnessRow | None:
        """Return what is known of one witness."""
        return await self._database.fetch_one(self._statements["witness"], {"witness": witness}, WitnessRow)

    async def witnesses(self) -> list[WitnessRow]:
        """Return what is known of all witnesses."""
        return await self._database.fetch(self._statements["witnesses"], {}, WitnessRow)

    async def keep_witness(self, row: WitnessRow, line: str = "") -> None:
        """Keep what a witness answered, and its cosignature over the checkpoint of that size."""
        params: Params = {
            "witness": row.witness,
            "size": row.size,
            "alarm": row.alarm,
            "at": text(row.at),
        }
        async with self._database.transaction() as tx:
            await tx.execute(self._statements["set_witness"], params)
            if line:
                signed: Params = {
                    "size": row.size,
                    "witness": row.witness,
                    "line": line,
                    "at": text(row.at),
                }
                await tx.execute(self._statements["insert_cosignature"], signed)
