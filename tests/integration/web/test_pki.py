"""The authority over HTTP: OpenSSL as client, what caches are told, what hostile requests get."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from yarl import URL

from server.certificates.publisher import PkiPublisher
from server.kernel.clock import FixedClock
from signing.pki import ca, upkeep
from signing.pki.ca import Authority, CertificateRequest
from signing.pki.crl import Reason
from signing.pki.profiles import KeyType, Kind
from tests.factories.province import Office
from web import pki


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority of this file's own: certificates are revoked here."""
    return ca.init(tmp_path_factory.mktemp("served") / "pki", passphrase=None, now=datetime.now(UTC))


@pytest.fixture
def moment() -> FixedClock:
    return FixedClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
async def url(authority: Authority, moment: FixedClock) -> AsyncIterator[str]:
    """The authority served alone."""
    async with TestServer(pki.build(PkiPublisher(authority.folder, moment))) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def issue(authority: Authority) -> x509.Certificate:
    asked = CertificateRequest(Kind.PERSON, "Văn thư", key=KeyType.P256)
    issued = await asyncio.to_thread(authority.issue, asked, passphrase=b"mat khau", now=datetime.now(UTC))
    return issued.certificate


def request(authority: Authority, certificate: x509.Certificate) -> bytes:
    builder = ocsp.OCSPRequestBuilder()
    asked = builder.add_certificate(certificate, authority.issuing.certificate, hashes.SHA1())
    return asked.build().public_bytes(Encoding.DER)


async def openssl(*words: object) -> str:
    """Run openssl beside the server; return all it prints."""
    run = await asyncio.create_subprocess_exec(
        "openssl", *map(str, words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await asyncio.wait_for(run.communicate(), 60)
    return out.decode()


async def test_openssl_asks_for_a_status(authority: Authority, url: str, tmp_path: Path) -> None:
    certificate = await issue(authority)
    path = tmp_path / "signer.pem"
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    issuer = authority.folder / "certs" / "issuing.pem"
    ask = ("ocsp", "-issuer", issuer, "-cert", path, "-url", f"{url}/ocsp")
    trust = ("-CAfile", authority.trust_anchor, "-verify_other", issuer)
    said = await openssl(*ask, *trust)
    assert "Response verify OK" in said, said
    assert "good" in said, said
    at = datetime.now(UTC) - timedelta(minutes=1)
    await asyncio.to_thread(authority.revoke, f"{certificate.serial_number:x}", Reason.SUPERSEDED, now=at)
    later = await openssl(*ask, *trust)
    assert "revoked" in later, later


async def test_a_time_stamp_over_http(
    authority: Authority, url: str, http: ClientSession, tmp_path: Path
) -> None:
    query, reply = tmp_path / "query", tmp_path / "reply"
    await openssl("ts", "-query", "-digest", "ab" * 32, "-sha256", "-cert", "-out", query)
    headers = {"Content-Type": pki.TIMESTAMP_QUERY}
    async with http.post(f"{url}/tsa", data=query.read_bytes(), headers=headers) as answer:
        assert (answer.status, answer.content_type) == (200, pki.TIMESTAMP_REPLY)
        reply.write_bytes(await answer.read())
    chain = ("-CAfile", authority.trust_anchor, "-untrusted", authority.folder / "certs" / "issuing.pem")
    said = await openssl("ts", "-verify", "-in", reply, "-queryfile", query, *chain)
    assert "Verification: OK" in said, said


async def test_a_status_by_get_may_be_kept_until_it_ends(
    authority: Authority, url: str, http: ClientSession
) -> None:
    wanted = request(authority, await issue(authority))
    path = quote(base64.b64encode(wanted).decode(), safe="")
    async with http.get(f"{url}/ocsp/{path}") as answer:
        body = await answer.read()
        kept = answer.headers["Cache-Control"]
        expires = answer.headers["Expires"]
    assert ocsp.load_der_ocsp_response(body).certificate_status is ocsp.OCSPCertStatus.GOOD
    assert kept == "max-age=43200, public, no-transform, must-revalidate"
    assert expires.endswith("GMT")


async def test_a_status_by_post_is_the_same(authority: Authority, url: str, http: ClientSession) -> None:
    wanted = request(authority, await issue(authority))
    path = quote(base64.b64encode(wanted).decode(), safe="")
    async with http.post(f"{url}/ocsp", data=wanted, headers={"Content-Type": pki.OCSP_REQUEST}) as answer:
        posted = await answer.read()
    async with http.get(f"{url}/pki/ocsp/{path}") as answer:
        assert await answer.read() == posted


async def test_lists_and_certificates_are_published(
    authority: Authority, url: str, http: ClientSession
) -> None:
    async with http.get(f"{url}/crl/issuing.crl") as answer:
        assert answer.content_type == pki.CRL
        assert x509.load_der_x509_crl(await answer.read()).issuer == authority.issuing.certificate.subject
    async with http.get(f"{url}/certs/issuing.crt") as answer:
        assert answer.content_type == pki.CERTIFICATE
        assert x509.load_der_x509_certificate(await answer.read()) == authority.issuing.certificate


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/crl/..%2Fregister.crl", 404),
        ("GET", "/crl/register.crl", 404),
        ("GET", "/certs/..%2F..%2Fprivate%2Ftsa.crt", 404),
        ("GET", "/private/tsa.key", 404),
        ("GET", "/certs/" + "a" * 300 + ".crt", 404),
        ("GET", "/ocsp/%00%ff%fe", 200),
        ("GET", "/ocsp/" + "A" * 4000, 200),
        ("POST", "/ocsp", 415),
        ("POST", "/tsa", 415),
        ("PUT", "/tsa", 405),
    ],
)
async def test_what_no_client_should_ask(
    url: str, http: ClientSession, method: str, path: str, status: int
) -> None:
    async with http.request(method, URL(url + path, encoded=True), data=b"x" * (method == "POST")) as answer:
        assert answer.status == status


