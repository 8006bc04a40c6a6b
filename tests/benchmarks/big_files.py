"""A file of 1 GB: memory of the server beyond idle, processor time, and the download against FileResponse.

The file is a valid PDF whose one image-like stream is a gigabyte long; the limit of a file is a setting and
is raised for the run. Our download reads chunk by chunk, checks each digest and only then sends it; the floor
is aiohttp's FileResponse of the same bytes on the same loop (uvloop), which checks nothing.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from tests.benchmarks import stage
from tests.benchmarks.bare import Job
from tests.benchmarks.figures import (
    WORK,
    Figure,
    cpu_seconds,
    forget_peak,
    middle,
    notes,
    peak_bytes,
    resident_bytes,
    spread,
)
from tests.benchmarks.pair import Asked, ask, bare
from tests.factories.province import CHEAP
from tests.factories.server import ServerProcess

GIGABYTE: Final = 1_000_000_000
PIECE: Final = 1 << 20
ROUNDS: Final = 3
MEMORY_TARGET: Final = 64 * 1024 * 1024
SPEED_TARGET: Final = 0.5
SAMPLE_SECONDS: Final = 0.02
SETTINGS: Final = {
    **CHEAP,
    "LIENTHONG_FILES_LIMIT_BYTES": str(2 * GIGABYTE),
    "LIENTHONG_FILES_GUARD_TIMEOUT_SECONDS": "120",
}


@dataclass
class Memory:
    """Highest memory seen while something ran."""

    own: int = 0
    """Of the server's own process."""
    family: int = 0
    """With its children."""
    _stop: threading.Event = field(default_factory=threading.Event)

    def watch(self, pid: int) -> None:
        """Sample until the end."""
        while not self._stop.wait(SAMPLE_SECONDS):
            self.family = max(self.family, resident_bytes(pid))


@contextmanager
def watched(pid: int) -> Iterator[Memory]:
    """Watch the memory of a process and its children inside the block."""
    memory = Memory()
    forget_peak(pid)
    thread = threading.Thread(target=memory.watch, args=(pid,))
    thread.start()
    try:
        yield memory
    finally:
        memory._stop.set()
        thread.join()
        memory.own = peak_bytes(pid)


