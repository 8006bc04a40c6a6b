"""A person at the HTTP API, as the demo plays them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import aiohttp

TIMEOUT_SECONDS = 60


class StepFailed(Exception):
    """An answer that was not a success; says which request and what the problem is."""


class Person:
    """One account, signed in. Paths are below ``/api/v1``; answers are JSON as it comes."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.username = username
        self._base = f"{url}/api/v1"
        self._password = password
        self._headers: dict[str, str] = {"Accept-Language": "vi"}
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Person:
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        )
        try:
            answer = await self.post("/session", {"username": self.username, "password": self._password})
        except BaseException:
            await self._http.close()
            raise
        self._headers["X-CSRF-Token"] = answer["csrf_token"]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()

    async def get(self, path: str) -> Any:
        """Return a JSON answer. Raises StepFailed."""
        return await self._call("GET", path)

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        """Send JSON under an Idempotency-Key of its own. Raises StepFailed."""
        return await self._call("POST", path, body)

    async def download(self, path: str) -> bytes:
        """Return the bytes of a file. Raises StepFailed."""
        async with self._session().get(self._base + path, headers=self._headers) as answer:
            if answer.status != 200:
                raise StepFailed(f"GET {path}: {answer.status} {await answer.text()}")
            return await answer.read()

    async def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        headers = dict(self._headers)
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(16)
        async with self._session().request(method, self._base + path, json=body, headers=headers) as answer:
            if answer.status >= 400:
                raise StepFailed(f"{self.username}: {method} {path}: {answer.status} {await answer.text()}")
            return await answer.json() if answer.content_type == "application/json" else None

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise RuntimeError("the person is not signed in")
        return self._http
