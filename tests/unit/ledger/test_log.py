"""The log outside the database: what was answered is there after any crash, what was changed is noticed."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.ledger.checkpoint import Checkpoint, NoteKey, sign, verify
from storage.ledger.log import (
    EDGE,
    HEADS,
    LEAVES,
    LedgerBehind,
    LedgerBusy,
    LedgerDamaged,
    LedgerLog,
    read_heads,
    read_leaves,
)
from storage.ledger.merkle import leaf_hash, root

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = NoteKey("so1.example/audit", PRIVATE.public_key().public_bytes_raw())


def leaves(start: int, end: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(start, end)]


def head(size: int) -> str:
    """The signed head over the first ``size`` leaves of this suite."""
    return sign(Checkpoint("so1.example/audit", size, root(leaves(0, size))), KEY, PRIVATE.sign)


def signed(size: int, digest: bytes) -> str:
    """What the log asks for when it appends."""
    return sign(Checkpoint("so1.example/audit", size, digest), KEY, PRIVATE.sign)


def grow(folder: Path, *sizes: int) -> None:
    """Append up to each size in turn."""
    with LedgerLog(folder) as log:
        for size in sizes:
            log.append(log.tree.size, leaves(log.tree.size, size), signed)


def test_a_new_log_is_empty(tmp_path: Path) -> None:
    with LedgerLog(tmp_path / "audit") as log:
        assert (log.tree.size, log.last_head) == (0, None)
    assert list(read_heads(tmp_path / "audit")) == []


def test_what_was_appended_is_there_when_opened_again(tmp_path: Path) -> None:
    grow(tmp_path, 3, 10)
    grow(tmp_path, 11)
    with LedgerLog(tmp_path) as log:
        assert (log.tree.size, log.tree.root()) == (11, root(leaves(0, 11)))
        assert log.last_head == head(11)
    assert list(read_leaves(tmp_path, 11)) == leaves(0, 11)
    assert [verify(note, [KEY]).size for note in read_heads(tmp_path)] == [3, 10, 11]


def test_many_leaves_are_read_block_by_block(tmp_path: Path) -> None:
    grow(tmp_path, 40_000)
    assert list(read_leaves(tmp_path, 33_000)) == leaves(0, 33_000)


def test_a_head_that_is_not_of_these_leaves_is_refused(tmp_path: Path) -> None:
    with LedgerLog(tmp_path) as log:
        with pytest.raises(ValueError, match="not the head"):
            log.append(0, leaves(0, 2), lambda _size, _root: head(3))
        with pytest.raises(ValueError, match="32 bytes"):
            log.append(0, [b"short"], signed)
        log.append(0, leaves(0, 2), signed)
        assert log.tree.size == 2


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_an_append_cut_short_anywhere_is_undone(data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        grow(folder, 5)
        before = [(folder / name).read_bytes() for name in (LEAVES, HEADS)]
        grow(folder, 9)
        after = [(folder / name).read_bytes() for name in (LEAVES, HEADS)]
        # Leaves are on disk before the head, so the head is torn only when all the leaves are there.
        kept_leaves = data.draw(st.integers(len(before[0]), len(after[0])), label="bytes of leaves")
        kept_heads = len(before[1])
        if kept_leaves == len(after[0]):
            kept_heads = data.draw(st.integers(len(before[1]), len(after[1]) - 1), label="bytes of heads")
        (folder / LEAVES).write_bytes(after[0][:kept_leaves])
        (folder / HEADS).write_bytes(after[1][:kept_heads])
        with LedgerLog(folder) as log:
            assert (log.tree.size, log.last_head) == (5, head(5))
            log.append(5, leaves(5, 7), signed)
        assert [verify(note, [KEY]).size for note in read_heads(folder)] == [5, 7]


def test_a_changed_leaf_is_damage(tmp_path: Path) -> None:
    grow(tmp_path, 5)
    data = bytearray((tmp_path / LEAVES).read_bytes())
    data[40] ^= 1
    (tmp_path / LEAVES).write_bytes(data)
    (tmp_path / EDGE).unlink()
    with pytest.raises(LedgerDamaged, match="root"):
        LedgerLog(tmp_path)


def test_missing_leaves_are_damage(tmp_path: Path) -> None:
    grow(tmp_path, 5)
    (tmp_path / LEAVES).write_bytes((tmp_path / LEAVES).read_bytes()[:-1])
    with pytest.raises(LedgerDamaged, match="its head says 5"):
        LedgerLog(tmp_path)
    with pytest.raises(LedgerDamaged, match="5 are wanted"):
        list(read_leaves(tmp_path, 5))


def test_a_changed_head_is_damage(tmp_path: Path) -> None:
    grow(tmp_path, 5)
    text = (tmp_path / HEADS).read_text(encoding="utf-8")
    (tmp_path / HEADS).write_text(text.replace("\n5\n", "\n4\n"), encoding="utf-8")
    with pytest.raises(LedgerDamaged):
        LedgerLog(tmp_path)


def test_much_behind_the_last_head_is_not_thrown_away(tmp_path: Path) -> None:
    grow(tmp_path, 5)
    with (tmp_path / HEADS).open("ab") as file:
        file.write(b"x" * 100_000)
    size = (tmp_path / HEADS).stat().st_size
    with pytest.raises(LedgerDamaged, match="more behind"):
        LedgerLog(tmp_path)
    assert (tmp_path / HEADS).stat().st_size == size


def test_a_shortcut_that_does_not_give_the_signed_root_is_not_believed(tmp_path: Path) -> None:
    grow(tmp_path, 5, 9)
    (tmp_path / EDGE).write_bytes((9).to_bytes(8, "big") + bytes(64))
    with LedgerLog(tmp_path) as log:
        assert (log.tree.size, log.tree.root()) == (9, root(leaves(0, 9)))


def test_an_old_shortcut_spares_the_leaves_before_it(tmp_path: Path) -> None:
    grow(tmp_path, 5)
    old = (tmp_path / EDGE).read_bytes()
    grow(tmp_path, 9)
    (tmp_path / EDGE).write_bytes(old)
    with LedgerLog(tmp_path) as log:
        assert log.tree.root() == root(leaves(0, 9))


def test_two_that_append_the_same_leaves_leave_them_once(tmp_path: Path) -> None:
    with LedgerLog(tmp_path) as first, LedgerLog(tmp_path) as second:
        first.append(0, leaves(0, 5), signed)
        second.append(3, leaves(3, 8), signed)
        first.append(5, leaves(5, 8), signed)
        assert first.tree.root() == second.tree.root() == root(leaves(0, 8))
        with pytest.raises(LedgerDamaged, match="other leaves"):
            first.append(7, leaves(0, 1), signed)
        with pytest.raises(LedgerBehind):
            first.append(9, leaves(9, 10), signed)
    assert list(read_leaves(tmp_path, 8)) == leaves(0, 8)


def test_who_stands_still_in_the_middle_of_an_append_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.ledger.log.LOCK_SECONDS", 0.05)
    with (
        LedgerLog(tmp_path) as first,
        LedgerLog(tmp_path) as second,
        first._locked(),
        pytest.raises(LedgerBusy),
    ):
        second.append(0, leaves(0, 1), signed)


def test_a_failed_append_is_undone_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, left = os.write, [1]

    def full(descriptor: int, data: bytes) -> int:
        if left:
            return write(descriptor, data[: left.pop()])
        raise OSError(28, "No space left on device")

    grow(tmp_path, 5)
    with LedgerLog(tmp_path) as log:
        with monkeypatch.context() as patch:
            patch.setattr("os.write", full)
            with pytest.raises(OSError, match="No space"):
                log.append(5, leaves(5, 6), signed)
        log.append(5, leaves(5, 6), signed)
    assert (tmp_path / LEAVES).read_bytes() == b"".join(leaves(0, 6))
    grow(tmp_path, 7)
