"""What only the S3 store promises: patience with the line, and no trust in the service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from storage.blobs.open import open_blobs
from storage.blobs.protocol import BlobMissing, BlobUnavailable
from storage.blobs.s3 import S3BlobStore
from tests.factories.blobs import S3Harness, s3_harness, sliced
from tests.services.rclone import S3Service, start_rclone

MIB = 1024 * 1024


@pytest.fixture
async def bucket(rclone_s3: S3Service, tmp_path: Path) -> AsyncIterator[S3Harness]:
    """A bucket on the light service."""
    async with s3_harness(rclone_s3, tmp_path / "spool") as made:
        yield made


async def test_a_service_that_was_stopped_is_unavailable_within_its_time(tmp_path: Path) -> None:
    service = start_rclone(tmp_path / "data")
    async with s3_harness(service, tmp_path / "spool") as bucket:
        info = await bucket.store.put_bytes(b"before")
        service.stop()
        began = time.monotonic()
        with pytest.raises(BlobUnavailable):
            await bucket.store.read_bytes(info)
        assert time.monotonic() - began < 5


async def test_a_service_that_hangs_is_unavailable_within_its_time(bucket: S3Harness) -> None:
    info = await bucket.store.put_bytes(b"before")
    hasty = S3BlobStore(replace(bucket.settings, read_timeout_seconds=0.3, attempts=2), bucket.spool)
    await bucket.relay.hang()
    began = time.monotonic()
    with pytest.raises(BlobUnavailable):
        await hasty.read_bytes(info)
    assert 0.6 <= time.monotonic() - began < 5
    await hasty.close()


async def test_a_call_ends_at_its_limit_even_when_the_service_trickles(bucket: S3Harness) -> None:
    hasty = S3BlobStore(replace(bucket.settings, call_timeout_seconds=0.3), bucket.spool)
    await bucket.relay.hang()
    began = time.monotonic()
    with pytest.raises(BlobUnavailable, match="took over"):
        await hasty.put_bytes(b"never")
    assert time.monotonic() - began < 2
    await bucket.relay.cut()
    await hasty.close()


async def test_a_line_that_comes_back_is_used_again_within_one_call(
    rclone_s3: S3Service, tmp_path: Path
) -> None:
    async with s3_harness(rclone_s3, tmp_path / "spool") as bucket:
        info = await bucket.store.put_bytes(b"patience")
        await bucket.relay.hang()
        reading = asyncio.create_task(bucket.store.read_bytes(info))
        await asyncio.sleep(0.2)
        await bucket.relay.recover()
        assert await reading == b"patience"


async def test_wrong_keys_are_unavailable_not_missing(bucket: S3Harness) -> None:
    info = await bucket.store.put_bytes(b"mine")
    stranger = S3BlobStore(replace(bucket.settings, secret_key="another-secret"), bucket.spool)
    for attempt in (stranger.exists(info.digest), stranger.check(), stranger.put_bytes(b"theirs")):
        with pytest.raises(BlobUnavailable):
            await attempt
    await stranger.close()


async def test_a_missing_bucket_is_unavailable_not_missing_blobs(bucket: S3Harness) -> None:
    info = await bucket.store.put_bytes(b"here")
    elsewhere = S3BlobStore(replace(bucket.settings, bucket="no-such-bucket"), bucket.spool)
    with pytest.raises(BlobUnavailable):
        await elsewhere.exists(info.digest)
    with pytest.raises(BlobUnavailable):
        await elsewhere.read_bytes(info)
    with pytest.raises(BlobUnavailable):
        await elsewhere.put_bytes(b"here")
    await elsewhere.close()


async def test_a_blob_that_is_there_is_not_sent_again(bucket: S3Harness) -> None:
    data = b"once" * MIB
    info = await bucket.store.put_bytes(data)
    before = bucket.relay.forwarded_bytes
    await bucket.store.put(sliced(data, MIB), limit_bytes=len(data))
    assert bucket.relay.forwarded_bytes - before < 64_000
    assert await bucket.store.read_bytes(info) == data


async def test_a_blob_above_sixteen_mebibytes_goes_up_in_parts(bucket: S3Harness) -> None:
    data = bytes(range(256)) * (4096 * 17)
    info = await bucket.store.put(sliced(data, 300_000), limit_bytes=len(data))
    assert await bucket.stored(info.digest) == data
    assert await bucket.leftovers() == []


async def test_the_probe_of_the_readiness_check_is_noticed_when_lost(bucket: S3Harness) -> None:
    await bucket.store.check()
    probe = bucket.store._probe.digest
    await asyncio.to_thread(bucket.direct.remove_object, bucket.settings.bucket, bucket.key(probe))
    with pytest.raises(BlobUnavailable, match="probe"):
        await bucket.store.check()
    await bucket.store.check()


async def test_a_closed_store_is_unavailable(bucket: S3Harness) -> None:
    await bucket.store.close()
    with pytest.raises(BlobUnavailable, match="closed"):
        await bucket.store.put_bytes(b"x")


async def test_the_secret_is_in_no_text_of_the_settings(bucket: S3Harness) -> None:
    assert bucket.settings.secret_key not in f"{bucket.settings!r} {bucket.settings}"


async def test_an_address_opens_a_bucket_and_makes_it(rclone_s3: S3Service, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(rclone_s3.secret_key + "\n")
    url = f"s3://{rclone_s3.access_key}@{rclone_s3.endpoint}/made-by-address?secure=0"
    store = await open_blobs(url, secret_file=secret, ensure_bucket=True)
    info = await store.put_bytes(b"by address")
    assert await store.read_bytes(info) == b"by address"
    await store.close()
    again = await open_blobs(url.replace("app@", "app:secretsecret@"), ensure_bucket=True)
    assert await again.exists(info.digest)
    await again.close()


async def test_an_address_opens_a_directory(tmp_path: Path) -> None:
    store = await open_blobs(f"file://{tmp_path}/m%C3%A3")
    info = await store.put_bytes(b"here")
    assert (tmp_path / "mã" / "sha256").is_dir()
    with pytest.raises(BlobMissing):
        await store.read_bytes(replace(info, digest="sha256:" + "0" * 64))
    await store.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://host/bucket", "not an address"),
        ("file://elsewhere/path", "absolute path"),
        ("s3://host/bucket", "access key, secret"),
        ("s3://key:word@host", "bucket"),
    ],
)
async def test_what_is_no_address_is_named(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        await open_blobs(url)
