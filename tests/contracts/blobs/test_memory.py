"""What only the memory twin promises: it is loud, and it has an end."""

from __future__ import annotations

import logging

import pytest

from storage.blobs.memory import MemoryBlobStore
from storage.blobs.protocol import BlobUnavailable
from tests.factories.blobs import sliced


async def test_it_says_in_the_log_that_nothing_lasts(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        MemoryBlobStore()
    assert "lost at exit" in caplog.text


async def test_it_refuses_past_its_capacity_and_still_knows_what_it_has() -> None:
    store = MemoryBlobStore(capacity_bytes=10)
    info = await store.put_bytes(b"12345678")
    with pytest.raises(BlobUnavailable, match="full"):
        await store.put_bytes(b"abc")
    with pytest.raises(BlobUnavailable, match="full"):
        await store.put(sliced(b"abc", 1), limit_bytes=100)
    assert await store.put_bytes(b"12345678") == info
