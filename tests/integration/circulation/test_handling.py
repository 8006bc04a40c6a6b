"""From the incoming book to the end of the work."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from server.circulation.codes import Code, Part
from server.circulation.commands import (
    Accept,
    Assign,
    Finish,
    InboxFilter,
    Reason,
    Remark,
    Submit,
    Target,
)
from server.circulation.model import Standing
from server.circulation.receipts import chain_fault
from server.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from server.kernel.page import PageRequest
from server.kernel.record import canonical
from server.registers.model import BookQuery
from tests.factories import people
from tests.integration.circulation.conftest import (
    COMMUNE_CLERK,
    HEALTH_CLERK,
    HEALTH_HEAD,
    HEALTH_LEADER,
    HEALTH_SPECIALIST,
    PARTY_CHIEF,
    PARTY_CLERK,
    SECRETARY,
    Office,
)

FIRST = PageRequest()
DONE = Finish(result="Đã triển khai.")


async def submitted(office: Office) -> str:
    """An arrival that lies before the director."""
    accepted = await office.accepted()
    await office.circulation.submit(
        HEALTH_CLERK, accepted.id, Submit(posts=(HEALTH_LEADER.post_id,), note="Kính trình Giám đốc")
    )
    return accepted.id


async def assigned(office: Office, *, join: bool = False) -> str:
    """An arrival that the director has assigned."""
    arrival = await submitted(office)
    targets = [Target(post_id=HEALTH_HEAD.post_id, part=Part.LEAD)]
    if join:
        targets.append(Target(post_id=HEALTH_SPECIALIST.post_id, part=Part.JOIN))
    await office.circulation.assign(
        HEALTH_LEADER, arrival, Assign(targets=tuple(targets), instruction="Tham mưu trước ngày 27/11")
    )
    return arrival


async def test_accepting_takes_the_next_number_of_the_book(office: Office) -> None:
    first, second = await office.accepted(), await office.accepted()
    assert (first.status, first.incoming_text, second.incoming_text) == (Code.ACCEPTED, "01", "02")


async def test_the_incoming_book_tells_what_came(office: Office) -> None:
    accepted = await office.accepted()
    book = await office.registers.incoming_book(HEALTH_CLERK, BookQuery(), FIRST)
    assert [(row.arrival_id, row.text, row.author) for row in book.items] == [
        (accepted.id, "01", "Tỉnh ủy Sông Mẫu")
    ]


async def test_of_two_clerks_who_accept_one_wins_and_the_other_hears_who(office: Office) -> None:
    arrival = await office.arrived()
    second = people.actor("z02-05.van-thu", HEALTH_CLERK.role, account_id="vanthu2")  # type: ignore[arg-type]
    outcomes = await asyncio.gather(
        office.circulation.accept(HEALTH_CLERK, arrival, Accept()),
        office.circulation.accept(second, arrival, Accept()),
        return_exceptions=True,
    )
    won = [one for one in outcomes if isinstance(one, Standing)]
    lost = [one for one in outcomes if isinstance(one, Conflict)]
    assert len(won) == len(lost) == 1
    assert lost[0].code == "circulation.already_handled"
    assert lost[0].faults[0].params == {
        "name": "z02-05.van-thu",
        "at": "22/11/2026 14:00",
        "status": "03",
    }
    again = await office.accepted()
    assert again.incoming_text == "02"


async def test_the_clerk_of_another_body_cannot_even_see_it(office: Office) -> None:
    arrival = await office.arrived()
    with pytest.raises(NotFound):
        await office.circulation.accept(COMMUNE_CLERK, arrival, Accept())


async def test_the_clerk_of_the_office_accepts_for_the_committee(office: Office) -> None:
    sent = await office.sent(("z01",), actor=HEALTH_CLERK, body_id="z02-05")
    accepted = await office.circulation.accept(PARTY_CLERK, sent.arrivals[0].arrival_id, Accept())
    assert accepted.status is Code.ACCEPTED


async def test_a_refusal_tells_the_sender_why(office: Office) -> None:
    sent = await office.sent(("z02-05",))
    await office.circulation.refuse(
        HEALTH_CLERK, sent.arrivals[0].arrival_id, Reason(reason="Gửi nhầm nơi nhận")
    )
    recipient = (await office.circulation.dispatch(PARTY_CLERK, sent.id)).tree[0]
    assert recipient.status is Code.REFUSED
    assert recipient.receipts[-1].reason == "Gửi nhầm nơi nhận"


async def test_a_refused_document_can_be_sent_again(office: Office) -> None:
    sent = await office.sent(("z02-05",))
    await office.circulation.refuse(
        HEALTH_CLERK, sent.arrivals[0].arrival_id, Reason(reason="Không đọc được")
    )
    again = await office.circulation.send(PARTY_CLERK, office.send_again(sent))
    assert again.document_id == sent.document_id


async def test_a_deadline_in_working_days_skips_the_weekend(office: Office) -> None:
    accepted = await office.circulation.accept(HEALTH_CLERK, await office.arrived(), Accept(working_days=6))
    assert accepted.due_date == date(2026, 11, 30)
    row = (await office.circulation.inbox(HEALTH_CLERK, InboxFilter(), FIRST)).items[0]
    assert row.days_left == 6


async def test_the_senders_deadline_holds_unless_the_clerk_sets_one(office: Office) -> None:
    arrival = await office.arrived(due_date=date(2026, 11, 27))
    accepted = await office.circulation.accept(HEALTH_CLERK, arrival, Accept())
    assert accepted.due_date == date(2026, 11, 27)


async def test_a_leader_sees_it_once_it_is_submitted(office: Office) -> None:
    arrival = await submitted(office)
    detail = await office.circulation.arrival(HEALTH_LEADER, arrival)
    assert [(note.kind.value, note.text) for note in detail.notes] == [("submission", "Kính trình Giám đốc")]
    assert (await office.circulation.counts(HEALTH_LEADER)).to_decide == 1


async def test_nothing_is_submitted_before_it_is_in_the_book(office: Office) -> None:
    with pytest.raises(Conflict) as caught:
        await office.circulation.submit(
            HEALTH_CLERK, await office.arrived(), Submit(posts=(HEALTH_LEADER.post_id,))
        )
    assert caught.value.code == "circulation.not_in_work"


async def test_an_arrival_is_not_submitted_to_another_body(office: Office) -> None:
    accepted = await office.accepted()
    with pytest.raises(Invalid) as caught:
        await office.circulation.submit(HEALTH_CLERK, accepted.id, Submit(posts=("z03-01.chu-tich",)))
    assert caught.value.code == "circulation.post_elsewhere"


async def test_the_leader_assigns_with_an_instruction(office: Office) -> None:
    arrival = await assigned(office, join=True)
    detail = await office.circulation.arrival(HEALTH_HEAD, arrival)
    assert detail.status is Code.ASSIGNED
    parts = {one.post_id: one.part for one in detail.assignments}
    assert parts == {
        HEALTH_LEADER.post_id: Part.DECIDE,
        HEALTH_HEAD.post_id: Part.LEAD,
        HEALTH_SPECIALIST.post_id: Part.JOIN,
    }
    assert detail.receipts[-1].reason == "Tham mưu trước ngày 27/11"
    assert (await office.circulation.counts(HEALTH_LEADER)).to_decide == 0
    assert (await office.circulation.counts(HEALTH_HEAD)).to_do == 1


async def test_the_book_says_to_whom_it_went(office: Office) -> None:
    await assigned(office)
    book = await office.registers.incoming_book(HEALTH_CLERK, BookQuery(), FIRST)
    assert book.items[0].receiver == "Trưởng phòng Nghiệp vụ"
    assert book.items[0].forwarded_on == date(2026, 11, 22)


async def test_a_unit_is_named_through_its_head(office: Office) -> None:
    arrival = await submitted(office)
    await office.circulation.assign(
        HEALTH_LEADER, arrival, Assign(targets=(Target(unit_id="z02-05.nghiep-vu"),))
    )
    detail = await office.circulation.arrival(HEALTH_HEAD, arrival)
    assert [(one.unit_id, one.post_id) for one in detail.assignments if one.part is Part.LEAD] == [
        ("z02-05.nghiep-vu", HEALTH_HEAD.post_id)
    ]


async def test_all_wrong_targets_are_named_at_once(office: Office) -> None:
    arrival = await submitted(office)
    with pytest.raises(Invalid) as caught:
        await office.circulation.assign(
            HEALTH_LEADER,
            arrival,
            Assign(targets=(Target(), Target(post_id="nobody"), Target(unit_id="z02-05.none"))),
        )
    assert [fault.code for fault in caught.value.faults] == [
        "circulation.target_unclear",
        "circulation.post_unknown",
        "circulation.unit_without_head",
    ]


async def test_one_who_was_not_asked_does_not_assign(office: Office) -> None:
    accepted = await office.accepted()
    with pytest.raises(NotFound):
        await office.circulation.assign(
            HEALTH_LEADER, accepted.id, Assign(targets=(Target(post_id=HEALTH_HEAD.post_id),))
        )


async def test_a_head_assigns_inside_the_unit_only(office: Office) -> None:
    arrival = await assigned(office)
    await office.circulation.assign(
        HEALTH_HEAD, arrival, Assign(targets=(Target(post_id=HEALTH_SPECIALIST.post_id, part=Part.JOIN),))
    )
    with pytest.raises(Forbidden):
        await office.circulation.assign(
            HEALTH_HEAD, arrival, Assign(targets=(Target(post_id=HEALTH_CLERK.post_id, part=Part.JOIN),))
        )


async def test_the_secretary_of_the_committee_assigns_to_its_office(office: Office) -> None:
    sent = await office.sent(("z01",), actor=HEALTH_CLERK, body_id="z02-05")
    arrival = sent.arrivals[0].arrival_id
    await office.circulation.accept(PARTY_CLERK, arrival, Accept())
    await office.circulation.submit(PARTY_CLERK, arrival, Submit(posts=(SECRETARY.post_id,)))
    done = await office.circulation.assign(
        SECRETARY,
        arrival,
        Assign(targets=(Target(post_id=PARTY_CHIEF.post_id),), instruction="Giao Văn phòng"),
    )
    assert done.status is Code.ASSIGNED


async def test_naming_another_lead_makes_the_first_one_join(office: Office) -> None:
    arrival = await assigned(office)
    await office.circulation.assign(
        HEALTH_LEADER, arrival, Assign(targets=(Target(post_id=HEALTH_SPECIALIST.post_id),))
    )
    detail = await office.circulation.arrival(HEALTH_LEADER, arrival)
    parts = {one.post_id: one.part for one in detail.assignments}
    assert parts[HEALTH_HEAD.post_id] is Part.JOIN
    assert parts[HEALTH_SPECIALIST.post_id] is Part.LEAD
    assert [receipt.code for receipt in detail.receipts].count(Code.ASSIGNED) == 1


async def test_the_whole_way_leaves_a_whole_chain_of_receipts(office: Office) -> None:
    arrival = await assigned(office)
    await office.circulation.start(HEALTH_HEAD, arrival)
    finished = await office.circulation.finish(HEALTH_HEAD, arrival, DONE)
    detail = await office.circulation.arrival(HEALTH_HEAD, arrival)
    assert [receipt.code.value for receipt in detail.receipts] == ["01", "03", "04", "05", "06"]
    assert chain_fault([canonical(receipt).decode() for receipt in detail.receipts]) == ""
    assert finished.receipt_digest != detail.receipts[-1].previous
    assert all(one.done_at is not None for one in detail.assignments)


async def test_the_sender_sees_each_state_with_person_and_time(office: Office) -> None:
    arrival = await assigned(office)
    detail = await office.circulation.arrival(HEALTH_HEAD, arrival)
    recipient = (await office.circulation.dispatch(PARTY_CLERK, detail.dispatch_id)).tree[0]
    assert [(receipt.code.value, receipt.acting.name) for receipt in recipient.receipts] == [
        ("01", "Hệ thống"),
        ("03", "z02-05.van-thu"),
        ("04", "z02-05.giam-doc"),
    ]


async def test_one_who_joins_closes_only_the_own_part(office: Office) -> None:
    arrival = await assigned(office, join=True)
    standing = await office.circulation.finish(HEALTH_SPECIALIST, arrival, DONE)
    assert standing.status is Code.ASSIGNED
    assert (await office.circulation.counts(HEALTH_SPECIALIST)).to_do == 0
    with pytest.raises(Conflict):
        await office.circulation.finish(HEALTH_SPECIALIST, arrival, DONE)


async def test_finishing_needs_a_result_or_an_answer(office: Office) -> None:
    arrival = await assigned(office)
    with pytest.raises(Invalid) as caught:
        await office.circulation.finish(HEALTH_HEAD, arrival, Finish())
    assert caught.value.code == "circulation.result_missing"


async def test_what_is_finished_is_not_started_again(office: Office) -> None:
    arrival = await assigned(office)
    await office.circulation.finish(HEALTH_HEAD, arrival, DONE)
    with pytest.raises(Conflict) as caught:
        await office.circulation.start(HEALTH_HEAD, arrival)
    assert caught.value.code == "circulation.already_handled"


async def test_instructions_and_opinions_stay_with_the_arrival(office: Office) -> None:
    arrival = await assigned(office)
    await office.circulation.instruct(HEALTH_LEADER, arrival, Remark(text="Làm gấp"))
    await office.circulation.remark(HEALTH_HEAD, arrival, Remark(text="Đề xuất mời Sở Tài chính"))
    notes = (await office.circulation.arrival(HEALTH_LEADER, arrival)).notes
    assert [note.text for note in notes][-2:] == ["Làm gấp", "Đề xuất mời Sở Tài chính"]


async def test_overdue_work_is_counted_and_found(office: Office) -> None:
    arrival = await office.arrived(due_date=date(2026, 11, 23))
    await office.circulation.accept(HEALTH_CLERK, arrival, Accept())
    assert (await office.circulation.counts(HEALTH_CLERK)).due_soon == 1
    office.clock.advance(office.clock.at - office.clock.at.replace(day=20))
    late = await office.circulation.inbox(HEALTH_CLERK, InboxFilter(overdue=True), FIRST)
    assert [row.id for row in late.items] == [arrival]
    assert late.items[0].days_left == -1
    assert (await office.circulation.counts(HEALTH_CLERK)).overdue == 1


async def test_waiting_shows_what_waits_for_the_post(office: Office) -> None:
    arrival = await assigned(office)
    await office.arrived()
    for actor in (HEALTH_HEAD, HEALTH_LEADER):
        shown = await office.circulation.inbox(actor, InboxFilter(waiting=True), FIRST)
        assert [row.id for row in shown.items] == ([arrival] if actor is HEALTH_HEAD else [])
    mine = await office.circulation.inbox(HEALTH_LEADER, InboxFilter(mine=True), FIRST)
    assert [row.id for row in mine.items] == [arrival]
