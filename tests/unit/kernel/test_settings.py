"""Addresses in the settings."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.settings import load
from storage.blobs.open import open_blobs


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("file:objects", "file:///var/data/objects"),
        ("file:///srv/objects", "file:///srv/objects"),
        ("file:////srv/objects", "file:////srv/objects"),
        ("s3://key@host:9000/bucket", "s3://key@host:9000/bucket"),
    ],
)
def test_a_directory_of_objects_lies_in_the_data_folder_or_where_it_is_said(written: str, meant: str) -> None:
    settings = load({"LIENTHONG_DATA": "/var/data", "LIENTHONG_STORAGE_BLOBS": written})
    assert settings.blobs_url == meant


def test_a_relative_directory_is_refused_with_what_to_write() -> None:
    with pytest.raises(ValueError, match="file:/// and its absolute path"):
        asyncio.run(open_blobs("file://objects"))


def test_three_slashes_are_enough(tmp_path: Path) -> None:
    async def opened() -> None:
        store = await open_blobs(f"file://{tmp_path}/objects")
        await store.close()

    asyncio.run(opened())
    assert (tmp_path / "objects").is_dir()
