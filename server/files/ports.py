"""Who judges a file before anything keeps it; the composition gives the real ones, tests their twins."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from server.files.guard import Inspection


class Judge(Protocol):
    """Judges a file by what it is (``server.files.guard``)."""

    async def inspect(self, path: Path) -> Inspection:
        """Return what the file is; raises Refused naming what is wrong, Unavailable."""
        ...
