"""Handing in and sending in one act; answers linked on both sides; notices."""

from __future__ import annotations

import pytest

from server.circulation.codes import Code
from server.circulation.commands import Addressees, Finish, HandInAndSend, InboxFilter, LinkReply, Submit
from server.circulation.model_sent import Dispatch
from server.kernel.actor import Actor
from server.kernel.errors import Conflict, Invalid
from server.kernel.page import PageRequest
from server.notifications.model import DELIVER, Batch, Item
from server.unit import Replayed
from tests.integration.circulation.conftest import (
    COMMUNE_CLERK,
    HEALTH_CLERK,
    HEALTH_LEADER,
    HEALTH_SPECIALIST,
    PARTY_CLERK,
    Office,
    hand_in,
    once,
)

FIRST = PageRequest()


async def handed_in_and_sent(
    office: Office, actor: Actor, body_id: str, to: str, **changes: object
) -> Dispatch:
    digest = await office.upload(actor)
    return await office.circulation.hand_in_and_send(
        actor,
        HandInAndSend(document=hand_in(body_id, digest, **changes), addressees=Addressees(to=(to,))),
    )


async def answered(office: Office) -> tuple[Dispatch, Dispatch, str]:
    """The committee asks, the department answers: question, answer, arrival of the question."""
    asked = await office.sent(("z02-05",))
    arrival = asked.arrivals[0].arrival_id
    await office.circulation.accept(HEALTH_CLERK, arrival, office.accept)
    answer = await handed_in_and_sent(office, HEALTH_CLERK, "z02-05", "z01", reply_to=arrival)
    return asked, answer, arrival


async def test_one_act_registers_and_sends(office: Office) -> None:
    sent = await handed_in_and_sent(office, PARTY_CLERK, "z01", "z02-05")
    assert sent.number_text == "01-QĐ/TU"
    detail = await office.circulation.arrival(HEALTH_CLERK, sent.arrivals[0].arrival_id)
    assert (detail.status, detail.number_text) == (Code.ARRIVED, "01-QĐ/TU")


async def test_the_one_act_is_few_statements(office: Office) -> None:
    digest = await office.upload(PARTY_CLERK)
    to = ("z02-05", "z03-01", "z03-02", "z02-01", "z02")
    command = HandInAndSend(document=hand_in("z01", digest), addressees=Addressees(to=to))
    with office.database.watching() as statements:
        await office.circulation.hand_in_and_send(once(PARTY_CLERK, "k1"), command)
    assert len(statements) <= 28, statements


async def test_wrong_recipients_leave_no_number_behind(office: Office) -> None:
    digest = await office.upload(PARTY_CLERK)
    with pytest.raises(Invalid):
        await office.circulation.hand_in_and_send(
            PARTY_CLERK,
            HandInAndSend(document=hand_in("z01", digest), addressees=Addressees(to=("nobody",))),
        )
    assert (await handed_in_and_sent(office, PARTY_CLERK, "z01", "z02-05")).number_text == "01-QĐ/TU"


async def test_a_retry_of_the_one_act_takes_no_second_number(office: Office) -> None:
    digest = await office.upload(PARTY_CLERK)
    command = HandInAndSend(document=hand_in("z01", digest), addressees=Addressees(to=("z02-05",)))
    await office.circulation.hand_in_and_send(once(PARTY_CLERK, "k1"), command)
    with pytest.raises(Replayed):
        await office.circulation.hand_in_and_send(once(PARTY_CLERK, "k1"), command)
    with pytest.raises(Conflict):
        await office.circulation.hand_in_and_send(once(PARTY_CLERK, "k1", "sha256:2"), command)
    assert (await handed_in_and_sent(office, PARTY_CLERK, "z01", "z02-05")).number_text == "02-QĐ/TU"


async def test_an_answer_is_shown_on_both_sides(office: Office) -> None:
    asked, answer, arrival = await answered(office)
    here = await office.circulation.arrival(HEALTH_CLERK, arrival)
    assert [(reply.document_id, reply.number_text) for reply in here.replies] == [
        (answer.document_id, answer.number_text)
    ]
    there = await office.circulation.arrival(PARTY_CLERK, answer.arrivals[0].arrival_id)
    assert there.response_for is not None
    assert (there.response_for.document_id, there.response_for.number_text) == (
        asked.document_id,
        asked.number_text,
    )
    recipient = (await office.circulation.dispatch(PARTY_CLERK, asked.id)).tree[0]
    assert [reply.reply_arrival for reply in recipient.replies] == [answer.arrivals[0].arrival_id]


