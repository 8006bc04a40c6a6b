"""Rows of objects and of the bodies that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from server.files.model import HeldFile
from server.kernel.clock import text
from server.unit import Unit
from storage.blobs.protocol import BlobInfo
from storage.sql.protocol import Params, Reader
from storage.sql.statements import load_all


@dataclass(frozen=True)
class ObjectRow:
    """What is known of an object."""

    digest: str
    size_bytes: int
    media_type: str
    chunk_digests: bytes

    @property
    def info(self) -> BlobInfo:
        """As the blob store takes it."""
        return BlobInfo(self.digest, self.size_bytes, self.chunk_digests)


@dataclass(frozen=True)
class UploadRow:
    """A resumable upload."""

    id: str
    name: str
    size_bytes: int
    expires_at: datetime
    digest: str
    """What it became; "" = not finished."""


@dataclass(frozen=True)
class _Count:
    n: int


class FileStore:
    """Reads and writes ``objects`` and ``object_holdings``."""

    def __init__(self, engine: Literal["sqlite", "postgres"]) -> None:
        self._statements = load_all(Path(__file__).parent, engine)

    async def keep(
        self, unit: Unit, info: BlobInfo, body_id: str, media_type: str, name: str, pages: int
    ) -> None:
        """Write the row of an object and its first holding; both may be there already."""
        at = text(unit.now)
        kept: Params = {
            "digest": info.digest,
            "size_bytes": info.size_bytes,
            "media_type": media_type,
            "pages": pages,
            "chunk_digests": info.chunk_digests,
            "at": at,
        }
        unit.later(self._statements["insert_object"], [kept])
        held: Params = {"digest": info.digest, "body_id": body_id, "name": name, "at": at}
        unit.later(self._statements["insert_holding"], [held])

    async def share(self, unit: Unit, digests: Iterable[str], body_ids: Sequence[str], at: datetime) -> None:
        """Add a holding of every digest for every body, in one statement."""
        rows: list[Params] = [
            {"digest": digest, "body_id": body_id, "at": text(at)}
            for digest in digests
            for body_id in body_ids
        ]
        unit.later(self._statements["share_holding"], rows)

    async def held(self, tx: Reader, body_id: str, digests: Sequence[str]) -> dict[str, HeldFile]:
        """Return those of the digests that the body holds."""
        rows = await tx.fetch(
            self._statements["held"],
            {"body_id": body_id, "digests": msgspec.json.encode(list(digests)).decode()},
            HeldFile,
        )
        return {row.digest: row for row in rows}

    async def find(self, tx: Reader, digest: str) -> ObjectRow | None:
        """Return an object, or None."""
        return await tx.fetch_one(self._statements["find_object"], {"digest": digest}, ObjectRow)

    async def add_upload(self, unit: Unit, upload: UploadRow) -> None:
        """Write the row of a resumable upload."""
        actor = unit.actor
        await unit.execute(
            self._statements["insert_upload"],
            {
                "id": upload.id,
                "account_id": actor.account_id,
                "post_id": actor.post_id,
                "body_id": actor.body_id,
                "name": upload.name,
                "size_bytes": upload.size_bytes,
                "expires_at": text(upload.expires_at),
                "created_at": text(unit.now),
            },
        )

    async def upload(self, tx: Reader, upload_id: str, account_id: str, body_id: str) -> UploadRow | None:
        """Return a resumable upload of a person for a body, or None."""
        params = {"id": upload_id, "account_id": account_id, "body_id": body_id}
        return await tx.fetch_one(self._statements["find_upload"], params, UploadRow)

    async def finish_upload(self, unit: Unit, upload_id: str, digest: str) -> bool:
        """Write what an upload became; False when it was finished before."""
        params = {"id": upload_id, "digest": digest}
        return await unit.execute(self._statements["finish_upload"], params) == 1

    async def uploads_under_way(self, tx: Reader, account_id: str, now: datetime) -> int:
        """Count the unfinished uploads of a person."""
        found = await tx.fetch_one(
            self._statements["uploads_of"], {"account_id": account_id, "now": text(now)}, _Count
        )
        return found.n if found else 0

    async def page(self, tx: Reader, after: str, limit: int) -> list[ObjectRow]:
        """Return objects in the order of their digests, for checks of the whole store."""
        return await tx.fetch(self._statements["digests"], {"after": after, "limit": limit}, ObjectRow)
