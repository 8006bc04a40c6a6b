"""Opened keys. Each PKCS#12 file is opened once and held; opening takes a thread, signing too."""

from __future__ import annotations

import asyncio
import threading
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
        self._opening = threading.Lock()

    async def open(self, row: KeyRow) -> OpenKey:
        """Return the opened key; raises Unavailable ``signatures.key_unreadable``."""
        found = self._open.get(row.id)
        return found if found is not None else await asyncio.to_thread(self.held, row)

    def held(self, row: KeyRow) -> OpenKey:
        """Return the opened key, from a thread or a child process (blocking); raises as ``open``."""
        found = self._open.get(row.id)
        if found is None:
            with self._opening:
                found = self._open.get(row.id) or self.load(row)
                self._open[row.id] = found
        return found

    def load(self, row: KeyRow) -> OpenKey:
        """Read and open one key (blocking). Raises Unavailable ``signatures.key_unreadable``."""
        try:
            passphrase = self.read(row.passphrase_path).strip()
            signer = open_pkcs12(self.read(row.path), passphrase)
            image = StampImage.load(self.read(row.image_path)) if row.image_path else None
        except (OSError, SigningError) as error:
            raise Unavailable("signatures.key_unreadable", subject=row.subject) from error
        return OpenKey(signer, image)

    def read(self, relative: str) -> bytes:
        """Read a file of the folder of keys (blocking).

        Raises Conflict ``signatures.key_outside``, OSError.
        """
        folder = self._folder.resolve()
        path = (folder / relative).resolve()
        if not path.is_relative_to(folder):
            raise Conflict("signatures.key_outside", path=relative)
        return path.read_bytes()

    def forget(self, key_id: str) -> None:
        """Close a key that is no longer in use."""
        self._open.pop(key_id, None)
