"""The log outside the database: leaf hashes and signed heads in two files that only grow.

``leaves.bin`` holds 32 bytes a leaf; ``heads.txt`` holds signed checkpoints, an empty line after each.
Leaves are on disk before the head that covers them, so after a crash everything behind the last whole
head is an append that was never answered and is cut off. Fewer leaves than the head says, or other
ones, are damage. ``edge.bin`` is a shortcut that spares reading all leaves at a start: the state of the
tree at some head, believed only if it gives that head's root.

What belongs at a place is decided elsewhere (the rows of the database), so several processes may append
the same leaves: whoever comes second finds them there. The files are locked only while one appends, so
a process that stands still between two appends holds nobody up. Everything here blocks: call it in a thread.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from types import TracebackType

from storage.ledger.checkpoint import SIGNATURE_MARK, Checkpoint, CheckpointError, split
from storage.ledger.merkle import HASH_BYTES, Tree
from storage.ledger.tiles import hashes

LEAVES = "leaves.bin"
HEADS = "heads.txt"
EDGE = "edge.bin"
TAIL_BYTES = 64 * 1024
"""Part of the heads that is read to find the last one; a head is well under 2 KiB."""
HEAD_BYTES_MAX = 8 * 1024
"""A larger rest behind the last head is no append cut short, so it is not cut off."""
READ_LEAVES = 32 * 1024
"""Leaves read at a time (1 MiB)."""
LOCK_SECONDS = 2.0
"""How long an append waits for another process; longer means that it stands still in the middle of one."""
EDGE_SIZE_BYTES = 8


class LedgerDamaged(Exception):
    """The files do not fit each other or what is to be appended: somebody or something has changed them."""


class LedgerBusy(Exception):
    """Another process is in the middle of an append and does not finish."""


class LedgerBehind(Exception):
    """The files end before the leaves that are to be appended: those between are missing."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the log has {size} leaves")
        self.size = size


class LedgerLog:
    """The log, open for appending."""

    def __init__(self, folder: Path) -> None:
        """Open, and recover from an append that was cut short. Raises LedgerBusy, LedgerDamaged, OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._ends = (-1, -1)
        self.tree = Tree()
        """The tree over all leaves of the last head, as this process last saw it."""
        self.last_head: str | None = None
        """The newest signed checkpoint; None = no head yet."""
        self._leaves = _open(folder / LEAVES)
        try:
            self._heads = _open(folder / HEADS)
        except BaseException:
            os.close(self._leaves)
            raise
        try:
            _sync_folder(folder)
            with self._locked():
                pass
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> LedgerLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        os.close(self._heads)
        os.close(self._leaves)

    def append(self, start: int, leaves: Sequence[bytes], sign: Callable[[int, bytes], str]) -> None:
        """Add leaf hashes from place ``start`` on and a head over them, which ``sign(size, root)`` makes.

        Leaves that another process has added already are compared and passed over. Durable on return.
        Raises LedgerBehind, LedgerBusy, LedgerDamaged; ValueError when a leaf has another length or the head
        is not the head of these leaves; OSError, after which the next call recovers the files first.
        """
        if any(len(leaf) != HASH_BYTES for leaf in leaves):
            raise ValueError("a leaf hash has 32 bytes")
        with self._locked():
            size = self.tree.size
            if size < start:
                raise LedgerBehind(size)
            there = min(size - start, len(leaves))
            self._compare(start, leaves[:there])
            fresh = leaves[there:]
            if not fresh:
                return
            tree = self.tree.copy()
            tree.extend(fresh)
            note = sign(tree.size, tree.root())
            checkpoint = Checkpoint.parse(split(note)[0])
            if (checkpoint.size, checkpoint.root) != (tree.size, tree.root()):
                raise ValueError("the head is not the head of these leaves")
            self._ends = (-1, -1)
            _write(self._leaves, b"".join(fresh))
            _write(self._heads, f"{note}\n".encode())
            self.tree, self.last_head = tree, note
            self._ends = self._present()
            _keep_edge(self._folder, tree)

    def refresh(self) -> int:
        """Take in what other processes have appended; return the size. Raises as opening does."""
        with self._locked():
            return self.tree.size

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the files, and see them as they are."""
        _lock(self._leaves)
        try:
            if self._ends != self._present():
                self._recover()
            yield
        finally:
            fcntl.flock(self._leaves, fcntl.LOCK_UN)

    def _present(self) -> tuple[int, int]:
        return os.fstat(self._leaves).st_size, os.fstat(self._heads).st_size

    def _compare(self, start: int, leaves: Sequence[bytes]) -> None:
        """Raise LedgerDamaged unless the files have these leaves from ``start`` on."""
        wanted = b"".join(leaves)
        if os.pread(self._leaves, len(wanted), start * HASH_BYTES) != wanted:
            raise LedgerDamaged(f"{LEAVES} has other leaves from place {start} on than the rows")

    def _recover(self) -> None:
        note = self._recover_heads()
        self.tree = self._recover_leaves(None if note is None else _checkpoint(note))
        self.last_head = note
        self._ends = self._present()

    def _recover_heads(self) -> str | None:
        """Cut off what follows the last whole head, and return that head."""
        size = os.fstat(self._heads).st_size
        start = max(0, size - TAIL_BYTES)
        tail = os.pread(self._heads, TAIL_BYTES, start)
        note, end = _last_head(tail)
        if size - start - end > HEAD_BYTES_MAX:
            raise LedgerDamaged(f"{HEADS} has more behind its last head than one append")
        if start + end < size:
            os.ftruncate(self._heads, start + end)
            os.fsync(self._heads)
        return note

    def _recover_leaves(self, head: Checkpoint | None) -> Tree:
        """Cut off leaves that no head covers, and return the tree of the others."""
        size = 0 if head is None else head.size
        found = os.fstat(self._leaves).st_size
        if found < size * HASH_BYTES:
            raise LedgerDamaged(f"{LEAVES} has {found // HASH_BYTES} leaves, its head says {size}")
        tree = self._tree_of(head)
        # Only after the root has held: a head that was tampered with must not cost a leaf.
        if found > size * HASH_BYTES:
            os.ftruncate(self._leaves, size * HASH_BYTES)
            os.fsync(self._leaves)
        return tree

    def _tree_of(self, head: Checkpoint | None) -> Tree:
        """Return the tree that a head signs: from what is known, the shortcut, or every leaf."""
        if head is None:
            return Tree()
        for known in (self.tree, _kept_edge(self._folder), Tree()):
            if known.size <= head.size:
                tree = known.copy()
                for block in leaf_blocks(self._folder, tree.size, head.size):
                    tree.extend(hashes(block))
                if tree.root() == head.root:
                    return tree
        raise LedgerDamaged(f"{LEAVES} does not have the root that its head says")


