"""Compares rows, log files, tiles and checkpoints, leaf by leaf, and names what does not fit.

The record is read once, in steps of eight tiles, so memory does not grow with it. Three places keep every
leaf hash: the row, ``leaves.bin``, the tile. Where one of them differs from the other two it is the one that
is named; signed heads and checkpoints say whether the three together are what was signed.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from server.audit.logstore import LogStore, TileRow
from server.audit.model import Fault, Finding, VerifyReport
from server.audit.store import AuditStore, Leaf
from server.audit.tiling import tile_blob
from server.audit.walk import Marks, Walk
from storage.blobs.protocol import BlobError, BlobStore
from storage.ledger.log import LEAVES, LedgerDamaged, leaf_blocks
from storage.ledger.merkle import HASH_BYTES
from storage.ledger.tiles import WIDTH, TileId, hashes

STEP = 8 * WIDTH
FINDINGS_MAX = 100


class Verification:
    """One pass over the record."""

    def __init__(self, store: AuditStore, rows: LogStore, blobs: BlobStore, folder: Path) -> None:
        self._store = store
        self._rows = rows
        self._blobs = blobs
        self._folder = folder
        self._findings: list[Finding] = []
        self._doubtful: list[tuple[Leaf, bytes]] = []
        self._tiles = 0

    async def run(self) -> VerifyReport:
        """Check everything; return everything that is wrong (at most 100 findings)."""
        size = await asyncio.to_thread(leaf_count, self._folder)
        walk = await asyncio.to_thread(Walk, self._folder, size)
        checkpoints = Marks(self._rows)
        for start in range(0, size, STEP):
            end = min(size, start + STEP)
            believed = await self._step(start, end)
            marks = await checkpoints.up_to(end)
            done = await asyncio.to_thread(walk.extend, believed, marks)
            for tile, data, root in done:
                await self._tile(tile, data, root)
            if len(self._findings) + len(walk.findings) >= FINDINGS_MAX:
                break
        else:
            for tile, data in walk.edge():
                await self._tile(tile, data, b"")
            await self._beyond(size)
            await asyncio.to_thread(walk.finish, await checkpoints.beyond(size))
        self._findings += await asyncio.to_thread(self._resolve, size)
        orphans = await self._store.orphans(FINDINGS_MAX)
        self._findings += [_inserted(entry_id) for entry_id in orphans]
        found = sorted([*self._findings, *walk.findings], key=_order)
        return VerifyReport(
            entries=size,
            heads=walk.heads,
            tiles=self._tiles,
            checkpoints=walk.checkpoints,
            witnesses=await self._witnesses(),
            root=walk.root.hex() if size else "",
            findings=tuple(found[:FINDINGS_MAX]),
        )

    async def _step(self, start: int, end: int) -> bytes:
        """Compare rows, file and tiles over [start, end); return the leaf hashes to be believed."""
        logged = await asyncio.to_thread(read_span, self._folder, start, end)
        tiled = await self._tiled(start, end)
        rows = {row.position: row for row in await self._store.leaves(start, end - start)}
        computed = await asyncio.to_thread(lambda: {n: row.computed() for n, row in rows.items()})
        believed = []
        for position, leaf in enumerate(logged, start=start):
            row = rows.get(position)
            tile = tiled.get(position)
            if row is None:
                self._findings.append(_removed(position))
                believed.append(leaf)
            else:
                believed.append(self._vote(row, computed[position], leaf, tile))
        return b"".join(believed)

    def _vote(self, row: Leaf, computed: bytes, logged: bytes, tile: bytes | None) -> bytes:
        """Return the hash that two of three have; name the third."""
        whole = computed == row.leaf_hash
        if whole and computed == logged:
            if tile is not None and tile != logged:
                name = TileId(0, row.position // WIDTH).path
                text = f"{name} has another hash at place {row.position} than row and leaf file"
                self._findings.append(Finding(Fault.TILE, row.position, row.entry_id, text))
            return logged
        if whole and tile == computed:
            text = f"{LEAVES} has another hash at place {row.position} than row and tile"
            self._findings.append(Finding(Fault.LEAF, row.position, row.entry_id, text))
            return computed
        self._doubtful.append((row, computed))
        return logged

    async def _tiled(self, start: int, end: int) -> dict[int, bytes]:
        """Return the leaf hashes that the stored tiles of level 0 have."""
        found: dict[int, bytes] = {}
        for row in await self._rows.tiles(0, start // WIDTH, -(-end // WIDTH)):
            data = await self._read(row)
            for n, leaf in enumerate(hashes(data or b"")):
                found[row.idx * WIDTH + n] = leaf
        return found

    async def _tile(self, tile: TileId, data: bytes, root: bytes) -> None:
        """Compare what is stored of one tile with what the leaves give."""
        for row in await self._rows.tiles(tile.level, tile.index, tile.index + 1):
            # A wider one was stored by a server that has gone on meanwhile.
            if tile.level and row.width <= tile.width:
                stored = await self._read(row)
                if stored is not None and stored != data[: row.width * HASH_BYTES]:
                    self._findings.append(_tile(row, "is not what the leaves give"))
            if root and row.width == WIDTH and row.root != root:
                self._findings.append(_tile(row, "has another root in its row than the leaves give"))

    async def _read(self, row: TileRow) -> bytes | None:
        self._tiles += 1
        try:
            return await self._blobs.read_bytes(tile_blob(row))
        except BlobError as error:
            self._findings.append(_tile(row, f"cannot be read ({type(error).__name__} {row.digest})"))
            return None

    async def _beyond(self, size: int) -> None:
        """Name rows that have places the files do not reach, unless the files have grown meanwhile."""
        rows = await self._store.leaves(size, FINDINGS_MAX)
        grown = await asyncio.to_thread(leaf_count, self._folder)
        for row in rows:
            if row.position >= grown:
                text = f"entry {row.entry_id} has place {row.position}, which the log does not reach"
                self._findings.append(Finding(Fault.CUT, row.position, row.entry_id, text))

    def _resolve(self, size: int) -> list[Finding]:
        """Say of each doubtful row whether it was changed or stands at another's place (one scan)."""
        if not self._doubtful:
            return []
        wanted = {computed for _, computed in self._doubtful}
        places: dict[bytes, int] = {}
        position = 0
        for block in leaf_blocks(self._folder, 0, size):
            for leaf in hashes(block):
                if leaf in wanted:
                    places[leaf] = position
                position += 1
        return [_doubt(row, places.get(computed)) for row, computed in self._doubtful[:FINDINGS_MAX]]

    async def _witnesses(self) -> tuple[str, ...]:
        newest = await self._rows.newest()
        if newest is None:
            return ()
        found = await self._rows.cosignatures(newest.size)
        return tuple(one.witness.split("+", 1)[0] for one in found)


