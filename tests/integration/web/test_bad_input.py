"""What no honest client sends, sent to the real server: each gets a 4xx problem that names every fault."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.data.pdf_pieces import plain
from tests.factories.lived import Lived
from tests.factories.province import CHEAP
from tests.factories.server import ServerProcess

WAIT_SECONDS = 15
DRAFTS = "/api/v1/documents"
GOOD = {"body_id": "z02-05", "type_code": "cong-van", "subject": "Thử", "secrecy": "none"}


@dataclass
class Wire:
    """A bare connection to a running server, for bytes that no client library would send."""

    port: int
    lived: Lived

    def raw(
        self, data: bytes, later: bytes = b"", *, pause: float = 0.0
    ) -> tuple[int, dict[str, str], bytes]:
        """Send bytes as they are, the later ones after a pause; return status, headers (lower case), body."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_SECONDS) as line:
            line.sendall(data)
            if later:
                time.sleep(pause)
                line.sendall(later)
            received = b""
            while chunk := self._receive(line):
                received += chunk
        head, _, body = received.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(status.split()[1]), headers, body

    @staticmethod
    def _receive(line: socket.socket) -> bytes:
        try:
            return line.recv(65536)
        except ConnectionResetError:
            return b""

    def request(
        self, method: str, target: str, headers: dict[str, str], body: bytes = b"", who: str = "specialist"
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request whose parts may be anything."""
        sent = {"Host": f"127.0.0.1:{self.port}", "Connection": "close", **headers}
        if who:
            sent = {**self.lived.people[who].headers, **sent}
        if body and "Transfer-Encoding" not in sent:
            sent.setdefault("Content-Length", str(len(body)))
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
        return self.raw("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def draft(self, body: bytes, **headers: str) -> dict[str, Any]:
        """POST a draft; return the problem that comes back."""
        sent = {"Content-Type": "application/json", "Idempotency-Key": "k", **headers}
        return self.refused("POST", DRAFTS, sent, body)

    def refused(
        self, method: str, target: str, headers: dict[str, str], body: bytes = b"", who: str = "specialist"
    ) -> dict[str, Any]:
        """Send what must be refused; return the problem."""
        status, answered, content = self.request(method, target, headers, body, who)
        return problem(status, answered, content)


def problem(status: int, headers: dict[str, str], content: bytes) -> dict[str, Any]:
    """Check that an answer is a 4xx problem with its faults; return it."""
    assert 400 <= status < 500, (status, content[:300])
    assert headers["content-type"] == "application/problem+json", content[:300]
    found: dict[str, Any] = json.loads(content)
    assert found["status"] == status
    assert found["code"]
    assert all(fault["code"] and fault["message"] for fault in found["faults"])
    return found


def faults(found: dict[str, Any]) -> set[tuple[str, str]]:
    """Return (field, code) of every fault."""
    return {(fault["field"], fault["code"]) for fault in found["faults"]}


@pytest.fixture(scope="module")
def wire(lived: Lived, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """The real server on a copy of a province that has worked."""
    data = tmp_path_factory.mktemp("bad") / "data"
    shutil.copytree(lived.folder, data)
    with ServerProcess(data, environment=CHEAP) as server:
        yield Wire(server.port, lived)
        assert '"status":500' not in server.log()
        assert "Traceback" not in server.log()


def test_every_fault_of_a_body_is_named_at_once(wire: Wire) -> None:
    fields = {**GOOD, "subject": "", "secrecy": "mật", "restricted": "có", "colour": 1}
    del fields["type_code"]
    found = wire.draft(json.dumps({"fields": fields, "more": 1, "note": 5}).encode())
    assert faults(found) == {
        ("/fields/type_code", "web.field_missing"),
        ("/fields/subject", "web.too_short"),
        ("/fields/secrecy", "web.not_a_choice"),
        ("/fields/restricted", "web.wrong_type"),
        ("/fields/colour", "web.unknown_field"),
        ("/more", "web.unknown_field"),
        ("/note", "web.wrong_type"),
    }


BODIES = {
    "NUL": (json.dumps({"fields": {**GOOD, "subject": "a\0b"}}).encode(), "web.control_character"),
    "escape": (json.dumps({"fields": {**GOOD, "subject": "a\x1b[2J"}}).encode(), "web.control_character"),
    "lone surrogate": (
        json.dumps({"fields": {**GOOD, "subject": "\ud800"}}).encode(),
        "web.control_character",
    ),
    "control character in a name": (b'{"fields":{},"a\\u0000":1}', "web.control_character"),
    "huge integer": (b'{"fields":{},"version":' + b"9" * 5000 + b"}", "web.number_out_of_range"),
    "integer of 65 bits": (b'{"fields":{},"version":18446744073709551616}', "web.number_out_of_range"),
    "infinity": (b'{"fields":{},"version":1e999}', "web.number_out_of_range"),
    "not a number": (b'{"fields":NaN}', "web.not_json"),
    "deep": (b"[" * 100_000 + b"]" * 100_000, "web.too_deep"),
    "quite deep": (b'{"fields":' + b"[" * 40 + b"]" * 40 + b"}", "web.too_deep"),
    "key twice": (b'{"fields":{},"fields":{}}', "web.duplicate_field"),
    "not UTF-8": (b'{"fields":"\xff"}', "web.not_utf8"),
    "UTF-16": ('{"fields":{}}'.encode("utf-16"), "web.not_utf8"),
    "cut off": (b'{"fields":{', "web.not_json"),
    "empty": (b"", "web.body_missing"),
    "a list": (b"[]", "web.wrong_type"),
    "null": (b"null", "web.wrong_type"),
    "too large": (b" " * (600 * 1024), "web.body_too_large"),
}


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_a_body_that_cannot_be_kept_is_refused(wire: Wire, kind: str) -> None:
    body, code = BODIES[kind]
    assert code in {fault["code"] for fault in wire.draft(body)["faults"]}


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data", "application/xml", "x/y; charset=\xff", ""]
)
def test_another_media_type_is_refused(wire: Wire, kind: str) -> None:
    found = wire.draft(json.dumps({"fields": GOOD}).encode(), **{"Content-Type": kind})
    assert (found["status"], found["code"]) == (415, "web.media_type")


def test_a_compressed_body_is_refused_and_never_unpacked(wire: Wire) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    found = wire.draft(bomb, **{"Content-Encoding": "gzip"})
    assert (found["status"], found["code"]) == (415, "web.media_type")


QUERIES = {
    "limit=0": ("query:limit", "web.too_small"),
    "limit=201": ("query:limit", "web.too_great"),
    "limit=x": ("query:limit", "web.wrong_type"),
    "limit=1&limit=2": ("query:limit", "web.repeated_parameter"),
    "colour=1": ("query:colour", "web.unknown_parameter"),
    "q=%00": ("query:q", "web.control_character"),
    "after=" + "x" * 501: ("query:after", "web.too_long"),
}


@pytest.mark.parametrize("query", sorted(QUERIES))
def test_a_query_that_is_wrong_is_named(wire: Wire, query: str) -> None:
    found = wire.refused("GET", f"/api/v1/arrivals?{query}", {})
    assert QUERIES[query] in faults(found)


LISTS = (
    "/api/v1/arrivals",
    "/api/v1/dispatches",
    "/api/v1/documents",
    "/api/v1/notices",
    "/api/v1/bodies",
    "/api/v1/directory",
    "/api/v1/books/outgoing",
    "/api/v1/books/incoming",
    "/api/v1/books/postal",
    "/api/v1/series",
)
CURSORS = ("x", "....", "~", "0|0", "%F0%9F%92%A9", "eyJhIjoxfQ", "-1", "2026-13-45", "AAAA" * 100)


@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_that_is_nobodys_is_no_fault_of_the_server(wire: Wire, path: str) -> None:
    for cursor in CURSORS:
        status, _, content = wire.request("GET", f"{path}?after={cursor}", {}, who="clerk")
        assert status in (200, 400), (cursor, status, content[:300])


PATHS = ("%00", "%2e%2e", "a%2fb", "%ff", "x" * 201, "%20", "'%20OR%201=1", "a%0d%0ab", "%F0%9F%92%A9", ";")


@pytest.mark.parametrize("part", PATHS)
def test_an_id_that_is_none_is_not_found(wire: Wire, part: str) -> None:
    for path in ("/api/v1/documents/", "/api/v1/arrivals/", "/api/v1/bodies/", "/api/v1/numbers/"):
        assert wire.refused("GET", path + part, {}, who="clerk")["status"] in (400, 404)


TRAVERSALS = (
    "/static/x/../../pyproject.toml",
    "/static/x/..%2f..%2fpyproject.toml",
    "/static/x/%2e%2e/%2e%2e/pyproject.toml",
    "/static/..%5c..%5cpyproject.toml/a",
    "/static/x//etc/passwd",
    "/static/x/css/base.css%00.png",
    "//etc/passwd",
)


@pytest.mark.parametrize("target", TRAVERSALS)
def test_static_files_lead_nowhere_else(wire: Wire, target: str) -> None:
    status, _, content = wire.request("GET", target, {}, who="")
    assert status in (400, 404)
    assert b"[project]" not in content
    assert b"root:" not in content


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PROPFIND", "X" * 30])
def test_a_method_that_is_not_allowed_is_told_which_are(wire: Wire, method: str) -> None:
    status, headers, content = wire.request(method, DRAFTS, {})
    found = problem(status, headers, content)
    assert found["status"] in (400, 405)
    if status == 405:
        assert headers["allow"] == "GET, HEAD, POST"


def test_lines_that_are_too_long_are_told_the_limit(wire: Wire) -> None:
    long = "x" * 10_000
    assert wire.refused("GET", f"/api/v1/arrivals?q={long}", {})["code"] == "web.line_too_long"
    assert wire.refused("GET", "/api/v1/arrivals", {"X-Long": long})["code"] == "web.line_too_long"
    assert wire.refused("GET", "/api/v1/arrivals", {"Cookie": f"a={long}"})["code"] == "web.line_too_long"


GARBAGE = {
    "no HTTP": b"hello\r\n\r\n",
    "version": b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    "header without colon": b"GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: a\r\nX-A: a\x00b\r\n\r\n",
    "two lengths": b"POST /api/v1/session HTTP/1.1\r\nHost: a\r\n"
    b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
    "negative length": b"POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
    "length and chunks": b"POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("kind", sorted(GARBAGE))
def test_what_is_no_http_gets_a_problem_too(wire: Wire, kind: str) -> None:
    status, headers, content = wire.raw(GARBAGE[kind])
    assert problem(status, headers, content)["code"] == "web.bad_request"


@pytest.mark.parametrize("path", [DRAFTS, "/api/v1/files?name=a.pdf&secrecy=none"])
@pytest.mark.parametrize("pause", [0.0, 0.3])
def test_chunks_that_are_garbage_are_a_body_cut_off(wire: Wire, path: str, pause: float) -> None:
    kind = "application/json" if path == DRAFTS else "application/pdf"
    headers = {"Transfer-Encoding": "chunked", "Content-Type": kind, "Idempotency-Key": "k", "Host": "a"}
    sent = {**wire.lived.people["specialist"].headers, **headers}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    begun = "\r\n".join(lines).encode() + b"\r\n\r\n5\r\n%PDF-\r\n"
    found = problem(*wire.raw(begun, b"zz\r\nnonsense\r\n", pause=pause))
    assert found["code"] in ("web.body_cut_off", "web.bad_request")


def test_an_upload_that_breaks_off_leaves_nothing(wire: Wire) -> None:
    pdf = plain()
    path = "/api/v1/files?name=a.pdf&secrecy=none"
    headers = {"Content-Type": "application/pdf", "Idempotency-Key": "cut"}
    with socket.create_connection(("127.0.0.1", wire.port), timeout=WAIT_SECONDS) as line:
        sent = {
            **wire.lived.people["specialist"].headers,
            **headers,
            "Host": "a",
            "Content-Length": str(len(pdf)),
        }
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
        line.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + pdf[: len(pdf) // 2])
    status, _, content = wire.request("POST", path, headers, pdf)
    assert status == 201, content[:300]


RANGES = (
    "bytes=0-0,1-1,2-2",
    "bytes=5-1",
    "bytes=-0",
    "bytes=99999999999-",
    "bytes=-99999999999",
    "bytes=" + "9" * 30 + "-",
    "bytes=--5",
    "lines=1-2",
    "bytes=a-b",
    "bytes=" + ",".join("0-1" for _ in range(1000)),
)


@pytest.mark.parametrize("given", RANGES)
def test_a_wild_range_is_ignored_or_unsatisfiable(wire: Wire, given: str) -> None:
    objects = wire.lived.objects
    path = f"/api/v1/documents/{objects['document_answer']}/files/{objects['digest_document']}"
    status, headers, content = wire.request("GET", path, {"Range": given})
    assert status in (200, 206, 416)
    if status == 200:
        assert len(content) == int(headers["content-length"])


HEADERS = {
    "Idempotency-Key": ("x" * 201, "web.idempotency_key_invalid"),
    "Lien-Thong-Post": ("nobodys.post", "identity.post_not_held"),
    "X-CSRF-Token": ("wrong", "web.forgery"),
    "Origin": ("http://elsewhere.example", "web.other_origin"),
    "Sec-Fetch-Site": ("cross-site", "web.other_origin"),
    "Authorization": ("Bearer nonsense", "web.signed_out"),
}


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_a_header_that_is_wrong_is_named(wire: Wire, name: str) -> None:
    value, code = HEADERS[name]
    found = wire.draft(json.dumps({"fields": GOOD}).encode(), **{name: value})
    assert found["code"] == code


@pytest.mark.parametrize("host", ["evil.example", "", "a" * 300, "127.0.0.1:99999", "a b", "[::1", "\xff"])
def test_a_wrong_host_changes_nothing(wire: Wire, host: str) -> None:
    """No address is ever built from Host; an Origin that does not fit it is another site."""
    status, headers, _ = wire.request("GET", "/dang-nhap", {"Host": host}, who="")
    assert status in (200, 400)
    assert "evil.example" not in json.dumps(headers)
