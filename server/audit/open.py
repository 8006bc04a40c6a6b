"""Opens the record alone, for the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.audit.service import Audit
from server.settings import Settings
from storage.sql.open import open_database
from storage.sql.protocol import Database


@asynccontextmanager
async def open_audit(settings: Settings) -> AsyncIterator[Audit]:
    """Open the database and the log of an installation for reading."""
    database = await open_database(settings.database_url, readers=1)
    try:
        yield make_audit(database, settings)
    finally:
        await database.close()


def make_audit(database: Database, settings: Settings) -> Audit:
    """Return the room over an open database."""
    return Audit(
        database,
        settings.under_data(settings.storage.ledger),
        origin=settings.audit.origin,
        batch=settings.audit.batch_entries,
    )
