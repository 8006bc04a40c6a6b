"""Uploads that go on after a broken line (tus 1.0 core and creation, https://tus.io/protocols/resumable-upload).

An upload lives in the spool of one installation until its last byte came; then it is judged and stored as
any other file. What is not finished within a day is removed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from datetime import timedelta
from pathlib import Path

from server.files import parts, rules
from server.files.model import StoredFile, Upload
from server.files.ports import Intake
from server.files.spool import SLICE_BYTES
from server.files.store import FileStore, UploadRow
from server.identity.access import Access
from server.kernel.actor import Actor
from server.kernel.errors import Conflict, Invalid, LienThongError, NotFound, TooLarge, TooMany, Unavailable
from server.kernel.record import Subject
from server.unit import Units

KEPT_FOR = timedelta(days=1)
"""How long an unfinished upload waits for its next part."""
UNDER_WAY_MAX = 20
"""Unfinished uploads of one person: more fill the disk, never a day's work."""


class Resumable:
    """Begins, continues and finishes resumable uploads."""

    def __init__(self, units: Units, files: Intake, access: Access, *, folder: Path) -> None:
        """``folder`` is the spool, shared by the processes of the installation."""
        self._units = units
        self._files = files
        self._access = access
        self._folder = folder
        self._store = FileStore(units.reader.engine)

    async def begin(self, actor: Actor, *, name: str, secrecy: str | None, size_bytes: int) -> Upload:
        """Begin an upload of a known length.

        Raises Forbidden; what ``Files.receive`` raises for name and secrecy; TooLarge ``files.too_large``;
        Invalid ``files.length_missing``; TooMany ``files.too_many_uploads``.
        """
        self._access.require(actor, "files.upload")
        await self._files.require_not_secret(actor, rules.secrecy(secrecy))
        clean = rules.clean_name(name)
        if size_bytes < 1:
            raise Invalid("files.length_missing", field="header:upload-length")
        if size_bytes > self._files.limit_bytes:
            raise TooLarge("files.too_large", limit=self._files.limit_bytes)
        async with self._units.begin(actor) as unit:
            if await self._store.uploads_under_way(unit, actor.account_id, unit.now) >= UNDER_WAY_MAX:
                raise TooMany("files.too_many_uploads", limit=UNDER_WAY_MAX, retry_after_seconds=3600)
            row = UploadRow(unit.new_id(), clean, size_bytes, unit.now + KEPT_FOR, "")
            await self._store.add_upload(unit, row)
            unit.record(
                "files.begin_upload",
                Subject("upload", row.id, actor.body_id),
                detail={"size_bytes": size_bytes},
            )
            return unit.answer(_upload(row, 0))

    async def state(self, actor: Actor, upload_id: str) -> Upload:
        """Return how far an upload is. Raises NotFound ``files.upload_unknown``: also when it expired."""
        self._access.require(actor, "files.upload")
        row = await self._row(actor, upload_id)
        if row.digest:
            return await self._finished(actor, row)
        return _upload(row, await asyncio.to_thread(parts.offset_of, self._path(row)))

    async def append(self, actor: Actor, upload_id: str, offset: int, chunks: AsyncIterable[bytes]) -> Upload:
        """Append a part that begins at ``offset``; with the last byte the file is judged and stored.

        What arrived of a part that breaks off is kept. Raises NotFound; Conflict ``files.upload_offset``,
        ``files.upload_busy``; TooLarge ``files.upload_too_long``; what ``Files.receive`` raises. A file that
        the guard refuses is removed.
        """
        self._access.require(actor, "files.upload")
        row = await self._row(actor, upload_id)
        if row.digest:
            return await self._finished(actor, row)
        path = self._path(row)
        safe = await asyncio.to_thread(parts.offset_of, path)
        if offset != safe:
            raise Conflict("files.upload_offset", field="header:upload-offset", offset=safe)
        reached = await self._write(row, path, offset, chunks)
        if reached < row.size_bytes:
            return _upload(row, reached)
        return await self._finish(actor, row, path)

    async def _write(self, row: UploadRow, path: Path, offset: int, chunks: AsyncIterable[bytes]) -> int:
        part = await asyncio.to_thread(parts.Part, path, offset)
        waiting: list[bytes] = []
        gathered, reached = 0, offset
        try:
            async for chunk in chunks:
                reached += len(chunk)
                if reached > row.size_bytes:
                    raise TooLarge("files.upload_too_long", limit=row.size_bytes)
                waiting.append(chunk)
                gathered += len(chunk)
                if gathered >= SLICE_BYTES:
                    await asyncio.to_thread(part.write, waiting)
                    waiting, gathered = [], 0
        finally:
            # Also when the line broke: what came is safe, and the client asks from where to go on.
            await asyncio.shield(asyncio.to_thread(_end, part, waiting))
        return reached

    async def _finish(self, actor: Actor, row: UploadRow, path: Path) -> Upload:
        try:
            stored, info = await self._files.take_in(path, row.name)
        except Unavailable:
            raise  # the bytes stay: an empty part at the end tries again
        except LienThongError:
            await asyncio.to_thread(parts.remove, path)
            raise
        async with self._units.begin(actor) as unit:
            if await self._store.finish_upload(unit, row.id, stored.digest):
                await self._files.record_received(unit, stored, info)
        await asyncio.to_thread(parts.remove, path)
        return Upload(row.id, row.name, row.size_bytes, row.size_bytes, row.expires_at, stored)

    async def _finished(self, actor: Actor, row: UploadRow) -> Upload:
        held = await self._files.require_held(self._units.reader, actor.body_id, [row.digest])
        file = held[row.digest]
        stored = StoredFile(file.digest, file.size_bytes, file.media_type, row.name, file.pages)
        return Upload(row.id, row.name, row.size_bytes, row.size_bytes, row.expires_at, stored)

    async def _row(self, actor: Actor, upload_id: str) -> UploadRow:
        row = await self._store.upload(self._units.reader, upload_id, actor.account_id, actor.body_id)
        if row is None or (not row.digest and row.expires_at <= self._units.now()):
            raise NotFound("files.upload_unknown")
        return row

    def _path(self, row: UploadRow) -> Path:
        return self._folder / f"{row.id}.part"


def _end(part: parts.Part, waiting: list[bytes]) -> int:
    try:
        part.write(waiting)
    finally:
        offset = part.close()
    return offset


def _upload(row: UploadRow, offset: int) -> Upload:
    return Upload(row.id, row.name, row.size_bytes, offset, row.expires_at, None)
