"""Digest out, signature value in: for agents that hold a key of their own."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest

from signing.keys.protocol import SignatureAlgorithm
from tests.factories.tokens import Token
from tests.integration.signatures.conftest import CLERK, DIRECTOR, Desks


@pytest.fixture
async def token(desks: Desks) -> Token:
    return await desks.person_token()


async def begun(desks: Desks, username: str, act: str, *moved: Any) -> list[Any]:
    items = [{"document_id": one["id"], "version": one["version"]} for one in moved]
    found = await desks.post(username, "/signing-requests", {"act": act, "items": items})
    return list(found)


def value_of(token: Token, to_sign: Any) -> str:
    attributes = base64.b64decode(to_sign["attributes"])
    algorithm = SignatureAlgorithm(to_sign["algorithm"])
    return base64.b64encode(token.signer.sign_raw(attributes, algorithm)).decode()


async def complete(desks: Desks, username: str, to_sign: Any, value: str, **more: Any) -> Any:
    path = f"/signing-requests/{to_sign['offer']['id']}/complete"
    return await desks.tried(username, path, {"value": value}, **more)


async def test_a_person_signs_by_an_agent(desks: Desks, token: Token) -> None:
    moved = await desks.to_sign()
    [one] = await begun(desks, DIRECTOR, "sign", moved)
    answer = await complete(desks, DIRECTOR, one["to_sign"], value_of(token, one["to_sign"]))
    assert answer.ok()["state"] == "signed"
    report = await desks.office.services.signatures.check(await desks.file(DIRECTOR, moved["id"]))
    assert (report.verdict.value, report.signatures[0].field) == ("valid", "ky_1")
    state = await desks.get(DIRECTOR, f"/signing-requests/{one['to_sign']['offer']['id']}")
    assert state["state"] == "done"


async def test_many_documents_are_one_act_with_an_outcome_each(desks: Desks, token: Token) -> None:
    good = [await desks.to_sign(f"Văn bản {n}") for n in range(3)]
    done = await desks.signed("Đã ký rồi")
    found = await begun(desks, DIRECTOR, "sign", good[0], done, good[1], good[2])
    assert [one["fault"]["code"] if one["fault"] else "" for one in found] == [
        "",
        "documents.not_now",
        "",
        "",
    ]
    for one in found:
        if one["to_sign"]:
            value = value_of(token, one["to_sign"])
            (await complete(desks, DIRECTOR, one["to_sign"], value)).ok()
    states = [(await desks.document(DIRECTOR, one["id"]))["state"] for one in good]
    assert states == ["signed"] * 3


async def test_the_same_key_gets_the_same_answer(desks: Desks, token: Token) -> None:
    moved = await desks.to_sign()
    body = {"act": "sign", "items": [{"document_id": moved["id"], "version": moved["version"]}]}
    first = await desks.tried(DIRECTOR, "/signing-requests", body, key="k1")
    again = await desks.tried(DIRECTOR, "/signing-requests", body, key="k1")
    assert (first.status, first.body) == (again.status, again.body)
    to_sign = first.json[0]["to_sign"]
    value = value_of(token, to_sign)
    done = await complete(desks, DIRECTOR, to_sign, value, key="k2")
    repeated = await complete(desks, DIRECTOR, to_sign, value, key="k2")
    assert (done.status, done.body) == (repeated.status, repeated.body)
    other = await complete(desks, DIRECTOR, to_sign, value, key="k3")
    assert (other.status, other.json["code"]) == (409, "signatures.offer_used")


async def test_the_value_of_another_key_is_refused_and_uses_it_up(desks: Desks, token: Token) -> None:
    moved = await desks.to_sign()
    stranger = await desks.person_token(CLERK, "Văn thư")
    [one] = await begun(desks, DIRECTOR, "sign", moved)
    wrong = await complete(desks, DIRECTOR, one["to_sign"], value_of(stranger, one["to_sign"]))
    assert (wrong.status, wrong.json["code"]) == (409, "signatures.failed")
    right = await complete(desks, DIRECTOR, one["to_sign"], value_of(token, one["to_sign"]))
    assert right.json["code"] == "signatures.offer_used"
    assert (await desks.document(DIRECTOR, moved["id"]))["state"] == "to_sign"


async def test_a_value_that_is_no_base64_changes_nothing(desks: Desks, token: Token) -> None:
    moved = await desks.to_sign()
    [one] = await begun(desks, DIRECTOR, "sign", moved)
    answer = await complete(desks, DIRECTOR, one["to_sign"], "không phải")
    assert (answer.status, answer.json["code"]) == (400, "signatures.value_unreadable")
    good = await complete(desks, DIRECTOR, one["to_sign"], value_of(token, one["to_sign"]))
    assert good.ok()["state"] == "signed"


async def test_a_request_ends_by_itself(desks: Desks, token: Token, monkeypatch: Any) -> None:
    moved = await desks.to_sign()
    [one] = await begun(desks, DIRECTOR, "sign", moved)
    units = desks.office.services.units
    later = units.now() + timedelta(seconds=desks.office.services.settings.signing.offer_seconds + 1)
    monkeypatch.setattr(type(units), "now", lambda _: later)
    answer = await complete(desks, DIRECTOR, one["to_sign"], value_of(token, one["to_sign"]))
    assert (answer.status, answer.json["code"]) == (409, "signatures.offer_expired")


async def test_nobody_else_completes_it(desks: Desks, token: Token) -> None:
    moved = await desks.to_sign()
    [one] = await begun(desks, DIRECTOR, "sign", moved)
    answer = await complete(desks, CLERK, one["to_sign"], value_of(token, one["to_sign"]))
    assert (answer.status, answer.json["code"]) == (404, "signatures.offer_unknown")


async def test_the_body_seals_and_signs_an_attachment_by_an_agent(desks: Desks, annex: bytes) -> None:
    digest = await desks.upload("chuyenvien.syt", annex)
    moved = await desks.numbered_with(digest)
    seal = await desks.body_token()
    items = [{"document_id": moved["id"], "version": moved["version"], "attachment": digest}]
    [one] = await desks.post(CLERK, "/signing-requests", {"act": "attachment", "items": items})
    moved = (await complete(desks, CLERK, one["to_sign"], value_of(seal, one["to_sign"]))).ok()
    view = await desks.get(CLERK, f"/documents/{moved['id']}")
    signed = view["versions"][-1]["attachments"][0]["digest"]
    assert signed != digest
    [one] = await begun(desks, CLERK, "seal", moved)
    sealed = await complete(desks, CLERK, one["to_sign"], value_of(seal, one["to_sign"]))
    assert sealed.ok()["state"] == "sealed"
    report = await desks.office.services.signatures.check(await desks.file(CLERK, moved["id"]))
    assert (report.verdict.value, len(report.signatures)) == ("valid", 2)
