"""Sending over HTTP: signed PDFs of 100 KB to five bodies each, against raw sqlite3 and raw files.

A document is uploaded (judged, hashed, stored), handed in and sent in one act (number of the book, document,
dispatch, five arrivals with receipt 01, holdings, audit, answer kept under its key). Signatures are made
beforehand; they are verified later by a job, which has a figure of its own. The floor writes the rows that
the server wrote, into the same tables with the same indexes, and the same files, in a plain loop: hash, file,
fsync, rename, fsync of the folder; one commit with fsync for the upload and one for the sending.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tests.benchmarks import stage
from tests.benchmarks.figures import ROOT, WORK, Figure, cpu_seconds, middle, notes, spread
from tests.benchmarks.send_client import Job, Outcome
from tests.factories.province import CHEAP
from tests.factories.server import ServerProcess

DOCUMENTS: Final = 240
WARM: Final = 40
"""Documents sent before the clock starts: child processes start, files of code are read."""
ROUNDS: Final = 3
AT_ONCE: Final = 32
TARGET: Final = 120.0
DRAIN_SECONDS: Final = 300
UPLOAD: Final = ("objects", "object_holdings")
"""Tables written by the upload: the rest is written by the sending."""
TABLES: Final = (
    "objects",
    "object_holdings",
    "series_numbers",
    "documents",
    "document_versions",
    "document_steps",
    "dispatches",
    "arrivals",
    "receipts",
    "participants",
    "audit_entries",
    "idempotency",
)
Rows = list[tuple[str, list[tuple[object, ...]]]]
"""Insert statement and its rows, for each table."""


@dataclass(frozen=True, slots=True)
class Round:
    """One round of the server."""

    seconds: float
    milliseconds: Sequence[float]
    server_cpu: float
    """Processor seconds of the server's own process."""
    children_cpu: float
    """Of its children: those that judge files, and the one that verifies signatures."""
    data: Path


def measure() -> list[Figure]:
    """Measure in rounds, server and floor in turn."""
    base = stage.base()
    files = stage.signed_files(base, DOCUMENTS + WARM)
    rounds: list[Round] = []
    floors: list[tuple[float, float]] = []
    verified = 0.0
    for number in range(ROUNDS):
        last = number == ROUNDS - 1
        done, rate = send(base, files, number, drain=last)
        verified = rate or verified
        rounds.append(done)
        floors.append(floor(base, done.data, files))
        shutil.rmtree(done.data)
    return figures(rounds, floors, verified)


def figures(rounds: Sequence[Round], floors: Sequence[tuple[float, float]], verified: float) -> list[Figure]:
    """Sum up."""
    rates = [DOCUMENTS / one.seconds for one in rounds]
    bare = [rate for rate, _ in floors]
    rate = middle(rates)
    slow = middle([sorted(one.milliseconds)[int(len(one.milliseconds) * 0.95)] for one in rounds])
    cpu = middle([(one.server_cpu + one.children_cpu) / DOCUMENTS * 1000 for one in rounds])
    own = middle([one.server_cpu / DOCUMENTS * 1000 for one in rounds])
    bare_cpu = middle([cpu * 1000 for _, cpu in floors])
    load = f"load of the machine {os.getloadavg()[0]:.1f}"
    return [
        Figure(
            "send",
            rate,
            "documents/s",
            middle(bare),
            rate / middle(bare),
            f">= {TARGET:.0f}",
            rate >= TARGET,
            notes(f"{AT_ONCE} at once; 95% within {slow:.0f} ms; {load}", spread(rates)),
        ),
        Figure(
            "send: processor time",
            cpu,
            "ms/document",
            bare_cpu,
            bare_cpu / cpu,
            note=f"server's own process {own:.1f}, the rest judges files and verifies signatures",
        ),
        Figure("verify signatures (job)", verified, "files/s", note="two signatures a file; after the sends"),
    ]