def _keep_edge(folder: Path, tree: Tree) -> None:
    """Keep the state of the tree beside the files; not synced, since it is checked when it is read."""
    spare = folder / f"{EDGE}.{os.getpid()}"
    spare.write_bytes(tree.size.to_bytes(EDGE_SIZE_BYTES, "big") + b"".join(tree.peaks))
    spare.replace(folder / EDGE)


def _kept_edge(folder: Path) -> Tree:
    """Return the kept state of the tree, or an empty tree."""
    try:
        data = (folder / EDGE).read_bytes()
        return Tree.at(int.from_bytes(data[:EDGE_SIZE_BYTES], "big"), hashes(data[EDGE_SIZE_BYTES:]))
    except (OSError, ValueError):
        return Tree()


def leaf_blocks(folder: Path, start: int, end: int) -> Iterator[bytes]:
    """Yield the leaf hashes [start, end) in blocks of 1 MiB or less. Raises LedgerDamaged if too few."""
    with (folder / LEAVES).open("rb") as file:
        file.seek(start * HASH_BYTES)
        left = end - start
        while left > 0:
            block = file.read(min(left, READ_LEAVES) * HASH_BYTES)
            count = len(block) // HASH_BYTES
            if not count:
                raise LedgerDamaged(f"{LEAVES} has {end - left} leaves, {end} are wanted")
            yield block[: count * HASH_BYTES]
            left -= count


def read_leaves(folder: Path, size: int) -> Iterator[bytes]:
    """Yield the first ``size`` leaf hashes. Raises LedgerDamaged when there are fewer."""
    return chain.from_iterable(hashes(block) for block in leaf_blocks(folder, 0, size))


def read_heads(folder: Path) -> Iterator[str]:
    """Yield the signed heads, oldest first; a torn one at the end is left out. Raises LedgerDamaged."""
    text: list[str] = []
    signed = False
    with (folder / HEADS).open(encoding="utf-8", newline="\n") as file:
        for line in file:
            if line != "\n":
                signed = line.startswith(SIGNATURE_MARK)
                text.append(line)
            elif not signed:
                text.append(line)
            else:
                yield "".join(text)
                text, signed = [], False


def newest_head(folder: Path) -> str | None:
    """Return the newest signed head, reading the end of the file only; None = none yet.

    Raises LedgerDamaged, OSError.
    """
    if not (folder / HEADS).exists():
        return None
    with (folder / HEADS).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        return _last_head(file.read(TAIL_BYTES))[0]


def _last_head(tail: bytes) -> tuple[str | None, int]:
    """Return the last whole head of a tail and the offset behind it; None and 0 when there is none."""
    mark = b"\n\n" + SIGNATURE_MARK.encode()
    end = tail.rfind(b"\n\n")
    while end >= 0:
        signatures = tail.rfind(mark, 0, end)
        if signatures >= 0 and b"\n\n" not in tail[signatures + 2 : end + 1]:
            before = tail.rfind(b"\n\n", 0, signatures)
            start = 0 if before < 0 else before + 2
            try:
                return tail[start : end + 1].decode(), end + 2
            except UnicodeDecodeError as error:
                raise LedgerDamaged(f"{HEADS} cannot be read: {error}") from error
        end = tail.rfind(b"\n\n", 0, end + 1)
    return None, 0


def _checkpoint(note: str) -> Checkpoint:
    try:
        return Checkpoint.parse(split(note)[0])
    except CheckpointError as error:
        raise LedgerDamaged(f"the last head cannot be read: {error}") from error


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def _lock(descriptor: int) -> None:
    """Wait for the lock, but not for ever."""
    waited = 0.0
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if waited >= LOCK_SECONDS:
                raise LedgerBusy("another process is appending and does not finish") from error
            time.sleep(0.01)
            waited += 0.01
        else:
            return


def _write(descriptor: int, data: bytes) -> None:
    """Append all bytes and wait until they are on disk."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make the names of new files durable, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        with suppress(OSError):
            os.close(descriptor)
