"""Blobs in the memory of the process: for tests and for trying things out, gone when it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import aclosing

from storage.blobs.chunks import Batch, check_range, checked, describe, hand_out, hexadecimal
from storage.blobs.protocol import CHUNK_BYTES, BlobInfo, BlobMissing, BlobTooLarge, BlobUnavailable

_log = logging.getLogger(__name__)


class MemoryBlobStore:
    """Implements BlobStore over a dictionary. It says so in the log, and refuses past ``capacity_bytes``."""

    def __init__(self, *, capacity_bytes: int = 256 * CHUNK_BYTES) -> None:
        _log.warning("blobs are kept in memory (at most %d bytes) and are lost at exit", capacity_bytes)
        self._capacity_bytes = capacity_bytes
        self._closed = False
        self.blobs: dict[str, bytes] = {}
        """The bytes by digest; open to tests that damage them."""

    async def put(self, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> BlobInfo:
        """Store a stream. Raises BlobTooLarge; BlobUnavailable past the capacity."""
        data = bytearray()
        async for piece in chunks:
            data += piece
            if len(data) > limit_bytes:
                raise BlobTooLarge(f"more than {limit_bytes} bytes")
            self._make_room(len(data))
        return await self.put_bytes(bytes(data))

    async def put_bytes(self, data: bytes) -> BlobInfo:
        """Store bytes already in memory. Raises BlobUnavailable past the capacity."""
        info = await asyncio.to_thread(describe, data)
        if info.digest not in self.blobs:
            self._make_room(len(data))
        self.blobs[info.digest] = data
        return info

    async def read(self, info: BlobInfo, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Hand out [start, end) in slices. Raises BlobMissing, BlobDamaged, BlobUnavailable."""
        start, end = check_range(info, start, end)
        await self.check()
        hexadecimal(info.digest)
        if (data := self.blobs.get(info.digest)) is None:
            raise BlobMissing(info.digest)

        run = asyncio.get_running_loop().run_in_executor

        def fetch(first: int, count: int) -> asyncio.Future[Batch]:
            bounds = range(first * CHUNK_BYTES, (first + count) * CHUNK_BYTES, CHUNK_BYTES)
            return run(None, checked, info, first, [data[at : at + CHUNK_BYTES] for at in bounds])

        slices = hand_out(info, start, end, fetch, chunks_each=1, ahead=0)
        async with aclosing(slices):
            async for piece in slices:
                yield piece

    async def read_bytes(self, info: BlobInfo) -> bytes:
        """Return the whole, checked. Raises BlobMissing, BlobDamaged, BlobUnavailable."""
        return b"".join([data async for data in self.read(info)])

    async def exists(self, digest: str) -> bool:
        """Tell whether the store holds the digest."""
        await self.check()
        return digest in self.blobs

    async def check(self) -> None:
        """Raise BlobUnavailable once it is closed."""
        if self._closed:
            raise BlobUnavailable("the blob store is closed")

    async def close(self) -> None:
        """Forget everything."""
        self._closed = True
        self.blobs.clear()

    def _make_room(self, more: int) -> None:
        if self._closed:
            raise BlobUnavailable("the blob store is closed")
        if sum(map(len, self.blobs.values())) + more > self._capacity_bytes:
            raise BlobUnavailable(f"memory blob store is full: {self._capacity_bytes} bytes")
