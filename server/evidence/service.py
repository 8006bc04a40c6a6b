"""What rooms above ask of evidence: record an event, have receipts signed, read what was signed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from server.evidence.keys import EvidenceKeys
from server.evidence.mapping import EvidenceRules
from server.evidence.model import EvidenceRecord, Signature, SignedEvidence
from server.evidence.store import EvidenceStore, Waiting
from server.kernel.errors import LienThongError
from server.organisations.service import Organisations
from server.unit import Unit, Units
from signing.evidence.keys import EvidenceKey

log = structlog.get_logger("evidence")
BATCH = 500


class Evidence:
    """The room's public face."""

    def __init__(
        self, units: Units, organisations: Organisations, rules: EvidenceRules, secret: bytes, service: str
    ) -> None:
        """``service`` is the name of the installation; ``secret`` seals its keys."""
        self._units = units
        self._store = EvidenceStore(units.reader)
        self._keys = EvidenceKeys(units, self._store, organisations, secret, service)
        self.rules = rules
        """Mapping to the standard, timers of silence."""

    def record(self, unit: Unit, records: Sequence[tuple[EvidenceRecord, str]]) -> None:
        """Write records into the caller's unit; each comes with what may be said only once.

        The second of the same raises UniqueViolation when the unit writes.
        """
        self._store.add(unit, records)

    async def said(self, unit: Unit, once: str) -> bool:
        """Tell whether something that may be said only once has been said."""
        return await self._store.said(unit, once)

    def receipts(self, unit: Unit, made: Sequence[tuple[str, str, str]]) -> None:
        """Have receipts (id, body, ``sha256:`` of their bytes) of the caller's unit signed."""
        self._store.queue(unit, made)

    async def sign_due(self) -> int:
        """Sign everything that waits; return how much. What is signed is never signed anew."""
        done = 0
        while waiting := await self._store.unsigned(BATCH):
            keys = await self._keys_of({one.body_id for one in waiting})
            ready = [one for one in waiting if one.body_id in keys]
            if not ready:
                return done
            signed = await asyncio.to_thread(_sign, ready, keys)
            await self._store.keep(signed, self._units.now())
            done += len(signed)
            if len(waiting) < BATCH:
                return done
        return done

    async def since(self) -> datetime:
        """Return the instant from which this installation watches for silence: that of its root."""
        root = await self._keys.root()
        row = await self._store.root()
        return row.made_at if row is not None else root.certificate.not_valid_before_utc

    async def root_certificate(self) -> bytes:
        """Return the root under which all evidence is signed, DER: a trust anchor of the verifier."""
        return (await self._keys.root()).certificate_der

    async def of_document(self, document_id: str) -> list[SignedEvidence]:
        """Return the records of a document with their signatures, oldest first; not the receipts."""
        rows = await self._store.of_document(document_id)
        signatures = await self._store.signatures([row.id for row in rows])
        return [row.signed(signatures.get(row.id)) for row in rows]

    async def of_arrival(self, arrival_id: str) -> list[SignedEvidence]:
        """Return the records of one arrival with their signatures, oldest first; not the receipts."""
        rows = await self._store.of_arrival(arrival_id)
        signatures = await self._store.signatures([row.id for row in rows])
        return [row.signed(signatures.get(row.id)) for row in rows]

    async def signatures(self, ids: Sequence[str]) -> dict[str, Signature]:
        """Return the signatures of records and receipts, by id; what is not signed yet is left out."""
        return await self._store.signatures(ids)

    async def _keys_of(self, bodies: set[str]) -> Mapping[str, EvidenceKey]:
        found = {}
        for body_id in bodies:
            try:
                found[body_id] = await self._keys.key(body_id)
            except LienThongError as error:
                # One body whose key cannot be had must not keep the others from being signed.
                log.warning("evidence.no_key", body=body_id, code=error.code)
        return found


def _sign(waiting: Sequence[Waiting], keys: Mapping[str, EvidenceKey]) -> list[tuple[str, str, bytes]]:
    """Sign each digest with the key of its body."""
    signed = []
    for one in waiting:
        key = keys[one.body_id]
        signed.append(
            (one.record_id, key.serial, key.sign(bytes.fromhex(one.digest.removeprefix("sha256:"))))
        )
    return signed


def digest_of(content: str) -> str:
    """Return ``sha256:`` + hex of a record's bytes."""
    return "sha256:" + hashlib.sha256(content.encode()).hexdigest()
