"""The log outside the database: leaf hashes and signed heads in two files that only grow.

``leaves.bin`` holds 32 bytes a leaf; ``heads.txt`` holds signed checkpoints, an empty line after each.
Leaves are on disk before the head that covers them, so after a crash everything behind the last whole
head is an append that was never answered and is cut off. Fewer leaves than the head says, or other
ones, are damage. Everything here blocks: call it in a thread.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from storage.ledger.checkpoint import SIGNATURE_MARK, Checkpoint, CheckpointError, split
from storage.ledger.merkle import HASH_BYTES, Tree

LEAVES = "leaves.bin"
HEADS = "heads.txt"
TAIL_BYTES = 64 * 1024
"""Part of the heads that is read to find the last one; a head is well under 2 KiB."""
HEAD_BYTES_MAX = 8 * 1024
"""A larger rest behind the last head is no append cut short, so it is not cut off."""
READ_LEAVES = 32 * 1024
"""Leaves read at a time (1 MiB)."""


class LedgerDamaged(Exception):
    """The files do not fit each other: somebody or something has changed what was written."""


class LedgerBusy(Exception):
    """Another process has the log open for writing."""


class LedgerLog:
    """The log, open for appending by this process alone."""

    def __init__(self, folder: Path) -> None:
        """Open, and recover from an append that was cut short.

        Raises LedgerBusy, LedgerDamaged, OSError. Reads every leaf to rebuild the tree: about a second
        for a million.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._broken = False
        self._leaves = _open(folder / LEAVES)
        try:
            self._heads = _open(folder / HEADS)
            try:
                _lock(self._leaves)
                _sync_folder(folder)
                self.last_head: str | None = self._recover_heads()
                """The newest signed checkpoint; None = no head yet."""
                self.tree = self._recover_leaves()
                """The tree over all leaves of the last head."""
            except BaseException:
                os.close(self._heads)
                raise
        except BaseException:
            os.close(self._leaves)
            raise

    def __enter__(self) -> LedgerLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files and let another process open them."""
        os.close(self._heads)
        os.close(self._leaves)

    def append(self, leaves: Sequence[bytes], note: str) -> None:
        """Add leaf hashes and the signed head over all leaves up to the last of them; durable on return.

        Raises ValueError when the head is not the one that follows; OSError, after which the log must be
        opened again.
        """
        if self._broken:
            raise OSError("an append has failed: open the log again")
        tree = self.tree.copy()
        tree.extend(leaves)
        checkpoint = Checkpoint.parse(split(note)[0])
        if any(len(leaf) != HASH_BYTES for leaf in leaves):
            raise ValueError("a leaf hash has 32 bytes")
        if (checkpoint.size, checkpoint.root) != (tree.size, tree.root()):
            raise ValueError("the head is not the head of these leaves")
        self._broken = True
        _write(self._leaves, b"".join(leaves))
        _write(self._heads, f"{note}\n".encode())
        self._broken = False
        self.tree, self.last_head = tree, note

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

    def _recover_leaves(self) -> Tree:
        """Cut off leaves that no head covers, and check the others against the head."""
        head = None if self.last_head is None else _checkpoint(self.last_head)
        size = 0 if head is None else head.size
        found = os.fstat(self._leaves).st_size
        if found < size * HASH_BYTES:
            raise LedgerDamaged(f"{LEAVES} has {found // HASH_BYTES} leaves, its head says {size}")
        if found > size * HASH_BYTES:
            os.ftruncate(self._leaves, size * HASH_BYTES)
            os.fsync(self._leaves)
        tree = Tree()
        tree.extend(read_leaves(self._folder, size))
        if head is not None and tree.root() != head.root:
            raise LedgerDamaged(f"{LEAVES} does not have the root that its head says")
        return tree


def read_leaves(folder: Path, size: int) -> Iterator[bytes]:
    """Yield the first ``size`` leaf hashes. Raises LedgerDamaged when there are fewer."""
    with (folder / LEAVES).open("rb") as file:
        left = size
        while left:
            block = file.read(min(left, READ_LEAVES) * HASH_BYTES)
            count = len(block) // HASH_BYTES
            if not count:
                raise LedgerDamaged(f"{LEAVES} has {size - left} leaves, {size} are wanted")
            for index in range(count):
                yield block[index * HASH_BYTES : (index + 1) * HASH_BYTES]
            left -= count


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
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise LedgerBusy("the log is open in another process") from error


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
