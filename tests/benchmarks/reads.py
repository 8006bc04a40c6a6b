"""Plain reads: an inbox page of 50 and a document, as JSON and as HTML, against bare aiohttp.

The floor runs the same statements on the same kind of connections and encodes the same value (JSON), or
renders the same template with the same values (HTML); it has no session, permission, log or headers.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Final

import msgspec

from tests.benchmarks import stage
from tests.benchmarks.bare import Job
from tests.benchmarks.figures import Figure, middle, notes, spread
from tests.benchmarks.filling import fill, ids
from tests.benchmarks.pair import Asked, ask, bare
from tests.factories.province import CHEAP, PASSWORD
from tests.factories.server import Client, ServerProcess

ARRIVALS: Final = 1_000
REQUESTS: Final = {"json": 1_500, "html": 600}
ROUNDS: Final = 5
AT_ONCE: Final = 8
TARGET: Final = 0.5


def measure() -> list[Figure]:
    """Measure in rounds, server and floor in turn."""
    base = stage.base()
    data = base.copy("reads")
    fill(base, data, ARRIVALS)
    _, arrival = ids(data)
    with ServerProcess(data, environment=CHEAP) as server:
        cookie, token = asyncio.run(receiver(server.url))
        paths = {
            "inbox of 50, JSON": "/api/v1/arrivals?limit=50",
            "document, JSON": f"/api/v1/arrivals/{arrival}",
            "inbox of 50, HTML": "/van-ban-den?limit=50",
            "document, HTML": f"/van-ban-den/{arrival}",
        }
        job = Job(str(data), 0, token, cookie, list(paths.values()))
        with bare(job) as (address, floor_pid):
            assert server.process is not None
            pid = server.process.pid
            return [
                compare(name, path, (server.url, pid), (address, floor_pid), cookie, token)
                for name, path in paths.items()
            ]


def compare(
    name: str, path: str, ours: tuple[str, int], floor: tuple[str, int], cookie: str, token: str
) -> Figure:
    """Ask both in turn and compare the medians."""
    page = "HTML" in name
    requests = REQUESTS["html" if page else "json"]
    header = ("Cookie", cookie) if page else ("Authorization", f"Bearer {token}")
    found: tuple[list[Asked], list[Asked]] = ([], [])
    for number in range(ROUNDS + 1):
        for (address, pid), results in zip((ours, floor), found, strict=True):
            asked = ask(address + path, pid, requests if number else 50, AT_ONCE, header)
            if number:  # the first only warms up
                results.append(asked)
    return figure(name, found[0], found[1])


def figure(name: str, ours: Sequence[Asked], floor: Sequence[Asked]) -> Figure:
    """Sum up: the ratio is that of processor time, which a busy machine disturbs least."""
    rate, bare_rate = middle(one.rate for one in ours), middle(one.rate for one in floor)
    cpu, bare_cpu = middle(one.cpu for one in ours), middle(one.cpu for one in floor)
    ratio = bare_cpu / cpu
    return Figure(
        f"read {name}",
        rate,
        "requests/s",
        bare_rate,
        ratio,
        f">= {TARGET} of bare aiohttp",
        ratio >= TARGET,
        notes(
            f"{cpu * 1000:.2f} ms of processor, floor {bare_cpu * 1000:.2f}; by rate {rate / bare_rate:.2f}",
            spread([one.rate for one in ours]),
        ),
    )


async def receiver(url: str) -> tuple[str, str]:
    """Sign in as the receiver's clerk; return the session cookie and a machine token."""
    async with Client(url) as client:
        answered = await client.call(
            "POST", "/api/v1/session", body={"username": stage.RECEIVER, "password": PASSWORD}
        )
        client.headers["X-CSRF-Token"] = answered.ok()["csrf_token"]
        token = await stage.issue_token(client, f"{stage.RECIPIENTS[0]}.van-thu")
        return answered.headers["Set-Cookie"].partition(";")[0], token


def main() -> int:
    """Measure and print."""
    for one in measure():
        print(msgspec.json.encode(one.row()).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
