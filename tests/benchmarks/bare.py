"""The floor of reads and downloads: the same answers by the shortest means in aiohttp.

``python -m tests.benchmarks.bare JOB.json`` learns from the real application, in this process, which
statements each address runs and what it answers. Then it serves, under the same addresses, handlers that run
those statements on aiosqlite connections opened like ours and encode the same value as JSON, or render the
same template with the same values. Files are served by aiohttp's own FileResponse.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiosqlite
import jinja2
import msgspec
import uvloop
from aiohttp import web

from storage.sql.protocol import Params, Statement
from storage.sql.sqlite import SqliteDatabase
from tests.factories.province import open_office, settings_of
from tests.factories.server import Client
from web import answers

CONNECTIONS: Final = 4
"""As many readers as the server has."""


class Job(msgspec.Struct):
    """What to serve."""

    data: str
    """Data folder of the installation; opened read-only by the floor itself."""
    port: int
    token: str
    """Bearer token, for JSON."""
    cookie: str
    """Session cookie, for pages."""
    paths: list[str]
    """Addresses to learn and to serve."""
    file: str = ""
    """A file to serve at /file; "" = none."""


@dataclass
class Learned:
    """What one address does."""

    statements: list[tuple[str, Params]] = field(default_factory=list)
    value: object = None
    """What is encoded as JSON."""
    template: jinja2.Template | None = None
    context: dict[str, Any] = field(default_factory=dict)  # values of a page, as they come


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def learn(job: Job) -> dict[str, Learned]:
    """Ask the real application once for each address and write down what it did."""
    found: dict[str, Learned] = {}
    now = Learned()
    fetch, encode, render = SqliteDatabase.fetch, answers.json_response, jinja2.Template.render

    async def fetching(self: SqliteDatabase, statement: Statement, params: Params, into: type[Any]) -> Any:
        now.statements.append((statement.text, params))
        return await fetch(self, statement, params, into)

    def encoding(value: object, status: int, headers: dict[str, str]) -> web.Response:
        now.value = value
        return encode(value, status, headers)

    def rendering(self: jinja2.Template, *args: Any, **kwargs: Any) -> str:
        now.template, now.context = self, dict(*args, **kwargs)
        return render(self, *args, **kwargs)

    SqliteDatabase.fetch = fetching  # type: ignore[method-assign]  # to listen, in this process
    answers.json_response = encoding
    jinja2.Template.render = rendering  # type: ignore[method-assign]  # to listen, in this process
    try:
        async for office in open_office(settings_of(Path(job.data))):
            for path in job.paths:
                async with Client(office.url) as client:
                    if path.startswith("/api/"):
                        client.headers["Authorization"] = f"Bearer {job.token}"
                    else:
                        client.headers["Cookie"] = job.cookie
                    now = Learned()
                    await client.call("GET", path)  # what is read once and kept
                    found[path] = now = Learned()
                    answer = await client.call("GET", path)
                    if answer.status != 200:
                        raise RuntimeError(f"{path}: {answer.status} {answer.body[:500]!r}")
    finally:
        SqliteDatabase.fetch = fetch  # type: ignore[method-assign]
        answers.json_response = encode
        jinja2.Template.render = render  # type: ignore[method-assign]
    return found


def handler(learned: Learned, idle: asyncio.Queue[aiosqlite.Connection]) -> Handler:
    """Return the shortest handler that does the same."""
    encoder = msgspec.json.Encoder()

    async def handle(_: web.Request) -> web.StreamResponse:
        for text, params in learned.statements:
            connection = await idle.get()
            try:
                await connection.execute_fetchall(text, dict(params))
            finally:
                idle.put_nowait(connection)
        if learned.template is not None:
            return web.Response(text=learned.template.render(learned.context), content_type="text/html")
        return web.Response(body=encoder.encode(learned.value), content_type="application/json")

    return handle


async def connections(path: Path) -> asyncio.Queue[aiosqlite.Connection]:
    """Open readers."""
    idle: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        connection = await aiosqlite.connect(
            f"file:{path}?mode=ro", uri=True, isolation_level=None, cached_statements=512
        )
        # Temporary tables in memory, as ours: without it a statement with a sort opens a file each time.
        for pragma in ("query_only = ON", "temp_store = MEMORY"):
            await connection.execute_fetchall(f"PRAGMA {pragma}")
        idle.put_nowait(connection)
    return idle


async def serve(job: Job) -> None:
    """Learn, then serve until the process is ended."""
    learned = await learn(job) if job.paths else {}
    idle = await connections(Path(job.data) / "lienthong.db") if job.paths else asyncio.Queue()
    handlers = {path: handler(one, idle) for path, one in learned.items()}

    async def any_path(request: web.Request) -> web.StreamResponse:
        return await handlers[request.path_qs](request)

    async def file(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(job.file)

    app = web.Application()
    app.router.add_get("/file", file)
    app.router.add_get("/{path:.*}", any_path)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", job.port).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


def main() -> int:
    """Read the job and serve."""
    job = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Job)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(job))
    return 0


if __name__ == "__main__":
    sys.exit(main())
