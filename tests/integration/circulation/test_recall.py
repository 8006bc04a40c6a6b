"""The sender asks for a document back: a task for the recipient's clerk, never a silent change."""

from __future__ import annotations

import pytest

from server.circulation.codes import Code
from server.circulation.commands import Accept, InboxFilter, Reason, RecallAnswer
from server.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from server.kernel.page import PageRequest
from tests.integration.circulation.conftest import COMMUNE_CLERK, HEALTH_CLERK, PARTY_CLERK, Office

FIRST = PageRequest()
WHY = Reason(reason="Sai số liệu ở mục 2")


async def test_a_request_changes_nothing_but_waits_for_the_clerk(office: Office) -> None:
    accepted = await office.accepted()
    standing = await office.circulation.request_recall(PARTY_CLERK, accepted.id, WHY)
    assert (standing.status, standing.recall) == (Code.ACCEPTED, Code.RECALL_REQUESTED)
    detail = await office.circulation.arrival(HEALTH_CLERK, accepted.id)
    assert detail.recall_reason == "Sai số liệu ở mục 2"
    assert detail.files
    assert (await office.circulation.counts(HEALTH_CLERK)).to_answer == 1


async def test_the_receipt_of_a_request_is_the_senders(office: Office) -> None:
    accepted = await office.accepted()
    await office.circulation.request_recall(PARTY_CLERK, accepted.id, WHY)
    receipt = (await office.circulation.arrival(HEALTH_CLERK, accepted.id)).receipts[-1]
    assert (receipt.code, receipt.body, receipt.acting.post_id) == (
        Code.RECALL_REQUESTED,
        "z01",
        "z01-01.van-thu",
    )


async def test_before_it_is_in_the_book_the_request_is_answered_first(office: Office) -> None:
    arrival = await office.arrived()
    await office.circulation.request_recall(PARTY_CLERK, arrival, WHY)
    with pytest.raises(Conflict) as caught:
        await office.circulation.accept(HEALTH_CLERK, arrival, Accept())
    assert caught.value.code == "circulation.recall_pending"


async def test_agreeing_hides_the_content_and_keeps_line_and_receipts(office: Office) -> None:
    sent = await office.sent(("z02-05",), subject="Về việc nghỉ lễ")
    arrival = sent.arrivals[0].arrival_id
    await office.circulation.accept(HEALTH_CLERK, arrival, Accept())
    await office.circulation.request_recall(PARTY_CLERK, arrival, WHY)
    await office.circulation.answer_recall(HEALTH_CLERK, arrival, RecallAnswer(agreed=True))
    detail = await office.circulation.arrival(HEALTH_CLERK, arrival)
    assert (detail.status, detail.subject, detail.files) == (Code.RECALL_AGREED, "", ())
    assert detail.incoming_text == "01"
    assert [receipt.code.value for receipt in detail.receipts] == ["01", "03", "13", "15"]
    with pytest.raises(NotFound):
        await office.circulation.file(HEALTH_CLERK, arrival, sent.main_digest)
    found = await office.circulation.inbox(HEALTH_CLERK, InboxFilter(q="nghỉ lễ"), FIRST)
    assert found.items == []


async def test_after_it_was_given_back_it_can_be_sent_again(office: Office) -> None:
    sent = await office.sent(("z02-05",))
    arrival = sent.arrivals[0].arrival_id
    await office.circulation.request_recall(PARTY_CLERK, arrival, WHY)
    await office.circulation.answer_recall(HEALTH_CLERK, arrival, RecallAnswer(agreed=True))
    again = await office.circulation.send(PARTY_CLERK, office.send_again(sent))
    assert again.arrivals[0].arrival_id != arrival


async def test_refusing_needs_a_reason_and_leaves_everything_as_it_is(office: Office) -> None:
    accepted = await office.accepted()
    await office.circulation.request_recall(PARTY_CLERK, accepted.id, WHY)
    with pytest.raises(Invalid):
        await office.circulation.answer_recall(HEALTH_CLERK, accepted.id, RecallAnswer(agreed=False))
    standing = await office.circulation.answer_recall(
        HEALTH_CLERK, accepted.id, RecallAnswer(agreed=False, reason="Đã thực hiện xong")
    )
    assert (standing.status, standing.recall) == (Code.ACCEPTED, Code.RECALL_REFUSED)
    assert (await office.circulation.arrival(HEALTH_CLERK, accepted.id)).files


async def test_only_the_sender_asks_for_it(office: Office) -> None:
    arrival = await office.arrived()
    for other in (HEALTH_CLERK, COMMUNE_CLERK):
        with pytest.raises(NotFound):
            await office.circulation.request_recall(other, arrival, WHY)


async def test_a_request_is_not_made_twice(office: Office) -> None:
    arrival = await office.arrived()
    await office.circulation.request_recall(PARTY_CLERK, arrival, WHY)
    with pytest.raises(Conflict):
        await office.circulation.request_recall(PARTY_CLERK, arrival, WHY)


async def test_nobody_answers_what_was_not_asked(office: Office) -> None:
    arrival = await office.arrived()
    with pytest.raises((Conflict, Forbidden)):
        await office.circulation.answer_recall(HEALTH_CLERK, arrival, RecallAnswer(agreed=True))