def send(base: stage.Stage, files: Sequence[Path], number: int, *, drain: bool) -> tuple[Round, float]:
    """Send all files to a fresh server; with ``drain`` also wait for the verification and return its rate."""
    data = base.copy(f"send{number}")
    with ServerProcess(data, environment=CHEAP) as server:
        assert server.process is not None
        pid = server.process.pid
        job = Job(server.url, base.token, [], stage.SENDER, list(stage.RECIPIENTS), AT_ONCE)
        _client(job, files[:WARM])
        own, all_of = cpu_seconds(pid, children=False), cpu_seconds(pid)
        outcome = _client(job, files[WARM:])
        own, all_of = cpu_seconds(pid, children=False) - own, cpu_seconds(pid) - all_of
        rate = _drained(data, len(files)) if drain else 0.0
        server.stop()
    return Round(outcome.seconds, outcome.milliseconds, own, all_of - own, data), rate


def _client(job: Job, files: Sequence[Path]) -> Outcome:
    path = WORK / "job.json"
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(job, files=[str(file) for file in files])))
    ran = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.send_client", str(path)],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr.decode(errors="replace")[-2000:])
    return msgspec.json.decode(ran.stdout, type=Outcome)


def _drained(data: Path, files: int) -> float:
    """Wait until every file is verified; return files a second from now on (0 = all were done already)."""
    with sqlite3.connect(data / "lienthong.db") as database:
        before = _verified(database)
        started = time.monotonic()
        while (done := _verified(database)) < files:
            if time.monotonic() - started > DRAIN_SECONDS:
                raise RuntimeError(f"only {done} of {files} files were verified")
            time.sleep(0.1)
        return (files - before) / (time.monotonic() - started) if before < files else 0.0


def _verified(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT COUNT(*) FROM verifications").fetchone()[0])


def floor(base: stage.Stage, data: Path, files: Sequence[Path]) -> tuple[float, float]:
    """Write the rows of a round and its files anew; return documents and processor seconds a document."""
    first, then = written(base.folder / "lienthong.db", data / "lienthong.db")
    folder = base.copy("floor")
    objects = folder / "floor"
    objects.mkdir()
    database = sqlite3.connect(folder / "lienthong.db", isolation_level=None)
    database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;")
    # Without foreign keys: rows come in the order of tables, not of documents, which only helps the floor.
    contents = [file.read_bytes() for file in files]
    started, cpu = time.perf_counter(), time.process_time()
    for number, content in enumerate(contents):
        keep(objects, content)
        for rows in (first, then):
            database.execute("BEGIN IMMEDIATE")
            for statement, lines in rows:
                each = len(lines) // len(files)
                database.executemany(statement, lines[number * each : (number + 1) * each])
            database.execute("UPDATE series SET next_number = next_number + 1")
            database.execute("COMMIT")
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    database.close()
    shutil.rmtree(folder)
    return len(files) / seconds, cpu / len(files)


def keep(folder: Path, content: bytes) -> None:
    """Store one file as durably as the server does."""
    name = folder / hashlib.sha256(content).hexdigest()
    arriving = folder / f"{name.name}.part"
    with arriving.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    arriving.rename(name)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)


def written(before: Path, after: Path) -> tuple[Rows, Rows]:
    """Return what the upload wrote (first holdings) and what the sending wrote, as inserts in order."""
    database = sqlite3.connect(after)
    database.execute("ATTACH ? AS base", (str(before),))
    first: Rows = []
    then: Rows = []
    for table in TABLES:
        names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        query = f"SELECT * FROM main.{table} EXCEPT SELECT * FROM base.{table}"
        rows = database.execute(query).fetchall()
        insert = f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})"
        (first if table in UPLOAD else then).append((insert, rows))
    database.close()
    return first, then


def main() -> int:
    """Measure and print."""
    for figure in measure():
        print(msgspec.json.encode(figure.row()).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
