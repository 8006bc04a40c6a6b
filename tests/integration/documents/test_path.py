"""The whole path of a document, and who may do what on it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from server.documents.commands import Advance, CheckForm, CoIssuerInput, CreateDraft, PlaceFields
from server.documents.model import Act, State, VersionKind
from server.documents.service import Filter
from server.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from server.kernel.page import PageRequest
from storage.sql.protocol import Statement
from tests.integration.documents.conftest import (
    AUTHOR,
    CHIEF,
    CLERK,
    DEPUTY,
    HEAD,
    OUTSIDER,
    SECRETARY,
    Desk,
    fields,
    person,
)


@dataclass
class Action:
    action: str


async def actions(desk: Desk) -> list[str]:
    rows = await desk.database.fetch(
        Statement("test.actions", "SELECT action FROM audit_entries ORDER BY id"), {}, Action
    )
    return [row.action for row in rows]


async def test_a_document_goes_all_the_way(desk: Desk) -> None:
    documents = desk.documents
    draft = await documents.create(AUTHOR, CreateDraft(fields=fields()))
    rendered = await documents.render(AUTHOR, draft.id, version=draft.version)
    assert rendered.main_digest.startswith("sha256:")
    at = await documents.submit(AUTHOR, draft.id, Advance(version=rendered.version))
    assert (at.state, at.turn) == (State.FORM_CHECK, "role:z01-01:chief_of_office")
    at = await documents.check_form(CHIEF, draft.id, CheckForm(version=at.version, passed=True))
    assert (at.state, at.turn) == (State.APPROVAL, "post:z01-01.tp")
    at = await documents.approve(HEAD, draft.id, Advance(version=at.version))
    assert (at.state, at.turn) == (State.TO_SIGN, "post:z01.bt")

    task = await documents.begin_signing(SECRETARY, draft.id)
    assert (task.mode, task.body_id, task.index, task.digest) == ("TM", "z01", 0, rendered.main_digest)
    prepared, signed = await desk.made("prepared"), await desk.made("signed")
    async with documents.units.begin(SECRETARY) as unit:
        task = await documents.record_prepared(unit, task, prepared)
        after = await documents.record_signed(unit, task, signed)
    assert (after.state, after.turn) == (State.SIGNED, "role:z01-01:records_clerk")

    numbered = await desk.number(CLERK, draft.id)
    assert (numbered.number_text, numbered.document_date) == ("01-QĐ/TU", desk.clock.now().date())
    sealed = await desk.seal(CLERK, draft.id)
    assert sealed.state is State.SEALED
    issued = await documents.issue(CLERK, draft.id, Advance(version=sealed.version))
    assert (issued.state, issued.turn) == (State.ISSUED, "")
    assert desk.book.state == {"number-1": "issued"}

    view = await documents.get(AUTHOR, draft.id)
    assert [version.kind for version in view.versions] == [
        VersionKind.TEXT,
        VersionKind.RENDERED,
        VersionKind.PREPARED,
        VersionKind.SIGNED,
        VersionKind.NUMBERED,
        VersionKind.SEALED,
    ]
    assert [step.act for step in view.steps][-5:] == [
        Act.SIGN,
        Act.TAKE_NUMBER,
        Act.FILL_NUMBER,
        Act.SEAL,
        Act.ISSUE,
    ]
    assert view.document.signer_name == SECRETARY.name
    assert view.acts == ()
    header = await documents.issued(desk.database, CLERK, draft.id)
    assert header.main.name == "01-QĐ-TU Quyết định Ban hành Quy chế làm việc.pdf"


async def test_every_act_leaves_its_audit_entry(desk: Desk) -> None:
    sealed = await desk.sealed()
    await desk.documents.issue(CLERK, sealed.id, Advance(version=sealed.version))
    assert await actions(desk) == [
        "files.receive",
        "documents.create",
        "documents.submit",
        "documents.pass_form",
        "documents.sign",
        "documents.take_number",
        "documents.fill_number",
        "documents.seal",
        "documents.issue",
    ]


async def test_need_to_know_opens_with_the_turn(desk: Desk) -> None:
    draft = await desk.draft()
    for nobody in (CHIEF, HEAD, SECRETARY, CLERK, OUTSIDER):
        with pytest.raises(NotFound):
            await desk.documents.get(nobody, draft.id)
    at = await desk.documents.submit(AUTHOR, draft.id, Advance(version=draft.version))
    assert (await desk.documents.get(CHIEF, draft.id)).acts == (
        Act.ASK,
        Act.COMMENT,
        Act.PASS_FORM,
        Act.RETURN_FORM,
    )
    await desk.documents.check_form(CHIEF, draft.id, CheckForm(version=at.version, passed=True))
    assert (await desk.documents.get(HEAD, draft.id)).turn.mine
    for nobody in (SECRETARY, CLERK, OUTSIDER):
        with pytest.raises(NotFound):
            await desk.documents.get(nobody, draft.id)


async def test_nobody_approves_out_of_turn(desk: Desk) -> None:
    at = await desk.submitted(chain=("z01-01.tp", "z01.pbt"))
    at = await desk.documents.check_form(CHIEF, at.id, CheckForm(version=at.version, passed=True))
    with pytest.raises(Forbidden) as caught:
        await desk.documents.approve(CHIEF, at.id, Advance(version=at.version))
    assert caught.value.code == "documents.not_your_turn"
    at = await desk.documents.approve(HEAD, at.id, Advance(version=at.version))
    assert at.turn == "post:z01.pbt"
    with pytest.raises(Conflict) as changed:
        await desk.documents.approve(HEAD, at.id, Advance(version=at.version - 1))
    assert changed.value.code == "documents.changed"
    at = await desk.documents.approve(DEPUTY, at.id, Advance(version=at.version))
    assert at.state is State.TO_SIGN


async def test_a_delegate_approves_in_the_post_of_another(desk: Desk) -> None:
    at = await desk.submitted()
    at = await desk.documents.check_form(CHIEF, at.id, CheckForm(version=at.version, passed=True))
    delegate = person("z01-01.tp", account_id="account-pho", name="Phó phòng", on_behalf="holding-7")
    await desk.documents.approve(delegate, at.id, Advance(version=at.version))
    step = (await desk.documents.get(AUTHOR, at.id)).steps[-1]
    assert (step.account_name, step.on_behalf) == ("Phó phòng", "holding-7")


async def test_what_is_sent_back_comes_with_a_reason_and_starts_again(desk: Desk) -> None:
    at = await desk.submitted(chain=("z01-01.tp", "z01.pbt"))
    at = await desk.documents.check_form(CHIEF, at.id, CheckForm(version=at.version, passed=True))
    at = await desk.documents.approve(HEAD, at.id, Advance(version=at.version))
    with pytest.raises(Invalid):
        await desk.documents.send_back(DEPUTY, at.id, Advance(version=at.version))
    at = await desk.documents.send_back(DEPUTY, at.id, Advance(version=at.version, reason="Thiếu căn cứ"))
    assert (at.state, at.turn) == (State.RETURNED, "post:z01-01.cv")
    at = await desk.documents.submit(AUTHOR, at.id, Advance(version=at.version))
    at = await desk.documents.check_form(CHIEF, at.id, CheckForm(version=at.version, passed=True))
    assert at.turn == "post:z01-01.tp"
    view = await desk.documents.get(AUTHOR, at.id)
    assert view.document.round == 2
    assert [step.reason for step in view.steps if step.act is Act.SEND_BACK] == ["Thiếu căn cứ"]


async def test_form_can_be_sent_back(desk: Desk) -> None:
    at = await desk.submitted()
    command = CheckForm(version=at.version, passed=False, reason="Sai thể thức phần quốc hiệu")
    assert (await desk.documents.check_form(CHIEF, at.id, command)).state is State.RETURNED


async def test_the_author_takes_back_before_the_signature_but_not_after(desk: Desk) -> None:
    at = await desk.to_sign()
    back = await desk.documents.take_back(AUTHOR, at.id, Advance(version=at.version, reason="Sửa số liệu"))
    assert back.state is State.RETURNED
    other = await desk.to_sign(subject="Việc khác")
    signed = await desk.sign(SECRETARY, other.id)
    with pytest.raises(Conflict):
        await desk.documents.withdraw(AUTHOR, other.id, Advance(version=signed.version, reason="Thôi"))


async def test_a_signer_without_authority_is_told_before_anybody_works(desk: Desk) -> None:
    draft = await desk.draft(signer_post="z02-05.gd")
    desk.province.vacant.add("z01-01.tp")
    with pytest.raises(Invalid) as caught:
        await desk.documents.submit(AUTHOR, draft.id, Advance(version=draft.version))
    codes = {fault.code for fault in caught.value.faults}
    assert codes == {"documents.no_authority", "documents.post_vacant"}


async def test_authority_that_ended_stops_the_signature(desk: Desk) -> None:
    at = await desk.to_sign()
    del desk.province.signs[("z01.bt", "z01")]
    with pytest.raises(Forbidden) as caught:
        await desk.documents.begin_signing(SECRETARY, at.id)
    assert caught.value.code == "documents.no_authority"


async def test_of_two_signings_at_once_one_wins(desk: Desk) -> None:
    at = await desk.to_sign()
    first = await desk.documents.begin_signing(SECRETARY, at.id)
    second = await desk.documents.begin_signing(SECRETARY, at.id)
    one, two = await desk.made("one"), await desk.made("two")
    async with desk.documents.units.begin(SECRETARY) as unit:
        await desk.documents.record_signed(unit, first, one)
    with pytest.raises(Conflict) as caught:
        async with desk.documents.units.begin(SECRETARY) as unit:
            await desk.documents.record_signed(unit, second, two)
    assert caught.value.code == "documents.changed"
    assert len((await desk.documents.get(AUTHOR, at.id)).versions) == 2


async def test_of_two_who_act_at_the_same_moment_one_is_told(desk: Desk) -> None:
    at = await desk.submitted()
    at = await desk.documents.check_form(CHIEF, at.id, CheckForm(version=at.version, passed=True))
    back = Advance(version=at.version, reason="Sửa lại")
    outcomes = await asyncio.gather(
        desk.documents.approve(HEAD, at.id, Advance(version=at.version)),
        desk.documents.take_back(AUTHOR, at.id, back),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    assert [error.code for error in refused] == ["documents.changed"]
    view = await desk.documents.get(AUTHOR, at.id)
    assert view.document.version == at.version + 1
    assert len(view.steps) == 4


async def test_a_fill_that_did_not_end_goes_on_with_the_number_taken(desk: Desk) -> None:
    at = await desk.to_sign()
    await desk.sign(SECRETARY, at.id)
    task = await desk.documents.begin_numbering(CLERK, at.id)
    async with desk.documents.units.begin(CLERK) as unit:
        await desk.documents.take_number(unit, task)
    with pytest.raises(Conflict) as unfilled:
        await desk.documents.begin_sealing(CLERK, at.id)
    assert unfilled.value.code == "documents.number_not_filled"
    again = await desk.documents.begin_numbering(CLERK, at.id)
    assert again.document.state is State.NUMBERED
    filled = await desk.fill(CLERK, again)
    assert filled.number_text == "01-QĐ/TU"
    assert desk.book.next_number == 2
    with pytest.raises(Conflict) as caught:
        await desk.documents.begin_numbering(CLERK, at.id)
    assert caught.value.code == "documents.number_filled"


async def test_a_fault_found_after_the_number_voids_it_with_the_reason(desk: Desk) -> None:
    sealed = await desk.sealed()
    gone = await desk.documents.reject(
        CLERK, sealed.id, Advance(version=sealed.version, reason="Đóng dấu sai vị trí")
    )
    assert gone.state is State.WITHDRAWN
    assert desk.book.state == {"number-1": "voided: Đóng dấu sai vị trí"}
    main = await desk.upload(AUTHOR, b"%PDF-1.7 lan hai")
    again = await desk.documents.create(AUTHOR, CreateDraft(fields=fields(), main=main, renews=sealed.id))
    assert (await desk.documents.get(AUTHOR, again.id)).document.renews == sealed.id


async def test_co_issuers_sign_and_seal_after_the_lead_body(desk: Desk) -> None:
    department = CoIssuerInput(body_id="z02-05", signer_post="z02-05.gd")
    at = await desk.to_sign(co_issuers=(department,))
    first = await desk.sign(SECRETARY, at.id)
    director, clerk = person("z02-05.gd"), person("z02-05.vt")
    assert (first.state, first.turn) == (State.TO_SIGN, "post:z02-05.gd")
    second = await desk.sign(director, at.id)
    assert (second.state, second.signer_name) == (State.SIGNED, SECRETARY.name)
    await desk.number(CLERK, at.id)
    half = await desk.seal(CLERK, at.id)
    assert (half.state, half.turn) == (State.NUMBERED, "role:z02-05:records_clerk")
    with pytest.raises(Forbidden):
        await desk.documents.begin_sealing(CLERK, at.id)
    whole = await desk.seal(clerk, at.id)
    assert (whole.state, whole.turn) == (State.SEALED, "role:z01-01:records_clerk")


async def test_a_restricted_document_goes_to_the_clerk_named_only(desk: Desk) -> None:
    with pytest.raises(Invalid) as caught:
        await desk.draft(restricted=True)
    assert caught.value.code == "documents.clerk_missing"
    at = await desk.to_sign(restricted=True, clerk_post="z01-01.vt")
    signed = await desk.sign(SECRETARY, at.id)
    assert signed.turn == "post:z01-01.vt"
    with pytest.raises(NotFound):
        await desk.documents.get(person("z01-01.vt2"), at.id)
    assert (await desk.documents.get(CLERK, at.id)).turn.mine


async def test_the_clerk_of_the_committee_acts_for_the_clerks_of_its_office(desk: Desk) -> None:
    at = await desk.to_sign()
    await desk.sign(SECRETARY, at.id)
    own_clerk = person("z01.vt")
    waiting = await desk.documents.list(own_clerk, Filter(kind="waiting"), PageRequest())
    assert [row.id for row in waiting.items] == [at.id]
    numbered = await desk.number(own_clerk, at.id)
    assert numbered.state is State.NUMBERED
    assert (await desk.documents.get(own_clerk, at.id)).turn.mine


async def test_places_can_be_moved_until_it_is_submitted(desk: Desk) -> None:
    draft = await desk.draft()
    view = await desk.documents.get(AUTHOR, draft.id)
    assert {place.kind.value for place in view.current.placements} == {"number", "date", "signature", "seal"}
    moved = await desk.documents.place_fields(
        AUTHOR, draft.id, PlaceFields(version=draft.version, placements=view.current.placements)
    )
    assert moved.current_n == 2
    with pytest.raises(Invalid) as caught:
        await desk.documents.place_fields(
            AUTHOR, draft.id, PlaceFields(version=moved.version, placements=view.current.placements[1:])
        )
    assert caught.value.code == "documents.place_missing"


async def test_home_pages_show_what_waits(desk: Desk) -> None:
    await desk.draft()
    await desk.submitted(subject="Việc hai")
    assert (await desk.documents.counts(AUTHOR)).mine == {State.DRAFT: 1, State.FORM_CHECK: 1}
    assert (await desk.documents.counts(CHIEF)).waiting == {State.FORM_CHECK: 1}
    waiting = await desk.documents.list(CHIEF, Filter(kind="waiting"), PageRequest())
    assert [row.subject for row in waiting.items] == ["Việc hai"]
