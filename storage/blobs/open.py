"""Opening a blob store from one address."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from storage.blobs.filesystem import FilesystemBlobStore
from storage.blobs.memory import MemoryBlobStore
from storage.blobs.protocol import BlobStore

if TYPE_CHECKING:
    from storage.blobs.s3 import S3Settings


async def open_blobs(
    url: str,
    *,
    secret_file: Path | None = None,
    spool_directory: Path | None = None,
    ensure_bucket: bool = False,
    threads: int = 16,
    now: datetime | None = None,
) -> BlobStore:
    """Open the store at one of

    - ``file:///absolute/path``,
    - ``s3://access:secret@host:port/bucket?secure=0&region=us-east-1`` (TLS unless ``secure=0``; the secret
      may be left out and lie in ``secret_file``; signs and slashes in it are percent-encoded),
    - ``memory:``.

    ``spool_directory`` holds what is on its way to S3 (default: the temporary directory of the machine);
    ``ensure_bucket`` creates a missing bucket; ``now`` decides which leftovers of crashed uploads are old.
    Raises ValueError for another address, BlobUnavailable when the store does not answer.
    """
    parts = urlsplit(url)
    if parts.scheme == "memory":
        return MemoryBlobStore()
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path.startswith("/"):
        return await FilesystemBlobStore.open(Path(unquote(parts.path)), threads=threads, now=now)
    if parts.scheme == "file":
        raise ValueError("a directory of objects is written file:/// and its absolute path")
    if parts.scheme == "s3":
        # Here, since the SDK takes a tenth of a second to load and a directory needs none of it.
        from storage.blobs.s3 import S3BlobStore

        secret = None if secret_file is None else (await asyncio.to_thread(secret_file.read_text)).strip()
        spool = spool_directory or Path(tempfile.gettempdir())
        store = S3BlobStore(_s3_settings(parts, secret, threads), spool)
        try:
            if ensure_bucket:
                await store.ensure_bucket()
        except BaseException:
            await store.close()
            raise
        return store
    raise ValueError(f"not an address of a blob store: {parts.scheme}:")


def _s3_settings(parts: SplitResult, secret: str | None, threads: int) -> S3Settings:
    """Read an s3 address; ValueError names what is missing, never the secret."""
    from storage.blobs.s3 import S3Settings

    query = parse_qs(parts.query)
    secret = secret or unquote(parts.password or "")
    bucket = parts.path.strip("/")
    wanted = {"host": parts.hostname, "access key": parts.username, "secret": secret, "bucket": bucket}
    if missing := [name for name, value in wanted.items() if not value]:
        raise ValueError(f"s3 address without {', '.join(missing)}")
    return S3Settings(
        endpoint=parts.netloc.rpartition("@")[2],
        bucket=bucket,
        access_key=unquote(parts.username or ""),
        secret_key=secret,
        secure=query.get("secure", ["1"])[0] != "0",
        region=query.get("region", ["us-east-1"])[0],
        threads=threads,
    )