async def test_an_answer_sent_elsewhere_is_no_answer_to_the_one_who_asked(office: Office) -> None:
    arrival = await office.arrived()
    sent = await handed_in_and_sent(office, HEALTH_CLERK, "z02-05", "z03-01", reply_to=arrival)
    there = await office.circulation.arrival(COMMUNE_CLERK, sent.arrivals[0].arrival_id)
    assert there.response_for is None
    assert (await office.circulation.arrival(HEALTH_CLERK, arrival)).replies == ()


async def test_the_work_is_finished_by_the_document_that_answers(office: Office) -> None:
    _, answer, arrival = await answered(office)
    await office.circulation.submit(HEALTH_CLERK, arrival, Submit(posts=(HEALTH_LEADER.post_id,)))
    done = await office.circulation.finish(HEALTH_LEADER, arrival, Finish(reply_document=answer.document_id))
    assert done.status is Code.FINISHED
    with pytest.raises(Conflict):
        await office.circulation.finish(HEALTH_LEADER, arrival, Finish(result="Xong"))


async def test_a_document_that_answers_nothing_does_not_finish_it(office: Office) -> None:
    _, _, arrival = await answered(office)
    await office.circulation.submit(HEALTH_CLERK, arrival, Submit(posts=(HEALTH_LEADER.post_id,)))
    with pytest.raises(Invalid) as caught:
        await office.circulation.finish(HEALTH_LEADER, arrival, Finish(reply_document="d1"))
    assert caught.value.code == "circulation.reply_unlinked"


async def test_a_document_is_linked_only_to_what_it_says_it_answers(office: Office) -> None:
    arrival = await office.arrived()
    answering = await office.issued(HEALTH_CLERK, "z02-05", reply_to=arrival)
    other = await office.issued(HEALTH_CLERK, "z02-05")
    await office.circulation.link_reply(HEALTH_CLERK, arrival, LinkReply(document_id=answering.id))
    with pytest.raises(Invalid):
        await office.circulation.link_reply(HEALTH_CLERK, arrival, LinkReply(document_id=other.id))
    replies = (await office.circulation.arrival(HEALTH_CLERK, arrival)).replies
    assert [(reply.document_id, reply.sent_at) for reply in replies] == [(answering.id, None)]


async def test_the_clerks_of_each_recipient_get_one_notice(office: Office) -> None:
    await office.sent(("z02-05", "z03-01"), subject="Về việc nghỉ lễ")
    await office.deliver()
    for clerk in (HEALTH_CLERK, COMMUNE_CLERK):
        (notice,) = (await office.notifications.notices(clerk, FIRST)).items
        assert notice.event == "circulation.arrived"
        assert notice.params["subject"] == "Về việc nghỉ lễ"
        arrival = (await office.circulation.inbox(clerk, InboxFilter(), FIRST)).items[0]
        assert notice.subject_id == arrival.id
    assert (await office.notifications.notices(HEALTH_SPECIALIST, FIRST)).items == []


async def test_a_notice_delivered_twice_is_one(office: Office) -> None:
    clerks = HEALTH_CLERK.role_grantee
    batch = Batch(
        event="circulation.arrived",
        at="2026-11-22T07:00:00.000000Z",
        urgent=True,
        params={"number": "1"},
        items=[Item(grantee=clerks, body_id="z02-05", subject_kind="arrival", subject_id="a")],
    )
    await office.notifications.deliver(batch, "m1")
    await office.notifications.deliver(batch, "m1")
    assert len((await office.notifications.notices(HEALTH_CLERK, FIRST)).items) == 1


async def test_reading_is_marked_for_the_account_alone(office: Office) -> None:
    await office.sent(("z02-05",))
    await office.deliver()
    (notice,) = (await office.notifications.notices(HEALTH_CLERK, FIRST)).items
    assert (await office.notifications.unread(HEALTH_CLERK)).unread == 1
    assert (await office.notifications.mark_read(COMMUNE_CLERK, [notice.id])).read == 0
    assert (await office.notifications.mark_read(HEALTH_CLERK, [notice.id])).read == 1
    assert (await office.notifications.unread(HEALTH_CLERK)).unread == 0
    assert (await office.notifications.notices(HEALTH_CLERK, FIRST, unread=True)).items == []


async def test_all_up_to_a_notice_are_marked_and_old_ones_forgotten(office: Office) -> None:
    for _ in range(3):
        await office.sent(("z02-05",))
    await office.deliver()
    newest = (await office.notifications.notices(HEALTH_CLERK, FIRST)).items[0]
    assert (await office.notifications.mark_all_read(HEALTH_CLERK, newest.id)).read == 3
    office.clock.advance(office.ninety_days)
    await office.notifications.forget_old()
    assert (await office.notifications.notices(HEALTH_CLERK, FIRST)).items == []


def test_the_kind_of_message_is_fixed() -> None:
    assert DELIVER == "notifications.deliver"
