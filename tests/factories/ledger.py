"""The log of acts for tests: opened over any database, entries written into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from server.audit.service import Audit
from server.audit.witness_client import WitnessAddress
from server.kernel.actor import Actor, Role
from server.kernel.clock import Clock
from server.kernel.record import Subject
from server.unit import Units
from signing.services import Timestamper
from storage.blobs.memory import MemoryBlobStore
from storage.blobs.protocol import BlobStore
from storage.sql.protocol import Database

ORIGIN = "test.local/ledger"
CLERK = Actor("clerk", "Văn thư Sở 1", Role.RECORDS_CLERK, body_id="z02-05", post_id="z02-05-vt")


def log_of(
    database: Database,
    folder: Path,
    *,
    clock: Clock,
    batch: int = 500,
    blobs: BlobStore | None = None,
    stamper: Timestamper | None = None,
    witnesses: Sequence[WitnessAddress] = (),
) -> Audit:
    """Open the log of a database; the tiles lie in memory unless said otherwise."""
    return Audit(
        Units(database, clock),
        blobs or MemoryBlobStore(),
        folder,
        origin=ORIGIN,
        batch=batch,
        clock=clock,
        stamper=stamper,
        witnesses=witnesses,
        timeout_seconds=5,
    )


async def act(database: Database, clock: Clock, count: int, *, name: str = "d") -> list[str]:
    """Leave ``count`` entries in one unit; return their ids in order."""
    async with Units(database, clock).begin(CLERK) as unit:
        for n in range(count):
            unit.record(
                "test.done", Subject("document", f"{name}{n}", "z02-05"), old={"n": n}, new={"n": n + 1}
            )
        return [entry.id for entry in unit._entries]
