"""What every blob store promises."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.blobs.protocol import (
    CHUNK_BYTES,
    BlobDamaged,
    BlobInfo,
    BlobMissing,
    BlobStore,
    BlobTooLarge,
    BlobUnavailable,
)
from tests.factories.blobs import BlobHarness, sliced

MIB = 1024 * 1024
SIZES = [0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 20 * MIB]


def content(size: int, seed: int = 1) -> bytes:
    """Bytes that do not repeat, the same for the same seed."""
    return random.Random(seed).randbytes(size)


def expected_info(data: bytes) -> BlobInfo:
    """What the port says that the information of these bytes is."""
    chunks = [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)]
    return BlobInfo(
        "sha256:" + hashlib.sha256(data).hexdigest(),
        len(data),
        b"".join(hashlib.sha256(chunk).digest() for chunk in chunks),
    )


async def collect(store: BlobStore, info: BlobInfo, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in store.read(info, start=start, end=end)])


@pytest.mark.parametrize("size", SIZES)
async def test_a_stream_comes_back_whole_and_is_described_by_its_digests(
    harness: BlobHarness, size: int
) -> None:
    data = content(size)
    info = await harness.store.put(sliced(data, 70_001), limit_bytes=size)
    assert info == expected_info(data)
    assert await collect(harness.store, info) == data
    assert await harness.store.read_bytes(info) == data
    assert await harness.store.exists(info.digest)
    assert await harness.leftovers() == []


@pytest.mark.parametrize("size", [0, 1, MIB, MIB + 1, 3 * MIB + 5])
async def test_bytes_in_memory_are_stored_like_a_stream(harness: BlobHarness, size: int) -> None:
    data = content(size)
    info = await harness.store.put_bytes(data)
    assert info == expected_info(data)
    assert await harness.store.read_bytes(info) == data


@pytest.mark.parametrize("slice_size", [1, 4096, MIB, 5 * MIB])
async def test_the_slicing_of_a_stream_does_not_matter(harness: BlobHarness, slice_size: int) -> None:
    data = content(20_000 if slice_size == 1 else 2 * MIB + 77)
    assert await harness.store.put(sliced(data, slice_size), limit_bytes=len(data)) == expected_info(data)


async def test_no_slice_is_longer_than_a_chunk(harness: BlobHarness) -> None:
    info = await harness.store.put_bytes(content(5 * MIB))
    assert max([len(piece) async for piece in harness.store.read(info)]) <= CHUNK_BYTES


async def test_a_range_is_the_same_cut_of_the_whole(harness: BlobHarness) -> None:
    data = content(6 * MIB + 321)
    info = await harness.store.put_bytes(data)
    near_edges = st.sampled_from([0, 1, MIB - 1, MIB, MIB + 1, 4 * MIB, 4 * MIB - 1, 6 * MIB, len(data)])
    offsets = near_edges | st.integers(0, len(data))

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(offsets, offsets)
    def ranges(one: int, other: int) -> None:
        wanted.append((min(one, other), max(one, other)))

    wanted: list[tuple[int, int]] = []
    ranges()
    for start, end in wanted:
        assert await collect(harness.store, info, start, end) == data[start:end]
    assert await collect(harness.store, info, 4 * MIB) == data[4 * MIB :]


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2), (0, 11), (11, None)])
async def test_a_range_outside_the_blob_is_an_error_of_the_caller(
    harness: BlobHarness, start: int, end: int | None
) -> None:
    info = await harness.store.put_bytes(b"ten bytes.")
    with pytest.raises(ValueError, match="range"):
        await collect(harness.store, info, start, end)


@pytest.mark.parametrize("size", [100, 3 * MIB])
async def test_the_same_bytes_twice_are_one_blob(harness: BlobHarness, size: int) -> None:
    data = content(size)
    first = await harness.store.put(sliced(data, 65_536), limit_bytes=size)
    assert await harness.store.put(sliced(data, 1_000_000), limit_bytes=size) == first
    assert await harness.store.read_bytes(first) == data
    assert await harness.leftovers() == []


@pytest.mark.parametrize("size", [101, MIB + 1, 4 * MIB])
async def test_a_stream_over_the_limit_is_refused_and_leaves_nothing(harness: BlobHarness, size: int) -> None:
    data = content(size)
    with pytest.raises(BlobTooLarge):
        await harness.store.put(sliced(data, 50_000), limit_bytes=size - 1)
    assert not await harness.store.exists(expected_info(data).digest)
    assert await harness.leftovers() == []


@pytest.mark.parametrize("sent", [0, 500_000, 5 * MIB])
async def test_a_stream_that_breaks_leaves_nothing_and_its_own_error_comes_out(
    harness: BlobHarness, sent: int
) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        async for piece in sliced(content(sent), 100_000):
            yield piece
        raise ConnectionResetError("the line is gone")

    with pytest.raises(ConnectionResetError, match="the line is gone"):
        await harness.store.put(breaking(), limit_bytes=10 * MIB)
    assert not await harness.store.exists(expected_info(content(sent)).digest)
    assert await harness.leftovers() == []


async def test_a_cancelled_upload_leaves_nothing(harness: BlobHarness) -> None:
    waiting = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield content(3 * MIB)
        waiting.set()
        await asyncio.sleep(60)

    upload = asyncio.create_task(harness.store.put(endless(), limit_bytes=10 * MIB))
    await waiting.wait()
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    assert await harness.leftovers() == []


@pytest.mark.parametrize("chunk", [0, 1, 4, 6])
async def test_a_damaged_chunk_is_never_sent(harness: BlobHarness, chunk: int) -> None:
    data = content(6 * MIB + 10)
    info = await harness.store.put_bytes(data)
    await harness.damage(info.digest, chunk * MIB + 5)
    sent = b""
    with pytest.raises(BlobDamaged) as caught:
        async for piece in harness.store.read(info):
            sent += piece
    assert (caught.value.digest, caught.value.chunk) == (info.digest, chunk)
    assert sent == data[: chunk * MIB]


async def test_a_range_beside_the_damage_is_still_served(harness: BlobHarness) -> None:
    data = content(3 * MIB)
    info = await harness.store.put_bytes(data)
    await harness.damage(info.digest, MIB + 5)
    assert await collect(harness.store, info, 0, MIB) == data[:MIB]
    assert await collect(harness.store, info, 2 * MIB) == data[2 * MIB :]


async def test_a_small_damaged_blob_is_not_handed_out(harness: BlobHarness) -> None:
    info = await harness.store.put_bytes(b"so be it")
    await harness.damage(info.digest, 0)
    with pytest.raises(BlobDamaged):
        await harness.store.read_bytes(info)


@pytest.mark.parametrize(("size", "left", "chunk"), [(10, 0, 0), (10, 9, 0), (6 * MIB, 5 * MIB + 7, 5)])
async def test_a_shortened_blob_is_damaged(harness: BlobHarness, size: int, left: int, chunk: int) -> None:
    info = await harness.store.put_bytes(content(size))
    await harness.truncate(info.digest, left)
    with pytest.raises(BlobDamaged) as caught:
        await collect(harness.store, info)
    assert caught.value.chunk == chunk


@pytest.mark.parametrize("size", [0, 9, 3 * MIB])
async def test_a_blob_that_is_not_there_is_missing(harness: BlobHarness, size: int) -> None:
    info = expected_info(content(size, seed=99))
    assert not await harness.store.exists(info.digest)
    with pytest.raises(BlobMissing):
        await harness.store.read_bytes(info)
    with pytest.raises(BlobMissing):
        await collect(harness.store, info)


@pytest.mark.parametrize("digest", ["", "sha256:../../etc/passwd", "md5:" + "a" * 32, "sha256:" + "A" * 64])
async def test_what_is_no_digest_names_no_blob(harness: BlobHarness, digest: str) -> None:
    assert not await harness.store.exists(digest)
    with pytest.raises(BlobMissing):
        await harness.store.read_bytes(BlobInfo(digest, 3, b"\0" * 32))


async def test_twenty_uploads_at_once_keep_apart(harness: BlobHarness) -> None:
    contents = [content(MIB // 4 + 300_007 * number, seed=number) for number in range(10)] * 2
    infos = await asyncio.gather(
        *(harness.store.put(sliced(data, 99_999), limit_bytes=len(data)) for data in contents)
    )
    assert infos == [expected_info(data) for data in contents]
    for data, info in zip(contents[:10], infos[:10], strict=True):
        assert await harness.store.read_bytes(info) == data
    assert await harness.leftovers() == []


async def test_a_reader_that_leaves_early_disturbs_nobody(harness: BlobHarness) -> None:
    data = content(8 * MIB)
    info = await harness.store.put_bytes(data)
    reader = harness.store.read(info)
    assert await anext(reader) == data[:MIB]
    del reader
    assert await harness.store.read_bytes(info) == data


async def test_a_healthy_store_is_ready_again_and_again(harness: BlobHarness) -> None:
    await harness.store.check()
    await harness.store.check()
    assert await harness.leftovers() == []


async def test_a_store_that_is_gone_is_unavailable(harness: BlobHarness) -> None:
    info = await harness.store.put_bytes(content(2 * MIB))
    await harness.stop()
    store, other = harness.store, content(2 * MIB, seed=2)
    attempts: list[Callable[[], Awaitable[object]]] = [
        lambda: store.put_bytes(b"later"),
        lambda: store.put(sliced(other, MIB), limit_bytes=len(other)),
        lambda: store.read_bytes(info),
        lambda: store.exists(info.digest),
        lambda: store.check(),
    ]
    async with asyncio.timeout(30):
        for attempt in attempts:
            with pytest.raises(BlobUnavailable):
                await attempt()
