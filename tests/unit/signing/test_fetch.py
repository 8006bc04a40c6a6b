"""The network client: what it asks, what it refuses, when it tries again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from signing.errors import ServiceFault
from signing.fetch import Fetcher, HttpAnswers, HttpTimestamper, http_services
from signing.local import open_services
from signing.model import Level
from signing.pades.purpose import Request, sign_for
from signing.pki.opened import open_pki
from signing.revocation import CheckedRevocation, encoded
from signing.services import Services
from signing.stamps import parse
from signing.validate.material import load
from signing.validate.pdf import validate
from signing.validate.report import Verdict
from tests.unit.signing.samples import NOW, Office, blank_pdf

Answer = Callable[[str, bytes], tuple[int, bytes]]
LOCAL = frozenset(("127.0.0.1", "localhost"))


class _Handler(BaseHTTPRequestHandler):
    answer: Answer

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        status, body = type(self).answer(self.path, self.rfile.read(size))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Server:
    """An HTTP server whose answers a test sets."""

    def __init__(self) -> None:
        self.handler = type("Handler", (_Handler,), {})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def says(self, answer: Answer) -> None:
        self.handler.answer = staticmethod(answer)  # type: ignore[attr-defined]  # set for each test


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.http.shutdown()
    thread.join()
    made.http.server_close()


def test_a_time_stamp_is_fetched(server: Server, office: Office) -> None:
    authority = open_pki(office.authority.folder).tsa
    server.says(lambda _, body: (200, authority.answer(body, NOW)))
    token = HttpTimestamper(server.url, Fetcher(allowed_hosts=LOCAL)).stamp(b"\7" * 32, NOW)
    assert (parse(token).imprint, parse(token).at) == (b"\7" * 32, NOW)


def test_a_file_reaches_b_t_over_http(server: Server, office: Office) -> None:
    authority = open_pki(office.authority.folder).tsa
    server.says(lambda _, body: (200, authority.answer(body, NOW)))
    local = open_services(office.authority.folder)
    stamper = http_services(server.url, Fetcher(allowed_hosts=LOCAL)).timestamper
    services = Services(stamper, local.revocation)
    done = sign_for(blank_pdf(), office.person, Request(), None, NOW, level=Level.B_LT, services=services)
    trust = load(office.authority.folder / "trust")
    assert done.reached is Level.B_LT
    assert validate(done.pdf, trust=trust, at=NOW + timedelta(minutes=1)).verdict is Verdict.VALID


def test_a_local_address_is_refused_unless_it_is_named(server: Server) -> None:
    server.says(lambda _, __: (200, b""))
    with pytest.raises(ServiceFault, match="private network"):
        Fetcher().get(server.url)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "file:///etc/passwd", "http://", "x", "http://a:b/"])
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(ServiceFault, match="no address"):
        Fetcher().get(url)


def test_a_redirect_is_not_followed(server: Server) -> None:
    server.says(lambda _, __: (302, b""))
    with pytest.raises(ServiceFault, match="302"):
        Fetcher(allowed_hosts=LOCAL).get(server.url)


def test_an_answer_too_long_is_refused(server: Server) -> None:
    server.says(lambda _, __: (200, b"x" * 2000))
    with pytest.raises(ServiceFault, match="longer"):
        Fetcher(allowed_hosts=LOCAL).get(server.url, limit=1999)


def test_a_fault_of_the_server_is_tried_once_more(server: Server) -> None:
    asked: list[str] = []

    def answer(path: str, _: bytes) -> tuple[int, bytes]:
        asked.append(path)
        return (503, b"") if len(asked) == 1 else (200, b"good")

    server.says(answer)
    assert Fetcher(allowed_hosts=LOCAL).get(server.url + "/crl?x=1") == b"good"
    assert asked == ["/crl?x=1", "/crl?x=1"]


def test_a_refusal_is_not_tried_again(server: Server) -> None:
    asked: list[str] = []

    def answer(path: str, _: bytes) -> tuple[int, bytes]:
        asked.append(path)
        return 404, b""

    server.says(answer)
    with pytest.raises(ServiceFault, match="404"):
        Fetcher(allowed_hosts=LOCAL).get(server.url)
    assert len(asked) == 1


def test_nobody_there_is_a_fault_after_two_attempts(server: Server) -> None:
    url = server.url
    server.http.server_close()
    with pytest.raises(ServiceFault, match="does not answer"):
        Fetcher(allowed_hosts=LOCAL, timeout_seconds=1).get(url)


def test_statuses_come_from_where_certificates_say(
    server: Server, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = office.authority.folder
    responder = open_pki(folder).responder
    asked: set[str] = set()

    def answer(path: str, body: bytes) -> tuple[int, bytes]:
        name = path.rpartition("/")[2]
        asked.add(name.partition(".")[2] or name)
        if name.endswith(".crl"):
            return 200, (folder / "crl" / name).read_bytes()
        if name.endswith(".crt"):
            pem = (folder / "certs" / name).with_suffix(".pem").read_bytes()
            return 200, encoded(x509.load_pem_x509_certificate(pem))
        return 200, responder.answer(body, NOW)

    server.says(answer)
    real = Fetcher._once

    def here(self: Fetcher, method: str, url: str, *rest: Any) -> bytes:
        """Ask the server of this test whatever host a certificate names."""
        return real(self, method, server.url + urlsplit(url).path, *rest)

    monkeypatch.setattr(Fetcher, "_once", here)
    person = office.person.identity
    found = CheckedRevocation(HttpAnswers(Fetcher(allowed_hosts=LOCAL))).evidence(
        person.certificate, person.chain, NOW
    )
    assert {"crl", "crt"} <= asked
    assert len(found.certificates) >= 3
