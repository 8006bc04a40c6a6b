"""Tiles: whatever the size, a few of them give the same roots and proofs as all the leaves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.ledger.merkle import (
    Tree,
    consistency_proof,
    consistency_ranges,
    inclusion_proof,
    inclusion_ranges,
    leaf_hash,
    root,
)
from storage.ledger.tiles import (
    TileBuilder,
    TileId,
    TileReader,
    TilesMissing,
    full_subtrees,
    needed,
    partial_tiles,
    tile_at,
)

LEAVES = [leaf_hash(str(n).encode()) for n in range(1400)]


def tiles_of(size: int, *steps: int) -> dict[tuple[int, int], bytes]:
    """All tiles of the first ``size`` leaves, added in steps of the given lengths."""
    builder, found, start = TileBuilder(), {}, 0
    for step in [*steps, size]:
        end = min(size, start + step)
        for tile, data in builder.extend(b"".join(LEAVES[start:end])):
            found[tile.level, tile.index] = data
        start = end
    for tile, data in builder.edge():
        found[tile.level, tile.index] = data
    return found


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(1, 1400), index=st.integers(0, 1399), old=st.integers(0, 1400), step=st.integers(1, 700)
)
def test_a_few_tiles_give_the_proofs_of_all_leaves(size: int, index: int, old: int, step: int) -> None:
    index, old, leaves = index % size, old % (size + 1), LEAVES[:size]
    tiles = tiles_of(size, step, step)
    ranges = inclusion_ranges(index, size) + consistency_ranges(old, size)
    wanted = {(tile.level, tile.index): tiles[tile.level, tile.index] for tile in needed(ranges, size)}
    reader = TileReader(size, wanted)
    assert reader.inclusion(index) == inclusion_proof(leaves, index)
    assert reader.consistency(old) == consistency_proof(leaves, old)
    assert TileReader(size, tiles).tree_root() == root(leaves)


@given(low=st.integers(0, 5000), length=st.integers(1, 5000))
def test_full_subtrees_cover_a_range_once_and_are_aligned(low: int, length: int) -> None:
    place = low
    for height, index in full_subtrees(low, low + length):
        assert index << height == place
        place += 1 << height
    assert place == low + length


@given(parts=st.lists(st.integers(0, 300), max_size=6))
def test_a_tree_is_the_same_whatever_the_batches(parts: list[int]) -> None:
    batched, single = Tree(), Tree()
    for part in parts:
        batched.extend(LEAVES[batched.size : batched.size + part])
    for leaf in LEAVES[: batched.size]:
        single.append(leaf)
    assert (batched.size, batched.peaks, batched.root()) == (single.size, single.peaks, single.root())
    assert Tree.at(batched.size, batched.peaks).root() == batched.root()


def test_a_state_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="3 leaves"):
        Tree.at(3, [LEAVES[0]])


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (TileId(0, 0), "tile/0/000"),
        (TileId(0, 1234067), "tile/0/x001/x234/067"),
        (TileId(2, 5, 17), "tile/2/005.p/17"),
        (TileId(1, 999), "tile/1/999"),
        (TileId(1, 1000), "tile/1/x001/000"),
    ],
)
def test_paths_are_those_of_the_specification(tile: TileId, path: str) -> None:
    assert tile.path == path


def test_the_partial_tiles_are_those_of_the_example_of_the_specification() -> None:
    assert partial_tiles(70_000) == [TileId(0, 273, 112), TileId(1, 1, 17), TileId(2, 0, 1)]
    assert partial_tiles(256) == [TileId(1, 0, 1)]
    assert partial_tiles(0) == []


def test_a_tile_that_is_missing_or_short_is_said_so() -> None:
    tiles = tiles_of(300)
    tiles[0, 1] = tiles[0, 1][:-32]
    with pytest.raises(TilesMissing, match="tile/0/001"):
        TileReader(300, tiles).tree_root()
    with pytest.raises(IndexError):
        tile_at(0, 2, 300)
