"""Taking in a stream: hashed whole and per chunk while it arrives, held in memory or in a spool file.

A stream of at most one chunk stays in memory; a longer one goes to a file of its own. Hashing and writing run
in threads while the next chunk is read from the stream, so memory holds two chunks and two cores are used.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import secrets
import threading
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterator
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from storage.blobs.protocol import CHUNK_BYTES, BlobInfo, BlobTooLarge, BlobUnavailable

Buffer = bytes | bytearray | memoryview

_FILE_MODE = 0o440


@contextlib.contextmanager
def disk_errors() -> Iterator[None]:
    """Turn what the disk refuses (full, read-only, broken) into BlobUnavailable."""
    try:
        yield
    except OSError as error:
        raise BlobUnavailable(f"disk refuses: {error}") from error


class SpoolFile:
    """A file under a random name that is either kept (renamed by its owner) or thrown away.

    Its methods block and run in threads. ``discard`` may be called at any moment, also while another thread
    still writes: the lock keeps the descriptor from being closed under that thread.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / secrets.token_hex(16)
        self._lock = threading.Lock()
        with disk_errors():
            self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
            os.fchmod(self._fd, _FILE_MODE)  # whatever the umask of the process is

    def write(self, data: Buffer) -> None:
        """Append the bytes; BlobUnavailable when the disk refuses."""
        with self._lock, disk_errors():
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._descriptor(), rest) :]

    def flush(self) -> None:
        """Force the bytes to the disk (fsync) and close the file; its name stays."""
        with self._lock, disk_errors():
            os.fsync(self._descriptor())
            self._close()

    def discard(self) -> None:
        """Close and unlink; does nothing when the file was renamed or discarded before."""
        with self._lock:
            self._close()
            with contextlib.suppress(OSError):  # a leftover is swept when the store is opened next time
                self.path.unlink(missing_ok=True)

    def _descriptor(self) -> int:
        if self._fd < 0:
            raise OSError(errno.EBADF, "spool file is closed")
        return self._fd

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


@dataclass(frozen=True, slots=True)
class Spooled:
    """A long stream that has ended: its digests and the file that holds it."""

    info: BlobInfo
    """Length and digests."""
    file: SpoolFile
    """Not yet flushed; the caller keeps or discards it."""


async def chunked(stream: AsyncIterable[bytes], limit_bytes: int) -> AsyncGenerator[Buffer, None]:
    """Regroup a stream of any slicing into chunks; the last may be short. BlobTooLarge past the limit."""
    held = bytearray()
    total = 0
    async for piece in stream:
        total += len(piece)
        if total > limit_bytes:
            raise BlobTooLarge(f"more than {limit_bytes} bytes")
        view = memoryview(piece)
        while len(view) >= CHUNK_BYTES - len(held):
            room = CHUNK_BYTES - len(held)
            if held:
                held += view[:room]
                yield held
                held = bytearray()
            else:
                yield view[:room]
            view = view[room:]
        held += view
    if held:
        yield held


async def take_in(
    stream: AsyncIterable[bytes], *, limit_bytes: int, open_file: Callable[[], SpoolFile], pool: Executor
) -> bytes | Spooled:
    """Read a stream to its end; bytes when it is at most one chunk, a spool file when it is longer.

    Raises BlobTooLarge, BlobUnavailable (disk), and whatever the stream raises; then nothing is left behind.
    """
    async with aclosing(chunked(stream, limit_bytes)) as chunks:
        first = await anext(chunks, b"")
        second = await anext(chunks, None)
        if second is None:
            return bytes(first)
        intake = _Intake(open_file, pool)
        try:
            await intake.add(first)
            await intake.add(second)
            async for chunk in chunks:
                await intake.add(chunk)
            return await intake.finish()
        except BaseException:  # also a cancelled upload must leave nothing
            await asyncio.shield(intake.discard())
            raise


class _Intake:
    """The pipeline of one long stream: one chunk in the threads while the next is read."""

    def __init__(self, open_file: Callable[[], SpoolFile], pool: Executor) -> None:
        self._open_file = open_file
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._file: SpoolFile | None = None
        self._whole = hashlib.sha256()
        self._size = 0
        self._digests: list[bytes] = []
        self._busy: list[asyncio.Future[None]] = []

    async def add(self, chunk: Buffer) -> None:
        """Hand one chunk to the threads, as soon as they are done with the one before."""
        await self._settle()
        self._size += len(chunk)
        run = self._loop.run_in_executor
        self._busy = [
            run(self._pool, self._write, chunk),
            run(self._pool, self._digest, chunk),
        ]

    async def finish(self) -> Spooled:
        """Wait for the last chunk and sum up."""
        await self._settle()
        info = BlobInfo(f"sha256:{self._whole.hexdigest()}", self._size, b"".join(self._digests))
        if self._file is None:
            raise RuntimeError("an intake of no chunks")
        return Spooled(info, self._file)

    async def discard(self) -> None:
        """Throw the file away once no thread works on it."""
        await asyncio.gather(*self._busy, return_exceptions=True)
        if self._file is not None:
            await self._loop.run_in_executor(self._pool, self._file.discard)

    async def _settle(self) -> None:
        # shield: a cancelled upload must not lose track of threads that still write.
        await asyncio.shield(asyncio.gather(*self._busy))

    def _write(self, chunk: Buffer) -> None:
        if self._file is None:
            self._file = self._open_file()
        self._file.write(chunk)
        self._whole.update(chunk)

    def _digest(self, chunk: Buffer) -> None:
        self._digests.append(hashlib.sha256(chunk).digest())
