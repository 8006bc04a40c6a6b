"""Blobs in a local directory, named by their digest.

``root/sha256/ab/cd/<64 hex digits>`` holds a blob, ``root/incoming/<random>`` one that is still arriving.
A blob is flushed (fsync) before it is renamed to its name, and the directories that lead to it are flushed
before ``put`` returns: what was acknowledged survives a power cut, and no name leads to half a file.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from storage.blobs.chunks import Batch, check_range, checked, chunk_size, describe, hand_out, hexadecimal
from storage.blobs.intake import Spooled, SpoolFile, disk_errors, take_in
from storage.blobs.protocol import CHUNK_BYTES, BlobDamaged, BlobInfo, BlobMissing, BlobUnavailable

T = TypeVar("T")

_DIRECTORY_MODE = 0o750
_READ_AHEAD = 3
_CHECK_TIMEOUT_SECONDS = 10.0
LEFTOVERS_AFTER = timedelta(hours=24)
"""Age from which a file in ``incoming`` is taken for what a crash left; no upload lasts so long."""


class FilesystemBlobStore:
    """Implements BlobStore over one directory; several processes may share it."""

    def __init__(self, root: Path, *, threads: int = 16) -> None:
        self._root = root.absolute()
        self._incoming = self._root / "incoming"
        self._blobs = self._root / "sha256"
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="blobs")
        self._durable: set[Path] = set()

    @classmethod
    async def open(
        cls,
        root: Path,
        *,
        threads: int = 16,
        now: datetime | None = None,
        leftovers_after: timedelta = LEFTOVERS_AFTER,
    ) -> FilesystemBlobStore:
        """Create the directories, throw away what crashed uploads left, and return the store.

        ``now`` defaults to the clock of the machine, which also stamps the files. Raises BlobUnavailable.
        """
        store = cls(root, threads=threads)
        instant = now or datetime.now(UTC)
        try:
            await store._run(store._prepare, (instant - leftovers_after).timestamp())
        except BaseException:
            await store.close()
            raise
        return store

    async def put(self, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> BlobInfo:
        """Store a stream; durable when it returns. Raises BlobTooLarge, BlobUnavailable."""
        taken = await take_in(chunks, limit_bytes=limit_bytes, open_file=self._spool, pool=self._pool)
        if isinstance(taken, Spooled):
            # A cancelled caller leaves a whole blob that nobody names, never half of one.
            await self._run(self._keep, taken.file, taken.info.digest)
            return taken.info
        return await self._run(self._keep_small, taken)

    async def put_bytes(self, data: bytes) -> BlobInfo:
        """Store bytes already in memory. Raises BlobUnavailable."""
        if len(data) <= CHUNK_BYTES:
            return await self._run(self._keep_small, data)
        return await self.put(_one(data), limit_bytes=len(data))

    async def read(self, info: BlobInfo, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Hand out [start, end) in slices. Raises BlobMissing, BlobDamaged, BlobUnavailable."""
        start, end = check_range(info, start, end)
        file = await self._run(self._open, info.digest)
        run = asyncio.get_running_loop().run_in_executor

        def fetch(first: int, count: int) -> asyncio.Future[Batch]:
            return run(self._pool, file.chunks, info, first, count)

        slices = hand_out(info, start, end, fetch, chunks_each=1, ahead=_READ_AHEAD)
        async with contextlib.aclosing(slices):
            async for data in slices:
                yield data

    async def read_bytes(self, info: BlobInfo) -> bytes:
        """Return the whole, checked. Raises BlobMissing, BlobDamaged, BlobUnavailable."""
        if info.size_bytes <= CHUNK_BYTES:
            return await self._run(self._read_small, info)
        return b"".join([data async for data in self.read(info)])

    async def exists(self, digest: str) -> bool:
        """Tell whether the store holds the digest. Raises BlobUnavailable."""
        return await self._run(self._exists, digest)

    async def check(self) -> None:
        """Write, flush and read back a few bytes; BlobUnavailable when that fails or takes ten seconds."""
        try:
            await asyncio.wait_for(self._run(self._probe), _CHECK_TIMEOUT_SECONDS)
        except TimeoutError as error:
            raise BlobUnavailable(f"{self._root} does not answer") from error

    async def close(self) -> None:
        """Wait for the threads and end them."""
        await asyncio.to_thread(self._pool.shutdown)

    # Everything below blocks and runs in the threads of the store.

    def _prepare(self, older_than: float) -> None:
        with disk_errors():
            for directory in (self._incoming, self._blobs):
                self._make_durable(directory)
            with os.scandir(self._incoming) as entries:
                for entry in entries:
                    with contextlib.suppress(FileNotFoundError):  # another process sweeps too
                        if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < older_than:
                            Path(entry.path).unlink()

    def _make_durable(self, directory: Path) -> None:
        """Create the directory where it is missing and flush every entry that leads to it, once."""
        if directory in self._durable:
            return
        parent = directory.parent
        if directory == self._root:
            directory.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
        else:
            self._make_durable(parent)
            directory.mkdir(mode=_DIRECTORY_MODE, exist_ok=True)
        # Also when it exists: another process may have made it a moment ago and not flushed it yet.
        _flush_directory(parent)
        self._durable.add(directory)

    def _path(self, digest: str) -> Path:
        digits = hexadecimal(digest)
        return self._blobs / digits[:2] / digits[2:4] / digits

    def _spool(self) -> SpoolFile:
        return SpoolFile(self._incoming)

    def _keep(self, file: SpoolFile, digest: str) -> None:
        """Flush the file and give it its name; a blob of the same name is replaced by the same bytes."""
        target = self._path(digest)
        try:
            file.flush()
            with disk_errors():
                self._make_durable(target.parent)
                file.path.rename(target)
                _flush_directory(target.parent)
        except BaseException:
            file.discard()
            raise

    def _keep_small(self, data: bytes) -> BlobInfo:
        info = describe(data)
        target = self._path(info.digest)
        with disk_errors():
            if _holds(target, data):
                # Who wrote it may not have flushed the name yet; our caller is promised that it is.
                self._make_durable(target.parent)
                _flush_directory(target.parent)
                return info
        file = self._spool()
        try:
            file.write(data)
        except BaseException:
            file.discard()
            raise
        self._keep(file, info.digest)
        return info

    def _open(self, digest: str) -> _OpenBlob:
        path = self._path(digest)
        with disk_errors():
            try:
                return _OpenBlob(os.open(path, os.O_RDONLY))
            except FileNotFoundError as error:
                self._require_root()
                raise BlobMissing(digest) from error

    def _read_small(self, info: BlobInfo) -> bytes:
        batch = self._open(info.digest).chunks(info, 0, 1 if info.size_bytes else 0)
        if batch.damaged is not None:
            raise BlobDamaged(info.digest, batch.damaged)
        return b"".join(batch.chunks)

    def _exists(self, digest: str) -> bool:
        try:
            path = self._path(digest)
        except BlobMissing:
            return False
        with disk_errors():
            try:
                path.stat()
            except FileNotFoundError:
                self._require_root()
                return False
        return True

    def _require_root(self) -> None:
        """Tell a blob that is missing from a disk that is not mounted: then nothing at all is there."""
        self._blobs.stat()

    def _probe(self) -> None:
        data = secrets.token_bytes(32)
        file = self._spool()
        try:
            file.write(data)
            file.flush()
            with disk_errors():
                if file.path.read_bytes() != data:
                    raise BlobUnavailable(f"{self._incoming} does not give back what was written")
        finally:
            file.discard()

    async def _run(self, work: Callable[..., T], *args: object) -> T:
        try:
            waiting = asyncio.get_running_loop().run_in_executor(self._pool, work, *args)
        except RuntimeError as error:  # the pool is shut down
            raise BlobUnavailable("the blob store is closed") from error
        return await waiting


class _OpenBlob:
    """A blob held open for reading; closed when the last reader, here or in a thread, lets go of it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __del__(self) -> None:
        os.close(self._descriptor)

    def chunks(self, info: BlobInfo, first: int, count: int) -> Batch:
        """Read and check ``count`` chunks from index ``first``."""
        return checked(info, first, (self._chunk(info, index) for index in range(first, first + count)))

    def _chunk(self, info: BlobInfo, index: int) -> bytes:
        at, wanted = index * CHUNK_BYTES, chunk_size(info, index)
        with disk_errors():
            data = os.pread(self._descriptor, wanted, at)
            while len(data) < wanted and (
                more := os.pread(self._descriptor, wanted - len(data), at + len(data))
            ):
                data += more
        return data


def _flush_directory(directory: Path) -> None:
    """Force the entries of a directory to the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _holds(path: Path, data: bytes) -> bool:
    """Tell whether the file has exactly these bytes; a damaged one is thereby written anew."""
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False


async def _one(data: bytes) -> AsyncIterator[bytes]:
    yield data
