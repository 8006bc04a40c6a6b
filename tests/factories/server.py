"""The real server in a process of its own, and a client that speaks to it as a user does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parent.parent.parent
LIENTHONG = Path(sys.executable).parent / "lienthong"
START_SECONDS = 120


def free_port() -> int:
    """Return a port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class ServerProcess:
    """``lienthong serve`` on a data folder of its own."""

    data: Path
    port: int = field(default_factory=free_port)
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, wait: bool = True) -> None:
        """Start it; with ``wait`` return when it accepts connections."""
        environment = {
            **os.environ,
            "LIENTHONG_DATA": str(self.data),
            "PORT": str(self.port),
            **self.environment,
        }
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(LIENTHONG), "serve"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until the port accepts; fail with the log when the process ends instead."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process is None or self.process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        raise AssertionError(f"the server did not start:\n{self.log()[-3000:]}")

    def log(self) -> str:
        """What it has printed."""
        return (self.data / "server.log").read_text(errors="replace")

    def kill(self) -> None:
        """kill -9, at once."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self) -> int:
        """Stop as an operator does; return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        self.process = None
        return code

    def __enter__(self) -> ServerProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@dataclass
class Answered:
    """One HTTP answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # JSON as tests look into it
        """The body as JSON."""
        return json.loads(self.body)

    def ok(self) -> Any:
        """The body as JSON of a successful answer; fails with the problem otherwise."""
        assert self.status < 400, f"{self.status} {self.body.decode(errors='replace')[:2000]}"
        return json.loads(self.body) if self.body else None


class Client:
    """One person at the API. Every POST carries an Idempotency-Key of its own unless one is given."""

    def __init__(self, url: str, *, language: str = "vi") -> None:
        self.url = url
        self.headers: dict[str, str] = {"Accept-Language": language}
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(total=60)
        )

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        data: bytes | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Send one request and read the whole answer."""
        sent = {**self.headers, **(headers or {})}
        if method == "POST":
            sent.setdefault("Idempotency-Key", key or secrets.token_hex(16))
        payload = data
        if body is not None:
            payload = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        async with self._session.request(method, self.url + path, data=payload, headers=sent) as answer:
            return Answered(answer.status, answer.headers, await answer.read())

    async def get(self, path: str) -> Any:
        """GET, and fail unless it succeeds."""
        return (await self.call("GET", path)).ok()

    async def post(self, path: str, body: object = None, **more: Any) -> Any:
        """POST JSON, and fail unless it succeeds."""
        return (await self.call("POST", path, body={} if body is None else body, **more)).ok()


async def gather_bounded(limit: int, *work: Any) -> list[Any]:
    """Run coroutines, at most ``limit`` at a time; return their results in order."""
    gate = asyncio.Semaphore(limit)

    async def one(coroutine: Any) -> Any:
        async with gate:
            return await coroutine

    return list(await asyncio.gather(*(one(coroutine) for coroutine in work)))
