"""On a phone: approve now, sign later at the PC; shown as exactly that."""

from __future__ import annotations

from tests.integration.signatures.conftest import AUTHOR, CHIEF, DIRECTOR, Desks

WORDS = "Đã duyệt, chờ ký số"


async def listed(desks: Desks) -> str:
    page = await (await desks.at(DIRECTOR)).call("GET", "/cho-ky?loc=approved")
    assert page.status == 200
    return page.body.decode()


async def test_an_approved_document_waits_for_the_token_and_says_so(desks: Desks) -> None:
    await desks.person_token()
    moved = await desks.act(DIRECTOR, await desks.to_sign("Duyệt trên điện thoại"), "approve-to-sign")
    assert moved["state"] == "to_sign"
    assert (await desks.document(DIRECTOR, moved["id"]))["approved_at"] is not None
    for username in (DIRECTOR, AUTHOR):
        page = await (await desks.at(username)).call("GET", f"/van-ban/{moved['id']}")
        assert WORDS in page.body.decode()
    assert "Duyệt trên điện thoại" in await listed(desks)


async def test_the_signature_at_the_pc_ends_the_waiting(desks: Desks) -> None:
    moved = await desks.act(DIRECTOR, await desks.to_sign("Ký tại máy"), "approve-to-sign")
    signed = await desks.act(DIRECTOR, moved, "sign")
    assert signed["state"] == "signed"
    assert (await desks.document(DIRECTOR, moved["id"]))["approved_at"] is None
    assert "Ký tại máy" not in await listed(desks)


async def test_an_opinion_leaves_the_approval_standing(desks: Desks) -> None:
    moved = await desks.act(DIRECTOR, await desks.to_sign(), "approve-to-sign")
    await desks.post(DIRECTOR, f"/documents/{moved['id']}/comments", {"text": "Ký chiều nay."})
    assert (await desks.document(DIRECTOR, moved["id"]))["approved_at"] is not None


async def test_what_is_sent_back_is_not_approved_any_more(desks: Desks) -> None:
    moved = await desks.act(DIRECTOR, await desks.to_sign(), "approve-to-sign")
    back = {"version": moved["version"], "reason": "Sai số liệu."}
    moved = await desks.post(DIRECTOR, f"/documents/{moved['id']}/return", back)
    moved = await desks.act(AUTHOR, moved, "submit")
    await desks.post(
        CHIEF, f"/documents/{moved['id']}/form-check", {"version": moved["version"], "passed": True}
    )
    assert (await desks.document(DIRECTOR, moved["id"]))["approved_at"] is None


async def test_only_the_signer_approves_like_this(desks: Desks) -> None:
    moved = await desks.to_sign()
    answer = await desks.tried(
        CHIEF, f"/documents/{moved['id']}/approve-to-sign", {"version": moved["version"]}
    )
    assert (answer.status, answer.json["code"]) == (403, "documents.not_your_turn")
