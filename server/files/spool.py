"""Where an upload rests while it is judged: a file of its own, gone afterwards whatever happens."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

from server.kernel.errors import TooLarge, Unavailable

SLICE_BYTES = 1024 * 1024
"""How much is gathered before a thread writes it, and how much is read back at once."""


@asynccontextmanager
async def spooled(folder: Path, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> AsyncIterator[Path]:
    """Write a stream to a file and hand out its path; the file is removed when the block is left.

    Not forced to the disk: after a crash the upload was never answered. Raises TooLarge
    ``files.too_large`` (nothing more is read then) and Unavailable ``files.disk``; what the stream raises
    passes through.
    """
    path = folder / secrets.token_hex(16)
    try:
        await _write(path, chunks, limit_bytes)
        yield path
    finally:
        await asyncio.shield(asyncio.to_thread(_remove, path))


async def _write(path: Path, chunks: AsyncIterable[bytes], limit_bytes: int) -> None:
    waiting: list[bytes] = []
    gathered = total = 0
    async for chunk in chunks:
        total += len(chunk)
        if total > limit_bytes:
            raise TooLarge("files.too_large", limit=limit_bytes)
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
