"""Sending to many bodies in one act."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from server.circulation.codes import Code
from server.circulation.commands import InboxFilter, Outside, Send, SentFilter
from server.circulation.receipts import chain_fault
from server.documents.model import Urgency
from server.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from server.kernel.page import PageRequest
from server.kernel.record import canonical
from server.unit import Replayed
from tests.integration.circulation.conftest import (
    COMMUNE_CLERK,
    HEALTH_CLERK,
    HEALTH_LEADER,
    PARTY_CLERK,
    PARTY_SPECIALIST,
    SECOND_COMMUNE_CLERK,
    Office,
    once,
)

FIRST = PageRequest()


async def test_each_body_has_it_with_receipt_01(office: Office) -> None:
    sent = await office.sent(("z02-05", "z03-01"))
    for clerk, arrival in zip((HEALTH_CLERK, COMMUNE_CLERK), sent.arrivals, strict=True):
        detail = await office.circulation.arrival(clerk, arrival.arrival_id)
        assert detail.status is Code.ARRIVED
        assert [receipt.code for receipt in detail.receipts] == [Code.ARRIVED]
        assert detail.receipts[0].digest == sent.main_digest
        assert chain_fault([canonical(receipt).decode() for receipt in detail.receipts]) == ""


async def test_the_inbox_of_a_body_shows_only_what_came_to_it(office: Office) -> None:
    await office.sent(("z02-05",))
    await office.sent(("z03-01",))
    shown = await office.circulation.inbox(HEALTH_CLERK, InboxFilter(), FIRST)
    assert [row.to_body for row in shown.items] == ["z02-05"]


async def test_only_the_clerks_see_what_has_just_arrived(office: Office) -> None:
    arrival = await office.arrived()
    with pytest.raises(NotFound):
        await office.circulation.arrival(HEALTH_LEADER, arrival)
    assert (await office.circulation.inbox(HEALTH_LEADER, InboxFilter(), FIRST)).items == []


async def test_a_body_of_another_office_does_not_see_it(office: Office) -> None:
    arrival = await office.arrived()
    with pytest.raises(NotFound):
        await office.circulation.arrival(SECOND_COMMUNE_CLERK, arrival)


async def test_the_file_can_be_read_by_the_recipient(office: Office) -> None:
    sent = await office.sent(("z02-05",))
    view = await office.circulation.file(HEALTH_CLERK, sent.arrivals[0].arrival_id, sent.main_digest)
    data = b"".join([chunk async for chunk in office.files.read(view.info)])
    assert data.startswith(b"%PDF")
    with pytest.raises(NotFound):
        await office.circulation.file(COMMUNE_CLERK, sent.arrivals[0].arrival_id, sent.main_digest)


async def test_all_wrong_recipients_are_named_at_once(office: Office) -> None:
    document = await office.issued()
    with pytest.raises(Invalid) as caught:
        await office.circulation.send(
            PARTY_CLERK, Send(document_id=document.id, to=("z01", "z03-01", "nobody", "z03-01"))
        )
    assert [(fault.code, fault.field) for fault in caught.value.faults] == [
        ("circulation.recipient_self", "/to/0"),
        ("circulation.recipient_twice", "/to/3"),
        ("organisations.recipient_unknown", "/to/2"),
    ]


async def test_a_second_sending_goes_to_more_bodies(office: Office) -> None:
    document = await office.issued()
    first = await office.circulation.send(PARTY_CLERK, Send(document_id=document.id, to=("z02-05",)))
    office.clock.advance(timedelta(seconds=1))
    second = await office.circulation.send(PARTY_CLERK, Send(document_id=document.id, to=("z03-01",)))
    assert first.id != second.id
    listed = await office.circulation.sent(PARTY_CLERK, SentFilter(document_id=document.id), FIRST)
    assert [row.id for row in listed.items] == [second.id, first.id]


async def test_a_body_gets_a_document_once(office: Office) -> None:
    document = await office.issued()
    await office.circulation.send(PARTY_CLERK, Send(document_id=document.id, to=("z02-05",)))
    with pytest.raises(Conflict) as caught:
        await office.circulation.send(PARTY_CLERK, Send(document_id=document.id, to=("z03-01", "z02-05")))
    assert [(fault.code, fault.field) for fault in caught.value.faults] == [
        ("circulation.already_sent", "/to/1")
    ]
    assert (await office.circulation.inbox(COMMUNE_CLERK, InboxFilter(), FIRST)).items == []


async def test_a_retry_gets_the_same_answer_and_sends_nothing(office: Office) -> None:
    document = await office.issued()
    actor = once(PARTY_CLERK, "key-1")
    command = Send(document_id=document.id, to=("z02-05",), due_date=date(2026, 11, 23))
    await office.circulation.send(actor, command)
    # Days later the deadline would be refused; the stored answer stands all the same.
    office.clock.advance(office.clock.at - office.clock.at.replace(day=1))
    with pytest.raises(Replayed):
        await office.circulation.send(actor, command)
    assert len((await office.circulation.inbox(HEALTH_CLERK, InboxFilter(), FIRST)).items) == 1


async def test_a_specialist_does_not_send(office: Office) -> None:
    document = await office.issued()
    with pytest.raises(Forbidden):
        await office.circulation.send(PARTY_SPECIALIST, Send(document_id=document.id, to=("z02-05",)))


async def test_a_clerk_does_not_send_what_another_office_issued(office: Office) -> None:
    document = await office.issued()
    with pytest.raises(NotFound):
        await office.circulation.send(HEALTH_CLERK, Send(document_id=document.id, to=("z03-01",)))


async def test_the_number_of_statements_does_not_grow_with_the_recipients(office: Office) -> None:
    counts = []
    for to in (("z02-05",), ("z02-05", "z03-01", "z03-02", "z02-01", "z02")):
        document = await office.issued()
        with office.database.watching() as statements:
            await office.circulation.send(PARTY_CLERK, Send(document_id=document.id, to=to))
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert counts[1] <= 16


async def test_recipients_by_post_wait_for_their_printed_copy(office: Office) -> None:
    sent = await office.sent(("z02-05",), outside=(Outside(name="Công ty A", address="Số 1, phố B"),))
    detail = await office.circulation.dispatch(PARTY_CLERK, sent.id)
    assert [(one.name, one.posted_on) for one in detail.by_post] == [("Công ty A", None)]
    assert detail.outside == 1


async def test_the_sender_sees_every_recipient_in_the_order_of_the_tree(office: Office) -> None:
    sent = await office.sent(("z03-01", "z02-05", "z02"))
    detail = await office.circulation.dispatch(PARTY_CLERK, sent.id)
    assert [one.status for one in detail.tree] == [Code.ARRIVED] * 3
    order = {one.body_id: one for one in detail.tree}
    assert order["z02-05"].depth == order["z02"].depth + 1
    assert [one.body_id for one in detail.tree].index("z02") < [one.body_id for one in detail.tree].index(
        "z02-05"
    )


async def test_a_restricted_document_goes_to_the_clerk_named(office: Office) -> None:
    sent = await office.sent(("z02-05",), restricted=True, attention={"z02-05": "z02-05.van-thu"})
    arrival = sent.arrivals[0].arrival_id
    assert (await office.circulation.arrival(HEALTH_CLERK, arrival)).restricted
    other_post = replace(HEALTH_CLERK, post_id="z02-05.van-thu-2")
    with pytest.raises(NotFound):
        await office.circulation.arrival(other_post, arrival)


async def test_a_restricted_document_names_a_clerk_for_each_body(office: Office) -> None:
    with pytest.raises(Invalid) as caught:
        await office.sent(("z02-05", "z03-01"), restricted=True, attention={"z02-05": "z02-05.giam-doc"})
    assert sorted(fault.code for fault in caught.value.faults) == [
        "circulation.attention_missing",
        "circulation.attention_not_clerk",
    ]


async def test_urgent_documents_stand_first(office: Office) -> None:
    usual = await office.arrived()
    urgent = await office.arrived(urgency=Urgency.EXPRESS)
    later = await office.arrived()
    shown = await office.circulation.inbox(HEALTH_CLERK, InboxFilter(waiting=True), FIRST)
    assert [row.id for row in shown.items] == [urgent, later, usual]


async def test_pages_of_the_inbox_hold_every_row_once(office: Office) -> None:
    ranks = (Urgency.NORMAL, Urgency.EXPRESS, Urgency.NORMAL, Urgency.URGENT, Urgency.NORMAL)
    expected = {await office.arrived(urgency=rank) for rank in ranks}
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await office.circulation.inbox(HEALTH_CLERK, InboxFilter(), PageRequest(after, 2))
        seen += [row.id for row in page.items]
        after = page.next
    assert set(seen) == expected
    assert len(seen) == len(expected)


@pytest.mark.parametrize("cursor", ["x", "1", "1.", "99999.a", "-1.a", ".a"])
async def test_a_wrong_cursor_is_a_fault_of_the_caller(office: Office, cursor: str) -> None:
    with pytest.raises(Invalid):
        await office.circulation.inbox(HEALTH_CLERK, InboxFilter(), PageRequest(cursor))


async def test_words_find_an_arrival_without_marks(office: Office) -> None:
    found = await office.arrived(subject="Về việc nghỉ lễ Quốc khánh")
    await office.arrived(subject="Về việc tiêm chủng")
    shown = await office.circulation.inbox(HEALTH_CLERK, InboxFilter(q="NGHI LE quoc"), FIRST)
    assert [row.id for row in shown.items] == [found]


async def test_a_clerk_of_an_office_sees_what_came_to_all_its_bodies(office: Office) -> None:
    document = await office.issued(HEALTH_CLERK, "z02-05")
    await office.circulation.send(HEALTH_CLERK, Send(document_id=document.id, to=("z01", "z01-01")))
    shown = await office.circulation.inbox(PARTY_CLERK, InboxFilter(), FIRST)
    assert sorted(row.to_body for row in shown.items) == ["z01", "z01-01"]
    only = await office.circulation.inbox(PARTY_CLERK, InboxFilter(body_id="z01"), FIRST)
    assert [row.to_body for row in only.items] == ["z01"]
