"""The blob port: bytes addressed by their SHA-256, written once, never changed.

A blob is hashed while it streams in, whole and per 1 MiB chunk. Reading checks each chunk before it is
handed on, so a damaged chunk is never sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Protocol

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """What is known of a blob once it is stored."""

    digest: str
    """``sha256:`` + 64 hex digits of the whole."""
    size_bytes: int
    """Length of the whole."""
    chunk_digests: bytes
    """SHA-256 of each 1 MiB chunk, 32 bytes each, in order; the last chunk may be short; empty blob: b""."""


class BlobError(Exception):
    """Base of what a blob store can answer instead of bytes."""


class BlobMissing(BlobError):
    """No blob has this digest."""


class BlobDamaged(BlobError):
    """A chunk does not have the digest it was stored with; nothing of it was handed on."""

    def __init__(self, digest: str, chunk: int) -> None:
        super().__init__(f"{digest} chunk {chunk}")
        self.digest = digest
        self.chunk = chunk


class BlobTooLarge(BlobError):
    """The stream is longer than the limit; nothing was kept."""


class BlobUnavailable(BlobError):
    """The store does not answer, or the disk refuses."""


class BlobStore(Protocol):
    """Where bytes are kept."""

    async def put(self, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> BlobInfo:
        """Store a stream of any slicing; durable when it returns. The same bytes twice are one blob.

        Raises BlobTooLarge, BlobUnavailable; whatever the stream itself raises passes through and
        leaves nothing behind.
        """
        ...

    async def put_bytes(self, data: bytes) -> BlobInfo:
        """Store bytes already in memory."""
        ...

    def read(self, info: BlobInfo, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Hand out the bytes [start, end) in slices, each from a checked chunk.

        Raises BlobMissing, BlobDamaged, BlobUnavailable.
        """
        ...

    async def read_bytes(self, info: BlobInfo) -> bytes:
        """Return the whole, checked; for small blobs only."""
        ...

    async def exists(self, digest: str) -> bool:
        """Tell whether the store holds the digest."""
        ...

    async def check(self) -> None:
        """Raise BlobUnavailable unless the store can be written and read (readiness)."""
        ...

    async def close(self) -> None:
        """Release connections and threads."""
        ...
