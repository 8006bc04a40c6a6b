"""The edge: every refusal is a problem with all its faults; nothing is a 500 but a fault in the program."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.web.site import FILE, TOKEN, Client
from web.cookies import forgery_token

BEARER = {"Authorization": f"Bearer {TOKEN}"}
Json = dict[str, Any]


def keyed(key: str = "k1", **more: str) -> dict[str, str]:
    return {**BEARER, "Idempotency-Key": key, **more}


async def make(client: Client, body: object, headers: dict[str, str] | None = None) -> tuple[int, Json]:
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    sent = {"Content-Type": "application/json", **(keyed() if headers is None else headers)}
    async with client.post("/api/v1/things", data=data, headers=sent) as response:
        return response.status, await response.json(content_type=None)


def faults_of(problem: Json) -> set[tuple[str, str]]:
    return {(fault["field"], fault["code"]) for fault in problem["faults"]}


async def test_a_right_body_is_answered(client: Client) -> None:
    status, thing = await make(client, {"subject": "Về việc họp"})
    assert (status, thing) == (201, {"id": "t1", "subject": "Về việc họp"})


async def test_all_faults_are_named_at_once(client: Client) -> None:
    status, problem = await make(
        client,
        {"subject": "", "count": "3", "lines": [{"name": "x", "on": "yesterday"}, {}], "colour": "red"},
        headers=BEARER,
    )
    assert status == 400
    assert faults_of(problem) == {
        ("header:idempotency-key", "web.idempotency_key_missing"),
        ("/subject", "web.too_short"),
        ("/count", "web.wrong_type"),
        ("/lines/0/on", "web.not_a_date"),
        ("/lines/1/name", "web.field_missing"),
        ("/colour", "web.unknown_field"),
    }
    assert all(fault["message"] and "…" not in fault["message"] for fault in problem["faults"])


async def test_a_problem_has_what_rfc_9457_asks(client: Client) -> None:
    async with client.get("/api/v1/things?limit=0&x=1&after=a&after=b", headers=BEARER) as response:
        assert response.status == 400
        assert response.content_type == "application/problem+json"
        problem = await response.json(content_type=None)
        assert problem["request_id"] == response.headers["X-Request-Id"]
    assert problem["type"] == f"urn:lien-thong:problem:{problem['code']}"
    assert problem["status"] == 400
    assert faults_of(problem) == {
        ("query:limit", "web.too_small"),
        ("query:x", "web.unknown_parameter"),
        ("query:after", "web.repeated_parameter"),
    }


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "web.body_missing"),
        (b"{", "web.not_json"),
        (b"\xff\xfe", "web.not_utf8"),
        (b"\xef\xbb\xbf{}", "web.not_json"),
        (b'{"subject":NaN}', "web.not_json"),
        (b'{"subject":"a","subject":"b"}', "web.duplicate_field"),
        (b"[" * 100_000, "web.too_deep"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "web.too_deep"),
        (b'{"subject":"a\\u0000b"}', "web.control_character"),
        (b'{"subject":"a\\ud800b"}', "web.control_character"),
        (b'{"subject":"a","count":' + b"9" * 30 + b"}", "web.number_out_of_range"),
        (b"9" * 5000, "web.number_out_of_range"),
        (b'{"subject":"a","count":1e999}', "web.number_out_of_range"),
        (b"[]", "web.wrong_type"),
        (b"null", "web.wrong_type"),
        (b'"text"', "web.wrong_type"),
    ],
)
async def test_a_broken_body_is_refused(client: Client, raw: bytes, code: str) -> None:
    status, problem = await make(client, raw)
    assert (status, problem["code"]) == (400, code)


async def test_a_body_over_the_limit_is_413(client: Client) -> None:
    status, problem = await make(client, b" " * 300_000)
    assert (status, problem["code"]) == (413, "web.body_too_large")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
async def test_another_content_type_is_415(client: Client, kind: str) -> None:
    status, problem = await make(client, {"subject": "a"}, headers=keyed(**{"Content-Type": kind}))
    assert (status, problem["code"]) == (415, "web.media_type")


async def test_a_compressed_body_is_415(client: Client) -> None:
    status, problem = await make(client, b"xx", headers=keyed(**{"Content-Encoding": "deflate"}))
    assert (status, problem["code"]) == (415, "web.media_type")


async def test_text_is_kept_composed(client: Client) -> None:
    status, thing = await make(client, {"subject": "Ve\u0302\u0300 vie\u0323\u0302c"})
    assert (status, thing["subject"]) == (201, "Về việc")


async def test_a_body_where_none_is_taken_is_named(client: Client) -> None:
    async with client.post("/api/v1/ping", data=b'{"a":1}', headers=BEARER) as response:
        assert (response.status, (await response.json(content_type=None))["code"]) == (
            400,
            "web.body_unexpected",
        )


@pytest.mark.parametrize(
    "path", ["/api/v1/things/%00", "/api/v1/things/a%20b", "/api/v1/things/" + "x" * 201]
)
async def test_a_path_that_names_nothing_is_404(client: Client, path: str) -> None:
    async with client.get(path, headers=BEARER) as response:
        assert (response.status, (await response.json(content_type=None))["code"]) == (404, "web.not_found")


async def test_unknown_and_wrong_method(client: Client) -> None:
    async with client.get("/api/v1/nothing") as response:
        assert (response.status, response.content_type) == (404, "application/problem+json")
    async with client.delete("/api/v1/things", headers=BEARER) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET, HEAD, POST"
    async with client.get("/khong-co") as response:
        assert (response.status, response.content_type) == (404, "text/html")


async def test_the_language_follows_the_caller(client: Client) -> None:
    async with client.get("/api/v1/nothing") as response:
        vietnamese = (await response.json(content_type=None))["title"]
    async with client.get("/api/v1/nothing", headers={"Accept-Language": "en-GB,vi;q=0.5"}) as response:
        english = (await response.json(content_type=None))["title"]
    assert (vietnamese, english) == ("Không tìm thấy", "Not found")


async def test_who_may(client: Client) -> None:
    async with client.get("/api/v1/things") as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    async with client.get("/api/v1/things", headers={"Authorization": "Bearer wrong"}) as response:
        assert response.status == 401
    async with client.get("/api/v1/secret", headers=BEARER) as response:
        assert response.status == 403


async def test_a_fault_in_the_program_tells_nothing(client: Client) -> None:
    async with client.get("/api/v1/broken") as response:
        text = await response.text()
        assert response.status == 500
    assert "ZeroDivision" not in text
    assert "web.internal" in text


async def test_unavailable_says_when_to_come_back(client: Client) -> None:
    async with client.get("/api/v1/busy") as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "5")


async def test_a_retry_gets_the_same_bytes(client: Client) -> None:
    answers = []
    for _ in range(2):
        async with client.post("/api/v1/things", json={"subject": "một"}, headers=keyed("same")) as response:
            answers.append(
                (response.status, await response.read(), response.headers.get("Idempotent-Replay"))
            )
    assert answers[0][:2] == answers[1][:2]
    assert [answer[2] for answer in answers] == [None, "true"]
    status, problem = await make(client, {"subject": "hai"}, headers=keyed("same"))
    assert (status, problem["code"]) == (409, "unit.key_reused")


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 201])
async def test_a_key_that_is_none(client: Client, key: str) -> None:
    status, problem = await make(client, {"subject": "a"}, headers=keyed(key))
    assert (status, problem["code"]) == (400, "web.idempotency_key_invalid")


async def test_uploads_stream_and_are_bounded(client: Client) -> None:
    headers = keyed("u1", **{"Content-Type": "application/pdf"})
    async with client.post("/api/v1/files", data=b"x" * 90_000, headers=headers) as response:
        assert (response.status, (await response.json())["subject"]) == (200, "90000")
    async with client.post("/api/v1/files", data=b"x" * 200_000, headers=headers) as response:
        assert response.status == 413
    headers["Content-Type"] = "text/plain"
    async with client.post("/api/v1/files", data=b"x", headers=headers) as response:
        assert response.status == 415


async def test_cookie_sessions_need_the_token_and_the_origin(client: Client) -> None:
    client.session.cookie_jar.clear()
    cookie = {"Cookie": f"session={TOKEN}", "Idempotency-Key": "c1"}
    token = {"X-CSRF-Token": forgery_token(TOKEN)}
    body = {"subject": "a"}
    async with client.post("/api/v1/things", json=body, headers=cookie) as response:
        assert (response.status, (await response.json(content_type=None))["code"]) == (403, "web.forgery")
    async with client.post(
        "/api/v1/things", json=body, headers={**cookie, **token, "Sec-Fetch-Site": "cross-site"}
    ) as response:
        assert (response.status, (await response.json(content_type=None))["code"]) == (
            403,
            "web.other_origin",
        )
    async with client.post(
        "/api/v1/things", json=body, headers={**cookie, **token, "Origin": "https://elsewhere.example"}
    ) as response:
        assert response.status == 403
    async with client.post("/api/v1/things", json=body, headers={**cookie, **token}) as response:
        assert response.status == 201


async def test_the_session_cookie_is_closed_to_scripts(client: Client) -> None:
    async with client.post("/api/v1/session") as response:
        cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


async def test_security_headers_stand_on_every_answer(client: Client) -> None:
    for path in ("/api/v1/things", "/khong-co", "/healthz", "/api/v1/file", "/api/v1/broken"):
        async with client.get(path) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert "Cache-Control" in response.headers


@pytest.mark.parametrize(
    ("header", "status", "start", "end"),
    [
        ("bytes=0-0", 206, 0, 1),
        ("bytes=5-", 206, 5, len(FILE)),
        ("bytes=-10", 206, len(FILE) - 10, len(FILE)),
        ("bytes=100-999999", 206, 100, len(FILE)),
        ("bytes=999999-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=9-3", 200, 0, len(FILE)),
        ("bytes=0-1,5-6", 200, 0, len(FILE)),
        ("lines=0-1", 200, 0, len(FILE)),
        ("bytes=-", 200, 0, len(FILE)),
        ("bytes=" + "9" * 50 + "-", 200, 0, len(FILE)),
    ],
)
async def test_ranges(client: Client, header: str, status: int, start: int, end: int) -> None:
    async with client.get("/api/v1/file", headers={"Range": header}) as response:
        assert response.status == status
        assert await response.read() == FILE[start:end]


async def test_an_unchanged_file_is_not_sent_again(client: Client) -> None:
    async with client.get("/api/v1/file") as response:
        tag = response.headers["ETag"]
        assert hashlib.sha256(await response.read()).digest() == hashlib.sha256(FILE).digest()
        assert "filename*=UTF-8''Quy%E1%BA%BFt" in response.headers["Content-Disposition"]
    async with client.get("/api/v1/file", headers={"If-None-Match": tag}) as response:
        assert response.status == 304


FORM = {"Cookie": f"session={TOKEN}"}


async def test_a_form_is_shown_again_with_what_was_typed(client: Client) -> None:
    data = {"_csrf": forgery_token(TOKEN), "subject": "x" * 60 + "<b>"}
    async with client.post("/things", data=data, headers=FORM) as response:
        text = await response.text()
        assert response.status == 422
    assert "&lt;b&gt;" in text
    assert "/subject web.too_long" in text
    data["subject"] = "taken"
    async with client.post("/things", data=data, headers=FORM) as response:
        assert response.status == 409
        assert 'value="taken"' in await response.text()


async def test_a_form_without_the_token_is_refused_and_keeps_what_was_typed(client: Client) -> None:
    async with client.post("/things", data={"subject": "typed"}, headers=FORM) as response:
        text = await response.text()
        assert response.status == 403
    assert "web.forgery" in text
    assert 'value="typed"' in text


async def test_a_good_form_leads_on_with_a_sentence_shown_once(client: Client) -> None:
    data = {"_csrf": forgery_token(TOKEN), "subject": "good", "to": "x"}
    async with client.post("/things", data=data, headers=FORM, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/things")
        notice = response.cookies["notice"].value
    async with client.get("/things", headers={"Cookie": f"session={TOKEN}; notice={notice}"}) as response:
        assert 'class="notice"' in await response.text()
        assert response.cookies["notice"]["max-age"] == "0"


async def test_a_page_for_nobody_leads_to_the_sign_in(client: Client) -> None:
    async with client.get("/things", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/dang-nhap?ve=%2Fthings")


async def test_ready_names_what_fails(client: Client) -> None:
    async with client.get("/readyz") as response:
        assert (response.status, await response.json()) == (
            503,
            {"status": "unavailable", "failing": ["objects"]},
        )


async def test_metrics_count(client: Client) -> None:
    async with client.get("/healthz") as response:
        assert response.status == 200
    async with client.get("/metrics") as response:
        assert (
            'lienthong_requests_total{method="GET",route="healthz",status="200"} 1.0' in await response.text()
        )


async def test_the_description_is_openapi(client: Client) -> None:
    async with client.get("/api/v1/openapi.json") as response:
        document = await response.json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]["/api/v1/things"]) == {"get", "post"}
    assert "/things" not in document["paths"]
    parameters = document["paths"]["/api/v1/things"]["get"]["parameters"]
    assert {parameter["name"] for parameter in parameters} >= {"after", "limit"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    raw=st.binary(max_size=200),
    kind=st.sampled_from(["application/json", "text/plain", "", "x/y; charset=z"]),
)
async def test_no_bytes_are_a_500(client: Client, raw: bytes, kind: str) -> None:
    async with client.post(
        "/api/v1/things",
        data=raw,
        headers={**keyed(), "Content-Type": kind},
        skip_auto_headers=["Content-Type"],
    ) as response:
        assert response.status in (201, 400, 409, 413, 415)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["subject", "count", "lines", "name"]), inner)
        ),
        max_leaves=20,
    )
)
async def test_no_json_is_a_500(client: Client, value: object) -> None:
    import json

    status, problem = await make(client, json.dumps(value).encode(), headers=keyed("hypothesis"))
    assert status in (201, 400, 409), problem
