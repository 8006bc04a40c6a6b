"""Arithmetic and checking of chunks, shared by every blob store."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from dataclasses import dataclass

from storage.blobs.protocol import CHUNK_BYTES, BlobDamaged, BlobInfo, BlobMissing

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Batch:
    """Neighbouring chunks fetched in one go."""

    chunks: tuple[bytes, ...]
    """Checked chunks, in order, up to the first damaged one."""
    damaged: int | None = None
    """Index of the chunk that failed its check, or None when all are good."""


def hexadecimal(digest: str) -> str:
    """Return the 64 hex digits of a digest; BlobMissing when it is not one, so it can never name a path."""
    if not _DIGEST.fullmatch(digest):
        raise BlobMissing(digest)
    return digest[7:]


def chunk_count(info: BlobInfo) -> int:
    """Return how many chunks the blob has; an empty blob has none."""
    return -(-info.size_bytes // CHUNK_BYTES)


def chunk_size(info: BlobInfo, index: int) -> int:
    """Return the length in bytes of one chunk; only the last is shorter than CHUNK_BYTES."""
    return min(CHUNK_BYTES, info.size_bytes - index * CHUNK_BYTES)


def is_good(info: BlobInfo, index: int, data: bytes) -> bool:
    """Tell whether the bytes are chunk ``index`` of the blob, as it was stored."""
    if len(data) != chunk_size(info, index):
        return False
    at = index * _DIGEST_BYTES
    return hashlib.sha256(data).digest() == info.chunk_digests[at : at + _DIGEST_BYTES]


def checked(info: BlobInfo, first: int, chunks: Iterable[bytes]) -> Batch:
    """Check chunks that start at index ``first``; stops at the first damaged one. Call it in a thread."""
    good: list[bytes] = []
    for data in chunks:
        index = first + len(good)
        if not is_good(info, index, data):
            return Batch(tuple(good), index)
        good.append(data)
    return Batch(tuple(good))


def describe(data: bytes) -> BlobInfo:
    """Hash bytes held in memory, whole and per chunk. Call it in a thread when they are many."""
    whole = hashlib.sha256(data).hexdigest()
    view = memoryview(data)
    parts = (view[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES))
    return BlobInfo(f"sha256:{whole}", len(data), b"".join(hashlib.sha256(part).digest() for part in parts))


def check_range(info: BlobInfo, start: int, end: int | None) -> tuple[int, int]:
    """Return the range [start, end) with ``end`` filled in; ValueError when it does not lie in the blob."""
    stop = info.size_bytes if end is None else end
    if not 0 <= start <= stop <= info.size_bytes:
        raise ValueError(f"range {start}-{stop} of {info.size_bytes} bytes")
    return start, stop


def batches(start: int, end: int, *, chunks_each: int) -> Iterator[tuple[int, int]]:
    """Yield (first chunk, number of chunks) of the batches that cover the range [start, end)."""
    if start >= end:
        return
    last = (end - 1) // CHUNK_BYTES
    for first in range(start // CHUNK_BYTES, last + 1, chunks_each):
        yield first, min(chunks_each, last + 1 - first)


def _cut(data: bytes, offset: int, start: int, end: int) -> bytes:
    """Return the part of a chunk, which begins at ``offset`` of the blob, that lies in [start, end)."""
    head, tail = max(0, start - offset), min(len(data), end - offset)
    return data if head == 0 and tail == len(data) else data[head:tail]


async def hand_out(
    info: BlobInfo,
    start: int,
    end: int,
    fetch: Callable[[int, int], asyncio.Future[Batch]],
    *,
    chunks_each: int,
    ahead: int,
) -> AsyncGenerator[bytes, None]:
    """Yield the bytes [start, end) in slices of at most one chunk, fetching up to ``ahead`` batches early.

    ``fetch(first, count)`` must start its work at once and answer with checked chunks. Memory is bounded by
    ``(ahead + 1) * chunks_each`` chunks. Raises BlobDamaged after the good chunks before the damaged one.
    """
    plan = batches(start, end, chunks_each=chunks_each)
    under_way: deque[tuple[int, asyncio.Future[Batch]]] = deque()
    try:
        while True:
            while len(under_way) <= ahead and (step := next(plan, None)) is not None:
                under_way.append((step[0], fetch(*step)))
            if not under_way:
                return
            first, waiting = under_way.popleft()
            batch = await waiting
            for index, data in enumerate(batch.chunks, first):
                yield _cut(data, index * CHUNK_BYTES, start, end)
            if batch.damaged is not None:
                raise BlobDamaged(info.digest, batch.damaged)
    finally:
        for _, waiting in under_way:
            _drop(waiting)


def _drop(waiting: asyncio.Future[Batch]) -> None:
    """Let go of a fetch whose answer nobody needs, without a complaint in the log about its outcome."""
    if not waiting.cancel() and not waiting.cancelled():
        waiting.exception()
