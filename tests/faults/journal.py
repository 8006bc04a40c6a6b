"""What the clients of a fault test know: each request they sent, how often it was cut off, what came back.

A request whose line breaks is sent again under the same Idempotency-Key until it is answered, as a program
that talks to the server has to do. The journal is the oracle: the server must know all of it, and no more.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.factories.province import sign_in
from tests.factories.server import Answered, Client

CUT = (aiohttp.ClientError, ConnectionError, TimeoutError)
"""What a client sees when the server dies under its request, or is not there."""


@dataclass
class Sent:
    """One request, from its first sending to its answer."""

    kind: str
    person: Person
    path: str
    key: str
    body: object = None
    data: bytes | None = None
    cuts: int = 0
    """How often the line broke before the answer."""
    postponed: int = 0
    """How often the answer was 503: nothing done, come back later."""
    answer: Answered | None = None

    @property
    def said(self) -> Any:  # JSON as tests look into it
        """The answer as JSON."""
        assert self.answer is not None, f"{self.kind} {self.path} was never answered"
        return self.answer.json

    async def once(self) -> Answered:
        """Send it, once. Raises what ``CUT`` lists."""
        headers = {"Content-Type": "application/pdf"} if self.data is not None else {}
        client = self.person.client
        return await client.call(
            "POST", self.path, body=self.body, data=self.data, key=self.key, headers=headers
        )


class Line:
    """Between the clients and a server that dies again and again: opens and closes with it."""

    def __init__(self) -> None:
        self.journal: list[Sent] = []
        self.closing = False
        """The clients finish what they are at and begin nothing new."""
        self.under_way: Counter[str] = Counter()
        self.cut_off: Counter[str] = Counter()
        """Requests that a kill cut off, by kind."""
        self._open = asyncio.Event()
        self._answers = 0
        self._heard = asyncio.Condition()

    def open(self) -> None:
        """The server is there."""
        self._open.set()

    def close(self) -> None:
        """The server is about to die."""
        self._open.clear()

    @property
    def answered(self) -> list[Sent]:
        """Every request that was answered."""
        return [sent for sent in self.journal if sent.answer is not None]

    def of(self, *kinds: str) -> list[Sent]:
        """Answered requests of some kinds."""
        return [sent for sent in self.answered if sent.kind in kinds]

    async def wait_for_answers(self, count: int) -> None:
        """Return when so many more answers have come in."""
        wanted = self._answers + count
        async with self._heard:
            await self._heard.wait_for(lambda: self._answers >= wanted)

    async def send(self, sent: Sent) -> Any:
        """Send a request until it is answered; return the answer as JSON. Fails on any refusal."""
        self.journal.append(sent)
        while True:
            await self._open.wait()
            self.under_way[sent.kind] += 1
            try:
                answer = await sent.once()
            except CUT:
                sent.cuts += 1
                self.cut_off[sent.kind] += 1
                await asyncio.sleep(0)  # the event is cleared by whoever kills; give it its turn
                continue
            finally:
                self.under_way[sent.kind] -= 1
            if answer.status == 503:
                sent.postponed += 1
                await asyncio.sleep(0.05)  # as Retry-After asks, in small
                continue
            assert answer.status in (200, 201), (
                f"{sent.kind} {sent.path} after {sent.cuts} cuts: {answer.status} {answer.body[:800]!r}"
            )
            sent.answer = answer
            async with self._heard:
                self._answers += 1
                self._heard.notify_all()
            return answer.json


@dataclass
class Person:
    """An account at the API, signed in once; its session outlives the server."""

    line: Line
    client: Client
    username: str

    async def post(self, kind: str, path: str, body: object = None, data: bytes | None = None) -> Any:
        """POST until answered; ``kind`` names the act in the journal."""
        key = secrets.token_hex(16)
        if data is None and body is None:
            body = {}
        return await self.line.send(Sent(kind, self, f"/api/v1{path}", key, body, data))

    async def upload(self, pdf: bytes, name: str) -> str:
        """Upload a PDF until answered; return its digest, which the client has computed itself."""
        stored = await self.post("upload", f"/files?name={name}&secrecy=none", data=pdf)
        digest = "sha256:" + hashlib.sha256(pdf).hexdigest()
        assert stored["digest"] == digest and stored["size_bytes"] == len(pdf)
        return digest

    async def get(self, path: str) -> Any:
        """GET JSON; fails unless it succeeds."""
        return await self.client.get(f"/api/v1{path}")

    async def download(self, path: str) -> bytes:
        """GET bytes; fails unless it succeeds."""
        answer = await self.client.call("GET", f"/api/v1{path}")
        assert answer.status == 200, f"{path}: {answer.status} {answer.body[:500]!r}"
        return answer.body


@contextlib.asynccontextmanager
async def signed_in(line: Line, url: str, *usernames: str) -> AsyncIterator[dict[str, Person]]:
    """People at a running server, by username."""
    async with contextlib.AsyncExitStack() as stack:
        people = {}
        for username in usernames:
            client = await stack.enter_async_context(Client(url))
            await sign_in(client, username)
            people[username] = Person(line, client, username)
        yield people
