"""Blob stores for tests: one harness per engine that can also reach behind the store's back."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from storage.blobs.filesystem import FilesystemBlobStore
from storage.blobs.memory import MemoryBlobStore
from storage.blobs.protocol import BlobStore


class BlobHarness(Protocol):
    """A store under test and what only a test may do to it."""

    @property
    def store(self) -> BlobStore:
        """The store under test."""
        ...

    async def damage(self, digest: str, offset: int) -> None:
        """Flip the bits of one stored byte behind the store's back."""
        ...

    async def truncate(self, digest: str, size: int) -> None:
        """Cut the stored bytes behind the store's back."""
        ...

    async def leftovers(self) -> list[str]:
        """Names of whatever a put that failed left behind."""
        ...

    async def stop(self) -> None:
        """Make the store unreachable."""
        ...


def flipped(data: bytes, offset: int) -> bytes:
    """The same bytes, one of them wrong."""
    return data[:offset] + bytes([data[offset] ^ 0xFF]) + data[offset + 1 :]


async def sliced(data: bytes, size: int) -> AsyncIterator[bytes]:
    """Stream bytes in slices of a size."""
    for at in range(0, len(data), size):
        yield data[at : at + size]


@dataclass
class MemoryHarness:
    """The memory twin."""

    store: MemoryBlobStore

    async def damage(self, digest: str, offset: int) -> None:
        self.store.blobs[digest] = flipped(self.store.blobs[digest], offset)

    async def truncate(self, digest: str, size: int) -> None:
        self.store.blobs[digest] = self.store.blobs[digest][:size]

    async def leftovers(self) -> list[str]:
        return []

    async def stop(self) -> None:
        await self.store.close()


@dataclass
class FilesystemHarness:
    """A directory of its own."""

    store: FilesystemBlobStore
    root: Path

    def path(self, digest: str) -> Path:
        """Where the layout says that the blob lies."""
        digits = digest.removeprefix("sha256:")
        return self.root / "sha256" / digits[:2] / digits[2:4] / digits

    async def damage(self, digest: str, offset: int) -> None:
        path = self.path(digest)
        path.chmod(0o640)
        path.write_bytes(flipped(path.read_bytes(), offset))

    async def truncate(self, digest: str, size: int) -> None:
        self.path(digest).chmod(0o640)
        os.truncate(self.path(digest), size)

    async def leftovers(self) -> list[str]:
        return [entry.name for entry in (self.root / "incoming").iterdir()]

    async def stop(self) -> None:
        """Root may write anywhere, so the directories give way to files instead of losing their rights."""
        for name in ("incoming", "sha256"):
            (self.root / name).rename(self.root / f"{name}.gone")
            (self.root / name).write_bytes(b"")
