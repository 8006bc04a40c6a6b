"""No handler holds the loop: each callback in the loop's thread uses less than 5 ms of processor time.

Processor time of the thread, not time of the clock, is what counts: the machine may be busy with other
things, and a callback that waits for its turn holds nobody up by its own fault. A garbage collection belongs
to nobody and is taken off, and what is over the limit is tried again: a real offender is one each time.
"""

from __future__ import annotations

import asyncio
import gc
import io
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from server.demo.job import Job
from tests.data.pdf_pieces import typeset
from tests.factories.lived import LivedOffice
from tests.factories.province import PASSWORD, Office
from tests.integration.access.asking import QUERIES, fill, things
from web.routes import PUBLIC
from web.table import routes

LIMIT_SECONDS = 0.005
UPLOAD_BYTES = 20 * 1024 * 1024
ATTEMPTS = 3
TABLE = routes()
WHO = ("clerk", "specialist", "leader", "sender_clerk", "administrator", "supervisor")


class Probe:
    """Measures each callback of the loop while it is on."""

    def __init__(self) -> None:
        self.worst: dict[str, float] = {}
        self.collecting = 0.0
        self._began = 0.0

    def _collected(self, phase: str, _: Mapping[str, int]) -> None:
        if phase == "start":
            self._began = time.thread_time()
        else:
            self.collecting += time.thread_time() - self._began

    @contextmanager
    def on(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Measure inside the block."""
        run = asyncio.events.Handle._run

        def measured(handle: Any) -> None:
            callback = handle._callback
            owner = getattr(callback, "__self__", None)
            coroutine = owner.get_coro() if isinstance(owner, asyncio.Task) else None
            before = (
                place_of(coroutine)
                if coroutine is not None
                else getattr(callback, "__qualname__", type(callback).__name__)
            )
            self.collecting = 0.0
            start = time.thread_time()
            run(handle)
            used = time.thread_time() - start - self.collecting
            if used > LIMIT_SECONDS and not is_client(before):
                after = place_of(coroutine) if coroutine is not None else ""
                name = f"{before} -> {after}"
                self.worst[name] = max(used, self.worst.get(name, 0.0))

        gc.callbacks.append(self._collected)
        monkeypatch.setattr(asyncio.events.Handle, "_run", measured)
        try:
            yield
        finally:
            monkeypatch.undo()
            gc.callbacks.remove(self._collected)


def place_of(coroutine: Any) -> str:
    """Return where a coroutine stands, innermost frames first."""
    places = []
    inner = coroutine
    while inner is not None and hasattr(inner, "cr_frame") and inner.cr_frame is not None:
        frame = inner.cr_frame
        places.append(f"{'/'.join(Path(frame.f_code.co_filename).parts[-3:])}:{frame.f_lineno}")
        inner = inner.cr_await
    return " < ".join(reversed(places[-4:])) or "ended"


def is_client(place: str) -> bool:
    """Tell whether this is the test's own side of the line, which shares the loop."""
    return "tests/" in place or "server/demo/" in place or "aiohttp/client" in place


async def every_page(office: LivedOffice) -> None:
    """Open every GET route as people who may."""
    values: dict[str, str] = {"body_id": "z02-05", "book": "outgoing", "token": "nobodys"}
    for thing in (
        "document_answer",
        "arrival_done",
        "dispatch_open",
        "number",
        "series",
        "account",
        "upload",
    ):
        values |= things(office, thing)
    values["entry_id"] = office.objects["entry"]
    for name in WHO:
        async with office.client(name) as client:
            for route in TABLE:
                if route.unsafe or route.action == PUBLIC:
                    continue
                mine = dict(values)
                if "arrival" in route.path or "van-ban-den" in route.path:
                    mine["digest"] = office.objects["digest_arrival"]
                else:
                    mine["digest"] = office.objects["digest_document"]
                query = QUERIES.get(route.name, "")
                answer = await client.call("GET", fill(route, mine) + (f"?{query}" if query else ""))
                assert answer.status < 500, (route.name, answer.body[:300])


async def main_job(office: Office) -> None:
    """One document goes all the way: rendering, signing, sealing, sending, books."""
    await Job(office.url, PASSWORD, lambda _: None).play()
    await office.services.jobs.drain()
    await office.services.audit.sequencer.run()


async def big_files(office: LivedOffice) -> None:
    """Upload 20 MB and download it."""
    async with office.client("specialist") as client:
        pdf = await asyncio.to_thread(padded)
        headers = {
            **client.headers,
            "Content-Type": "application/pdf",
            "Idempotency-Key": f"{time.time_ns()}",
        }
        url = client.url + "/api/v1/files?name=lon.pdf&secrecy=none"
        async with client._session.post(url, data=_slices(pdf), headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            digest = (await answer.json())["digest"]
        fields = {"body_id": "z02-05", "type_code": "cong-van", "subject": "Lớn", "secrecy": "none"}
        body = {"fields": fields, "main": {"digest": digest}}
        document = await client.post("/api/v1/documents", body)
        path = f"/api/v1/documents/{document['id']}/files/{digest}"
        assert len((await client.call("GET", path)).body) == len(pdf)


def padded() -> bytes:
    """Return a PDF of 20 MB: a page of text and a long stream that no page shows."""
    with pikepdf.open(io.BytesIO(typeset())) as pdf:
        private = pdf.make_stream(os.urandom(UPLOAD_BYTES))
        pdf.Root.PieceInfo = pikepdf.Dictionary(
            LT=pikepdf.Dictionary(Private=private, LastModified=pikepdf.String("D:20261122000000Z"))
        )
        out = io.BytesIO()
        pdf.save(out, compress_streams=False)
    return out.getvalue()


async def _slices(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 65536):
        yield data[at : at + 65536]


async def offenders(work: Callable[[], Awaitable[None]], monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what held the loop at every attempt, a line each; "" when nothing did."""
    await work()  # what is loaded once a process is loaded now
    always: dict[str, float] | None = None
    for _ in range(ATTEMPTS):
        probe = Probe()
        with probe.on(monkeypatch):
            await work()
        found = probe.worst
        always = found if always is None else {name: used for name, used in always.items() if name in found}
        if not always:
            return ""
    return "\n".join(f"{used * 1000:.1f} ms {name}" for name, used in sorted((always or {}).items()))


@pytest.mark.parametrize("work", [every_page, big_files], ids=["pages", "files"])
async def test_no_read_and_no_file_holds_the_loop(
    lived_office: LivedOffice,
    monkeypatch: pytest.MonkeyPatch,
    work: Callable[[LivedOffice], Awaitable[None]],
) -> None:
    found = await offenders(lambda: work(lived_office), monkeypatch)
    assert not found, found


async def test_the_main_job_does_not_hold_the_loop(
    sqlite_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await offenders(lambda: main_job(sqlite_office), monkeypatch)
    assert not found, found


async def test_a_probe_finds_what_holds_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe itself: 20 ms of work in a callback are seen."""

    async def holds() -> None:
        await asyncio.sleep(0)
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass

    probe = Probe()
    monkeypatch.setattr("tests.integration.web.test_lag.is_client", lambda _: False)
    with pytest.MonkeyPatch.context() as patch, probe.on(patch):
        await asyncio.create_task(holds())
    assert max(probe.worst.values()) > 0.015
