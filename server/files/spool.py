"""Where an upload rests while it is judged: a file of its own, gone afterwards whatever happens."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from server.kernel.errors import TooLarge, Unavailable

SLICE_BYTES = 1024 * 1024
"""How much is gathered before a thread writes it, and how much is read back at once."""
SMALL_BYTES = 256 * 1024
"""An upload up to this length never touches the disk before it is judged: most are letters of 100 KB, and
each hop to a thread costs more than copying so few bytes (0.1 ms)."""


@dataclass(frozen=True, slots=True)
class Spool:
    """An upload that has arrived whole."""

    path: Path
    """Where it can be read, also by a child process of the same user."""
    data: bytes | None
    """Its bytes, when they are few enough to be held in memory."""


@asynccontextmanager
async def spooled(folder: Path, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> AsyncIterator[Spool]:
    """Take a stream in whole and hand it out; what holds it is gone when the block is left.

    Not forced to the disk: after a crash the upload was never answered. Raises TooLarge
    ``files.too_large`` (nothing more is read then) and Unavailable ``files.disk``; what the stream raises
    passes through.
    """
    first, rest = await _first(_limited(chunks, limit_bytes))
    if rest is None:
        with _memory_file(first) as path:
            yield Spool(path, first)
        return
    path = folder / secrets.token_hex(16)
    try:
        await _write(path, first, rest)
        yield Spool(path, None)
    finally:
        await asyncio.shield(asyncio.to_thread(_remove, path))


async def _limited(chunks: AsyncIterable[bytes], limit_bytes: int) -> AsyncIterator[bytes]:
    total = 0
    async for chunk in chunks:
        total += len(chunk)
        if total > limit_bytes:
            raise TooLarge("files.too_large", limit=limit_bytes)
        yield chunk


async def _first(chunks: AsyncIterator[bytes]) -> tuple[bytes, AsyncIterator[bytes] | None]:
    """Return the whole of a short stream and None; or what was read of a long one, and the rest of it."""
    waiting: list[bytes] = []
    gathered = 0
    async for chunk in chunks:
        waiting.append(chunk)
        gathered += len(chunk)
        if gathered > SMALL_BYTES:
            return b"".join(waiting), chunks
    return b"".join(waiting), None


@contextmanager
def _memory_file(data: bytes) -> Iterator[Path]:
    """Hand out a path under which the bytes can be read without a disk (Linux memfd_create)."""
    try:
        descriptor = os.memfd_create("upload", os.MFD_CLOEXEC)
    except OSError as error:
        raise Unavailable("files.disk") from error
    try:
        os.set_blocking(descriptor, False)  # memory never blocks; says so to who watches the loop
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        yield Path(f"/proc/{os.getpid()}/fd/{descriptor}")
    finally:
        os.close(descriptor)


async def _write(path: Path, first: bytes, chunks: AsyncIterator[bytes]) -> None:
    waiting = [first]
    gathered = len(first)
    async for chunk in chunks:
        waiting.append(chunk)
        gathered += len(chunk)
        if gathered >= SLICE_BYTES:
            await asyncio.to_thread(_append, path, waiting)
            waiting, gathered = [], 0
    await asyncio.to_thread(_append, path, waiting)


def _append(path: Path, parts: list[bytes]) -> None:
    try:
        with open(path, "ab", buffering=0, opener=_private) as file:
            for part in parts:
                rest = memoryview(part)
                while rest:
                    rest = rest[file.write(rest) :]
    except OSError as error:
        raise Unavailable("files.disk") from error


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _remove(path: Path) -> None:
    with suppress(OSError):  # a leftover is swept at the next start
        path.unlink(missing_ok=True)


def sweep(folder: Path, older_than: datetime) -> int:
    """Remove what nobody has written to since: left by a crash, or an upload that was not continued. Blocks.

    Returns how many files were removed. Newer ones stay: another process may be taking them in.
    """
    removed = 0
    for path in folder.iterdir():
        with suppress(OSError):  # another process may have removed it just now
            if path.stat().st_mtime < older_than.timestamp():
                path.unlink()
                removed += 1
    return removed


async def slices(path: Path) -> AsyncIterator[bytes]:
    """Read a spooled file back in slices."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while data := await asyncio.to_thread(file.read, SLICE_BYTES):
            yield data
    finally:
        await asyncio.to_thread(file.close)
