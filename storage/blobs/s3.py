"""Blobs in a bucket of any S3 service, through the ``minio`` SDK.

An object's key is ``sha256/ab/cd/<64 hex digits>``, the path it has in the directory store, so one may be
copied to the other. Used of S3: PUT, multipart, HEAD, ranged GET, and creating the bucket; never a listing.

The SDK blocks, so its calls run in threads of their own. Every call has a time limit. Since a key names its
bytes, every call may be repeated: what fails for a passing reason is tried again after a pause.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import random
import re
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar
from xml.etree.ElementTree import ParseError

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError

from storage.blobs.chunks import Batch, check_range, checked, chunk_size, describe, hand_out, hexadecimal
from storage.blobs.intake import Spooled, SpoolFile, take_in
from storage.blobs.protocol import CHUNK_BYTES, BlobInfo, BlobMissing, BlobUnavailable

T = TypeVar("T")

_SINGLE_PUT_BYTES = 16 * CHUNK_BYTES
_PART_BYTES = 8 * CHUNK_BYTES
_CHUNKS_PER_GET = 4
_READ_AHEAD = 1
_PROBE = b"A few bytes that tell whether this bucket can be written and read.\n"
_PROBE_WRITTEN_EVERY_SECONDS = 600.0
_MISSING = frozenset({"NoSuchKey", "NoSuchObject", "NoSuchVersion"})
_OUT_OF_RANGE = frozenset({"InvalidRange", "RequestedRangeNotSatisfiable"})
_PASSING = frozenset(
    {"InternalError", "OperationAborted", "RequestTimeout", "ServiceUnavailable", "SlowDown"}
)
_CODE = re.compile(r"<Code>(\w+)</Code>")
_SERVER_FAULT = re.compile(r"Response code: 5\d\d")
_FAILURES = (MinioException, urllib3.exceptions.HTTPError, OSError, ValueError, ParseError)


@dataclass(frozen=True, slots=True)
class S3Settings:
    """Where the bucket is and how long to wait for it."""

    endpoint: str
    """``host:port`` or ``host``."""
    bucket: str
    """Three to 63 small letters, digits, dots and hyphens."""
    access_key: str
    """Name of the key."""
    secret_key: str
    """Its secret; never logged."""
    secure: bool = True
    """TLS; without it the bytes cross the network in the clear."""
    region: str = "us-east-1"
    """Part of every signature; most servers of one's own accept any."""
    threads: int = 16
    """Calls at the same time."""
    connect_timeout_seconds: float = 3.0
    """For one connection."""
    read_timeout_seconds: float = 20.0
    """Longest silence of the server within one call."""
    call_timeout_seconds: float = 60.0
    """For one call from the queue to its end, when it carries little."""
    slowest_bytes_per_second: int = 1024 * 1024
    """A call that carries much gets as many seconds more."""
    attempts: int = 3
    """How often a call is tried, with pauses that double from ``pause_seconds``."""
    pause_seconds: float = 0.2
    """First pause; up to half as much is added at random, so that many callers do not come back at once."""

    def __repr__(self) -> str:
        """Tell the place, not the secret."""
        return f"S3Settings({self.endpoint!r}, {self.bucket!r})"


