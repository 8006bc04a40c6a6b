"""Opens the record alone, for the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from server.audit.service import Audit
from server.audit.witness_client import WitnessAddress
from server.kernel.clock import Clock, SystemClock
from server.kernel.errors import Invalid
from server.settings import Settings
from server.unit import Units
from signing.fetch import Fetcher, HttpTimestamper
from signing.services import Timestamper
from storage.blobs.open import open_blobs
from storage.blobs.protocol import BlobStore
from storage.sql.open import open_database


@asynccontextmanager
async def open_audit(settings: Settings) -> AsyncIterator[Audit]:
    """Open the database, the tiles and the log of an installation for reading."""
    clock = SystemClock()
    database = await open_database(settings.database_url, readers=1)
    try:
        secret = settings.storage.blobs_secret_file
        blobs = await open_blobs(
            settings.blobs_url,
            secret_file=Path(secret) if secret else None,
            spool_directory=settings.under_data("spool"),
            now=clock.now(),
        )
        try:
            yield make_audit(Units(database, clock), blobs, clock, settings)
        finally:
            await blobs.close()
    finally:
        await database.close()


def make_audit(units: Units, blobs: BlobStore, clock: Clock, settings: Settings) -> Audit:
    """Return the room over an open database. Raises Invalid ``audit.witness_setting``."""
    try:
        witnesses = [WitnessAddress.parse(line) for line in settings.audit.witnesses]
    except ValueError as error:
        raise Invalid("audit.witness_setting", reason=str(error)) from error
    return Audit(
        units,
        blobs,
        settings.under_data(settings.storage.ledger),
        origin=settings.audit.origin,
        batch=settings.audit.batch_entries,
        clock=clock,
        stamper=_stamper(settings.audit.timestamp_url, settings.audit.timeout_seconds),
        witnesses=witnesses,
        timeout_seconds=settings.audit.timeout_seconds,
    )


def _stamper(url: str, timeout_seconds: float) -> Timestamper | None:
    """Return the authority that the operator named, who may well be in the same network; "" = none."""
    if not url:
        return None
    host = urlsplit(url).hostname or ""
    # Two attempts of the client must fit into the time that the log waits.
    return HttpTimestamper(url, Fetcher(timeout_seconds / 2, allowed_hosts=frozenset({host})))