def measure() -> list[Figure]:
    """Upload once, download in rounds with the floor in turn."""
    base = stage.base()
    data = base.copy("big")
    pdf = WORK / "big.pdf"
    write_pdf(pdf, GIGABYTE)
    with ServerProcess(data, environment=SETTINGS) as server:
        assert server.process is not None
        pid = server.process.pid
        asyncio.run(warm_up(server.url, base))
        own, family = resident(pid)
        before = cpu_seconds(pid)
        with watched(pid) as uploading:
            seconds, path = asyncio.run(upload(server.url, base.token, pdf))
        upload_cpu = cpu_seconds(pid) - before
        blob = next(file for file in (data / "objects").rglob("*") if file.stat().st_size > GIGABYTE // 2)
        ours: list[Asked] = []
        floor: list[Asked] = []
        header = ("Authorization", f"Bearer {base.token}")
        job = Job(str(data), 0, "", "", [], file=str(blob))
        with bare(job) as (address, floor_pid), watched(pid) as downloading:
            for _ in range(ROUNDS):
                ours.append(ask(server.url + path, pid, 1, 1, header))
                floor.append(ask(f"{address}/file", floor_pid, 1, 1, header))
        server.stop()
    shutil.rmtree(data)
    pdf.unlink()
    return figures(Upload(seconds, upload_cpu), (own, family), (uploading, downloading), ours, floor)


@dataclass(frozen=True, slots=True)
class Upload:
    """The upload as measured."""

    seconds: float
    cpu: float


def figures(
    uploaded: Upload,
    idle: tuple[int, int],
    memory: tuple[Memory, Memory],
    ours: list[Asked],
    floor: list[Asked],
) -> list[Figure]:
    """Sum up."""
    megabytes = GIGABYTE / 1e6
    rate, bare_rate = middle(one.rate for one in ours), middle(one.rate for one in floor)
    cpu, bare_cpu = middle(one.cpu for one in ours), middle(one.cpu for one in floor)
    found = [
        Figure("upload of 1 GB", megabytes / uploaded.seconds, "MB/s", note="judged, hashed, stored, sent"),
        Figure("upload of 1 GB: processor time", uploaded.cpu, "s/GB", note="with child processes"),
        Figure(
            "download of 1 GB",
            rate * megabytes,
            "MB/s",
            bare_rate * megabytes,
            rate / bare_rate,
            f">= {SPEED_TARGET} of FileResponse",
            rate / bare_rate >= SPEED_TARGET,
            notes(spread([one.rate for one in ours]), spread([one.rate for one in floor])),
        ),
        Figure("download of 1 GB: processor time", cpu, "s/GB", bare_cpu, bare_cpu / cpu),
    ]
    for name, one in zip(("upload", "download"), memory, strict=True):
        extra = max(one.own - idle[0], 0)
        found.append(
            Figure(
                f"{name} of 1 GB: extra memory",
                extra / 2**20,
                "MiB",
                target="< 64",
                met=extra < MEMORY_TARGET,
                note=f"with child processes {max(one.family - idle[1], 0) / 2**20:.0f} (mapped file counts)",
            )
        )
    return found


def resident(pid: int) -> tuple[int, int]:
    """Return the memory of the idle server, alone and with its children."""
    time.sleep(1)
    forget_peak(pid)
    return peak_bytes(pid), resident_bytes(pid)


def write_pdf(path: Path, size_bytes: int) -> None:
    """Write a valid PDF with one stream of about so many bytes."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Filling 4 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> >>",
    ]
    piece = bytes(range(256)) * (PIECE // 256)
    with path.open("wb") as file:
        file.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        places = []
        for number, body in enumerate(objects, start=1):
            places.append(file.tell())
            file.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        places.append(file.tell())
        count = size_bytes // PIECE
        file.write(b"4 0 obj\n<< /Length %d >>\nstream\n" % (count * PIECE))
        for number in range(count):
            file.write(number.to_bytes(8, "big") + piece[8:])  # every chunk has a digest of its own
        file.write(b"\nendstream\nendobj\n")
        table = file.tell()
        file.write(b"xref\n0 5\n0000000000 65535 f \n")
        file.write(b"".join(b"%010d 00000 n \n" % place for place in places))
        file.write(b"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % table)


async def warm_up(url: str, base: stage.Stage) -> None:
    """Send one small file, so that child processes run before the memory of idling is read."""
    pdf = await asyncio.to_thread(stage.signed_files, base, 1)
    await upload(url, base.token, pdf[0])


async def upload(url: str, token: str, pdf: Path) -> tuple[float, str]:
    """Upload and send; return the seconds of the upload and the address of the download."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": pdf.name}
    timeout = aiohttp.ClientTimeout(total=600)
    async with aiohttp.ClientSession(url, headers=headers, timeout=timeout) as session:
        started = time.perf_counter()
        address = "/api/v1/files?name=lon.pdf&secrecy=none"
        kind = {"Content-Type": "application/pdf"}
        async with session.post(address, data=pieces(pdf), headers=kind) as answer:
            stored = await answer.json()
            if answer.status != 201:
                raise RuntimeError(f"{answer.status} {stored}")
        seconds = time.perf_counter() - started
        document = {
            "body_id": stage.SENDER,
            "type_code": "thong-bao",
            "subject": "Bản vẽ quy hoạch",
            "secrecy": "none",
            "main": {"digest": stored["digest"]},
        }
        body = {"document": document, "addressees": {"to": [stage.RECIPIENTS[0]]}}
        async with session.post("/api/v1/dispatches/hand-in", json=body) as answer:
            sent = await answer.json()
            if answer.status != 201:
                raise RuntimeError(f"{answer.status} {sent}")
        return seconds, f"/api/v1/documents/{sent['document_id']}/files/{stored['digest']}"


async def pieces(pdf: Path) -> AsyncIterator[bytes]:
    """Read the file as a client would."""
    with pdf.open("rb") as file:
        while data := await asyncio.to_thread(file.read, PIECE):
            yield data


def main() -> int:
    """Measure and print."""
    for one in measure():
        print(msgspec.json.encode(one.row()).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
