"""The engines that the suite runs on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.blobs.filesystem import FilesystemBlobStore
from storage.blobs.memory import MemoryBlobStore
from tests.factories.blobs import (
    BlobHarness,
    FilesystemHarness,
    MemoryHarness,
    ceph_s3,
    rclone_s3,
    s3_harness,
)
from tests.services.rclone import S3Service

__all__ = ["ceph_s3", "harness", "rclone_s3"]


@pytest.fixture(params=["memory", "filesystem", "rclone", "ceph"])
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BlobHarness]:
    """Each engine in turn, empty."""
    if request.param == "memory":
        yield MemoryHarness(MemoryBlobStore())
    elif request.param == "filesystem":
        store = await FilesystemBlobStore.open(tmp_path / "blobs")
        yield FilesystemHarness(store, tmp_path / "blobs")
        await store.close()
    else:
        service: S3Service = request.getfixturevalue(f"{request.param}_s3")
        async with s3_harness(service, tmp_path / "spool") as made:
            yield made
