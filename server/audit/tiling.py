"""Keeps the tree in tiles, each one a blob, and computes proofs from the few that they need.

The hashes of full tiles stand in the rows beside the name of their blob, so a tile above level 0 can always
be made from them, and one of level 0 from the entries: the blobs are the copy that outsiders read and that
keeps a proof cheap, never the only one.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from server.audit.logstore import LogStore, TileRow
from server.audit.store import AuditStore
from server.kernel.errors import Unavailable
from storage.blobs.protocol import BlobError, BlobInfo, BlobStore
from storage.ledger.merkle import HASH_BYTES
from storage.ledger.tiles import WIDTH, TileId, TileReader, hashes, needed, partial_tiles, tile_at, tile_root
from storage.sql.protocol import Database

KEPT_TILES = 512
"""Tiles kept in memory: 4 MiB."""
TILES_AT_ONCE = 32
"""Full tiles made before their rows are written."""
PUTS_AT_ONCE = 8


class Tiles:
    """The tiles of the log."""

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        self._store = AuditStore(database)
        self._rows = LogStore(database)
        self._blobs = blobs
        self._recent: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    async def keep(self, size: int) -> int:
        """Store every full tile of a tree of ``size`` that is not stored yet; return how many.

        Running twice, here or in another process, changes nothing. Raises Unavailable
        ``audit.tiles_unavailable``, ``audit.rows_missing``.
        """
        counts = await self._rows.tile_counts()
        kept, level = 0, 0
        while full := size >> (8 * (level + 1)):
            done = counts.get(level, 0)
            while done < full:
                end = min(full, done + TILES_AT_ONCE)
                data = await self._span(level, done * WIDTH, end * WIDTH)
                await self._keep(level, done, data)
                kept, done = kept + end - done, end
            level += 1
        return kept

    async def keep_edge(self, size: int) -> None:
        """Store the partial tiles of a tree of ``size`` (a checkpoint names it). Raises as ``keep``."""
        rows = []
        for tile in partial_tiles(size):
            start = tile.index * WIDTH
            data = await self._span(tile.level, start, start + tile.width)
            digest = await self._put(data)
            rows.append(TileRow(tile.level, tile.index, tile.width, digest, b""))
        await self._rows.keep_tiles(rows)

    async def reader(self, ranges: Sequence[tuple[int, int]], size: int) -> TileReader:
        """Return what the ranges of a proof in a tree of ``size`` need. Raises as ``keep``."""
        tiles = {}
        for tile in needed(ranges, size):
            tiles[tile.level, tile.index] = await self._tile(tile)
        return TileReader(size, tiles)

    async def root(self, size: int) -> bytes:
        """Return the root of the tree of ``size`` (1 or more) as the tiles have it. Raises as ``keep``."""
        reader = await self.reader([(0, size)], size)
        return await asyncio.to_thread(reader.tree_root)

    async def _tile(self, tile: TileId) -> bytes:
        """Return a tile: from memory, from its blob, or made again."""
        key = (tile.level, tile.index)
        length = tile.width * HASH_BYTES
        known = self._recent.get(key)
        if known is not None and len(known) >= length:
            self._recent.move_to_end(key)
            return known
        row = await self._rows.find_tile(tile)
        if row is not None:
            data = await self._read(row)
        else:
            data = await self._span(tile.level, tile.index * WIDTH, tile.index * WIDTH + tile.width)
        self._recent[key] = data
        if len(self._recent) > KEPT_TILES:
            self._recent.popitem(last=False)
        return data

    async def _span(self, level: int, start: int, end: int) -> bytes:
        """Return the hashes [start, end) of a level out of the rows."""
        if level == 0:
            rows = await self._store.hashes(start, end - start)
            if [row.position for row in rows] != list(range(start, end)):
                raise Unavailable("audit.rows_missing", rows=start + len(rows), leaves=end)
            return b"".join(row.leaf_hash for row in rows)
        roots = await self._rows.roots(level - 1, start, end)
        found = []
        for index in range(start, end):
            if index not in roots:
                below = await self._tile(tile_at(level - 1, index, (index + 1) << (8 * level)))
                roots[index] = await asyncio.to_thread(tile_root, below)
            found.append(roots[index])
        return b"".join(found)

    async def _keep(self, level: int, first: int, data: bytes) -> None:
        """Store neighbouring full tiles and then their rows."""
        span = WIDTH * HASH_BYTES
        parts = [data[n : n + span] for n in range(0, len(data), span)]
        roots = await asyncio.to_thread(lambda: [tile_root(part) for part in parts])
        gate = asyncio.Semaphore(PUTS_AT_ONCE)

        async def put(part: bytes) -> str:
            async with gate:
                return await self._put(part)

        digests = await asyncio.gather(*(put(part) for part in parts))
        await self._rows.keep_tiles(
            [
                TileRow(level, first + n, WIDTH, digest, root)
                for n, (digest, root) in enumerate(zip(digests, roots, strict=True))
            ]
        )

    async def _put(self, data: bytes) -> str:
        try:
            return (await self._blobs.put_bytes(data)).digest
        except BlobError as error:
            raise Unavailable("audit.tiles_unavailable") from error

    async def _read(self, row: TileRow) -> bytes:
        try:
            return await self._blobs.read_bytes(tile_blob(row))
        except BlobError as error:
            raise Unavailable("audit.tiles_unavailable") from error


def tile_blob(row: TileRow) -> BlobInfo:
    """Return the blob of a stored tile: one chunk, whose digest is the blob's."""
    return BlobInfo(row.digest, row.width * HASH_BYTES, bytes.fromhex(row.digest.removeprefix("sha256:")))


def tile_hashes(data: bytes) -> list[bytes]:
    """Return the hashes of a tile."""
    return hashes(data)
