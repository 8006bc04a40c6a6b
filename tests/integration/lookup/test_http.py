"""The look-up over HTTP, as browsers and machines of strangers meet it."""

from __future__ import annotations

import asyncio
import re

from tests.data.pdf_pieces import plain
from tests.factories.server import Answered, Client
from tests.integration.lookup.conftest import Desk
from tests.integration.lookup.test_files import HOSTILE

MARK = "----lookup"
PDF = {"Content-Type": "application/pdf"}


def form(pdf: bytes, name: str = "a.pdf") -> tuple[bytes, dict[str, str]]:
    """Return a form with a file as a browser sends it."""
    head = f'--{MARK}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    body = f"{head}Content-Type: application/pdf\r\n\r\n".encode() + pdf + f"\r\n--{MARK}--\r\n".encode()
    return body, {"Content-Type": f"multipart/form-data; boundary={MARK}"}


async def send(client: Client, pdf: bytes, **headers: str) -> Answered:
    data, kind = form(pdf)
    return await client.call("POST", "/tra-cuu", data=data, headers={**kind, **headers})


async def test_the_look_up_needs_no_session_and_leaves_nothing_behind(desk: Desk) -> None:
    async with desk.centre.served.client() as client:
        page = await client.call("GET", f"/tra-cuu/{desk.pension.code}")
        assert page.status == 200
        assert "no-store" in page.headers["Cache-Control"]
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert "Set-Cookie" not in page.headers
        words = page.body.decode()
        assert "Kết quả thật, đang có hiệu lực" in words
        assert desk.pension.holder not in words
        assert not re.search(r"style=|onclick=|<script(?![^>]* src=)", words)
        answer = await client.get(f"/api/v1/look-up/{desk.pension.code}")
        assert (answer["standing"], answer["number_text"]) == ("in_force", desk.pension.number_text)
        missing = await client.call("GET", "/tra-cuu/AAAAAA")
        assert missing.status == 404
        assert "Mã gõ chưa đúng" in missing.body.decode()


async def test_a_file_is_checked_by_form_and_by_machine(desk: Desk) -> None:
    pdf = await desk.centre.bytes_of(desk.pension)
    async with desk.centre.served.client() as client:
        page = await send(client, pdf)
        assert page.status == 200
        assert "Đúng là bản đã cấp" in page.body.decode()
        finding = (await client.call("POST", "/api/v1/look-up", data=pdf, headers=PDF)).ok()
        assert (finding["outcome"], finding["digest"]) == ("issued", desk.pension.digest)
        fetched = await client.call(
            "POST", f"/api/v1/look-up/{desk.pension.code}/file", body={"fact": "0001"}
        )
        assert fetched.body == pdf
        wrong = await client.call("POST", f"/api/v1/look-up/{desk.pension.code}/file", body={"fact": "9"})
        assert (wrong.status, wrong.json["code"]) == (403, "lookup.fact_wrong")


async def test_hostile_uploads_are_answered_and_never_a_fault_of_the_server(desk: Desk) -> None:
    async with desk.centre.served.client() as client:
        for name in ("text", "program", "loop", "no end"):
            page = await send(client, HOSTILE[name])
            assert page.status == 200, name
            assert "Không kiểm tra được tệp này" in page.body.decode(), name
        assert (await send(client, b"")).status == 422  # no file was chosen
        assert (await client.call("POST", "/tra-cuu", data=b"x", headers=PDF)).status == 415
        assert (await send(client, plain(), Origin="https://other.example")).status == 403


async def test_a_crowd_gets_answers_or_is_told_to_come_back(desk: Desk) -> None:
    async with desk.centre.served.client() as client:
        answers = await asyncio.gather(*(send(client, plain()) for _ in range(12)))
        assert {answer.status for answer in answers} <= {200, 503}
        assert [answer.status for answer in answers].count(200) >= 4
        assert (await send(client, plain())).status == 200
