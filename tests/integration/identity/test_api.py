"""Sessions, accounts, bodies, tokens and mandates over HTTP; the engine does not matter here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pyotp
import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from server.compose import Services
from tests.integration.identity.conftest import PASSWORD, Rooms
from web.api import accounts, mandates, organisations, organisations_acts, session, tokens
from web.app import build

pytestmark = pytest.mark.parametrize("furnished_url", ["sqlite"], indirect=True)
ROUTES = [
    *session.ROUTES,
    *tokens.ROUTES,
    *accounts.ROUTES,
    *mandates.ROUTES,
    *organisations.ROUTES,
    *organisations_acts.ROUTES,
]


@dataclass
class Browser:
    """One person at the API, with a cookie and a forgery token."""

    client: TestClient[Any, Any]
    csrf: str = ""
    keys: int = 0

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        self.keys += 1
        sent = {"X-CSRF-Token": self.csrf, "Idempotency-Key": f"key-{self.keys}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(method, "/api/v1" + path, json=body, headers=sent) as answer:
            return answer.status, await answer.json() if answer.content_length else None

    async def sign_in(self, username: str, code: str = "") -> dict[str, Any]:
        status, view = await self.call(
            "POST", "/session", {"username": username, "password": PASSWORD, "code": code}
        )
        assert status == 201, view
        self.csrf = view["csrf_token"]
        return cast(dict[str, Any], view)


@pytest.fixture
async def server(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TestServer]:
    """The real application over the rooms of these tests and their routes; it renders no pages."""
    monkeypatch.setattr("web.app.Renderer", lambda *_: None)
    services = SimpleNamespace(
        settings=SimpleNamespace(server=SimpleNamespace(tls=False, trusted_proxies=[])),
        access=rooms.access,
        organisations=rooms.organisations,
        staffing=rooms.staffing,
        identity=rooms.identity,
        sessions=rooms.sessions,
        second_factor=rooms.factor,
        tokens=rooms.tokens,
        mandates=rooms.mandates,
        pki=None,
    )
    app = await asyncio.to_thread(build, cast(Services, services), routes=ROUTES, access=lambda line: None)
    running = TestServer(app)
    await running.start_server()
    yield running
    await running.close()


@pytest.fixture
async def browser(server: TestServer) -> AsyncIterator[Browser]:
    client = TestClient(server, cookie_jar=CookieJar(unsafe=True))
    yield Browser(client)
    await client.close()


@pytest.fixture
async def administrator(browser: Browser, rooms: Rooms) -> Browser:
    """The administrator, signed in with a second factor."""
    await browser.sign_in("quantri")
    _, setup = await browser.call("POST", "/session/totp", {"password": PASSWORD})
    code = pyotp.TOTP(setup["secret"]).at(rooms.clock.now())
    status, codes = await browser.call("PUT", "/session/totp", {"code": code})
    assert (status, len(codes["codes"])) == (200, 10)
    return browser


async def test_a_session_from_sign_in_to_sign_out(browser: Browser) -> None:
    view = await browser.sign_in("vanthu.vptu")
    assert [post["body_id"] for post in view["posts"]] == ["z01-01", "z01", "z01-90"]
    assert "circulation.accept" in view["actions"]
    status, held = await browser.call("PUT", "/session/post", {"post_id": "z01.van-thu"})
    assert (status, held["body_id"]) == (200, "z01")
    _, shown = await browser.call("GET", "/session")
    assert shown["post_id"] == "z01.van-thu"
    _, asked = await browser.call("GET", "/session", Lien_Thong_Post="z01-90.van-thu")
    assert asked["post_id"] == "z01-90.van-thu"
    assert len((await browser.call("GET", "/sessions"))[1]) == 1
    assert (await browser.call("DELETE", "/session"))[0] == 204
    assert (await browser.call("GET", "/session"))[0] == 401


async def test_a_wrong_password_is_401_and_a_rest_is_429_with_retry_after(browser: Browser) -> None:
    wrong = {"username": "vanthu.syt", "password": "sai mật khẩu"}
    for _ in range(5):
        status, problem = await browser.call("POST", "/session", wrong)
        assert (status, problem["code"]) == (401, "identity.sign_in_refused")
    async with browser.client.post("/api/v1/session", json=wrong) as answer:
        assert answer.status == 429
        assert answer.headers["Retry-After"] == "900"


async def test_a_post_that_is_not_held_is_403(browser: Browser) -> None:
    await browser.sign_in("chuyenvien.syt")
    status, problem = await browser.call("GET", "/bodies", Lien_Thong_Post="z02-05.giam-doc")
    assert (status, problem["code"]) == (403, "identity.post_not_held")


async def test_bodies_are_read_by_everybody_and_changed_by_administrators(browser: Browser) -> None:
    await browser.sign_in("chuyenvien.syt")
    _, found = await browser.call("GET", "/directory?q=so%20y%20te")
    assert [entry["id"] for entry in found["items"]] == ["z02-05"]
    _, detail = await browser.call("GET", "/bodies/z02-05")
    assert detail["body"]["code_old"] == "000.00.05.Z02"
    _, closed = await browser.call("GET", "/codes?code=Z02.81")
    assert closed[0]["successor_id"] == "z02-04"
    status, problem = await browser.call("POST", "/bodies/z02-05/close", {"on": "2026-11-22"})
    assert (status, problem["code"]) == (403, "identity.not_allowed")
    assert (await browser.call("GET", "/bodies/z99"))[0] == 404


async def test_an_administrator_opens_a_body_invites_a_person_and_hands_over(
    administrator: Browser, server: TestServer
) -> None:
    status, body = await administrator.call(
        "POST",
        "/bodies",
        {
            "code": "Z02.30",
            "name": "Ban Quản lý Khu kinh tế",
            "bloc": "administration",
            "level": "province",
            "profile": "state",
            "valid_from": "2026-01-01",
            "parent": "z02",
            "posts": [{"key": "van-thu", "title": "Văn thư", "role": "records_clerk"}],
        },
    )
    assert (status, body["id"]) == (201, "z02-30")
    _, account = await administrator.call(
        "POST", "/accounts", {"username": "vanthu.bql", "full_name": "Văn thư Ban Quản lý"}
    )
    status, holding = await administrator.call(
        "POST",
        f"/accounts/{account['id']}/posts",
        {"post_id": "z02-30.van-thu", "kind": "appointed", "valid_from": "2026-11-22"},
    )
    assert (status, holding["post_id"]) == (201, "z02-30.van-thu")
    _, link = await administrator.call("POST", f"/accounts/{account['id']}/invitation")
    stranger = TestClient(server, cookie_jar=CookieJar(unsafe=True))
    other = Browser(stranger)
    status, active = await other.call("POST", "/invitations", {"token": link["token"], "password": PASSWORD})
    assert (status, active["state"]) == (200, "active")
    assert (await other.sign_in("vanthu.bql"))["post_id"] == "z02-30.van-thu"
    _, left = await administrator.call("POST", f"/accounts/{account['id']}/leave", {"basis": "Nghỉ việc"})
    assert left["left_vacant"] == ["z02-30.van-thu"]
    assert (await other.call("GET", "/session"))[0] == 401
    await stranger.close()


async def test_the_same_key_gives_the_same_answer_without_a_secret_in_it(administrator: Browser) -> None:
    _, found = await administrator.call("GET", "/accounts?q=vanthu.syt")
    path = f"/accounts/{found['items'][0]['id']}/invitation"
    _, first = await administrator.call("POST", path, Idempotency_Key="once")
    status, again = await administrator.call("POST", path, Idempotency_Key="once")
    assert first["token"] and status == 201
    assert again == {**first, "token": ""}


async def test_an_obliged_administrator_is_told_what_to_do(browser: Browser) -> None:
    view = await browser.sign_in("quantri")
    assert view["obligations"] == ["totp"]
    status, problem = await browser.call("GET", "/accounts")
    assert (status, problem["code"]) == (403, "identity.must_set_up_totp")


async def test_a_machine_works_with_its_token_and_cannot_mend_its_own_rights(
    browser: Browser, rooms: Rooms, server: TestServer
) -> None:
    await browser.sign_in("vanthu.syt")
    wanted = {
        "post_id": "z02-05.van-thu",
        "name": "Trục liên thông",
        "scopes": ["organisations.read"],
        "expires_at": (rooms.clock.now() + timedelta(days=30)).isoformat(),
    }
    status, issued = await browser.call("POST", "/tokens", wanted)
    assert status == 201
    client = TestClient(server)
    machine, bearer = Browser(client), f"Bearer {issued['secret']}"
    assert (await machine.call("GET", "/bodies", Authorization=bearer))[0] == 200
    status, problem = await machine.call("POST", "/tokens", wanted, Authorization=bearer)
    assert (status, problem["code"]) == (403, "identity.by_machine")
    assert (await browser.call("DELETE", f"/tokens/{issued['token']['id']}"))[0] == 204
    assert (await machine.call("GET", "/bodies", Authorization=bearer))[0] == 401
    await client.close()


async def test_mandates_are_given_listed_and_ended(administrator: Browser, rooms: Rooms) -> None:
    status, mandate = await administrator.call(
        "POST",
        "/mandates",
        {
            "account_id": await rooms.account_id("thanhtra"),
            "body_ids": ["z02-05", "z03-01"],
            "valid_from": "2026-11-22",
            "valid_to": "2026-12-22",
            "basis": "Quyết định thanh tra số 21",
        },
    )
    assert (status, mandate["body_ids"]) == (201, ["z02-05", "z03-01"])
    _, listed = await administrator.call("GET", "/mandates")
    assert [each["id"] for each in listed["items"]] == [mandate["id"]]
    status, ended = await administrator.call("POST", f"/mandates/{mandate['id']}/end", {"reason": "Xong"})
    assert status == 200 and ended["ended_at"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/accounts/nobody/lock", {"reason": "x"}, 404),
        ("POST", "/accounts/nobody/totp-reset", {"reason": "x"}, 404),
        ("POST", "/accounts/nobody/leave", {"basis": "x", "hand_over": {"z99.x": "nobody"}}, 404),
        (
            "POST",
            "/posts/z99.x/hand-over",
            {"to_account_id": "a", "valid_from": "0001-01-01", "basis": "x"},
            404,
        ),
        ("POST", "/bodies/z02-05/changes", {"on": "2026-11-22", "body": {}}, 400),
        ("POST", "/bodies/z02-05/close", {"on": "0001-01-01", "successor_id": "z02-05"}, 409),
        ("POST", "/authorities/x/end", {"on": "9999-12-31"}, 404),
        ("GET", "/bodies?at=9999-12-31&bloc=party", None, 200),
        ("GET", "/bodies?bloc=none&limit=0&odd=1", None, 400),
        ("GET", "/accounts?after=%25%27%22", None, 200),
        ("GET", "/tree?at=0001-01-01", None, 200),
    ],
)
async def test_wrong_input_is_named_and_never_a_fault_of_ours(
    administrator: Browser, method: str, path: str, body: object, status: int
) -> None:
    assert (await administrator.call(method, path, body))[0] == status