def leaf_count(folder: Path) -> int:
    """Return how many leaves the file has now; a server that runs may have added some since."""
    path = folder / LEAVES
    return path.stat().st_size // HASH_BYTES if path.exists() else 0


def read_span(folder: Path, start: int, end: int) -> list[bytes]:
    """Return the leaves [start, end) of the file."""
    try:
        return hashes(b"".join(leaf_blocks(folder, start, end)))
    except LedgerDamaged:
        return []


def _removed(position: int) -> Finding:
    return Finding(Fault.REMOVED, position, "", f"the entry at place {position} is gone from the database")


def _inserted(entry_id: str) -> Finding:
    return Finding(Fault.INSERTED, None, entry_id, f"entry {entry_id} was put in without a leaf of its own")


def _tile(row: TileRow, what: str) -> Finding:
    return Finding(Fault.TILE, row.idx << (8 * (row.level + 1)), "", f"{row.id.path} {what}")


def _doubt(row: Leaf, elsewhere: int | None) -> Finding:
    if elsewhere is not None and elsewhere != row.position:
        text = f"entry {row.entry_id} stands at place {row.position} but was logged at {elsewhere}"
        return Finding(Fault.REORDERED, row.position, row.entry_id, text)
    text = f"entry {row.entry_id} at place {row.position} is not what was logged there"
    return Finding(Fault.CHANGED, row.position, row.entry_id, text)


def _order(finding: Finding) -> tuple[bool, int]:
    return finding.position is None, finding.position or 0
