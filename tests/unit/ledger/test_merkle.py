"""The tree against the definition of RFC 9162, 2.1, and against the known answers of RFC 6962."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger.merkle import (
    EMPTY_ROOT,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""Roots over the first 0 to 8 inputs: the answers that certificate transparency has published."""

Leaves = st.lists(st.binary(max_size=4), max_size=70).map(lambda data: [leaf_hash(item) for item in data])


def reference(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + reference(leaves[:k]) + reference(leaves[k:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size: int) -> None:
    assert root(leaf_hash(bytes.fromhex(data)) for data in INPUTS[:size]).hex() == ROOTS[size]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Tree().root() == EMPTY_ROOT


@given(Leaves)
def test_growing_leaf_by_leaf_gives_the_root_of_the_definition(leaves: list[bytes]) -> None:
    tree = Tree()
    for count, leaf in enumerate(leaves, start=1):
        tree.append(leaf)
        assert tree.size == count
    assert tree.root() == reference(leaves)


@given(Leaves, Leaves)
def test_a_copy_grows_by_itself(first: list[bytes], more: list[bytes]) -> None:
    tree = Tree()
    tree.extend(first)
    twin = tree.copy()
    twin.extend(more)
    assert (tree.root(), twin.root()) == (reference(first), reference(first + more))


@given(Leaves.filter(bool), st.data())
def test_every_leaf_is_proven_and_no_other_in_its_place(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = inclusion_proof(leaves, index)
    head = reference(leaves)
    assert verify_inclusion(leaves[index], index, len(leaves), path, head)
    assert not verify_inclusion(leaf_hash(b"another"), index, len(leaves), path, head)
    assert not verify_inclusion(leaves[index], index, len(leaves), path, leaf_hash(b"another"))
    assert not verify_inclusion(leaves[index], len(leaves), len(leaves), path, head)
    assert not verify_inclusion(leaves[index], index, len(leaves), [*path, head], head)


@given(Leaves.filter(lambda leaves: len(leaves) > 1), st.data())
def test_a_changed_step_of_a_path_proves_nothing(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = inclusion_proof(leaves, index)
    step = data.draw(st.integers(0, len(path) - 1))
    path[step] = bytes([path[step][0] ^ 1]) + path[step][1:]
    assert not verify_inclusion(leaves[index], index, len(leaves), path, reference(leaves))


@given(Leaves, st.data())
def test_every_earlier_tree_is_the_beginning_of_the_later(leaves: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(0, len(leaves)))
    path = consistency_proof(leaves, old)
    before, after = reference(leaves[:old]), reference(leaves)
    assert verify_consistency(old, len(leaves), before, after, path)
    assert not verify_consistency(old, len(leaves), leaf_hash(b"another"), after, path)
    if old not in (0, len(leaves)):
        assert not verify_consistency(old, len(leaves), before, leaf_hash(b"another"), path)
        assert not verify_consistency(old, len(leaves), before, after, path[:-1])
        assert not verify_consistency(old, len(leaves), before, after, [*path, before])


@given(Leaves.filter(lambda leaves: len(leaves) > 1), st.data())
def test_a_tree_with_one_leaf_changed_is_not_the_beginning(leaves: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(leaves) - 1))
    place = data.draw(st.integers(0, old - 1))
    changed = [*leaves]
    changed[place] = leaf_hash(b"something else")
    path = consistency_proof(changed, old)
    assert not verify_consistency(old, len(leaves), reference(leaves[:old]), reference(changed), path)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_there_is_no_proof_for_a_leaf_outside(index: int, size: int) -> None:
    with pytest.raises(IndexError):
        inclusion_proof([leaf_hash(b"")] * size, index)


@pytest.mark.parametrize("old", [-1, 4])
def test_there_is_no_proof_for_a_larger_old_tree(old: int) -> None:
    with pytest.raises(IndexError):
        consistency_proof([leaf_hash(b"")] * 3, old)
    assert not verify_consistency(old, 3, EMPTY_ROOT, EMPTY_ROOT, [])
