"""Opened keys. Each PKCS#12 file is opened once and held; opening takes a thread, signing too."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from server.kernel.errors import Conflict, Unavailable
from server.signatures.model import KeyRow
from signing.errors import SigningError
from signing.keys.protocol import Signer
from signing.keys.software import open_pkcs12
from signing.pades.appearance import StampImage


@dataclass(frozen=True, slots=True)
class OpenKey:
    """A key ready to sign, with its picture."""

    signer: Signer
    image: StampImage | None
    """Blue handwritten signature or red seal; None = signs without a picture."""


class Keyring:
    """Opens keys by their inventory rows, below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, OpenKey] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def open(self, row: KeyRow) -> OpenKey:
        """Return the opened key; raises Unavailable ``signatures.key_unreadable``."""
        found = self._open.get(row.id)
        if found is not None:
            return found
        async with self._locks.setdefault(row.id, asyncio.Lock()):
            if row.id not in self._open:
                self._open[row.id] = await asyncio.to_thread(self.load, row)
        return self._open[row.id]

    def load(self, row: KeyRow) -> OpenKey:
        """Read and open one key (blocking). Raises Unavailable ``signatures.key_unreadable``."""
        try:
            passphrase = self._read(row.passphrase_path).strip()
            signer = open_pkcs12(self._read(row.path), passphrase)
            image = StampImage.load(self._read(row.image_path)) if row.image_path else None
        except (OSError, SigningError) as error:
            raise Unavailable("signatures.key_unreadable", subject=row.subject) from error
        return OpenKey(signer, image)

    def _read(self, relative: str) -> bytes:
        folder = self._folder.resolve()
        path = (folder / relative).resolve()
        if not path.is_relative_to(folder):
            raise Conflict("signatures.key_outside", path=relative)
        return path.read_bytes()

    def forget(self, key_id: str) -> None:
        """Close a key that is no longer in use."""
        self._open.pop(key_id, None)
