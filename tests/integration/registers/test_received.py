"""The incoming book, citizens' letters and the postal book on real databases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import pytest

from server.kernel.actor import Role
from server.kernel.clock import FixedClock
from server.kernel.errors import Conflict, Forbidden, Invalid
from server.kernel.page import PageRequest
from server.registers.correcting import IncomingChanges
from server.registers.model import BookQuery, IncomingFacts, IncomingNumber, Origin, PostalFacts
from server.registers.series import Book, EntryState
from server.registers.service import Registers
from server.unit import Units
from storage.sql.protocol import Database, Statement
from tests.factories import people
from tests.integration.registers.conftest import COMMUNE_CLERK, HEALTH_CLERK, PARTY_CLERK

TODAY = people.TODAY
DECISION = IncomingFacts(
    author="Tỉnh ủy Sông Mẫu",
    subject="về việc kiện toàn Ban Chỉ đạo",
    arrival_id="arrival-1",
    notation="12-QĐ/TU",
    document_date=date(2026, 11, 20),
    type_name="Quyết định",
    pages=3,
)
PAPER = IncomingFacts(author="Công ty Mẫu", subject="đề nghị hướng dẫn", origin=Origin.PAPER)


async def enter(
    room: Registers, units: Units, facts: IncomingFacts, on: date | None = None, body: str = "z02-05"
) -> IncomingNumber:
    async with units.begin(HEALTH_CLERK) as unit:
        return await room.register_incoming(unit, body, facts, on=on)


async def test_electronic_and_paper_share_one_count(registers: Registers, units: Units) -> None:
    numbers = [(await enter(registers, units, facts)).text for facts in (DECISION, PAPER)]

    book = await registers.incoming_book(HEALTH_CLERK, BookQuery(oldest_first=True), PageRequest())
    assert numbers == ["01", "02"]
    assert [(row.text, row.origin, row.notation) for row in book.items] == [
        ("01", Origin.ELECTRONIC, "12-QĐ/TU"),
        ("02", Origin.PAPER, ""),
    ]


async def test_an_arrival_is_registered_once(registers: Registers, units: Units) -> None:
    await enter(registers, units, DECISION)

    with pytest.raises(Conflict) as refused:
        await enter(registers, units, DECISION)

    assert refused.value.code == "registers.already_registered"


async def test_the_clerk_of_another_body_may_not_register(registers: Registers, units: Units) -> None:
    with pytest.raises(Forbidden):
        await enter(registers, units, DECISION, body="z03-01")


async def test_the_day_of_arrival_may_not_lie_before_the_last_entry(
    registers: Registers, units: Units
) -> None:
    await enter(registers, units, DECISION)

    with pytest.raises(Invalid) as refused:
        await enter(registers, units, PAPER, date(2026, 11, 20))

    assert refused.value.code == "registers.back_dated"


async def test_the_count_starts_again_with_the_year(
    registers: Registers, units: Units, clock: FixedClock
) -> None:
    await enter(registers, units, DECISION)
    clock.at = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)

    assert (await enter(registers, units, PAPER)).text == "01"


async def test_handling_fills_receiver_day_and_signature(registers: Registers, units: Units) -> None:
    entry = await enter(registers, units, DECISION)
    async with units.begin(HEALTH_CLERK) as unit:
        await registers.forward_incoming(unit, entry.id, "Phòng Nghiệp vụ", on=TODAY)
        await registers.forward_incoming(unit, entry.id, "", signed_for="Trưởng phòng Nghiệp vụ")

    (row,) = (await registers.incoming_book(HEALTH_CLERK, BookQuery(), PageRequest())).items
    assert (row.receiver, row.forwarded_on, row.signed_for) == (
        "Phòng Nghiệp vụ",
        TODAY,
        "Trưởng phòng Nghiệp vụ",
    )


async def test_a_correction_keeps_the_number(registers: Registers, units: Units) -> None:
    entry = await enter(registers, units, PAPER)

    row = await registers.correct_incoming(
        HEALTH_CLERK, entry.id, IncomingChanges(author="Công ty Mẫu 2"), reason="Ghi sai tên"
    )

    found = await registers.incoming_book(HEALTH_CLERK, BookQuery(text="mau 2"), PageRequest())
    assert (row.author, row.text, row.note) == ("Công ty Mẫu 2", "01", "Đính chính: Ghi sai tên")
    assert found.items == [row]


async def test_an_entry_made_by_mistake_stays_as_voided(registers: Registers, units: Units) -> None:
    entry = await enter(registers, units, PAPER)

    row = await registers.void_entry(HEALTH_CLERK, entry.id, "Vào sổ hai lần")
    with pytest.raises(Conflict):
        await registers.void_entry(HEALTH_CLERK, entry.id, "lần nữa")

    (shown,) = (await registers.incoming_book(HEALTH_CLERK, BookQuery(), PageRequest())).items
    assert shown == row
    assert (row.state, row.reason) == (EntryState.VOIDED, "Vào sổ hai lần")
    assert (await enter(registers, units, PAPER)).number == 2


async def test_an_entry_of_an_arrival_is_voided_through_the_arrival(
    registers: Registers, units: Units
) -> None:
    entry = await enter(registers, units, DECISION)

    with pytest.raises(Conflict) as refused:
        await registers.void_entry(HEALTH_CLERK, entry.id, "nhầm")

    assert refused.value.code == "registers.has_arrival"


async def test_letters_of_citizens_have_a_book_of_their_own(registers: Registers, units: Units) -> None:
    await enter(registers, units, DECISION)
    letter = await registers.register_letter(
        HEALTH_CLERK,
        body_id="z02-05",
        facts=IncomingFacts(author="Công dân 1", subject="Đơn phản ánh", author_address="xã Bến Mẫu"),
    )

    book = await registers.incoming_book(HEALTH_CLERK, BookQuery(book=Book.CITIZEN), PageRequest())
    assert letter.number == 1
    assert [(row.author, row.author_address) for row in book.items] == [("Công dân 1", "xã Bến Mẫu")]


async def test_copies_by_post_take_numbers_in_one_step(registers: Registers, units: Units) -> None:
    lines = [
        PostalFacts(recipient=f"Doanh nghiệp {n}", address="xã Gò Mẫu", notation="12-QĐ/TU") for n in range(3)
    ]
    async with units.begin(PARTY_CLERK) as unit:
        numbers = await registers.register_posting(unit, "z01", lines, on=TODAY)

    book = await registers.postal_book(PARTY_CLERK, BookQuery("z01", oldest_first=True), PageRequest())
    assert numbers == ["01", "02", "03"]
    assert [row.recipient for row in book.items] == ["Doanh nghiệp 0", "Doanh nghiệp 1", "Doanh nghiệp 2"]


async def test_a_delivery_is_confirmed_once(registers: Registers) -> None:
    facts = PostalFacts(recipient="Công ty Mẫu", address="xã Gò Mẫu", notation="01/SYT-VP")
    entry = await registers.post(HEALTH_CLERK, body_id="z02-05", facts=facts)

    row = await registers.confirm_delivery(HEALTH_CLERK, entry.id, on=TODAY, tracking="RM123")
    with pytest.raises(Conflict):
        await registers.confirm_delivery(HEALTH_CLERK, entry.id, on=TODAY)

    assert (row.delivered_on, row.tracking) == (TODAY, "RM123")


async def test_a_posting_can_be_voided(registers: Registers) -> None:
    facts = PostalFacts(recipient="Công ty Mẫu", address="xã Gò Mẫu", notation="01/SYT-VP")
    entry = await registers.post(HEALTH_CLERK, body_id="z02-05", facts=facts)

    row = await registers.void_posting(HEALTH_CLERK, entry.id, "Không gửi nữa")

    assert (row.state, row.reason) == (EntryState.VOIDED, "Không gửi nữa")


async def test_a_clerk_reads_every_book_that_their_body_keeps(registers: Registers) -> None:
    kept = {book.body_id for book in await registers.readable_books(PARTY_CLERK)}
    own = {book.body_id for book in await registers.readable_books(COMMUNE_CLERK)}

    assert kept == {"z01", "z01-01", "z01-90"}
    assert own == {"z03-01"}


async def test_a_supervisor_without_a_mandate_sees_no_book(registers: Registers, units: Units) -> None:
    await enter(registers, units, DECISION)
    supervisor = people.actor("z02-05.thanh-tra", Role.SUPERVISOR)

    page = await registers.incoming_book(supervisor, BookQuery("z02-05"), PageRequest())

    assert page.items == []


async def test_a_mandate_opens_the_books_of_its_bodies_and_leaves_a_trace(
    registers: Registers, units: Units, database: Database
) -> None:
    await enter(registers, units, DECISION)
    async with database.transaction() as rows:
        for text in MANDATE:
            await rows.execute(Statement("test.mandate", text), {})
    supervisor = replace(people.actor("z02-13.thanh-tra", Role.SUPERVISOR), mandate_id="m1")

    page = await registers.incoming_book(supervisor, BookQuery("z02-05"), PageRequest())
    other = await registers.incoming_book(supervisor, BookQuery("z03-01"), PageRequest())

    trace = await database.fetch(Statement("test.trace", VIEWS), {}, Trace)
    assert [row.text for row in page.items] == ["01"]
    assert other.items == []
    assert sorted(view.subject_id for view in trace) == ["z02-05", "z03-01"]


MANDATE = (
    """INSERT INTO accounts (id, username, full_name, state, search, created_at)
       VALUES ('a1', 'thanhtra', 'Thanh tra', 'active', 'thanh tra', '2026-01-01T00:00:00.000000Z')""",
    """INSERT INTO mandates (id, account_id, valid_from, valid_to, basis)
       VALUES ('m1', 'a1', '2026-11-01', '2026-12-01', 'Quyết định thanh tra')""",
    "INSERT INTO mandate_bodies (mandate_id, body_id) VALUES ('m1', 'z02-05')",
)
VIEWS = "SELECT subject_id FROM audit_entries WHERE action = 'identity.supervised_view'"


@dataclass(frozen=True)
class Trace:
    """A subject that was viewed."""

    subject_id: str


async def test_a_broken_cursor_is_named(registers: Registers) -> None:
    for cursor in ("x", "a|b|c", "2026-01-01|999999999999999999999999|x", "1|2"):
        with pytest.raises(Invalid) as refused:
            await registers.incoming_book(HEALTH_CLERK, BookQuery(), PageRequest(cursor))
        assert refused.value.code == "registers.cursor"
