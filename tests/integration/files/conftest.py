"""Files over a migrated database, with a guard and a scanner that answer at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.files.guard import Inspection
from server.files.service import Files
from server.identity.access import Access
from server.identity.permissions import load_permissions
from server.kernel.clock import FixedClock
from server.kernel.errors import Refused
from server.settings import ROOT
from server.unit import Units
from storage.blobs.memory import MemoryBlobStore
from storage.sql.protocol import Database

LIMIT_BYTES = 3 * 1024 * 1024


class AcceptingGuard:
    """Takes what begins like a PDF; remembers what it saw."""

    def __init__(self, pages: int = 3) -> None:
        self.pages = pages
        self.seen: list[Path] = []

    async def text(self, path: Path, pages: int) -> tuple[str, ...]:
        """Every file is without text."""
        return ("",) * pages

    async def inspect(self, path: Path) -> Inspection:
        self.seen.append(path)
        data = await asyncio.to_thread(path.read_bytes)
        if not data.startswith(b"%PDF"):
            raise Refused("files.not_pdf", found="text")
        return Inspection(
            kind="pdf",
            media_type="application/pdf",
            pdf_version="1.7",
            pages=self.pages,
            first_page_width_points=595.0,
            first_page_height_points=842.0,
            signatures=0,
            has_fonts=True,
            pdfa=None,
        )


class SilentScanner:
    """Finds nothing, or what the test tells it to find."""

    def __init__(self, finding: str = "") -> None:
        self.finding = finding

    async def scan(self, path: Path) -> None:
        if self.finding:
            raise Refused(self.finding)

    async def check(self) -> None:
        pass


class Setting:
    """The room under test with what stands around it."""

    def __init__(self, database: Database, clock: FixedClock, spool: Path) -> None:
        self.units = Units(database, clock)
        self.blobs = MemoryBlobStore()
        self.guard = AcceptingGuard()
        self.scanner = SilentScanner()
        self.spool = spool
        access = Access(load_permissions(ROOT / "config" / "identity" / "permissions.toml"), clock)
        self.files = Files(
            self.units,
            self.blobs,
            self.guard,
            self.scanner,
            access,
            spool=spool,
            limit_bytes=LIMIT_BYTES,
        )


@pytest.fixture
async def setting(database: Database, clock: FixedClock, tmp_path: Path) -> AsyncIterator[Setting]:
    """The room of files on each engine."""
    spool = tmp_path / "spool"
    spool.mkdir()
    # Statements are read from files: in a thread, as the loop may not block.
    made = await asyncio.to_thread(Setting, database, clock, spool)
    yield made
    await made.blobs.close()
