"""Cost must not grow with the archive: the same requests over 1,000 and over 200,000 arrivals.

Both servers run side by side and are asked in turn. Cost is processor time of the server a request, since a
busy machine disturbs it least. The plans of the statements are looked at as well: none may scan a table that
grows.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tests.benchmarks import stage
from tests.benchmarks.figures import ROOT, WORK, Figure, cpu_seconds, middle, notes
from tests.benchmarks.filling import fill, ids
from tests.benchmarks.pair import ask
from tests.benchmarks.reads import receiver
from tests.benchmarks.send_client import Job
from tests.factories.province import CHEAP
from tests.factories.server import ServerProcess

SIZES: Final = (1_000, 200_000)
REQUESTS: Final = 300
SENDS: Final = 30
ROUNDS: Final = 5
AT_ONCE: Final = 4
TARGET: Final = 1.5
"""A request over the large archive may cost so much of one over the small one: trees are a level deeper."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A running server over an archive."""

    server: ServerProcess
    arrival: str
    token: str

    @property
    def pid(self) -> int:
        """Its process."""
        assert self.server.process is not None
        return self.server.process.pid


def measure() -> list[Figure]:
    """Build both archives and ask them in turn."""
    base = stage.base()
    files = stage.signed_files(base, 10 + SENDS * (ROUNDS + 1))[10:]
    with ExitStack() as stack:
        archives = []
        for size in SIZES:
            data = base.copy(f"archive-{size}")
            fill(base, data, size)
            server = stack.enter_context(ServerProcess(data, environment=CHEAP))
            _, token = asyncio.run(receiver(server.url))
            archives.append(Archive(server, ids(data)[1], token))
        return [
            *(reading(name, path, archives) for name, path in READS.items()),
            sending(base, archives, files),
        ]


READS: Final = {
    "inbox": "/api/v1/arrivals?limit=50",
    "inbox, overdue only": "/api/v1/arrivals?limit=50&overdue=true",
    "inbox, waiting": "/api/v1/arrivals?limit=50&waiting=true",
    "a document": "/api/v1/arrivals/{arrival}",
    "documents": "/api/v1/documents?limit=50",
    "outgoing": "/api/v1/dispatches?limit=50",
}


def reading(name: str, path: str, archives: Sequence[Archive]) -> Figure:
    """Ask both for one address."""
    costs: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        for archive, results in zip(archives, costs, strict=True):
            asked = ask(
                archive.server.url + path.format(arrival=archive.arrival),
                archive.pid,
                REQUESTS if number else 20,
                AT_ONCE,
                ("Authorization", f"Bearer {archive.token}"),
            )
            if number:
                results.append(asked.cpu * 1000)
    return figure(name, costs)


def sending(base: stage.Stage, archives: Sequence[Archive], files: Sequence[Path]) -> Figure:
    """Send to both."""
    costs: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        part = files[number * SENDS : (number + 1) * SENDS]
        for archive, results in zip(archives, costs, strict=True):
            url = archive.server.url
            job = Job(
                url, base.token, [str(file) for file in part], stage.SENDER, [*stage.RECIPIENTS], AT_ONCE
            )
            path = WORK / "growth.json"
            path.write_bytes(msgspec.json.encode(job))
            before = cpu_seconds(archive.pid, children=False)
            subprocess.run(
                [sys.executable, "-m", "tests.benchmarks.send_client", str(path)],
                cwd=ROOT,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            if number:
                results.append((cpu_seconds(archive.pid, children=False) - before) * 1000 / SENDS)
    return figure("upload and send", costs)


def figure(name: str, costs: tuple[list[float], list[float]]) -> Figure:
    """Compare the large archive with the small one."""
    small, large = middle(costs[0]), middle(costs[1])
    return Figure(
        f"archive of 200,000: {name}",
        large,
        "ms of processor",
        small,
        small / large,
        f"<= {TARGET} x that of 1,000",
        large <= TARGET * small,
        notes(f"{large / small:.2f} times the cost over 1,000 arrivals"),
    )


def main() -> int:
    """Measure and print."""
    for one in measure():
        print(msgspec.json.encode(one.row()).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
