"""Drafts: versions that never change, faults told at once, opinions, retries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest

from server.documents.commands import (
    AddComment,
    Advance,
    AskOpinions,
    CheckForm,
    CreateDraft,
    FileInput,
    HandIn,
    SaveVersion,
)
from server.documents.model import Stance, State
from server.documents.service import Filter
from server.files.model import Secrecy
from server.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from server.kernel.page import PageRequest
from server.unit import Replayed
from storage.sql.protocol import Statement
from tests.integration.documents.conftest import (
    AUTHOR,
    CHIEF,
    CLERK,
    HEAD,
    OUTSIDER,
    SECRETARY,
    Desk,
    fields,
    once,
    person,
)


@dataclass
class Message:
    kind: str
    key: str


async def outbox(desk: Desk) -> list[Message]:
    return await desk.database.fetch(
        Statement("test.outbox", "SELECT kind, key FROM outbox ORDER BY id"), {}, Message
    )


async def test_each_save_is_a_version_and_older_ones_stay(desk: Desk) -> None:
    first = await desk.draft(subject="Tên thứ nhất")
    main = await desk.upload(AUTHOR, b"%PDF-1.7 ban hai")
    command = SaveVersion(
        version=first.version, fields=fields(subject="Tên thứ hai"), main=main, note="Sửa tên"
    )
    second = await desk.documents.save_version(AUTHOR, first.id, command)
    assert (second.current_n, second.main_digest) == (2, main.digest)
    old = await desk.documents.version(AUTHOR, first.id, 1)
    assert (old.fields.subject, old.version.main and old.version.main.digest) == (
        "Tên thứ nhất",
        first.main_digest,
    )
    view = await desk.documents.get(AUTHOR, first.id)
    assert [version.note for version in view.versions] == ["", "Sửa tên"]


async def test_a_save_over_anothers_change_is_a_conflict(desk: Desk) -> None:
    draft = await desk.draft()
    command = SaveVersion(version=draft.version, fields=fields(subject="Một"))
    await desk.documents.save_version(AUTHOR, draft.id, command)
    with pytest.raises(Conflict) as caught:
        await desk.documents.save_version(AUTHOR, draft.id, command)
    assert caught.value.faults[0].params == {"state": "draft", "version": 2}


async def test_only_the_author_saves(desk: Desk) -> None:
    at = await desk.submitted()
    command = CheckForm(version=at.version, passed=False, reason="Sai thể thức")
    back = await desk.documents.check_form(CHIEF, at.id, command)
    with pytest.raises(Forbidden) as caught:
        await desk.documents.save_version(CHIEF, at.id, SaveVersion(version=back.version, fields=fields()))
    assert caught.value.code == "documents.author_only"


async def test_all_faults_of_a_draft_are_told_at_once(desk: Desk) -> None:
    wrong = fields(
        type_code="khong-co",
        recipients=("z99", "z02-05", "z02-05"),
        chain=("z01-01.tp", "z01.bt", "z02-05.cv", "z77.x"),
        body_id="z01",
    )
    with pytest.raises(Invalid) as caught:
        await desk.documents.create(AUTHOR, CreateDraft(fields=wrong))
    found = {(fault.code, fault.field) for fault in caught.value.faults}
    assert found == {
        ("registers.type_unknown", "/fields/type_code"),
        ("organisations.recipient_closed", "/fields/recipients/0"),
        ("documents.recipient_twice", "/fields/recipients/2"),
        ("documents.signer_in_chain", "/fields/chain/1"),
        ("documents.chain_outside", "/fields/chain/2"),
        ("documents.post_vacant", "/fields/chain/3"),
    }


async def test_a_subject_of_blanks_is_missing(desk: Desk) -> None:
    with pytest.raises(Invalid) as caught:
        await desk.documents.create(AUTHOR, CreateDraft(fields=fields(subject=" \u00a0 ")))
    assert caught.value.code == "documents.subject_missing"


async def test_a_department_drafts_nothing_for_the_committee(desk: Desk) -> None:
    with pytest.raises(Invalid) as caught:
        await desk.documents.create(OUTSIDER, CreateDraft(fields=fields(chain=(), recipients=())))
    assert caught.value.code == "documents.other_body"


async def test_a_state_secret_subject_is_refused_and_audited(desk: Desk) -> None:
    with pytest.raises(Refused):
        await desk.documents.create(AUTHOR, CreateDraft(fields=fields(secrecy=Secrecy.TOI_MAT)))
    assert (await desk.documents.list(AUTHOR, Filter(), PageRequest())).items == []


async def test_a_file_of_another_body_cannot_be_attached(desk: Desk) -> None:
    theirs = await desk.upload(OUTSIDER, b"%PDF-1.7 cua so")
    with pytest.raises(Invalid) as caught:
        await desk.documents.create(AUTHOR, CreateDraft(fields=fields(), main=theirs))
    assert caught.value.faults[0].field == "/main/digest"


async def test_a_draft_without_file_or_signer_is_not_submitted(desk: Desk) -> None:
    draft = await desk.documents.create(AUTHOR, CreateDraft(fields=fields(signer_post="")))
    with pytest.raises(Invalid) as caught:
        await desk.documents.submit(AUTHOR, draft.id, Advance(version=draft.version))
    assert [fault.code for fault in caught.value.faults] == ["documents.no_file", "documents.signer_missing"]


async def test_a_recipient_that_closed_meanwhile_stops_the_submission(desk: Desk) -> None:
    draft = await desk.draft()
    commune = desk.province.bodies["z03-01"]
    desk.province.bodies["z03-01"] = replace(commune, valid_to=date(2026, 11, 1))
    with pytest.raises(Invalid) as caught:
        await desk.documents.submit(AUTHOR, draft.id, Advance(version=draft.version))
    assert caught.value.code == "organisations.recipient_closed"


async def test_rendering_applies_the_party_form(desk: Desk) -> None:
    draft = await desk.documents.create(
        AUTHOR, CreateDraft(fields=fields(legal_basis=("Căn cứ Điều lệ Đảng",)))
    )
    rendered = await desk.documents.render(AUTHOR, draft.id, version=draft.version)
    form = desk.typesetter.forms[0]
    assert form.type_title == "QUYẾT ĐỊNH"
    assert form.signatures[0].name.text == "Người giữ z01.bt"
    assert "T/M BAN THƯỜNG VỤ" in [line.text for line in form.signatures[0].lines]
    assert len(form.blocks) == 2
    view = await desk.documents.get(AUTHOR, draft.id)
    assert len(view.current.placements) == 4
    file = await desk.documents.open_file(AUTHOR, draft.id, rendered.main_digest)
    assert file.name == "Quyết định Ban hành Quy chế làm việc.pdf"


async def test_opinions_open_the_draft_to_those_asked(desk: Desk) -> None:
    draft = await desk.draft()
    command = AskOpinions(version=draft.version, posts=("z02-05.cv",), question="Đề nghị góp ý Điều 3")
    at = await desk.documents.ask_opinions(AUTHOR, draft.id, command)
    assert (await desk.documents.counts(OUTSIDER)).asked == 1
    asked = await desk.documents.list(OUTSIDER, Filter(kind="asked"), PageRequest())
    assert [row.id for row in asked.items] == [draft.id]
    await desk.documents.comment(OUTSIDER, at.id, AddComment(text="Nhất trí", stance=Stance.AGREE))
    view = await desk.documents.get(AUTHOR, draft.id)
    assert [(request.post_title, request.answered) for request in view.requests] == [("Chuyên viên Sở", True)]
    assert [(comment.text, comment.stance) for comment in view.comments] == [("Nhất trí", Stance.AGREE)]
    assert (await desk.documents.counts(OUTSIDER)).asked == 0


async def test_nobody_comments_on_what_they_may_not_see(desk: Desk) -> None:
    draft = await desk.draft()
    with pytest.raises(NotFound):
        await desk.documents.comment(OUTSIDER, draft.id, AddComment(text="Xem thử"))


async def test_a_signed_document_takes_no_comment(desk: Desk) -> None:
    at = await desk.to_sign()
    await desk.sign(SECRETARY, at.id)
    with pytest.raises(Conflict):
        await desk.documents.comment(CHIEF, at.id, AddComment(text="Muộn rồi"))


async def test_a_retry_gets_the_stored_answer_though_the_document_moved_on(desk: Desk) -> None:
    draft = await desk.draft()
    actor = once(AUTHOR, "k1", route="POST /api/v1/documents/{document_id}/submit")
    await desk.documents.submit(actor, draft.id, Advance(version=draft.version))
    with pytest.raises(Replayed) as replayed:
        await desk.documents.submit(actor, draft.id, Advance(version=draft.version))
    assert b'"state":"form_check"' in replayed.value.answer


async def test_a_retry_of_create_makes_one_document(desk: Desk) -> None:
    actor = once(AUTHOR, "k1")
    await desk.documents.create(actor, CreateDraft(fields=fields()))
    with pytest.raises(Replayed):
        await desk.documents.create(actor, CreateDraft(fields=fields()))
    assert len((await desk.documents.list(AUTHOR, Filter(), PageRequest())).items) == 1


async def test_lists_are_paged_filtered_and_searched_without_marks(desk: Desk) -> None:
    for subject in ("Kế hoạch chuyển đổi số", "Quy chế 100%", "Kế hoạch cải cách"):
        await desk.draft(subject=subject)
        desk.clock.advance(desk.clock.at.resolution)
    first = await desk.documents.list(AUTHOR, Filter(), PageRequest(limit=2))
    assert first.next is not None
    rest = await desk.documents.list(AUTHOR, Filter(), PageRequest(after=first.next, limit=2))
    assert [row.subject for row in (*first.items, *rest.items)] == [
        "Kế hoạch cải cách",
        "Quy chế 100%",
        "Kế hoạch chuyển đổi số",
    ]
    found = await desk.documents.list(AUTHOR, Filter(q="KE HOACH chuyen"), PageRequest())
    assert [row.subject for row in found.items] == ["Kế hoạch chuyển đổi số"]
    assert len((await desk.documents.list(AUTHOR, Filter(q="100%"), PageRequest())).items) == 1
    assert (await desk.documents.list(AUTHOR, Filter(states=(State.ISSUED,)), PageRequest())).items == []
    with pytest.raises(Invalid):
        await desk.documents.list(AUTHOR, Filter(), PageRequest(after="xyz"))


async def test_the_timeline_is_paged(desk: Desk) -> None:
    at = await desk.submitted()
    first = await desk.documents.events(AUTHOR, at.id, PageRequest(limit=1))
    assert first.next is not None
    rest = await desk.documents.events(AUTHOR, at.id, PageRequest(after=first.next))
    assert [step.act.value for step in (*first.items, *rest.items)] == ["create", "submit"]
    with pytest.raises(NotFound):
        await desk.documents.events(OUTSIDER, at.id, PageRequest())


async def test_a_file_that_is_not_of_the_document_is_not_opened(desk: Desk) -> None:
    draft = await desk.draft()
    other = await desk.upload(AUTHOR, b"%PDF-1.7 khac")
    with pytest.raises(NotFound):
        await desk.documents.open_file(AUTHOR, draft.id, other.digest)
    with pytest.raises(NotFound):
        await desk.documents.open_file(HEAD, draft.id, draft.main_digest)


async def test_attachments_are_opened_under_their_name(desk: Desk) -> None:
    annex = await desk.upload(AUTHOR, b"%PDF-1.7 phu luc", name="Phụ lục 1.pdf")
    draft = await desk.documents.create(AUTHOR, CreateDraft(fields=fields(), attachments=(annex,)))
    assert (await desk.documents.open_file(AUTHOR, draft.id, annex.digest)).name == "Phụ lục 1.pdf"


def letter(main: FileInput, **changes: object) -> HandIn:
    values: dict[str, object] = {
        "body_id": "z02-05",
        "type_code": "cong-van",
        "subject": "Báo cáo tình hình dịch",
        "secrecy": Secrecy.NONE,
        "main": main,
        "recipients": ("z01",),
    }
    return HandIn(**{**values, **changes})  # type: ignore[arg-type]  # fields of HandIn


async def test_a_letter_signed_outside_is_issued_at_once_with_its_number(desk: Desk) -> None:
    clerk = person("z02-05.vt")
    main = await desk.upload(clerk, b"%PDF-1.7 da ky")
    done = await desk.documents.hand_in(clerk, letter(main, number=7, signer_name="Giám đốc"))
    assert (done.state, done.number_text, done.current_n) == (State.ISSUED, "07-QĐ/TU", 1)
    assert desk.book.state == {"number-7": "issued"}
    assert [(message.kind, message.key) for message in await outbox(desk)] == [
        ("signatures.verify", main.digest)
    ]
    header = await desk.documents.issued(desk.database, clerk, done.id)
    assert (header.signer_name, [body.id for body in header.recipients]) == ("Giám đốc", ["z01"])


async def test_only_the_clerk_who_keeps_the_books_hands_in(desk: Desk) -> None:
    main = await desk.upload(CLERK, b"%PDF-1.7 da ky")
    with pytest.raises(Invalid) as caught:
        await desk.documents.hand_in(CLERK, letter(main))
    assert caught.value.code == "documents.other_body"
    with pytest.raises(Forbidden):
        await desk.documents.hand_in(AUTHOR, letter(main, body_id="z01", type_code="quyet-dinh"))


async def test_what_is_handed_in_restricted_is_seen_by_its_clerk_only(desk: Desk) -> None:
    main = await desk.upload(CLERK, b"%PDF-1.7 nhan su")
    command = letter(main, body_id="z01", type_code="quyet-dinh", restricted=True)
    done = await desk.documents.hand_in(CLERK, command)
    with pytest.raises(NotFound):
        await desk.documents.get(person("z01-01.vt2"), done.id)
    assert desk.book.facts["number-1"].subject == ""


async def test_a_document_that_is_not_issued_cannot_be_sent(desk: Desk) -> None:
    sealed = await desk.sealed()
    with pytest.raises(Conflict) as caught:
        await desk.documents.issued(desk.database, CLERK, sealed.id)
    assert caught.value.code == "documents.not_issued"
