"""Disks that are full or read-only, object stores and databases that go away while requests run.

Each time: the request is refused with 503 and a code, nothing half-written remains, and when the fault has
passed, the same request under the same Idempotency-Key succeeds without a restart of our server.
"""

from __future__ import annotations

import asyncio
import os
import resource
import secrets
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from storage.sql.open import open_database
from tests.data.pdf_pieces import blank, saved
from tests.factories.province import Built, _build, settings_of
from tests.factories.server import Answered, ServerProcess
from tests.faults.journal import Line, Person, Sent, signed_in
from tests.faults.kills import FAST
from tests.faults.oracle import audit_is_intact, rows
from tests.services import postgres as pg
from tests.services.rclone import ACCESS_KEY, SECRET_KEY, answers, free_port, rclone_program

CLERK = "vanthu.xa2"
PATIENCE_SECONDS = 60


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB of its own (needs root, as installing the components does)."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(disk: Path, mode: str) -> None:
    """Make the disk read-only (``ro``) or writable (``rw``)."""
    subprocess.run(["mount", "-o", f"remount,{mode}", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Take all that is left of the disk; return the file that holds it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
    return ballast


@asynccontextmanager
async def serving(
    built: Path, tmp_path: Path, environment: dict[str, str]
) -> AsyncIterator[tuple[ServerProcess, Person]]:
    """A real server on a copy of the province, and a clerk of a commune signed in; ends with exit 0."""
    folder = tmp_path / "data"
    if not folder.exists():
        await asyncio.to_thread(shutil.copytree, built, folder)
    server = ServerProcess(folder, environment={**FAST, **environment})
    try:
        await asyncio.to_thread(server.start)
        line = Line()
        line.open()
        async with signed_in(line, server.url, CLERK) as people:
            yield server, people[CLERK]
        assert await asyncio.to_thread(server.stop) == 0
    finally:
        if server.process is not None:
            await asyncio.to_thread(server.kill)
    full = {**FAST, **environment, "LIENTHONG_DATA": str(folder)}
    assert await asyncio.to_thread(audit_is_intact, {**os.environ, **full}) > 0


def upload_of(person: Person, kilobytes: int = 200) -> Sent:
    """An upload that no other is equal to."""
    import pikepdf

    pdf = blank()
    pdf.Root.Ballast = pikepdf.Stream(pdf, secrets.token_bytes(kilobytes * 1000))
    path = "/api/v1/files?name=scan.pdf&secrecy=none"
    return Sent("upload", person, path, secrets.token_hex(16), data=saved(pdf))


def taking_of(person: Person) -> Sent:
    """Taking a number, which touches rows only."""
    body = {"type_code": "cong-van", "subject": "Văn bản giấy"}
    return Sent("take", person, "/api/v1/numbers", secrets.token_hex(16), body)


async def refused(sent: Sent, *codes: str) -> Answered:
    """Send it; it must be refused with 503 and one of the codes."""
    answer = await sent.once()
    assert answer.status == 503, f"{answer.status} {answer.body.decode()[:600]}"
    assert answer.json["code"] in codes, answer.json
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    return answer


async def succeeds(sent: Sent) -> Answered:
    """Send it; it must be done, and a repetition must give the same bytes."""
    answer = await sent.once()
    assert answer.status == 201, f"{answer.status} {answer.body.decode()[:600]}"
    again = await sent.once()
    assert (again.status, again.body) == (answer.status, answer.body)
    return answer


async def until(check: Callable[[], bool], what: str) -> None:
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not await asyncio.to_thread(check):
        assert time.monotonic() < end, what
        await asyncio.sleep(0.02)


async def eventually(sent: Sent) -> Answered:
    """Send it until it is done (a pool needs a moment to see that its server is back)."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (answer := await sent.once()).status == 503:
        assert time.monotonic() < end, answer.body
        await asyncio.sleep(0.05)
    assert answer.status == 201, f"{answer.status} {answer.body.decode()[:600]}"
    return answer


def leftovers(*folders: Path) -> list[str]:
    """Names of files that an interrupted write left behind."""
    return [str(path) for folder in folders for path in folder.iterdir() if path.is_file()]


async def figure(database: str, sql: str) -> int:
    """Return the figure of a query."""
    opened = await open_database(database, readers=1)
    try:
        return (await rows(opened, f"SELECT '' AS name, '' AS text, ({sql}) AS figure"))[0].figure
    finally:
        await opened.close()


@pytest.mark.parametrize("fault", ["full", "read_only"])
async def test_a_blob_disk_that_refuses(
    sqlite_province: Built, tmp_path: Path, disk: Path, fault: str
) -> None:
    environment = {"LIENTHONG_STORAGE_BLOBS": f"file://{disk}/objects"}
    async with serving(sqlite_province.folder, tmp_path, environment) as (server, clerk):
        database = f"sqlite:///{server.data}/lienthong.db"
        await succeeds(upload_of(clerk))
        sent = upload_of(clerk)
        ballast = await asyncio.to_thread(fill, disk) if fault == "full" else None
        if ballast is None:
            await asyncio.to_thread(remount, disk, "ro")
        await refused(sent, "files.store")
        await refused(sent, "files.store")
        await succeeds(taking_of(clerk))  # who needs no object is served
        assert await figure(database, "SELECT count(*) FROM objects") == 1
        if ballast is None:
            await asyncio.to_thread(remount, disk, "rw")
        else:
            ballast.unlink()
        assert await asyncio.to_thread(leftovers, disk / "objects" / "incoming", server.data / "spool") == []
        await succeeds(sent)
        assert await figure(database, "SELECT count(*) FROM objects") == 2


def refuse_growth(server: ServerProcess) -> tuple[int, int]:
    """Have every write of the server fail that goes beyond what its log needs (EFBIG, an I/O error)."""
    assert server.process is not None
    limit = (server.data / "server.log").stat().st_size + 8192
    return resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


def allow_growth(server: ServerProcess) -> None:
    """Take the limit away."""
    assert server.process is not None
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, unlimited)


@pytest.mark.parametrize("fault", ["full", "io_error"])
async def test_a_database_disk_that_refuses(
    sqlite_province: Built, tmp_path: Path, disk: Path, fault: str
) -> None:
    database = f"sqlite:///{disk}/lienthong.db"
    await asyncio.to_thread(shutil.copy, sqlite_province.folder / "lienthong.db", disk / "lienthong.db")
    environment = {"LIENTHONG_STORAGE_DATABASE": database}
    async with serving(sqlite_province.folder, tmp_path, environment) as (server, clerk):
        first = (await succeeds(taking_of(clerk))).json
        sent = taking_of(clerk)
        ballast = await asyncio.to_thread(fill, disk) if fault == "full" else None
        if ballast is None:
            refuse_growth(server)
        for _ in range(3):
            await refused(sent, "unit.database")
        assert (await clerk.get(f"/numbers/{first['id']}"))["text"] == first["text"]  # reading goes on
        if ballast is None:
            allow_growth(server)
        else:
            ballast.unlink()
        second = (await succeeds(sent)).json
        assert second["number"] == first["number"] + 1, "the refused attempts took no number"


def start_rclone_at(endpoint: str, folder: Path) -> subprocess.Popen[bytes]:
    """Start an S3 service at an address of our choice."""
    folder.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        [
            rclone_program(), "serve", "s3", "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", "--addr", endpoint,
            "--config", "/dev/null", "--no-cleanup", str(folder),
        ],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


async def test_an_object_store_that_goes_away(sqlite_province: Built, tmp_path: Path) -> None:
    endpoint, folder = f"127.0.0.1:{free_port()}", tmp_path / "s3"
    service = await asyncio.to_thread(start_rclone_at, endpoint, folder)
    try:
        await until(lambda: answers(endpoint), "rclone does not start")
        url = f"s3://{ACCESS_KEY}:{SECRET_KEY}@{endpoint}/lienthong?secure=0"
        environment = {"LIENTHONG_STORAGE_BLOBS": url}
        async with serving(sqlite_province.folder, tmp_path, environment) as (server, clerk):
            await succeeds(upload_of(clerk))
            running = [upload_of(clerk) for _ in range(6)]
            under_way = [asyncio.create_task(sent.once()) for sent in running]
            await asyncio.to_thread(_end, service)
            for sent, answer in zip(running, await asyncio.gather(*under_way), strict=True):
                assert answer.status in (201, 503), answer.body
                sent.answer = answer
            sent = upload_of(clerk)
            began = time.monotonic()
            await refused(sent, "files.store")
            assert time.monotonic() - began < PATIENCE_SECONDS
            assert await asyncio.to_thread(leftovers, server.data / "spool") == []
            service = await asyncio.to_thread(start_rclone_at, endpoint, folder)
            await until(lambda: answers(endpoint), "rclone does not start again")
            for one in (sent, *running):
                answer = await eventually(one)
                if one.answer is not None and one.answer.status == 201:
                    assert answer.body == one.answer.body
            counted = f"sqlite:///{server.data}/lienthong.db"
            assert await figure(counted, "SELECT count(*) FROM objects") == 2 + len(running)
    finally:
        await asyncio.to_thread(_end, service)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


@contextmanager
def own_cluster() -> Iterator[pg.PostgresServer]:
    """A PostgreSQL cluster that this test may stop."""
    with pg.postgres_server() as server:
        try:
            yield server
        finally:
            if (server.folder / "data" / "postmaster.pid").exists():
                stop_cluster(server)


def stop_cluster(server: pg.PostgresServer) -> None:
    """Stop it as a crash does: clients are cut off, nothing is finished."""
    pg._run("pg_ctl", "-D", str(server.folder / "data"), "-m", "immediate", "-w", "stop")


def start_cluster(server: pg.PostgresServer) -> None:
    """Start it again; it recovers from its log."""
    log = str(server.folder / "data" / "restart.log")
    pg._run("pg_ctl", "-D", str(server.folder / "data"), "-l", log, "-w", "start")


async def test_a_database_server_that_goes_away(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with own_cluster() as cluster:
        database = await asyncio.to_thread(pg.fresh_database, cluster)
        await _build(await asyncio.to_thread(settings_of, folder, database))
        environment = {"LIENTHONG_STORAGE_DATABASE": database}
        async with serving(folder, tmp_path, environment) as (_, clerk):
            first = (await succeeds(taking_of(clerk))).json
            running = [taking_of(clerk) for _ in range(8)]
            under_way = [asyncio.create_task(sent.once()) for sent in running]
            await asyncio.to_thread(stop_cluster, cluster)
            for sent, answer in zip(running, await asyncio.gather(*under_way), strict=True):
                assert answer.status in (201, 503), answer.body
                sent.answer = answer
            await refused(running[0], "unit.database")
            reading = await clerk.client.call("GET", f"/api/v1/numbers/{first['id']}")
            assert reading.status == 503 and reading.json["code"] == "unit.database"
            await asyncio.to_thread(start_cluster, cluster)
            numbers = {first["number"]}
            for sent in running:
                answer = await eventually(sent)
                if sent.answer is not None and sent.answer.status == 201:
                    assert answer.body == sent.answer.body
                numbers.add(answer.json["number"])
            assert numbers == set(range(first["number"], first["number"] + 9)), "a gap, or a number twice"
            assert await figure(database, "SELECT count(*) FROM series_numbers") == 9
