"""Tiles: the tree in pieces of 256 hashes (C2SP tlog-tiles), and proofs computed from a few of them. Pure.

The tile ``n`` of level ``l`` holds the roots of 256 neighbouring full subtrees of 256**l leaves each, the
first over the leaves from ``n * 256**(l + 1)`` on. A tree of ten million leaves has three levels, so any
proof needs a handful of tiles, however large the tree grows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from storage.ledger.merkle import HASH_BYTES, consistency_ranges, inclusion_ranges, node_hash, root

HEIGHT = 8
"""Levels of the tree in one tile."""
WIDTH = 1 << HEIGHT
"""Hashes of a full tile."""


@dataclass(frozen=True, slots=True, order=True)
class TileId:
    """One tile."""

    level: int
    """0 = leaf hashes."""
    index: int
    """Place in its level."""
    width: int = WIDTH
    """Hashes in it, 1 to 256; fewer than 256 = partial."""

    @property
    def path(self) -> str:
        """Path of the tile below the prefix of the log, as C2SP tlog-tiles writes it."""
        rest, groups = divmod(self.index, 1000)
        name = f"{groups:03}"
        while rest:
            rest, group = divmod(rest, 1000)
            name = f"x{group:03}/{name}"
        part = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{name}{part}"


class TilesMissing(Exception):
    """A tile that was to be read is not there, or is shorter than the tree asks for."""


class TileReader:
    """Hashes of subtrees and proofs out of tiles that are in memory."""

    def __init__(self, size: int, tiles: Mapping[tuple[int, int], bytes]) -> None:
        self._size = size
        self._tiles = tiles

    def node(self, height: int, index: int) -> bytes:
        """Return the root of the full subtree over leaves [index << height, (index + 1) << height).

        Raises TilesMissing.
        """
        level, inner = divmod(height, HEIGHT)
        first = index << inner
        tile = self._tiles.get((level, first >> HEIGHT), b"")
        start = (first & (WIDTH - 1)) * HASH_BYTES
        end = start + (HASH_BYTES << inner)
        if len(tile) < end:
            raise TilesMissing(TileId(level, first >> HEIGHT).path)
        return root(hashes(tile[start:end]))

    def range_root(self, low: int, high: int) -> bytes:
        """Return the root over leaves [low, high), as they stand in a proof. Raises TilesMissing."""
        nodes = [self.node(height, index) for height, index in full_subtrees(low, high)]
        result = nodes.pop()
        while nodes:
            result = node_hash(nodes.pop(), result)
        return result

    def tree_root(self) -> bytes:
        """Return the root of the whole tree (one leaf or more). Raises TilesMissing."""
        return self.range_root(0, self._size)

    def inclusion(self, index: int) -> list[bytes]:
        """Return PATH(index, tree). Raises IndexError, TilesMissing."""
        return [self.range_root(*one) for one in inclusion_ranges(index, self._size)]

    def consistency(self, old_size: int) -> list[bytes]:
        """Return PROOF(old_size, tree). Raises IndexError, TilesMissing."""
        return [self.range_root(*one) for one in consistency_ranges(old_size, self._size)]


def hashes(data: bytes) -> list[bytes]:
    """Return the hashes that stand one behind the other in ``data``."""
    return [data[n : n + HASH_BYTES] for n in range(0, len(data), HASH_BYTES)]


def tile_root(tile: bytes) -> bytes:
    """Return the root over a full tile: its hash in the level above."""
    return root(hashes(tile))


def full_subtrees(low: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield (height, index) of the full subtrees that make [low, high), left to right."""
    while low < high:
        height = (high - low).bit_length() - 1
        if low:
            height = min(height, (low & -low).bit_length() - 1)
        yield height, low >> height
        low += 1 << height


def needed(ranges: Sequence[tuple[int, int]], size: int) -> set[TileId]:
    """Return the tiles of a tree of ``size`` that hold what the ranges of a proof stand for."""
    found: set[TileId] = set()
    for low, high in ranges:
        for height, index in full_subtrees(low, high):
            level, inner = divmod(height, HEIGHT)
            found.add(tile_at(level, (index << inner) >> HEIGHT, size))
    return found


def tile_at(level: int, index: int, size: int) -> TileId:
    """Return a tile as wide as it is in a tree of ``size``. Raises IndexError when there is none."""
    width = min(WIDTH, (size >> (HEIGHT * level)) - index * WIDTH)
    if width < 1:
        raise IndexError(f"tile {level}/{index} in a tree of {size}")
    return TileId(level, index, width)


def partial_tiles(size: int) -> list[TileId]:
    """Return the partial tiles at the right edge of a tree of ``size``; full ones are not named again."""
    found, level = [], 0
    while size >> (HEIGHT * level):
        entries = size >> (HEIGHT * level)
        if entries % WIDTH:
            found.append(TileId(level, entries // WIDTH, entries % WIDTH))
        level += 1
    return found


class TileBuilder:
    """The right edge of every level while leaves come in; hands out each tile when it is full.

    The whole state is at most 255 hashes a level, whatever the size of the tree.
    """

    def __init__(self) -> None:
        self._levels: list[bytearray] = []
        self._counts: list[int] = []

    def extend(self, leaves: bytes) -> Iterator[tuple[TileId, bytes]]:
        """Add leaf hashes (32 bytes each) and yield every tile that they complete, lower levels first."""
        yield from self._extend(0, leaves)

    def edge(self) -> Iterator[tuple[TileId, bytes]]:
        """Yield the partial tiles of the present size."""
        for level, data in enumerate(self._levels):
            if data:
                yield TileId(level, self._counts[level], len(data) // HASH_BYTES), bytes(data)

    def _extend(self, level: int, data: bytes) -> Iterator[tuple[TileId, bytes]]:
        if level == len(self._levels):
            self._levels.append(bytearray())
            self._counts.append(0)
        edge = self._levels[level]
        edge += data
        whole = WIDTH * HASH_BYTES
        while len(edge) >= whole:
            tile = bytes(edge[:whole])
            del edge[:whole]
            yield TileId(level, self._counts[level]), tile
            self._counts[level] += 1
            yield from self._extend(level + 1, tile_root(tile))
