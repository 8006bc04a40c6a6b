"""Letters on paper come into the same book; printed copies go out through the postal book."""

from __future__ import annotations

from datetime import date

import pytest

from server.circulation.codes import Code
from server.circulation.commands import InboxFilter, Outside, PaperLetter, Posting, Submit
from server.circulation.receipts import chain_fault
from server.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from server.kernel.page import PageRequest
from server.kernel.record import canonical
from server.registers.model import BookQuery
from server.registers.series import Book, Origin
from tests.integration.circulation.conftest import (
    COMMUNE_CLERK,
    HEALTH_CLERK,
    HEALTH_LEADER,
    PARTY_CLERK,
    Office,
)

FIRST = PageRequest()


async def letter(office: Office, **changes: object) -> PaperLetter:
    """A scanned letter of a company."""
    values: dict[str, object] = {
        "sender_name": "Công ty A",
        "subject": "Đề nghị cấp phép",
        "secrecy": "none",
        "number_text": "15/CV-A",
        "document_date": date(2026, 11, 20),
        "files": (await office.upload(HEALTH_CLERK),),
    }
    return PaperLetter(**{**values, **changes})  # type: ignore[arg-type]  # fields of PaperLetter


async def test_paper_and_electronic_letters_share_one_count(office: Office) -> None:
    electronic = await office.accepted()
    paper = await office.circulation.register_paper(HEALTH_CLERK, await letter(office))
    assert (electronic.incoming_text, paper.incoming_text) == ("01", "02")
    book = await office.registers.incoming_book(HEALTH_CLERK, BookQuery(oldest_first=True), FIRST)
    assert [row.origin for row in book.items] == [Origin.ELECTRONIC, Origin.PAPER]


async def test_a_letter_on_paper_is_handled_as_any_arrival(office: Office) -> None:
    paper = await office.circulation.register_paper(HEALTH_CLERK, await letter(office))
    await office.circulation.submit(HEALTH_CLERK, paper.id, Submit(posts=(HEALTH_LEADER.post_id,)))
    detail = await office.circulation.arrival(HEALTH_LEADER, paper.id)
    assert [receipt.code for receipt in detail.receipts] == [Code.ARRIVED, Code.ACCEPTED]
    assert chain_fault([canonical(receipt).decode() for receipt in detail.receipts]) == ""
    assert detail.pages == 3
    view = await office.circulation.file(HEALTH_LEADER, paper.id, detail.main_digest)
    assert view.media_type == "application/pdf"


async def test_a_citizens_letter_has_a_book_of_its_own(office: Office) -> None:
    await office.accepted()
    citizen = await office.circulation.register_paper(
        HEALTH_CLERK,
        await letter(office, sender_name="Bà B", sender_address="Thôn 1", book=Book.CITIZEN, number_text=""),
    )
    assert citizen.incoming_text == "01"
    assert (await office.circulation.arrival(HEALTH_CLERK, citizen.id)).from_address == "Thôn 1"


async def test_the_clerk_of_the_office_registers_paper_for_the_committee(office: Office) -> None:
    digest = await office.upload(PARTY_CLERK)
    paper = await office.circulation.register_paper(
        PARTY_CLERK, await letter(office, body_id="z01", files=(digest,))
    )
    detail = await office.circulation.arrival(PARTY_CLERK, paper.id)
    assert detail.to_body == "z01"


async def test_nobody_registers_paper_for_another_body(office: Office) -> None:
    with pytest.raises(Forbidden):
        await office.circulation.register_paper(COMMUNE_CLERK, await letter(office, body_id="z02-05"))


async def test_a_scan_that_the_body_does_not_hold_is_refused(office: Office) -> None:
    foreign = await office.upload(COMMUNE_CLERK)
    with pytest.raises(Invalid) as caught:
        await office.circulation.register_paper(HEALTH_CLERK, await letter(office, files=(foreign,)))
    assert (caught.value.code, caught.value.faults[0].field) == ("files.not_held", "/files/0")
    assert (await office.circulation.inbox(HEALTH_CLERK, InboxFilter(), FIRST)).items == []


async def test_a_state_secret_is_not_registered_here(office: Office) -> None:
    with pytest.raises(Refused):
        await office.circulation.register_paper(HEALTH_CLERK, await letter(office, secrecy="mat"))


async def test_a_restricted_letter_is_seen_by_the_clerk_who_registered_it(office: Office) -> None:
    paper = await office.circulation.register_paper(HEALTH_CLERK, await letter(office, restricted=True))
    assert (await office.circulation.arrival(HEALTH_CLERK, paper.id)).restricted
    with pytest.raises(NotFound):
        await office.circulation.arrival(HEALTH_LEADER, paper.id)


async def test_posting_enters_each_copy_in_the_postal_book(office: Office) -> None:
    outside = (Outside(name="Công ty A", address="Phố 1"), Outside(name="Công ty B", address="Phố 2"))
    sent = await office.sent(("z02-05",), outside=outside)
    posted = await office.circulation.post(
        PARTY_CLERK, sent.id, Posting(recipients=sent.outside, tracking="RR123")
    )
    assert [(one.name, one.postal_number) for one in posted] == [("Công ty A", "01"), ("Công ty B", "02")]
    detail = await office.circulation.dispatch(PARTY_CLERK, sent.id)
    assert [one.posted_on for one in detail.by_post] == [date(2026, 11, 22)] * 2


async def test_a_copy_is_posted_once(office: Office) -> None:
    sent = await office.sent(("z02-05",), outside=(Outside(name="Công ty A", address="Phố 1"),))
    await office.circulation.post(PARTY_CLERK, sent.id, Posting(recipients=sent.outside))
    with pytest.raises(Conflict) as caught:
        await office.circulation.post(PARTY_CLERK, sent.id, Posting(recipients=sent.outside))
    assert caught.value.code == "circulation.posted_already"


async def test_an_unknown_copy_and_a_future_day_are_refused(office: Office) -> None:
    sent = await office.sent(("z02-05",), outside=(Outside(name="Công ty A", address="Phố 1"),))
    with pytest.raises(Invalid):
        await office.circulation.post(PARTY_CLERK, sent.id, Posting(recipients=("x",)))
    with pytest.raises(Invalid):
        await office.circulation.post(
            PARTY_CLERK, sent.id, Posting(recipients=sent.outside, posted_on=date(2026, 11, 23))
        )
    with pytest.raises(NotFound):
        await office.circulation.post(HEALTH_CLERK, sent.id, Posting(recipients=sent.outside))
