"""Gives entries their places in the tree, in batches, after their commit.

Rows come first, files second: an entry gets its place in the database, then its hash is appended to
``leaves.bin`` and a signed head to ``heads.txt``. After a crash in between, the files are completed from
the rows. Files that are ahead of the rows mean that rows are gone: nothing is placed any more until
somebody has looked (``lienthong audit verify``).
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from server.audit.store import AuditStore
from server.kernel.errors import Unavailable
from storage.ledger.checkpoint import Checkpoint, NoteKey, sign
from storage.ledger.log import LedgerBusy, LedgerDamaged, LedgerLog
from storage.sql.protocol import Database

KEY = "ledger.key"
PUBLIC = "ledger.pub"
CATCH_UP_LEAVES = 10_000


class LedgerKey:
    """The key that signs heads: Ed25519 in ``ledger.key`` (0600), its verifier key in ``ledger.pub``."""

    def __init__(self, private: Ed25519PrivateKey, note: NoteKey) -> None:
        self._private = private
        self.note = note

    @classmethod
    def open(cls, folder: Path, origin: str) -> LedgerKey:
        """Read the key, or make it at the first start (blocking). Raises OSError, ValueError, TypeError."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / KEY
        if not path.exists():
            fresh = Ed25519PrivateKey.generate()
            pem = fresh.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
        private = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(private, Ed25519PrivateKey):
            raise TypeError(f"{path} is not an Ed25519 key")
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        key = cls(private, NoteKey(origin, public))
        (folder / PUBLIC).write_text(f"{key.note}\n", encoding="utf-8")
        return key

    def sign(self, checkpoint: Checkpoint) -> str:
        """Return the signed note of a checkpoint."""
        return sign(checkpoint, self.note, self._private.sign)


class Sequencer:
    """The one process that appends to the log."""

    def __init__(self, database: Database, folder: Path, origin: str, batch: int) -> None:
        self._database = database
        self._store = AuditStore(database)
        self._folder = folder
        self._origin = origin
        self._batch = batch
        self._log: LedgerLog | None = None
        self._key: LedgerKey | None = None
        self._turn = asyncio.Lock()
        self.fault = ""
        """Why nothing is placed at present; "" = all is well (readiness)."""

    async def run(self) -> int:
        """Place every waiting entry; return how many were placed.

        Raises Unavailable ``audit.ledger_busy`` or ``audit.ledger_damaged``.
        """
        async with self._turn:
            log, key = await self._opened()
            await self._catch_up(log, key)
            placed = 0
            while pending := await self._store.pending(self._batch):
                async with self._database.transaction() as tx:
                    await self._store.place(tx, log.tree.size, pending)
                await self._append(log, key, [entry.leaf_hash for entry in pending])
                placed += len(pending)
            return placed

    async def close(self) -> None:
        """Let another process open the log."""
        async with self._turn:
            if self._log is not None:
                await asyncio.to_thread(self._log.close)
                self._log = None

    async def _opened(self) -> tuple[LedgerLog, LedgerKey]:
        try:
            if self._key is None:
                self._key = await asyncio.to_thread(LedgerKey.open, self._folder, self._origin)
            if self._log is None:
                self._log = await asyncio.to_thread(LedgerLog, self._folder)
        except LedgerBusy as error:
            self.fault = "audit.ledger_busy"
            raise Unavailable("audit.ledger_busy") from error
        except (LedgerDamaged, OSError, ValueError, TypeError) as error:
            self.fault = "audit.ledger_damaged"
            raise Unavailable("audit.ledger_damaged") from error
        self.fault = ""
        return self._log, self._key

    async def _catch_up(self, log: LedgerLog, key: LedgerKey) -> None:
        """Complete the files from the rows; refuse when the rows are behind the files."""
        size = await self._store.size()
        if size < log.tree.size:
            self.fault = "audit.rows_missing"
            raise Unavailable("audit.rows_missing", rows=size, leaves=log.tree.size)
        while log.tree.size < size:
            rows = await self._store.hashes(log.tree.size, CATCH_UP_LEAVES)
            if not rows:
                self.fault = "audit.rows_missing"
                raise Unavailable("audit.rows_missing", rows=size, leaves=log.tree.size)
            await self._append(log, key, [row.leaf_hash for row in rows])

    async def _append(self, log: LedgerLog, key: LedgerKey, leaves: list[bytes]) -> None:
        def work() -> None:
            tree = log.tree.copy()
            tree.extend(leaves)
            log.append(leaves, key.sign(Checkpoint(self._origin, tree.size, tree.root())))

        try:
            await asyncio.to_thread(work)
        except OSError as error:
            self.fault = "audit.ledger_damaged"
            self._log = None
            await asyncio.to_thread(log.close)
            raise Unavailable("audit.ledger_damaged") from error
