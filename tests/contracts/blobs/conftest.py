"""The engines that the suite runs on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.blobs.filesystem import FilesystemBlobStore
from storage.blobs.memory import MemoryBlobStore
from tests.factories.blobs import BlobHarness, FilesystemHarness, MemoryHarness


@pytest.fixture(params=["memory", "filesystem"])
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BlobHarness]:
    """Each engine in turn, empty."""
    made: BlobHarness
    if request.param == "memory":
        made = MemoryHarness(MemoryBlobStore())
    else:
        made = FilesystemHarness(await FilesystemBlobStore.open(tmp_path / "blobs"), tmp_path / "blobs")
    yield made
    await made.store.close()
