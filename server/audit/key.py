"""The key of the node that signs heads of the log."""

from __future__ import annotations

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

from storage.ledger.checkpoint import Checkpoint, NoteKey, sign

KEY = "ledger.key"
PUBLIC = "ledger.pub"


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
            # Written aside and linked, so that of two processes that start at once one key is left, whole.
            spare = path.with_suffix(f".{os.getpid()}")
            descriptor = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            try:
                path.hardlink_to(spare)
            except FileExistsError:
                pass
            finally:
                spare.unlink()
        private = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(private, Ed25519PrivateKey):
            raise TypeError(f"{path} is not an Ed25519 key")
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        key = cls(private, NoteKey(origin, public))
        text = f"{key.note}\n"
        if not (folder / PUBLIC).exists() or (folder / PUBLIC).read_text(encoding="utf-8") != text:
            (folder / PUBLIC).write_text(text, encoding="utf-8")
        return key

    def sign(self, size: int, root: bytes) -> str:
        """Return the signed note over a tree of ``size`` leaves with this root."""
        return sign(Checkpoint(self.note.name, size, root), self.note, self._private.sign)
