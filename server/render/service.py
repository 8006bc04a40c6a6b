"""The public face of rendering: typed pages in, PDF/A-2b out, with the places that were left blank."""

from __future__ import annotations

import asyncio
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from server.kernel.errors import Invalid, Unavailable
from server.render.model import DocumentForm, Field, Kind, Rendered
from server.render.slips import ArrivalStamp, BookPages, IncomingSlip, Sheet
from server.render.worker import Request, Response

WORKER = Path(__file__).with_name("worker.py")
PAGE_HEIGHT_POINTS = 841.89
"""Height of A4 upright."""
ROWS_PER_PART = 500
"""Rows of a register that are set at once; longer books are set in parts and joined."""
WAITING_MAX = 64
"""Requests that may wait for a typesetter; more are turned away."""


class _Place(msgspec.Struct):
    """A place as the template reports it: page from 1, origin at the top left."""

    kind: str
    page: int
    index: int = 0
    size: int = 13
    italic: bool = False
    x: float = 0.0
    y: float = 0.0
    w: float = 0.0
    h: float = 0.0


class Renderer:
    """Sets pages in processes of their own, so that a document can be ended when it takes too long.

    ``font_dir`` holds the faces (Tinos), ``template_dir`` the forms (``config/forms``). Starts processes
    at first use; ``close`` ends them.
    """

    def __init__(
        self, font_dir: Path, template_dir: Path, *, workers: int = 1, timeout_seconds: float = 20.0
    ) -> None:
        self._font_dir = font_dir
        self._template_dir = template_dir
        self._timeout = timeout_seconds
        self._idle: list[Process] = []
        self._places = asyncio.Semaphore(workers)
        self._waiting = 0

    async def document(self, form: DocumentForm, *, at: datetime) -> Rendered:
        """Set a document; ``at`` becomes the creation time of the file.

        Raises Invalid ``render.failed`` (a character no face has, a table too wide), Unavailable
        ``render.timeout`` or ``render.busy``.
        """
        return await self._set(f"{form.template}.typ", form, at)

    async def joined(self, parts: Sequence[bytes]) -> bytes:
        """Put the pages of files behind one another; the first keeps its metadata. Raises as ``document``."""
        return (await self._ask(Request(parts=list(parts)))).pdf

    async def incoming_slip(self, slip: IncomingSlip, *, at: datetime) -> Rendered:
        """Set a phiếu giải quyết văn bản đến. Raises as ``document``."""
        return await self._set("incoming_slip.typ", slip, at)

    async def arrival_stamp(self, stamp: ArrivalStamp, *, at: datetime) -> Rendered:
        """Set the cover of an arrival copy with the stamp ĐẾN. Raises as ``document``."""
        return await self._set("arrival_stamp.typ", stamp, at)

    async def sheet(self, sheet: Sheet, *, at: datetime) -> Rendered:
        """Set a sheet of facts and a table. Raises as ``document``."""
        return await self._set("sheet.typ", sheet, at)

    async def book(
        self, pages: BookPages, rows: AsyncIterable[Sequence[tuple[str, ...]]], *, at: datetime
    ) -> Rendered:
        """Set a register whose rows come in groups, in parts of bounded size joined into one file.

        ``pages`` gives heading, columns, closing lines and signers; its own rows come first. The closing
        line ``{count}`` is filled with the number of rows. Raises as ``document``.
        """
        parts: list[bytes] = []
        waiting = list(pages.rows)
        page, count = pages.first_page, 0

        async def set_part(part: list[tuple[str, ...]], *, last: bool) -> None:
            nonlocal page, count
            count += len(part)
            closing = tuple(line.replace("{count}", str(count)) for line in pages.closing) if last else ()
            done = await self._set(
                "book.typ",
                msgspec.structs.replace(
                    pages,
                    rows=tuple(part),
                    first_page=page,
                    opening=pages.opening and not parts,
                    closing=closing,
                    signers=pages.signers if last else (),
                ),
                at,
            )
            parts.append(done.pdf)
            page += done.pages

        async for group in rows:
            waiting.extend(group)
            while len(waiting) > ROWS_PER_PART:
                await set_part(waiting[:ROWS_PER_PART], last=False)
                del waiting[:ROWS_PER_PART]
        await set_part(waiting, last=True)
        pdf = parts[0] if len(parts) == 1 else (await self._ask(Request(parts=parts))).pdf
        return Rendered(pdf=pdf, pages=page - pages.first_page)

    async def close(self) -> None:
        """End the processes."""
        while self._idle:
            await _end(self._idle.pop())

    async def _set(self, template: str, data: object, at: datetime) -> Rendered:
        request = Request(
            template=template, data=msgspec.json.encode(data).decode(), timestamp=int(at.timestamp())
        )
        return _rendered(await self._ask(request))

    async def _ask(self, request: Request) -> Response:
        if self._waiting >= WAITING_MAX:
            raise Unavailable("render.busy")
        self._waiting += 1
        try:
            async with self._places:
                return await self._asked(request)
        finally:
            self._waiting -= 1

    async def _asked(self, request: Request) -> Response:
        process = self._idle.pop() if self._idle else await self._start()
        kept = False
        try:
            async with asyncio.timeout(self._timeout):
                response = await _exchange(process, request)
            kept = True
        except TimeoutError as error:
            raise Unavailable("render.timeout") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            # The process ended under this document (memory limit): the document is at fault.
            raise Invalid("render.failed", reason="memory") from error
        finally:
            if kept:
                self._idle.append(process)
            else:
                await asyncio.shield(_end(process))
        if response.problem:
            raise Invalid("render.failed", reason=response.problem[:200])
        return response

    async def _start(self) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(WORKER),
            str(self._template_dir),
            str(self._font_dir),
            stdin=PIPE,
            stdout=PIPE,
        )


async def _exchange(process: Process, request: Request) -> Response:
    if process.stdin is None or process.stdout is None:
        raise ConnectionError("the typesetter has no pipes")
    frame = msgspec.msgpack.encode(request)
    process.stdin.write(struct.pack(">I", len(frame)) + frame)
    await process.stdin.drain()
    (length,) = struct.unpack(">I", await process.stdout.readexactly(4))
    return msgspec.msgpack.decode(await process.stdout.readexactly(length), type=Response)


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()
    if process.stdin is not None:
        process.stdin.close()
        with suppress(ConnectionError):
            await process.stdin.wait_closed()


def _rendered(response: Response) -> Rendered:
    places = msgspec.json.decode(response.fields, type=list[_Place])
    fields = tuple(
        Field(
            kind=Kind(place.kind),
            page=place.page - 1,
            x=round(place.x, 2),
            y=round(PAGE_HEIGHT_POINTS - place.y - place.h, 2),
            w=round(place.w, 2),
            h=round(place.h, 2),
            index=place.index,
            size=place.size,
            italic=place.italic,
        )
        for place in places
        if place.kind != "end"
    )
    pages = max((place.page for place in places if place.kind == "end"), default=1)
    return Rendered(pdf=response.pdf, pages=pages, fields=fields)
