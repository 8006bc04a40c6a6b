"""The keys that sign evidence: made when they are first needed, sealed in the rows, open in memory."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.evidence.store import EvidenceStore, KeyRow
from server.kernel.actor import SYSTEM
from server.kernel.errors import Unavailable
from server.kernel.record import Subject
from server.organisations.service import Organisations
from server.unit import Units
from signing.errors import KeyFault
from signing.evidence.keys import EvidenceKey, load_key, make_key, make_root
from storage.sql.protocol import UniqueViolation

NONCE_BYTES = 12
RENEW_BEFORE = timedelta(days=30)
"""A key that ends sooner is replaced by a new one."""


class EvidenceKeys:
    """One key for each body under the root of the installation.

    Private halves are sealed with AES-256-GCM under a key derived from the installation's secret, and bound
    to the serial number of their certificate. That a key was made is an entry of the record of acts with the
    digest of its certificate, so it stands in the log that witnesses see.
    """

    def __init__(
        self, units: Units, store: EvidenceStore, organisations: Organisations, secret: bytes, service: str
    ) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"lienthong evidence keys").derive(secret)
        self._cipher = AESGCM(derived)
        self._units = units
        self._store = store
        self._organisations = organisations
        self._service = service
        self._open: dict[str, EvidenceKey] = {}
        self._turn = asyncio.Lock()

    async def key(self, body_id: str) -> EvidenceKey:
        """Return the key that signs for a body, making it if need be.

        Raises Unavailable ``evidence.key_unreadable`` when the secret of the installation is another one;
        NotFound when there is no such body.
        """
        async with self._turn:
            limit = self._units.now() + RENEW_BEFORE
            known = self._open.get(body_id)
            if known is not None and known.certificate.not_valid_after_utc > limit:
                return known
            row = await self._store.key_of(body_id, limit)
            found = await self._opened(row) if row is not None else await self._made(body_id, limit)
            self._open[body_id] = found
            return found

    async def root(self) -> EvidenceKey:
        """Return the root of the installation. Raises Unavailable."""
        row = await self._store.root()
        if row is not None:
            return await self._opened(row)
        now = self._units.now()
        made = await asyncio.to_thread(make_root, self._service, now)
        await self._keep(made, "", self._service, now)
        row = await self._store.root()
        return made if row is None else await self._opened(row)

    async def _made(self, body_id: str, limit: datetime) -> EvidenceKey:
        body = await self._organisations.body(body_id)
        root, now = await self.root(), self._units.now()
        made = await asyncio.to_thread(make_key, root, body.code, body.name, now)
        await self._keep(made, body_id, body.name, now)
        # Another process may have been first: what stands in the rows counts.
        row = await self._store.key_of(body_id, limit)
        return made if row is None else await self._opened(row)

    async def _keep(self, key: EvidenceKey, body_id: str, name: str, now: datetime) -> None:
        row = KeyRow(
            serial=key.serial,
            body_id=body_id,
            name=name,
            certificate=key.certificate_der,
            sealed_key=self._seal(key),
            valid_until=key.certificate.not_valid_after_utc,
            made_at=now,
        )
        try:
            async with self._units.begin(SYSTEM) as unit:
                await self._store.add_key(unit, row, now + RENEW_BEFORE)
                unit.record(
                    "evidence.make_key",
                    Subject("evidence_key", key.serial, body_id),
                    new={"certificate": key.certificate_der.hex()},
                    detail={"serial": key.serial},
                )
        except UniqueViolation:
            return

    def _seal(self, key: EvidenceKey) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key.private_der, key.serial.encode())

    async def _opened(self, row: KeyRow) -> EvidenceKey:
        def work() -> EvidenceKey:
            sealed = row.sealed_key
            private = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], row.serial.encode())
            return load_key(row.certificate, private)

        try:
            return await asyncio.to_thread(work)
        except (InvalidTag, KeyFault) as error:
            raise Unavailable("evidence.key_unreadable", serial=row.serial) from error
