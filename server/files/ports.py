"""What the parts of the room ask of each other: who judges a file, and who takes a finished upload in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from server.files.guard import Inspection
from server.files.model import HeldFile, Secrecy, StoredFile
from server.kernel.actor import Actor
from server.unit import Unit
from storage.blobs.protocol import BlobInfo
from storage.sql.protocol import Reader


class Judge(Protocol):
    """Judges a file by what it is (``server.files.guard``)."""

    async def inspect(self, path: Path) -> Inspection:
        """Return what the file is; raises Refused naming what is wrong, Unavailable."""
        ...

    async def text(self, path: Path, pages: int) -> tuple[str, ...]:
        """Return the text of the first pages of a PDF; raises Refused, Unavailable."""
        ...


class Intake(Protocol):
    """Takes a complete file in, as ``server.files.service`` does; raises what it raises."""

    @property
    def limit_bytes(self) -> int:
        """Largest file taken in."""
        ...

    async def require_not_secret(self, actor: Actor, level: Secrecy) -> None:
        """Refuse a state-secret level, with an audit entry of the attempt."""
        ...

    async def take_in(self, path: Path, name: str) -> tuple[StoredFile, BlobInfo]:
        """Judge a file that lies complete at a path and store its bytes."""
        ...

    async def record_received(self, unit: Unit, stored: StoredFile, info: BlobInfo) -> StoredFile:
        """Write row, holding and audit entry."""
        ...

    async def require_held(self, tx: Reader, body_id: str, digests: Sequence[str]) -> Mapping[str, HeldFile]:
        """Return the files that a body holds, by digest."""
        ...
