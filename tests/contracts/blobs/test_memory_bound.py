"""A long stream passes through a store in little memory, in and out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.rclone import S3Service

_MEBIBYTES = 256
_ALLOWED_BYTES = 64 * 1024 * 1024

_PROGRAM = """
import asyncio, json, os, resource, sys
from storage.blobs.open import open_blobs

async def stream(mebibytes):
    for number in range(mebibytes * 4):
        yield number.to_bytes(4, "big") * 65536

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

async def main(url, mebibytes):
    store = await open_blobs(url, ensure_bucket=True)
    small = await store.put_bytes(b"loads what is loaded late")
    await store.read_bytes(small)
    before = peak()
    info = await store.put(stream(mebibytes), limit_bytes=mebibytes << 20)
    after_put, size = peak(), 0
    async for piece in store.read(info):
        size += len(piece)
    print(json.dumps({"put": after_put - before, "both": peak() - before, "size": size}))
    await store.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


@pytest.mark.parametrize("engine", ["filesystem", "s3"])
def test_a_long_stream_needs_little_memory(
    engine: str, tmp_path: Path, rclone_s3: S3Service, pytestconfig: pytest.Config
) -> None:
    s3 = f"s3://{rclone_s3.access_key}:{rclone_s3.secret_key}@{rclone_s3.endpoint}/memory-bound?secure=0"
    url = f"file://{tmp_path}/blobs" if engine == "filesystem" else s3
    child = subprocess.run(
        [sys.executable, "-c", _PROGRAM, url, str(_MEBIBYTES)],
        cwd=pytestconfig.rootpath,
        capture_output=True,
        check=True,
        timeout=120,
    )
    used = json.loads(child.stdout)
    assert used["size"] == _MEBIBYTES << 20
    assert used["put"] < _ALLOWED_BYTES
    assert used["both"] < _ALLOWED_BYTES