class S3BlobStore:
    """Implements BlobStore over one bucket."""

    def __init__(self, settings: S3Settings, spool_directory: Path) -> None:
        self._settings = settings
        self._bucket = settings.bucket
        self._spool_directory = spool_directory
        self._calls = ThreadPoolExecutor(settings.threads, thread_name_prefix="s3")
        self._hashing = ThreadPoolExecutor(4, thread_name_prefix="s3-spool")
        self._probe = describe(_PROBE)
        self._probe_written_at = float("-inf")
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(
                connect=settings.connect_timeout_seconds, read=settings.read_timeout_seconds
            ),
            maxsize=settings.threads,
            block=False,
            retries=urllib3.Retry(0, redirect=0, raise_on_status=False),  # tried again here, with a pause
        )
        self._client = Minio(
            settings.endpoint,
            access_key=settings.access_key,
            secret_key=settings.secret_key,
            secure=settings.secure,
            region=settings.region,  # saves a question for the bucket's region
            http_client=self._http,
        )

    async def ensure_bucket(self) -> None:
        """Create the bucket when it is missing. Raises BlobUnavailable."""
        await self._call(self._make_bucket)

    async def put(self, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> BlobInfo:
        """Store a stream, spooled and hashed here first. Raises BlobTooLarge, BlobUnavailable."""
        taken = await take_in(
            chunks,
            limit_bytes=limit_bytes,
            open_file=functools.partial(SpoolFile, self._spool_directory),
            pool=self._hashing,
        )
        if not isinstance(taken, Spooled):
            return await self.put_bytes(taken)
        file, info = taken.file, taken.info
        try:
            await self._store(info, lambda: file.path.open("rb"))
        finally:
            await asyncio.shield(self._run(self._hashing, file.discard))
        return info

    async def put_bytes(self, data: bytes) -> BlobInfo:
        """Store bytes already in memory. Raises BlobUnavailable."""
        info = await self._run(self._hashing, describe, data)
        await self._store(info, lambda: io.BytesIO(data))
        return info

    async def read(self, info: BlobInfo, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Hand out [start, end) in slices. Raises BlobMissing, BlobDamaged, BlobUnavailable."""
        start, end = check_range(info, start, end)
        if start == end:
            if not await self.exists(info.digest):
                raise BlobMissing(info.digest)
            return

        key = _key(info.digest)

        def fetch(first: int, count: int) -> asyncio.Future[Batch]:
            return asyncio.ensure_future(self._call(self._chunks, key, info, first, count))

        slices = hand_out(info, start, end, fetch, chunks_each=_CHUNKS_PER_GET, ahead=_READ_AHEAD)
        async with contextlib.aclosing(slices):
            async for data in slices:
                yield data

    async def read_bytes(self, info: BlobInfo) -> bytes:
        """Return the whole, checked. Raises BlobMissing, BlobDamaged, BlobUnavailable."""
        return b"".join([data async for data in self.read(info)])

    async def exists(self, digest: str) -> bool:
        """Tell whether the bucket holds the digest. Raises BlobUnavailable."""
        try:
            await self._call(self._size, _key(digest))
        except BlobMissing as error:
            # HEAD has no body that tells a missing object from a missing bucket.
            if not await self._call(self._client.bucket_exists, self._bucket):
                raise BlobUnavailable(f"no bucket {self._bucket}") from error
            return False
        return True

    async def check(self) -> None:
        """Read a small known blob; write it at the first time and every ten minutes. Raises BlobUnavailable.

        It is not written at each check, since a bucket with versions keeps every copy.
        """
        key, now = _key(self._probe.digest), time.monotonic()
        if now - self._probe_written_at > _PROBE_WRITTEN_EVERY_SECONDS:
            await self._call(self._upload, key, len(_PROBE), lambda: io.BytesIO(_PROBE))
            self._probe_written_at = now
        try:
            batch = await self._call(self._chunks, key, self._probe, 0, 1)
        except BlobMissing as error:
            self._probe_written_at = float("-inf")
            raise BlobUnavailable("the bucket has lost its probe") from error
        if batch.damaged is not None:
            self._probe_written_at = float("-inf")
            raise BlobUnavailable("the bucket does not give back what was written")

    async def close(self) -> None:
        """Wait for the calls under way (each has its time limit), then end threads and connections."""
        await asyncio.to_thread(self._calls.shutdown, cancel_futures=True)
        await asyncio.to_thread(self._hashing.shutdown)
        self._http.clear()

    async def _store(self, info: BlobInfo, open_data: Callable[[], BinaryIO]) -> None:
        key = _key(info.digest)
        try:
            if await self._call(self._size, key) == info.size_bytes:
                return
        except BlobMissing:
            pass
        more = info.size_bytes / self._settings.slowest_bytes_per_second
        await self._call(self._upload, key, info.size_bytes, open_data, more_seconds=more)

    async def _call(self, work: Callable[..., T], *args: object, more_seconds: float = 0.0) -> T:
        """Run one S3 call in the threads: with its time limit, tried again when the reason may pass."""
        limit, pause = self._settings.call_timeout_seconds + more_seconds, self._settings.pause_seconds
        for attempt in range(1, self._settings.attempts + 1):
            try:
                return await asyncio.wait_for(self._run(self._calls, work, *args), limit)
            except TimeoutError as error:
                raise BlobUnavailable(f"{self._settings.endpoint} took over {limit:.0f} seconds") from error
            except _FAILURES as error:
                if _code(error) in _MISSING:
                    raise BlobMissing(str(args[0])) from error
                if attempt == self._settings.attempts or not _may_pass(error):
                    raise BlobUnavailable(f"{self._settings.endpoint}: {error}") from error
            await asyncio.sleep(pause * (1 + random.random() / 2))  # noqa: S311  (spreads load, no secret)
            pause *= 2
        raise BlobUnavailable(f"{self._settings.endpoint}: no attempt allowed")

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[..., T], *args: object) -> T:
        try:
            waiting = asyncio.get_running_loop().run_in_executor(pool, work, *args)
        except RuntimeError as error:  # the pool is shut down
            raise BlobUnavailable("the blob store is closed") from error
        return await waiting

    # Everything below blocks and runs in the threads of the store.

    def _make_bucket(self) -> None:
        if self._client.bucket_exists(self._bucket):
            return
        try:
            self._client.make_bucket(self._bucket, self._settings.region)
        except S3Error as error:
            if error.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:  # another was first
                raise

    def _size(self, key: str) -> int:
        return self._client.stat_object(self._bucket, key).size or 0

    def _upload(self, key: str, size: int, open_data: Callable[[], BinaryIO]) -> None:
        with open_data() as data:
            self._client.put_object(
                self._bucket,
                key,
                data,
                size,
                part_size=_SINGLE_PUT_BYTES if size <= _SINGLE_PUT_BYTES else _PART_BYTES,
                num_parallel_uploads=1,  # each would hold a part in memory
            )

    def _chunks(self, key: str, info: BlobInfo, first: int, count: int) -> Batch:
        sizes = [chunk_size(info, index) for index in range(first, first + count)]
        try:
            answer = self._client.get_object(self._bucket, key, first * CHUNK_BYTES, sum(sizes))
        except MinioException as error:
            if _code(error) in _OUT_OF_RANGE:  # the object is shorter than it was
                return Batch((), first)
            raise
        try:
            return checked(info, first, (answer.read(size) for size in sizes))
        except BaseException:
            answer.close()  # what is left on this connection is not the next answer
            raise
        finally:
            answer.drain_conn()
            answer.release_conn()


def _key(digest: str) -> str:
    """Return the object's key; BlobMissing when the digest is not one."""
    digits = hexadecimal(digest)
    return f"sha256/{digits[:2]}/{digits[2:4]}/{digits}"


def _code(error: Exception) -> str:
    """Return the code of the S3 error, or "".

    Some servers (rclone) send the error as ``text/xml``, which the SDK does not read; then it is in the text.
    """
    if isinstance(error, S3Error):
        return error.code or ""
    found = _CODE.search(str(error)) if isinstance(error, InvalidResponseError) else None
    return found[1] if found else ""


def _may_pass(error: Exception) -> bool:
    """Tell whether another attempt may fare better: faults of line and server do, refusals do not."""
    if isinstance(error, ServerError):
        return error.status_code >= 500
    if isinstance(error, MinioException):
        return _code(error) in _PASSING or _SERVER_FAULT.search(str(error)) is not None
    return isinstance(error, urllib3.exceptions.HTTPError | ConnectionError)
