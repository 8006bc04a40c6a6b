"""The Merkle tree of RFC 6962 (hashing unchanged in RFC 9162): roots, proofs and their verification. Pure.

A leaf is given by its hash (32 bytes of SHA-256). Sizes count leaves; an index counts from 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without leaves (RFC 9162, 2.1.1)."""


_sha256 = hashlib.sha256


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that only grows, kept as the roots of its full subtrees, left to right (a compact range).

    Appending is O(log n) in time and the whole state is at most 64 hashes.
    """

    def __init__(self) -> None:
        self._size = 0
        self._peaks: list[bytes] = []

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add the hash of a leaf at the right end."""
        node, carry = leaf, self._size
        # As in binary counting: every trailing 1 of the size is a full subtree that joins with its equal.
        while carry & 1:
            node = node_hash(self._peaks.pop(), node)
            carry >>= 1
        self._peaks.append(node)
        self._size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add the hashes of leaves in order; level by level, which is much faster than one by one."""
        nodes = list(leaves)
        size, peaks, right = self._size, self._peaks, list[bytes]()
        self._size += len(nodes)
        while nodes:
            if size & 1:
                nodes.insert(0, peaks.pop())
            elif size == 0 and len(nodes) == 1 and not peaks:
                break
            if len(nodes) & 1:
                right.append(nodes.pop())
            joined = b"".join(nodes)
            nodes = [_sha256(b"\x01" + joined[n : n + 64]).digest() for n in range(0, len(joined), 64)]
            size >>= 1
        peaks.extend(nodes)
        peaks.extend(reversed(right))

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """Roots of the full subtrees, left to right; as many as the size has binary ones."""
        return tuple(self._peaks)

    @classmethod
    def at(cls, size: int, peaks: Sequence[bytes]) -> Tree:
        """Return the tree in a state that was kept. Raises ValueError when the two do not belong together."""
        if size < 0 or len(peaks) != size.bit_count() or any(len(peak) != HASH_BYTES for peak in peaks):
            raise ValueError(f"a tree of {size} leaves does not have {len(peaks)} full subtrees")
        tree = cls()
        tree._size, tree._peaks = size, list(peaks)
        return tree

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node

    def copy(self) -> Tree:
        """Return an independent tree in the same state."""
        twin = Tree()
        twin._size, twin._peaks = self._size, list(self._peaks)
        return twin


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over the hashes of leaves."""
    tree = Tree()
    tree.extend(leaves)
    return tree.root()


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """Return which leaves [low, high) each hash of PATH(index, tree) stands for, from the leaf to the root.

    RFC 9162, 2.1.3.1. Raises IndexError outside the tree.
    """
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} of {size}")
    low, high = 0, size
    path: list[tuple[int, int]] = []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low = middle
    path.reverse()
    return path


def consistency_ranges(old_size: int, size: int) -> list[tuple[int, int]]:
    """Return which leaves [low, high) each hash of PROOF(old_size, tree) stands for.

    RFC 9162, 2.1.4.1; empty when the old tree is empty or the same. Raises IndexError when it is larger.
    """
    if not 0 <= old_size <= size:
        raise IndexError(f"tree of {old_size} in a tree of {size}")
    if old_size == 0:
        return []
    low, high, whole = 0, size, True
    path: list[tuple[int, int]] = []
    while old_size != high:
        middle = low + _split(high - low)
        if old_size <= middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low, whole = middle, False
    if not whole:
        # The old root itself is known to whoever verifies; any other subtree is not.
        path.append((low, high))
    path.reverse()
    return path


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return PATH(index, leaves) of RFC 9162, 2.1.3.1. Raises IndexError outside the tree."""
    return [root(leaves[low:high]) for low, high in inclusion_ranges(index, len(leaves))]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Return PROOF(old_size, leaves) of RFC 9162, 2.1.4.1. Raises IndexError when the old tree is larger."""
    return [root(leaves[low:high]) for low, high in consistency_ranges(old_size, len(leaves))]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root_hash: bytes) -> bool:
    """Tell whether the path proves the leaf at the index; the steps of RFC 9162, 2.1.3.2."""
    # 1, 2
    if not 0 <= index < size:
        return False
    fn, sn = index, size - 1
    # 3
    node = leaf
    # 4
    for sibling in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    # 5
    return sn == 0 and node == root_hash


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Tell whether the new tree is the old one with leaves added; the steps of RFC 9162, 2.1.4.2.

    The empty tree is the beginning of every tree, and a tree of itself: both with an empty path.
    """
    if not 0 <= old_size <= new_size:
        return False
    if old_size == new_size:
        return not path and old_root == new_root
    if old_size == 0:
        return not path and old_root == EMPTY_ROOT
    # 1, 2
    nodes = list(path)
    if nodes and old_size & (old_size - 1) == 0:
        nodes.insert(0, old_root)
    if not nodes:
        return False
    # 3, 4
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    # 5
    old = new = nodes[0]
    # 6
    for node in nodes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old, new = node_hash(node, old), node_hash(node, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, node)
        fn, sn = fn >> 1, sn >> 1
    # 7
    return sn == 0 and old == old_root and new == new_root


def _split(size: int) -> int:
    """Return the largest power of two smaller than ``size`` (2 or more)."""
    return 1 << ((size - 1).bit_length() - 1)
