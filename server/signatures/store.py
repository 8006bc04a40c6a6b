"""Rows of the key inventory and of verifications."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Protocol

from server.kernel.clock import text
from server.signatures.model import KeyRow, OwnerKind, Verification
from storage.sql.protocol import Params, Reader, Statement
from storage.sql.statements import Engine, load_all


class Writer(Reader, Protocol):
    """A unit or transaction."""

    async def execute(self, statement: Statement, params: Params) -> int:
        """Run one write."""
        ...


class SignatureStore:
    """Reads and writes the rows."""

    def __init__(self, engine: Engine) -> None:
        self._statements = load_all(Path(__file__).parent, engine)

    async def active_key(self, reader: Reader, kind: OwnerKind, owner_id: str) -> KeyRow | None:
        """Return the key in use of an owner."""
        return await reader.fetch_one(
            self._statements["active_key"], {"owner_kind": kind.value, "owner_id": owner_id}, KeyRow
        )

    async def keys(self, reader: Reader, after: str, limit: int) -> list[KeyRow]:
        """Return keys in the order they were added."""
        return await reader.fetch(self._statements["list_keys"], {"after": after, "limit": limit}, KeyRow)

    async def add_key(self, writer: Writer, row: KeyRow) -> None:
        """Put a key in use; the one before is retired."""
        owner: Params = {"owner_kind": row.owner_kind.value, "owner_id": row.owner_id}
        await writer.execute(self._statements["retire_keys"], owner)
        await writer.execute(
            self._statements["insert_key"],
            {
                **owner,
                "id": row.id,
                "subject": row.subject,
                "organ_id": row.organ_id,
                "serial": row.serial,
                "issuer": row.issuer,
                "not_before": text(row.not_before),
                "not_after": text(row.not_after),
                "path": row.path,
                "passphrase_path": row.passphrase_path,
                "image_path": row.image_path,
                "added_at": text(row.added_at),
            },
        )

    async def verification(self, reader: Reader, digest: str) -> Verification | None:
        """Return what was found for a file."""
        return await reader.fetch_one(self._statements["find_verification"], {"digest": digest}, Verification)

    async def add_verification(self, writer: Writer, found: Verification, at: datetime) -> int:
        """Keep what was found; 0 when it was kept before."""
        return await writer.execute(
            self._statements["insert_verification"],
            {
                "digest": found.digest,
                "verdict": found.verdict,
                "signatures": found.signatures,
                "report": found.report,
                "verified_at": text(at),
            },
        )
