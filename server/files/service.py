"""Files: judged as they come in, kept once by digest, handed out after the caller checked the scope."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import OrderedDict
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec

from server.files import rules
from server.files.model import FileView, HeldFile, Made, Secrecy, StoredFile
from server.files.ports import Judge
from server.files.resumable import KEPT_FOR, Resumable
from server.files.scanner import Scanner
from server.files.spool import slices, spooled, sweep
from server.files.store import FileStore, ObjectRow
from server.identity.access import Access
from server.kernel.actor import Actor
from server.kernel.errors import Fault, Invalid, NotFound, Refused, TooLarge, Unavailable
from server.kernel.record import Subject
from server.unit import Unit, Units, digest_of
from storage.blobs.protocol import (
    BlobDamaged,
    BlobInfo,
    BlobMissing,
    BlobStore,
    BlobTooLarge,
    BlobUnavailable,
)
from storage.sql.protocol import Reader

KNOWN_OBJECTS_MAX = 512
"""Objects whose row is remembered; a row never changes, and 512 of 200 MiB take 3 MiB of memory."""

TEXT_PAGES_MAX = 200
"""Pages whose text is read at most."""


class Files:
    """Takes files in, keeps them, hands them out.

    A crash between the blob and its row leaves a blob that no row names: nothing was answered, the retry
    stores the same bytes under the same digest, and ``lienthong fsck`` lists what is left over.
    """

    def __init__(
        self,
        units: Units,
        blobs: BlobStore,
        guard: Judge,
        scanner: Scanner,
        access: Access,
        *,
        spool: Path,
        limit_bytes: int,
    ) -> None:
        """``spool`` is an existing folder of its own, shared by the processes of the installation.

        ``limit_bytes`` is the largest file taken in.
        """
        self._units = units
        self._blobs = blobs
        self._guard = guard
        self._scanner = scanner
        self._access = access
        self._spool = spool
        self.limit_bytes = limit_bytes
        self._store = FileStore(units.reader.engine)
        self._known: OrderedDict[str, ObjectRow] = OrderedDict()
        self.uploads = Resumable(units, self, access, folder=spool)
        """Uploads that go on after a broken line (tus 1.0)."""

    async def receive(
        self, actor: Actor, chunks: AsyncIterable[bytes], *, name: str, secrecy: str | None
    ) -> StoredFile:
        """Take in one upload for the actor's body.

        1. The level of secrecy is checked before a byte is read (Decision 28/2018); a state-secret level
           leaves an audit entry ``files.secret_refused``.
        2. The stream goes to a spool file, is judged by what it is (guard, scanner), then stored.
        3. Row, holding, audit entry and answer are written in one unit.

        Raises Forbidden; Invalid ``files.secrecy_missing``, ``files.secrecy_unknown``,
        ``files.name_missing``, ``files.name_too_long``; Refused ``files.state_secret`` and whatever the guard
        or the scanner finds; TooLarge ``files.too_large``; Unavailable ``files.store``, ``files.disk``.
        """
        self._access.require(actor, "files.upload")
        await self.require_not_secret(actor, rules.secrecy(secrecy))
        clean = rules.clean_name(name)
        async with spooled(self._spool, chunks, limit_bytes=self.limit_bytes) as spool:
            stored, info = await self.take_in(spool.path, clean, data=spool.data)
        async with self._units.begin(_with_body_digest(actor, stored)) as unit:
            return unit.answer(await self.record_received(unit, stored, info))

    @asynccontextmanager
    async def apart(self, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> AsyncIterator[Path]:
        """Hand out a path to a stranger's file that is not kept; gone after the block. ``judge`` it first.

        Raises TooLarge ``files.too_large``, Unavailable ``files.disk``; what the stream raises passes.
        """
        async with spooled(self._spool, chunks, limit_bytes=limit_bytes) as spool:
            yield spool.path

    async def judge(self, path: Path) -> None:
        """Have guard and scanner look at a file as at any upload. Raises Refused, Unavailable."""
        await self._guard.inspect(path)
        await self._scanner.scan(path)

    async def sweep(self) -> None:
        """Remove what a crash or a forgotten upload left in the spool; a schedule calls it every hour."""
        await asyncio.to_thread(sweep, self._spool, self._units.now() - KEPT_FOR)

    async def take_in(
        self, path: Path, name: str, *, data: bytes | None = None
    ) -> tuple[StoredFile, BlobInfo]:
        """Judge a file that lies complete at a path and store its bytes; no row is written yet.

        ``data`` are its bytes when they are in memory as well.
        Raises Refused, TooLarge, Unavailable as ``receive``.
        """
        inspection = await self._guard.inspect(path)
        await self._scanner.scan(path)
        info = await self._put(slices(path)) if data is None else await self._put_bytes(data)
        return StoredFile(info.digest, info.size_bytes, inspection.media_type, name, inspection.pages), info

    async def record_received(self, unit: Unit, stored: StoredFile, info: BlobInfo) -> StoredFile:
        """Write row, holding and audit entry of a file taken in by the unit's actor."""
        body_id = unit.actor.body_id
        await self._store.keep(unit, info, body_id, stored.media_type, stored.name, stored.pages)
        unit.record(
            "files.receive",
            Subject("file", info.digest, body_id),
            new=stored,
            detail={"size_bytes": info.size_bytes, "media_type": stored.media_type},
        )
        return stored

    async def require_not_secret(self, actor: Actor, level: Secrecy) -> None:
        """Refuse a state-secret level and leave an audit entry of the attempt.

        Raises Refused ``files.state_secret``. Nothing of the content was read or kept.
        """
        try:
            rules.require_not_secret(level)
        except Refused:
            # Without the Idempotency-Key: a refusal is no answer to keep.
            async with self._units.begin(_without_once(actor)) as unit:
                unit.record(
                    "files.secret_refused",
                    Subject("file", "", actor.body_id),
                    detail={"level": level.value},
                )
            raise

    async def store_bytes(self, data: bytes, *, pages: int = 0, name: str = "") -> Made:
        """Store bytes that the system made itself; call it outside the unit, then ``keep`` inside.

        Raises Unavailable ``files.store``.
        """
        with _blob_errors():
            return Made(await self._blobs.put_bytes(data), pages=pages, name=name)

    async def keep(self, unit: Unit, made: Made, body_id: str) -> HeldFile:
        """Write the rows of bytes stored by ``store_bytes`` in the caller's unit; the body holds them."""
        await self._store.keep(unit, made.info, body_id, made.media_type, made.name, made.pages)
        return HeldFile(made.info.digest, made.info.size_bytes, made.media_type, made.pages, made.name)

    async def require_held(
        self, tx: Reader, body_id: str, digests: Sequence[str], *, fields: Sequence[str] = ()
    ) -> Mapping[str, HeldFile]:
        """Return the files by digest; one statement.

        ``fields`` says where each digest stood in the request. Raises Invalid ``files.not_held`` with one
        fault for each digest that the body does not hold.
        """
        held = await self._store.held(tx, body_id, digests)
        where = fields or [""] * len(digests)
        faults = [
            Fault("files.not_held", field, {"digest": digest})
            for digest, field in zip(digests, where, strict=True)
            if digest not in held
        ]
        if faults:
            raise Invalid.of(faults)
        return held

    async def share(self, unit: Unit, digests: Sequence[str], body_ids: Sequence[str]) -> None:
        """Have more bodies hold the files (recipients, co-issuers); one statement."""
        await self._store.share(unit, dict.fromkeys(digests), body_ids, unit.now)

    async def info(self, digest: str) -> BlobInfo:
        """Return length and chunk digests of an object; raises NotFound ``files.unknown``."""
        return (await self._object(digest)).info

    async def open(self, actor: Actor, subject: Subject, digest: str, name: str) -> FileView:
        """Open a file of a subject for reading. The caller has checked that the actor may see the subject.

        A supervisor's view of content leaves an audit entry ``identity.supervised_view``. Raises NotFound
        ``files.unknown``.
        """
        row = await self._object(digest)
        if actor.mandate_id:
            async with self._units.begin(_without_once(actor)) as unit:
                unit.record(
                    "identity.supervised_view",
                    subject,
                    detail={"mandate": actor.mandate_id, "digest": digest},
                )
        return FileView(row.info, name, row.media_type)

    async def read(self, info: BlobInfo, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Hand out the bytes [start, end), each slice from a checked chunk.

        Raises Unavailable ``files.store``, ``files.damaged``: nothing of a damaged chunk was handed on.
        """
        with _blob_errors():
            async for data in self._blobs.read(info, start=start, end=end):
                yield data

    async def read_bytes(self, digest: str) -> bytes:
        """Return a whole file, for signing and rendering.

        Raises NotFound ``files.unknown``; Unavailable ``files.store``, ``files.damaged``.
        """
        info = await self.info(digest)
        with _blob_errors():
            return await self._blobs.read_bytes(info)

    @asynccontextmanager
    async def spool(self, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> AsyncIterator[Path]:
        """Take a stream in whole, under a path that a child process can read; gone when the block is left.

        Nothing is judged or kept. Raises TooLarge ``files.too_large``; Unavailable ``files.disk``.
        """
        async with spooled(self._spool, chunks, limit_bytes=limit_bytes) as held:
            yield held.path

    @asynccontextmanager
    async def spooled(self, digest: str) -> AsyncIterator[Path]:
        """Hand out a path under which a child process can read a whole file; gone when the block is left.

        Memory holds a few chunks of it at most. Raises as ``read_bytes``, and Unavailable ``files.disk``.
        """
        info = await self.info(digest)
        async with spooled(self._spool, self.read(info), limit_bytes=info.size_bytes) as spool:
            yield spool.path

    async def text(self, digest: str, pages: int = TEXT_PAGES_MAX) -> tuple[str, ...]:
        """Return the text of the first pages of a PDF, read in a child process; "" for a scanned page.

        The caller has checked that the actor may see the file. Raises NotFound ``files.unknown``; Refused
        ``files.broken``, ``files.takes_too_long``; Unavailable as ``read_bytes`` and ``receive``.
        """
        async with self.spooled(digest) as path:
            return await self._guard.text(path, pages)

    async def objects(self, after: str = "", limit: int = 500) -> list[ObjectRow]:
        """Return rows of objects in the order of their digests, after one (checks of the whole store)."""
        return await self._store.page(self._units.reader, after, limit)

    async def _put(self, chunks: AsyncIterator[bytes]) -> BlobInfo:
        try:
            with _blob_errors():
                return await self._blobs.put(chunks, limit_bytes=self.limit_bytes)
        except BlobTooLarge as error:
            raise TooLarge("files.too_large", limit=self.limit_bytes) from error

    async def _put_bytes(self, data: bytes) -> BlobInfo:
        with _blob_errors():
            return await self._blobs.put_bytes(data)

    async def _object(self, digest: str) -> ObjectRow:
        row = self._known.get(digest)
        if row is None:
            row = await self._store.find(self._units.reader, digest)
            if row is None:
                raise NotFound("files.unknown", digest=digest)
            self._known[digest] = row
            if len(self._known) > KNOWN_OBJECTS_MAX:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(digest)
        return row


@contextmanager
def _blob_errors() -> Iterator[None]:
    """Turn what the blob store cannot do into errors that a caller understands."""
    try:
        yield
    except BlobUnavailable as error:
        raise Unavailable("files.store") from error
    except (BlobMissing, BlobDamaged) as error:
        raise Unavailable("files.damaged") from error


def _with_body_digest(actor: Actor, stored: StoredFile) -> Actor:
    """Complete the Idempotency-Key of an upload, whose body is known only after it was read."""
    once = actor.request.once
    if once is None:
        return actor
    done = dataclasses.replace(once, body_digest=digest_of(msgspec.json.encode(stored)))
    return dataclasses.replace(actor, request=dataclasses.replace(actor.request, once=done))


def _without_once(actor: Actor) -> Actor:
    if actor.request.once is None:
        return actor
    return dataclasses.replace(actor, request=dataclasses.replace(actor.request, once=None))
