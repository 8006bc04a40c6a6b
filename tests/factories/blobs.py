"""Blob stores for tests: one harness per engine that can also reach behind the store's back."""

from __future__ import annotations

import asyncio
import io
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from minio import Minio

from storage.blobs.filesystem import FilesystemBlobStore
from storage.blobs.memory import MemoryBlobStore
from storage.blobs.protocol import BlobStore
from storage.blobs.s3 import S3BlobStore, S3Settings
from tests.services.ceph import running_ceph
from tests.services.rclone import S3Service, running_rclone
from tests.services.relay import Relay


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


@dataclass
class S3Harness:
    """A bucket of its own, reached over a line that can be cut."""

    store: S3BlobStore
    settings: S3Settings
    spool: Path
    relay: Relay
    direct: Minio

    def key(self, digest: str) -> str:
        """Where the layout says that the blob lies."""
        digits = digest.removeprefix("sha256:")
        return f"sha256/{digits[:2]}/{digits[2:4]}/{digits}"

    async def replace(self, digest: str, data: bytes) -> None:
        """Put other bytes in the place of the object."""
        bucket, key = self.settings.bucket, self.key(digest)
        await asyncio.to_thread(self.direct.put_object, bucket, key, io.BytesIO(data), len(data))

    async def stored(self, digest: str) -> bytes:
        """Bytes of the object as the service has them."""

        def fetch() -> bytes:
            answer = self.direct.get_object(self.settings.bucket, self.key(digest))
            try:
                return bytes(answer.read())
            finally:
                answer.close()
                answer.release_conn()

        return await asyncio.to_thread(fetch)

    async def damage(self, digest: str, offset: int) -> None:
        await self.replace(digest, flipped(await self.stored(digest), offset))

    async def truncate(self, digest: str, size: int) -> None:
        await self.replace(digest, (await self.stored(digest))[:size])

    async def leftovers(self) -> list[str]:
        return [entry.name for entry in self.spool.iterdir()]

    async def stop(self) -> None:
        await self.relay.cut()


@asynccontextmanager
async def s3_harness(service: S3Service, spool: Path) -> AsyncIterator[S3Harness]:
    """A new bucket on the service."""
    spool.mkdir()
    relay = Relay(service.endpoint)
    await relay.start()
    settings = S3Settings(
        endpoint=relay.endpoint,
        bucket=f"blobs-{secrets.token_hex(6)}",
        access_key=service.access_key,
        secret_key=service.secret_key,
        secure=False,
        connect_timeout_seconds=1.0,
        read_timeout_seconds=5.0,
        pause_seconds=0.05,
    )
    direct = Minio(service.endpoint, service.access_key, service.secret_key, secure=False, region="us-east-1")
    store = S3BlobStore(settings, spool)
    try:
        await store.ensure_bucket()
        yield S3Harness(store, settings, spool, relay, direct)
    finally:
        await store.close()
        await relay.cut()


@pytest.fixture(scope="session")
def rclone_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Service]:
    """The light S3 service; it ignores object lock."""
    with running_rclone(tmp_path_factory.mktemp("rclone") / "data") as service:
        yield service


@pytest.fixture(scope="session")
def ceph_s3() -> Iterator[S3Service]:
    """The S3 service with versions and object lock."""
    with running_ceph() as service:
        yield service
