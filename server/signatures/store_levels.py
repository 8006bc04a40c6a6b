"""Rows of levels wanted and reached."""

from __future__ import annotations

from pathlib import Path

from server.documents.model import Document
from server.kernel.clock import text
from server.signatures.model import LevelView
from server.unit import Unit
from signing.model import Level
from storage.sql.protocol import Reader
from storage.sql.statements import Engine, load_all


class LevelStore:
    """Reads and writes the rows."""

    def __init__(self, engine: Engine) -> None:
        self._statements = load_all(Path(__file__).parent, engine)

    async def add(self, unit: Unit, after: Document, wanted: Level, reached: Level, reason: str) -> None:
        """Write how far the newest version of a document came."""
        unit.later(
            self._statements["insert_level"],
            [
                {
                    "document_id": after.id,
                    "n": after.current_n,
                    "wanted": wanted.value,
                    "reached": reached.value,
                    "reason": reason,
                    "at": text(unit.now),
                }
            ],
        )

    async def newest(self, reader: Reader, document_id: str) -> LevelView | None:
        """Return the newest row of a document."""
        return await reader.fetch_one(
            self._statements["newest_level"], {"document_id": document_id}, LevelView
        )
