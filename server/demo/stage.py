"""The stage of the demo: an empty folder, a built province, a server, the job, what it leaves behind."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from server.compose import Services, open_services
from server.demo.client import StepFailed
from server.demo.job import CAST, Job, Outcome
from server.demo.province import build_province
from server.demo.results import CLERK, DIRECTOR, OFFICER, ResultsJob
from server.kernel.errors import Conflict
from server.kernel.page import LIMIT_MAX, PageRequest
from server.results.codes import shown
from server.settings import Settings

Serve = Callable[[Services, str, int, Callable[[str], None], asyncio.Event], Awaitable[None]]
MARK = ".demo"
"""File that says a folder is the demo's own and may be emptied."""
READY_SECONDS = 30


def empty_folder(folder: Path) -> None:
    """Empty the demo's folder (blocking). Raises Conflict ``demo.folder_not_ours`` for anybody else's."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise Conflict("demo.folder_not_ours", folder=str(folder))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def new_password() -> str:
    """Return a password that can be read aloud."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    parts = ["".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(3)]
    return "Demo-" + "-".join(parts)


@asynccontextmanager
async def running(
    services: Services, serve: Serve, host: str, port: int, stop: asyncio.Event
) -> AsyncIterator[str]:
    """Serve in the background; hand out the address once it accepts."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def told(address: str) -> None:
        if not ready.done():
            ready.set_result(address)

    task = asyncio.ensure_future(serve(services, host, port, told, stop))
    task.add_done_callback(lambda _: ready.cancel())
    try:
        try:
            address = await asyncio.wait_for(ready, READY_SECONDS)
        except asyncio.CancelledError:
            await task  # says why it ended
            raise StepFailed(f"the server did not start on {host}:{port}") from None
        yield address
    finally:
        stop.set()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def perform(
    settings: Settings,
    serve: Serve,
    *,
    folder: Path,
    password: str,
    port: int,
    say: Callable[[str], None],
    stop: asyncio.Event,
    stay: bool,
) -> None:
    """Build the province, play the job, leave its results in ``folder``; with ``stay`` serve until ``stop``.

    Raises StepFailed, LienThongError, OSError.
    """
    host = settings.server.host
    async with open_services(settings) as services:
        say("Dựng tỉnh Sông Mẫu (hư cấu) · Building the fictional province of Sông Mẫu ...")
        built = await build_province(services, password=password, base_url=f"http://{host}:{port}/pki")
        say(
            f"     {built.bodies} cơ quan · {built.accounts} tài khoản · "
            f"{built.rules} sổ · {built.keys} khóa ký số"
        )
        ended = asyncio.Event()
        async with running(services, serve, host, port, ended) as address:
            outcome = await Job(address, password, say).play()
            issued = await ResultsJob(address, password, say).play()
            for one in issued:
                say(f"     {one.number:<18} {address}/tra-cuu/{one.code} · mã {shown(one.code)}")
            await services.jobs.drain()
            await services.audit.sequencer.run()
            await leave_results(services, folder, outcome)
            say(f"Kết quả · Results: {folder}")
            if stay:
                for line in invitation(address, password):
                    say(line)
                await stop.wait()


async def leave_results(services: Services, folder: Path, outcome: Outcome) -> None:
    """Write the signed documents, the printed book, the record of both documents and the trust anchors."""
    record = []
    for document_id in (outcome.document_id, outcome.answer_id):
        entries = await services.audit.trail(document_id, PageRequest(limit=LIMIT_MAX))
        record += entries.items
    report = await services.audit.verify()
    head = await services.audit.checkpoint()
    encoded = msgspec.json.format(
        msgspec.json.encode({"checkpoint": head, "verification": report, "entries": record}), indent=2
    )
    await asyncio.to_thread(_write, services, folder, outcome, encoded)


def _write(services: Services, folder: Path, outcome: Outcome, record: bytes) -> None:
    (folder / "issued.pdf").write_bytes(outcome.issued_pdf)
    (folder / "answer.pdf").write_bytes(outcome.answer_pdf)
    (folder / "registers.pdf").write_bytes(outcome.registers_pdf)
    (folder / "audit.json").write_bytes(record)
    trust = folder / "trust"
    trust.mkdir(exist_ok=True)
    source = services.settings.under_data(services.settings.signing.trust)
    for path in [*source.glob("*.pem"), *(source.parent / "crl").glob("*.crl")]:
        shutil.copy(path, trust / path.name)


def invitation(address: str, password: str) -> list[str]:
    """Return what a newcomer is told: where, and as whom."""
    lines = ["", f"Mở · Open {address}", f"Mật khẩu chung · Password of all: {password}", ""]
    who = {
        CAST["drafter"]: "chuyên viên Văn phòng Tỉnh ủy · specialist",
        CAST["chief"]: "chánh văn phòng · chief of office",
        CAST["leader"]: "lãnh đạo · leader",
        CAST["clerk"]: "văn thư · records clerk (three books)",
        CAST["syt_clerk"]: "văn thư Sở Y tế · clerk of a department",
        CAST["syt_director"]: "giám đốc Sở Y tế · director",
        CAST["syt_specialist"]: "chuyên viên Sở Y tế · specialist",
        CAST["xa1_clerk"]: "văn thư xã 1 · clerk of a commune",
        OFFICER: "cán bộ một cửa · one-stop officer",
        DIRECTOR: "giám đốc trung tâm phục vụ hành chính công · director of the centre",
        CLERK: "văn thư trung tâm · clerk of the centre",
        "thanhtra": "thanh tra · supervisor (read-only)",
        "quantri": "quản trị · administrator (sets up a second factor first)",
    }
    lines += [f"  {username:<18} {words}" for username, words in who.items()]
    lines += ["", "Dừng · Stop: Ctrl-C"]
    return lines
