"""Rows of evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from server.evidence.model import EvidenceRecord, Signature, SignedEvidence
from server.kernel.clock import text
from server.kernel.record import canonical, value_digest
from server.unit import Unit
from storage.sql.protocol import Database, Params
from storage.sql.statements import load_all

RECORDS_MAX = 10_000
"""Records of one document that are read at once; one sent to two thousand bodies has about three each."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something to be signed."""

    record_id: str
    body_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One evidence key as it is kept."""

    serial: str
    body_id: str
    name: str
    certificate: bytes
    sealed_key: bytes
    valid_until: datetime
    made_at: datetime


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record as it is kept."""

    id: str
    event: str
    at: datetime
    arrival_id: str
    dispatch_id: str
    content: str
    digest: str

    def signed(self, signature: Signature | None) -> SignedEvidence:
        """Return the record with its signature."""
        return SignedEvidence(
            self.id,
            self.event,
            self.at,
            self.arrival_id,
            self.dispatch_id,
            self.content,
            self.digest,
            signature,
        )


@dataclass(frozen=True, slots=True)
class _Id:
    id: str


class EvidenceStore:
    """Keeps records and signatures; nothing here is ever changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._statements = load_all(Path(__file__).parent, database.engine)

    def add(self, unit: Unit, records: Sequence[tuple[EvidenceRecord, str]]) -> None:
        """Write records into the caller's unit, each with what makes it unique, to be signed."""
        rows: list[Params] = []
        for record, once in records:
            rows.append(
                {
                    "id": record.id,
                    "once": once,
                    "event": record.event.value,
                    "at": record.at,
                    "arrival_id": record.arrival,
                    "dispatch_id": record.dispatch,
                    "document_id": record.document,
                    "content": canonical(record).decode(),
                    "digest": value_digest(record),
                }
            )
        unit.later(self._statements["insert_record"], rows)
        self.queue(unit, [(record.id, record.body, value_digest(record)) for record, _ in records])

    def queue(self, unit: Unit, waiting: Sequence[tuple[str, str, str]]) -> None:
        """Have (id, body, digest) signed after the caller's commit."""
        rows: list[Params] = [
            {"record_id": record_id, "body_id": body_id, "digest": digest}
            for record_id, body_id, digest in waiting
        ]
        unit.later(self._statements["queue"], rows)

    async def said(self, unit: Unit, once: str) -> bool:
        """Tell whether something that may be said once has been said."""
        return await unit.fetch_one(self._statements["said"], {"once": once}, _Id) is not None

    async def unsigned(self, limit: int) -> list[Waiting]:
        """Return what waits, oldest first."""
        return await self._database.fetch(self._statements["unsigned"], {"limit": limit}, Waiting)

    async def keep(self, signed: Sequence[tuple[str, str, bytes]], at: datetime) -> None:
        """Keep signatures (id, serial, bytes); a signature that is there stays."""
        rows: list[Params] = [
            {"record_id": record_id, "serial": serial, "signature": signature, "signed_at": text(at)}
            for record_id, serial, signature in signed
        ]
        done: list[Params] = [{"record_id": record_id} for record_id, _, _ in signed]
        async with self._database.transaction() as tx:
            await tx.execute_all(
                [(self._statements["insert_signature"], rows), (self._statements["unqueue"], done)]
            )

    async def of_document(self, document_id: str) -> list[RecordRow]:
        """Return the records of a document, oldest first."""
        params: Params = {"document_id": document_id, "limit": RECORDS_MAX}
        return await self._database.fetch(self._statements["of_document"], params, RecordRow)

    async def of_arrival(self, arrival_id: str) -> list[RecordRow]:
        """Return the records of an arrival, oldest first."""
        params: Params = {"arrival_id": arrival_id, "limit": RECORDS_MAX}
        return await self._database.fetch(self._statements["of_arrival"], params, RecordRow)

    async def signatures(self, ids: Sequence[str]) -> dict[str, Signature]:
        """Return the signatures that are there, by what they cover."""
        if not ids:
            return {}
        params: Params = {"ids": canonical(list(ids)).decode()}
        rows = await self._database.fetch(self._statements["signatures"], params, Signature)
        return {row.record_id: row for row in rows}

    async def key_of(self, body_id: str, until: datetime) -> KeyRow | None:
        """Return the key of a body that is valid beyond ``until``."""
        params: Params = {"body_id": body_id, "until": text(until)}
        return await self._database.fetch_one(self._statements["key_of"], params, KeyRow)

    async def root(self) -> KeyRow | None:
        """Return the root of the installation; None = not made yet."""
        return await self._database.fetch_one(self._statements["root"], {}, KeyRow)

    async def add_key(self, unit: Unit, row: KeyRow, until: datetime) -> bool:
        """Keep a key unless another process has just made one for the body."""
        params: Params = {
            "serial": row.serial,
            "body_id": row.body_id,
            "name": row.name,
            "certificate": row.certificate,
            "sealed_key": row.sealed_key,
            "valid_until": text(row.valid_until),
            "made_at": text(row.made_at),
            "until": text(until),
        }
        return await unit.execute(self._statements["insert_key"], params) == 1
