"""The server and its floor, each in a process of its own, asked in turn."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.benchmarks.bare import Job
from tests.benchmarks.figures import ROOT, WORK, cpu_seconds
from tests.factories.server import free_port


@dataclass(frozen=True, slots=True)
class Asked:
    """One round of requests to one process."""

    rate: float
    """Requests a second."""
    cpu: float
    """Processor seconds a request, of the answering process."""


@contextmanager
def bare(job: Job) -> Iterator[tuple[str, int]]:
    """Run the floor; hands out its address and process id."""
    job = msgspec.structs.replace(job, port=free_port())
    path = WORK / "bare.json"
    path.write_bytes(msgspec.json.encode(job))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.bare", str(path)], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        while (line := process.stdout.readline()) != b"ready\n":
            if not line:
                raise RuntimeError("the floor did not start")
        yield f"http://127.0.0.1:{job.port}", process.pid
    finally:
        process.kill()
        process.wait()


def ask(address: str, pid: int, requests: int, at_once: int, header: tuple[str, str]) -> Asked:
    """Ask for an address and measure the process that answers."""
    before = cpu_seconds(pid, children=False)
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.benchmarks.load_client",
            address,
            str(requests),
            str(at_once),
            *header,
        ],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr.decode(errors="replace")[-2000:])
    seconds = float(ran.stdout)
    return Asked(requests / seconds, (cpu_seconds(pid, children=False) - before) / requests)


def data_of(folder: Path) -> str:
    """Return the folder as the jobs name it."""
    return str(folder)
