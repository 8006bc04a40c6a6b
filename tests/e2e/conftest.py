"""One real server and one Chromium for all browser tests: the demo province after the main job and a week.

Playwright's loop lives in the main thread while these tests run, so everything here ends with the package,
and what needs a loop of its own (the API) runs in a thread: ``Stage.api``.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, sync_playwright

from server.demo.job import Job, Outcome
from tests.e2e.seed import Seeded, let_days_pass, seed
from tests.factories.province import CHEAP, PASSWORD, Built, sign_in
from tests.factories.server import Client, ServerProcess
from tests.factories.tokens import Token, token_for
from web.i18n import LANGUAGE_COOKIE

T = TypeVar("T")
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SETTINGS = {**CHEAP, "LIENTHONG_IDENTITY_ADDRESS_ATTEMPTS": "100000"}
"""Everybody here comes from one address, oftener than an office would."""


def aside(work: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine on a loop of its own beside Playwright's; return its result."""

    async def run() -> T:
        return await work()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(run())).result()


@dataclass
class Stage:
    """The served province and what lies in it."""

    server: ServerProcess
    seeded: Seeded
    outcome: Outcome
    """Of the main job."""
    invitation: str
    """Secret part of a one-time link."""
    account: str
    """Account that the link invites."""
    bulk_run: str
    """Of the director: a bulk run that has ended."""
    offer: str
    """Of the director: a document offered to an agent."""
    token: Token
    """The director's token, registered."""
    recovery: list[str]
    """Codes that the administrator signs in with, each once."""
    states: dict[str, StorageState] = field(default_factory=dict)
    seats: dict[str, BrowserContext] = field(default_factory=dict)
    """Contexts kept for looking at many pages as one person: what is static is fetched and compiled once."""

    @property
    def url(self) -> str:
        """Its address."""
        return self.server.url

    def api(self, username: str, method: str, path: str, body: object = None) -> Any:
        """Call the JSON API as a person; return the answer."""

        async def work() -> Any:
            async with Client(self.url) as client:
                await sign_in(client, username)
                return (await client.call(method, f"/api/v1{path}", body=body)).ok()

        return aside(work)

    def enter(self, browser: Browser, username: str, language: str = "vi", **more: Any) -> BrowserContext:
        """Return a browser context in which a person is signed in ("" = nobody). Close it after use."""
        if username not in self.states:
            self.states[username] = self._state(browser, username)
        more.setdefault("reduced_motion", "reduce")  # colours are looked at, not the way between them
        context = browser.new_context(base_url=self.url, storage_state=self.states[username], **more)
        self.speak(context, language)
        return context

    @contextmanager
    def look_as(self, browser: Browser, username: str) -> Iterator[Page]:
        """Hand out a page in which a person is signed in, in Vietnamese; what it fetched stays known."""
        context = self.seats.get(username)
        if context is None:
            context = self.seats[username] = self.enter(browser, username)
        self.speak(context, "vi")
        page = context.new_page()
        try:
            yield page
        finally:
            page.close()

    def speak(self, context: BrowserContext, language: str) -> None:
        """Set the language of what is opened from now on."""
        context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": self.url}])

    def _state(self, browser: Browser, username: str) -> StorageState:
        with browser.new_context(base_url=self.url) as context:
            if username:
                body = {"username": username, "password": PASSWORD}
                if username == "quantri":
                    body["code"] = self.recovery.pop()
                answer = context.request.post("/api/v1/session", data=body)
                assert answer.ok, answer.text()
            return context.storage_state()


async def prepare(server: ServerProcess) -> Stage:
    """Play the main job and the week, invite somebody, give the administrator a second factor."""
    outcome = await Job(server.url, PASSWORD, lambda _: None).play()
    seeded = await seed(server.url, PASSWORD)
    async with Client(server.url) as admin:
        await sign_in(admin, "quantri")
        setup = await admin.post("/api/v1/session/totp", {"password": PASSWORD})
        code = pyotp.TOTP(setup["secret"]).now()
        codes = (await admin.call("PUT", "/api/v1/session/totp", body={"code": code})).ok()["codes"]
        body = {"username": "moi.syt", "full_name": "Chuyên viên mới Sở Y tế", "email": "moi@songmau.example"}
        account = await admin.post("/api/v1/accounts", body)
        link = await admin.post(f"/api/v1/accounts/{account['id']}/invitation")
        async with Client(server.url) as director:
            await sign_in(director, "giamdoc.syt")
            owner = (await director.get("/api/v1/session"))["account"]["id"]
            token = await asyncio.to_thread(token_for, server.data / "pki", "Giám đốc Sở Y tế")
            registered = {"owner_kind": "person", "owner_id": owner, "certificates": token.certificates}
            await admin.post("/api/v1/signing-tokens", registered)
            run, offer = await _bulk_and_offer(director, seeded)
    return Stage(
        server, seeded, outcome, link["token"], account["id"], run, offer, token, recovery=list(codes)
    )


async def _bulk_and_offer(director: Client, seeded: Seeded) -> tuple[str, str]:
    """Let the director's bulk run end, and offer a document of theirs to an agent."""
    items = [{"id": seeded.documents["withdrawn"], "title": "Công văn đã rút"}]
    run = await director.post("/api/v1/bulk-runs", {"kind": "documents.sign", "items": items})
    while (await director.get(f"/api/v1/bulk-runs/{run['id']}"))["state"] == "running":
        await asyncio.sleep(0.1)
    document = (await director.get(f"/api/v1/documents/{seeded.documents['to_sign']}"))["document"]
    asked = {"act": "sign", "items": [{"document_id": document["id"], "version": document["version"]}]}
    begun = await director.post("/api/v1/signing-requests", asked)
    return run["id"], begun[0]["to_sign"]["offer"]["id"]


@pytest.fixture(scope="package")
def stage(sqlite_province: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The province with its week, served by a process of its own."""
    folder = tmp_path_factory.mktemp("e2e") / "data"
    shutil.copytree(sqlite_province.folder, folder)
    with ServerProcess(folder, environment=SETTINGS) as server:
        made = aside(lambda: prepare(server))
        let_days_pass(folder / "lienthong.db", made.seeded.late)
        yield made
        said = [line for line in server.log().splitlines() if '"event":"request"' not in line]
        assert "Traceback" not in "\n".join(said), "\n".join(said)[-5000:]


@pytest.fixture(scope="package")
def browser(stage: Stage) -> Iterator[Browser]:
    """Chromium."""
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()
