"""The machines of the send benchmark, in a process of their own: upload, hand in and send.

``python -m tests.benchmarks.send_client JOB.json`` prints one JSON object: seconds, and the time of each
document in milliseconds.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from pathlib import Path
from typing import Final

import aiohttp
import msgspec
import uvloop

TIMEOUT: Final = aiohttp.ClientTimeout(total=120)
RUN: Final = secrets.token_hex(8)
"""Part of every Idempotency-Key, so that each run of this client sends anew."""


class Job(msgspec.Struct):
    """What to send."""

    url: str
    """Address of the server."""
    token: str
    """Bearer token."""
    files: list[str]
    """Signed PDFs."""
    sender: str
    """Body that sends."""
    recipients: list[str]
    """Bodies that it is sent to."""
    at_once: int
    """Documents under way at the same time."""


class Outcome(msgspec.Struct):
    """What happened."""

    seconds: float
    """From the first request to the last answer."""
    milliseconds: list[float]
    """Each document: from its first byte to the answer of its sending."""


async def run(job: Job) -> Outcome:
    """Send every file."""
    contents = [await asyncio.to_thread(Path(name).read_bytes) for name in job.files]
    taken: list[float] = []
    waiting = iter(enumerate(contents))
    connector = aiohttp.TCPConnector(limit=job.at_once)
    headers = {"Authorization": f"Bearer {job.token}"}
    async with aiohttp.ClientSession(
        job.url, connector=connector, headers=headers, timeout=TIMEOUT
    ) as session:

        async def machine() -> None:
            for number, content in waiting:
                started = time.perf_counter()
                digest = await upload(session, number, content)
                await send(session, job, number, digest)
                taken.append((time.perf_counter() - started) * 1000)

        started = time.perf_counter()
        await asyncio.gather(*(machine() for _ in range(job.at_once)))
        return Outcome(time.perf_counter() - started, taken)


async def upload(session: aiohttp.ClientSession, number: int, content: bytes) -> str:
    """Upload one file; return its digest."""
    headers = {"Idempotency-Key": f"file-{number}-{RUN}", "Content-Type": "application/pdf"}
    address = f"/api/v1/files?name=van-ban-{number}.pdf&secrecy=none"
    return str((await _post(session, address, content, headers))["digest"])


async def send(session: aiohttp.ClientSession, job: Job, number: int, digest: str) -> None:
    """Register the signed file and send it."""
    body = {
        "document": {
            "body_id": job.sender,
            "type_code": "thong-bao",
            "subject": f"Về việc triển khai liên thông văn bản điện tử, lần {number}",
            "secrecy": "none",
            "main": {"digest": digest},
            "signer_name": "Phó Bí thư Thường trực",
        },
        "addressees": {"to": job.recipients},
    }
    headers = {"Idempotency-Key": f"send-{number}-{RUN}", "Content-Type": "application/json"}
    answer = await _post(session, "/api/v1/dispatches/hand-in", msgspec.json.encode(body), headers)
    if len(answer["arrivals"]) != len(job.recipients):  # type: ignore[arg-type]  # JSON as it came
        raise SystemExit(f"sent to {answer}")


async def _post(
    session: aiohttp.ClientSession, address: str, body: bytes, headers: dict[str, str]
) -> dict[str, object]:
    async with session.post(address, data=body, headers=headers) as answer:
        read = await answer.read()
        if answer.status != 201:
            raise SystemExit(f"{address}: {answer.status} {read[:1000]!r}")
        return msgspec.json.decode(read, type=dict[str, object])


def main() -> int:
    """Read the job, do it, print the outcome."""
    job = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Job)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(msgspec.json.encode(runner.run(run(job))).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
