"""The official's own token: what the plugin gets, what it may bring back, what is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from server.kernel.page import PageRequest
from signing.pades.embed import fill_number_and_date
from storage.sql.protocol import Statement
from tests.factories.server import Answered
from tests.integration.signatures.conftest import AUTHOR, CLERK, DIRECTOR, Desks
from tests.services.vgca import StandIn


class Plugin:
    """The stand-in's signing without its socket: parameters in, result out."""

    def __init__(self, desks: Desks, signer: Any) -> None:
        self.desks = desks
        self.stand_in = StandIn(Path("/nonexistent"), signer)

    async def offer(self, username: str, moved: Any, act: str, attachment: str = "") -> Answered:
        """Press the button on the page."""
        client = await self.desks.at(username)
        form = {
            "_csrf": client.headers["X-CSRF-Token"],
            "version": moved["version"],
            "act": act,
            "attachment": attachment,
        }
        return await client.call(
            "POST",
            f"/van-ban/{moved['id']}/{'ky-so' if act == 'sign' else 'dau-so'}",
            data=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

    async def fetch(self, parameters: dict[str, Any]) -> tuple[int, bytes]:
        """Fetch the offered file, without any session."""
        async with aiohttp.ClientSession() as session, session.get(parameters["FileName"]) as answer:
            return answer.status, await answer.read()

    async def bring(self, parameters: dict[str, Any], data: bytes) -> dict[str, Any]:
        """Post a file back, without any session."""
        form = aiohttp.FormData()
        form.add_field("uploadfile", data, filename="ky.pdf", content_type="application/pdf")
        async with (
            aiohttp.ClientSession() as session,
            session.post(parameters["FileUploadHandler"], data=form) as answer,
        ):
            told = await answer.json()
            assert answer.status == 200, told
            return dict(told)

    async def run(self, username: str, moved: Any, act: str, attachment: str = "") -> dict[str, Any]:
        """The whole: offer, fetch, sign, bring back."""
        parameters = (await self.offer(username, moved, act, attachment)).ok()["parameters"]
        status, source = await self.fetch(parameters)
        assert status == 200
        return await self.bring(parameters, await self.stand_in.signed(source))


@pytest.fixture
async def director(desks: Desks) -> Plugin:
    return Plugin(desks, (await desks.person_token()).foreign)


async def verdict(desks: Desks, pdf: bytes) -> list[Any]:
    report = await desks.office.services.signatures.check(pdf)
    return [report.verdict.value, len(report.signatures)]


async def test_a_person_signs_with_their_token(desks: Desks, director: Plugin) -> None:
    moved = await desks.to_sign()
    told = await director.run(DIRECTOR, moved, "sign")
    assert told["Status"] is True, told
    document = await desks.document(DIRECTOR, moved["id"])
    assert (document["state"], document["main_digest"]) == ("signed", told["FileServer"])
    assert await verdict(desks, await desks.file(DIRECTOR, moved["id"])) == ["valid", 1]


async def test_the_document_goes_on_to_number_and_seal_by_token(desks: Desks, director: Plugin) -> None:
    moved = await desks.to_sign()
    await director.run(DIRECTOR, moved, "sign")
    moved = await desks.act(CLERK, await desks.document(CLERK, moved["id"]), "number")
    clerk = Plugin(desks, (await desks.body_token()).foreign)
    parameters = (await clerk.offer(CLERK, moved, "seal")).ok()
    assert parameters["address"] == "wss://127.0.0.1:8987/SignIssued"
    assert parameters["parameters"]["DocNumber"] == moved["number_text"]
    assert parameters["parameters"]["IssuedDate"].startswith(moved["document_date"])
    assert parameters["parameters"]["SessionId"] == parameters["parameters"]["JWTToken"] == ""
    _, source = await clerk.fetch(parameters["parameters"])
    told = await clerk.bring(parameters["parameters"], await clerk.stand_in.signed(source))
    assert (told["Status"], told["DocumentNumber"]) == (True, moved["number_text"])
    assert (await desks.document(CLERK, moved["id"]))["state"] == "sealed"
    assert await verdict(desks, await desks.file(CLERK, moved["id"])) == ["valid", 2]


async def test_an_attachment_is_signed_in_its_place(desks: Desks, annex: bytes) -> None:
    digest = await desks.upload(AUTHOR, annex)
    moved = await desks.numbered_with(digest)
    clerk = Plugin(desks, (await desks.body_token()).foreign)
    told = await clerk.run(CLERK, moved, "attachment", digest)
    assert told["Status"] is True, told
    view = await desks.get(CLERK, f"/documents/{moved['id']}")
    newest = view["versions"][-1]
    assert [file["digest"] for file in newest["attachments"]] == [told_digest(view)]
    assert newest["attachments"][0]["digest"] != digest
    assert (view["document"]["state"], view["document"]["main_digest"]) == ("numbered", moved["main_digest"])
    sealed = await desks.act(CLERK, view["document"], "seal")
    assert sealed["state"] == "sealed"


def told_digest(view: Any) -> str:
    return str(view["versions"][-1]["attachments"][0]["digest"])


async def test_each_address_works_once(desks: Desks, director: Plugin) -> None:
    moved = await desks.to_sign()
    parameters = (await director.offer(DIRECTOR, moved, "sign")).ok()["parameters"]
    status, source = await director.fetch(parameters)
    assert status == 200
    assert (await director.fetch(parameters))[0] == 409
    signed = await director.stand_in.signed(source)
    assert (await director.bring(parameters, signed))["Status"] is True
    again = await director.bring(parameters, signed)
    assert again["Status"] is False
    assert "đã dùng" in again["Message"]


async def test_a_made_up_address_is_nothing(desks: Desks, director: Plugin) -> None:
    async with desks.office.client() as client:
        assert (await client.call("GET", "/api/v1/vgca/x/van-ban.pdf")).status == 404
        form = b'--a\r\nContent-Disposition: form-data; name="uploadfile"; filename="a"\r\n\r\nx\r\n--a--\r\n'
        answer = await client.call(
            "POST",
            "/api/v1/vgca/x",
            data=form,
            headers={"Content-Type": "multipart/form-data; boundary=a"},
        )
        assert answer.status == 404


async def test_an_offer_ends_by_itself(desks: Desks, director: Plugin, monkeypatch: Any) -> None:
    moved = await desks.to_sign()
    parameters = (await director.offer(DIRECTOR, moved, "sign")).ok()["parameters"]
    status, source = await director.fetch(parameters)
    assert status == 200
    units = desks.office.services.units
    later = units.now() + timedelta(seconds=desks.office.services.settings.signing.offer_seconds + 1)
    monkeypatch.setattr(type(units), "now", lambda _: later)
    told = await director.bring(parameters, await director.stand_in.signed(source))
    assert (told["Status"], "hết hạn" in told["Message"]) == (False, True)


async def test_a_new_offer_ends_the_one_before(desks: Desks, director: Plugin) -> None:
    moved = await desks.to_sign()
    first = (await director.offer(DIRECTOR, moved, "sign")).ok()["parameters"]
    document = await desks.document(DIRECTOR, moved["id"])
    second = (await director.offer(DIRECTOR, document, "sign")).ok()["parameters"]
    assert (await director.fetch(second))[0] == 200
    assert (await director.fetch(first))[0] == 409


async def test_a_document_that_moved_on_is_not_signed(desks: Desks, director: Plugin) -> None:
    moved = await desks.to_sign()
    parameters = (await director.offer(DIRECTOR, moved, "sign")).ok()["parameters"]
    _, source = await director.fetch(parameters)
    signed = await director.stand_in.signed(source)
    document = await desks.document(DIRECTOR, moved["id"])
    back = {"version": document["version"], "reason": "Sai nội dung."}
    await desks.post(DIRECTOR, f"/documents/{moved['id']}/return", back)
    told = await director.bring(parameters, signed)
    assert told["Status"] is False
    assert (await desks.document(DIRECTOR, moved["id"]))["state"] == "returned"


async def test_another_persons_token_is_refused(desks: Desks, director: Plugin) -> None:
    other = await desks.person_token(CLERK, "Văn thư Sở Y tế")
    moved = await desks.to_sign()
    director.stand_in.signer = other.foreign
    told = await director.run(DIRECTOR, moved, "sign")
    assert told["Status"] is False
    assert "Văn thư Sở Y tế" in told["Message"]
    document = await desks.document(DIRECTOR, moved["id"])
    assert (document["state"], document["signed_count"]) == ("to_sign", 0)


async def test_a_file_changed_before_it_was_signed_is_refused(desks: Desks, director: Plugin) -> None:
    moved = await desks.to_sign()
    director.stand_in.before = lambda pdf: fill_number_and_date(pdf, {"so": "999"})
    told = await director.run(DIRECTOR, moved, "sign")
    assert (told["Status"], "thay đổi" in told["Message"]) == (False, True)
    assert (await desks.document(DIRECTOR, moved["id"]))["state"] == "to_sign"


async def test_another_file_is_refused_and_uses_the_offer_up(desks: Desks, director: Plugin) -> None:
    moved = await desks.to_sign()
    parameters = (await director.offer(DIRECTOR, moved, "sign")).ok()["parameters"]
    _, source = await director.fetch(parameters)
    told = await director.bring(parameters, b"%PDF-1.7 something else" + source)
    assert (told["Status"], "không phải tệp" in told["Message"]) == (False, True)
    told = await director.bring(parameters, await director.stand_in.signed(source))
    assert (told["Status"], "đã dùng" in told["Message"]) == (False, True)


async def test_who_has_lost_the_post_signs_no_more(desks: Desks, director: Plugin) -> None:
    moved = await desks.to_sign()
    parameters = (await director.offer(DIRECTOR, moved, "sign")).ok()["parameters"]
    _, source = await director.fetch(parameters)
    account = await desks.account(DIRECTOR)
    async with desks.office.services.database.transaction() as tx:
        lock = Statement("test.lock", "UPDATE accounts SET state = 'locked' WHERE id = :id")
        await tx.execute(lock, {"id": account})
    told = await director.bring(parameters, await director.stand_in.signed(source))
    assert (told["Status"], "vị trí" in told["Message"]) == (False, True)


async def test_without_a_registered_token_nothing_is_offered(desks: Desks) -> None:
    moved = await desks.to_sign()
    answer = await Plugin(desks, None).offer(DIRECTOR, moved, "sign")
    assert (answer.status, "Chưa đăng ký chứng thư" in answer.json["message"]) == (409, True)


async def test_only_the_signer_is_offered_the_document(desks: Desks, director: Plugin) -> None:
    moved = await desks.to_sign()
    assert (await director.offer(AUTHOR, moved, "sign")).status == 403
    state = (await director.offer(DIRECTOR, moved, "sign")).ok()["state"]
    clerk = await desks.at(CLERK)
    assert (await clerk.call("GET", state)).status == 404


async def test_the_page_alone_may_open_the_plugin(desks: Desks) -> None:
    moved = await desks.to_sign()
    client = await desks.at(DIRECTOR)
    page = await client.call("GET", f"/van-ban/{moved['id']}/ky-so")
    document = await client.call("GET", f"/van-ban/{moved['id']}")
    assert "connect-src 'self' wss://127.0.0.1:8987;" in page.headers["Content-Security-Policy"]
    assert "connect-src 'self';" in document.headers["Content-Security-Policy"]


async def test_every_step_of_a_token_is_in_the_record(desks: Desks, director: Plugin) -> None:
    moved = await desks.to_sign()
    await director.run(DIRECTOR, moved, "sign")
    await desks.office.services.audit.sequencer.run()
    entries = await desks.office.services.audit.trail(moved["id"], PageRequest(limit=200))
    acts = [entry.action for entry in entries.items]
    for act in ("signatures.offer", "signatures.fetch_offer", "documents.sign"):
        assert act in acts
