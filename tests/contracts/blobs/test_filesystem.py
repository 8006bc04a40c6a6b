"""What only the directory store promises: its layout, its durability, its sweeping."""

from __future__ import annotations

import errno
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.blobs.filesystem import FilesystemBlobStore
from storage.blobs.protocol import BlobMissing, BlobUnavailable
from tests.factories.blobs import sliced

MIB = 1024 * 1024
HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


async def test_a_blob_lies_under_its_digest_and_only_its_owner_group_may_read_it(tmp_path: Path) -> None:
    store = await FilesystemBlobStore.open(tmp_path / "new" / "blobs")
    await store.put_bytes(b"hello")
    path = tmp_path / "new" / "blobs" / "sha256" / "2c" / "f2" / HELLO[7:]
    assert path.read_bytes() == b"hello"
    assert path.stat().st_mode & 0o777 == 0o440
    assert {folder.stat().st_mode & 0o777 for folder in path.parents[:3]} == {0o750}
    await store.close()


@pytest.mark.parametrize("size", [5, 3 * MIB])
async def test_a_blob_is_flushed_before_it_has_its_name_and_its_directories_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    store = await FilesystemBlobStore.open(tmp_path)
    steps: list[str] = []
    real_fsync, real_rename = os.fsync, Path.rename

    def fsync(descriptor: int) -> None:
        steps.append("flush " + str(Path(f"/proc/self/fd/{descriptor}").readlink().relative_to(tmp_path)))
        real_fsync(descriptor)

    def rename(path: Path, target: Path) -> Path:
        steps.append("rename")
        return real_rename(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", rename)
    info = await store.put(sliced(b"x" * size, MIB), limit_bytes=size)
    digits = info.digest[7:]
    assert steps[0].startswith("flush incoming/")
    assert steps[1:] == [
        "flush sha256",
        f"flush sha256/{digits[:2]}",
        "rename",
        f"flush sha256/{digits[:2]}/{digits[2:4]}",
    ]
    await store.close()


async def test_old_leftovers_are_swept_at_open_and_young_ones_stay(tmp_path: Path) -> None:
    await (await FilesystemBlobStore.open(tmp_path)).close()
    now = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
    for name, age in {"old": timedelta(hours=25), "young": timedelta(hours=23)}.items():
        leftover = tmp_path / "incoming" / name
        leftover.write_bytes(b"half a fi")
        stamp = (now - age).timestamp()
        os.utime(leftover, (stamp, stamp))
    store = await FilesystemBlobStore.open(tmp_path, now=now)
    assert [entry.name for entry in (tmp_path / "incoming").iterdir()] == ["young"]
    await store.close()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("size", [5, 3 * MIB])
async def test_a_disk_that_refuses_is_unavailable_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, size: int
) -> None:
    store = await FilesystemBlobStore.open(tmp_path)

    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(BlobUnavailable, match="disk refuses"):
        await store.put(sliced(b"y" * size, MIB), limit_bytes=size)
    assert not list((tmp_path / "incoming").iterdir())
    assert not [path for path in (tmp_path / "sha256").rglob("*") if path.is_file()]
    await store.close()


@pytest.mark.parametrize("size", [11, 2 * MIB])
async def test_storing_the_bytes_again_mends_a_damaged_blob(tmp_path: Path, size: int) -> None:
    store = await FilesystemBlobStore.open(tmp_path)
    data = b"z" * size
    info = await store.put_bytes(data)
    (path,) = (path for path in (tmp_path / "sha256").rglob("*") if path.is_file())
    path.chmod(0o640)
    path.write_bytes(b"Z" * size)
    await store.put_bytes(data)
    assert await store.read_bytes(info) == data
    await store.close()


async def test_two_processes_may_share_the_directory(tmp_path: Path) -> None:
    one, other = await FilesystemBlobStore.open(tmp_path), await FilesystemBlobStore.open(tmp_path)
    info = await one.put_bytes(b"shared")
    assert await other.read_bytes(info) == b"shared"
    assert await other.put_bytes(b"shared") == info
    await one.close()
    await other.close()


async def test_a_disk_that_is_not_mounted_is_not_taken_for_missing_blobs(tmp_path: Path) -> None:
    store = await FilesystemBlobStore.open(tmp_path / "mount")
    info = await store.put_bytes(b"still somewhere")
    shutil.rmtree(tmp_path / "mount")
    (tmp_path / "mount").mkdir()
    with pytest.raises(BlobUnavailable):
        await store.read_bytes(info)
    with pytest.raises(BlobUnavailable):
        await store.exists(info.digest)
    await store.close()


async def test_a_reader_keeps_its_blob_open_and_lets_go_of_it(tmp_path: Path) -> None:
    store = await FilesystemBlobStore.open(tmp_path)
    info = await store.put_bytes(b"a" * 6 * MIB)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        reader = store.read(info)
        await anext(reader)
        await reader.aclose()  # type: ignore[attr-defined]  # the port promises an iterator only
    await store.close()
    assert len(os.listdir("/proc/self/fd")) == before


async def test_a_closed_store_is_unavailable(tmp_path: Path) -> None:
    store = await FilesystemBlobStore.open(tmp_path)
    info = await store.put_bytes(b"bye")
    await store.close()
    with pytest.raises(BlobUnavailable):
        await store.read_bytes(info)


async def test_a_digest_cannot_name_a_path_outside(tmp_path: Path) -> None:
    store = await FilesystemBlobStore.open(tmp_path)
    info = await store.put_bytes(b"x")
    object.__setattr__(info, "digest", "sha256:" + "../" * 21 + "a")
    with pytest.raises(BlobMissing):
        await store.read_bytes(info)
    await store.close()