@pytest.mark.parametrize("path", ["/ocsp", "/tsa"])
async def test_a_body_without_end_is_cut(url: str, http: ClientSession, path: str) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield bytes(1024)

    media = pki.OCSP_REQUEST if path == "/ocsp" else pki.TIMESTAMP_QUERY
    async with http.post(url + path, data=endless(), headers={"Content-Type": media}) as answer:
        assert answer.status == 413


async def test_a_list_is_renewed_when_half_its_life_is_over(authority: Authority, moment: FixedClock) -> None:
    publisher = PkiPublisher(authority.folder, moment)
    before = await publisher.revocation_list("issuing")
    await publisher.keep()
    assert (await publisher.revocation_list("issuing")).data == before.data
    moment.at += timedelta(days=16)
    await publisher.keep()
    assert (await publisher.revocation_list("issuing")).data != before.data


async def test_new_keys_of_the_services_are_taken_up(authority: Authority, moment: FixedClock) -> None:
    publisher = PkiPublisher(authority.folder, moment)
    wanted = request(authority, await issue(authority))
    before = ocsp.load_der_ocsp_response((await publisher.status(wanted)).data).responder_key_hash
    now = moment.now()
    await asyncio.to_thread(upkeep.renew, authority, Kind.OCSP, passphrase=None, now=now)
    after = ocsp.load_der_ocsp_response((await publisher.status(wanted)).data)
    assert after.responder_key_hash != before
    assert after.certificate_status is ocsp.OCSPCertStatus.GOOD


async def test_the_application_serves_it_under_pki(office: Office) -> None:
    """Without signing in, and whatever the page it came from: what is asked is public and changes nothing."""
    async with ClientSession() as http:
        async with http.get(f"{office.url}/pki/crl/issuing.crl") as answer:
            assert (answer.status, answer.content_type) == (200, pki.CRL)
            assert "public" in answer.headers["Cache-Control"]
        headers = {"Content-Type": pki.OCSP_REQUEST}
        async with http.post(f"{office.url}/pki/ocsp", data=b"rubbish", headers=headers) as answer:
            assert (answer.status, answer.content_type) == (200, pki.OCSP_RESPONSE)
        async with http.get(f"{office.url}/pki/crl/none.crl") as answer:
            assert (answer.status, answer.content_type) == (404, "application/problem+json")
