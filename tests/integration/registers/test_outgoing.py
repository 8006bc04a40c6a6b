"""Outgoing numbers on real databases: taken, sealed, issued, voided, never reused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from server.kernel.actor import Actor, Role
from server.kernel.clock import FixedClock
from server.kernel.errors import Conflict, Forbidden, Invalid
from server.kernel.page import PageRequest
from server.registers.model import BookQuery, NumberState, OutgoingFacts
from server.registers.series import Book
from server.registers.service import Registers
from server.unit import Units
from tests.factories import people
from tests.integration.registers.conftest import COMMUNE_CLERK, HEALTH_CLERK, PARTY_CLERK

TODAY = people.TODAY
FACTS = OutgoingFacts(subject="Kiện toàn Ban Chỉ đạo", signer="Phó Bí thư", recipients="Sở Y tế", copies=2)


async def take(
    room: Registers,
    clerk: Actor,
    body: str,
    kind: str,
    on: date = TODAY,
    *,
    drafting_unit: str = "",
    book: Book = Book.OUTGOING,
    reason: str = "",
    rule_id: str = "",
) -> str:
    number = await room.take_number(
        clerk,
        body_id=body,
        type_code=kind,
        on=on,
        facts=FACTS,
        drafting_unit=drafting_unit,
        book=book,
        reason=reason,
        rule_id=rule_id,
    )
    return number.text


async def test_a_party_body_counts_each_type_through_its_term(registers: Registers) -> None:
    texts = [
        await take(registers, PARTY_CLERK, "z01", kind) for kind in ("quyet-dinh", "quyet-dinh", "cong-van")
    ]

    assert texts == ["01-QĐ/TU", "02-QĐ/TU", "01-CV/TU"]


async def test_a_state_body_counts_all_types_through_the_year(registers: Registers) -> None:
    decision = await take(registers, HEALTH_CLERK, "z02-05", "quyet-dinh")
    letter = await take(registers, HEALTH_CLERK, "z02-05", "cong-van", drafting_unit="NV")

    assert (decision, letter) == ("01/QĐ-SYT", "02/SYT-NV")


async def test_a_normative_document_carries_the_year(registers: Registers) -> None:
    clerk = people.actor("z02-01.van-thu", Role.RECORDS_CLERK)

    assert await take(registers, clerk, "z02", "quyet-dinh-qppl") == "01/2026/QĐ-UBND"


async def test_one_clerk_keeps_the_books_of_several_bodies(registers: Registers) -> None:
    assert await take(registers, PARTY_CLERK, "z01-01", "thong-bao") == "01-TB/VPTU"
    assert (await take(registers, PARTY_CLERK, "z01-90", "ke-hoach")).startswith("01-KH/")


async def test_a_clerk_of_another_body_is_refused(registers: Registers) -> None:
    with pytest.raises(Forbidden) as refused:
        await take(registers, COMMUNE_CLERK, "z02-05", "quyet-dinh")

    assert refused.value.code == "registers.not_keeper"


async def test_a_body_that_joined_in_mid_year_goes_on_from_its_paper_book(registers: Registers) -> None:
    clerk = people.actor("z06-05.van-thu", Role.RECORDS_CLERK)

    assert await take(registers, clerk, "z06-05", "bao-cao") == "412/BC-TTCNTT"


async def test_a_new_year_begins_at_midnight_in_viet_nam(registers: Registers, clock: FixedClock) -> None:
    clock.at = datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC)
    last = await take(registers, HEALTH_CLERK, "z02-05", "bao-cao", date(2026, 12, 31))
    clock.at = datetime(2026, 12, 31, 17, 0, 0, tzinfo=UTC)
    first = await take(registers, HEALTH_CLERK, "z02-05", "bao-cao", date(2027, 1, 1))
    late = await take(registers, HEALTH_CLERK, "z02-05", "bao-cao", date(2026, 12, 31))

    assert (last, first, late) == ("01/BC-SYT", "01/BC-SYT", "02/BC-SYT")


async def test_a_term_that_was_not_declared_has_no_numbers(registers: Registers, clock: FixedClock) -> None:
    clock.at = datetime(2030, 10, 2, tzinfo=UTC)

    with pytest.raises(Invalid) as refused:
        await take(registers, PARTY_CLERK, "z01", "quyet-dinh", date(2030, 10, 1))

    assert refused.value.code == "registers.no_period"


async def test_a_date_before_the_last_number_needs_a_reason(registers: Registers) -> None:
    await take(registers, HEALTH_CLERK, "z02-05", "bao-cao")

    with pytest.raises(Invalid) as refused:
        await take(registers, HEALTH_CLERK, "z02-05", "bao-cao", date(2026, 11, 20))
    given = await take(
        registers, HEALTH_CLERK, "z02-05", "bao-cao", date(2026, 11, 20), reason="Ký ngày 20, cấp số muộn"
    )

    assert refused.value.code == "registers.back_dated"
    assert given == "02/BC-SYT"


async def test_a_future_date_is_refused(registers: Registers) -> None:
    with pytest.raises(Invalid) as refused:
        await take(registers, HEALTH_CLERK, "z02-05", "bao-cao", date(2026, 11, 23))

    assert refused.value.code == "registers.future_date"


async def test_a_number_goes_from_allocated_to_sealed_to_issued(registers: Registers, units: Units) -> None:
    async with units.begin(PARTY_CLERK) as unit:
        number = await registers.allocate(unit, "z01", "quyet-dinh", TODAY, "doc-1", facts=FACTS)
    async with units.begin(PARTY_CLERK) as unit:
        await registers.mark_sealed(unit, number.id)
        await registers.mark_issued(unit, number.id, recipients="Sở Y tế; UBND xã Bến Mẫu", copies=3)

    row = await registers.number(PARTY_CLERK, number.id)
    assert (row.state, row.recipients, row.copies) == (NumberState.ISSUED, "Sở Y tế; UBND xã Bến Mẫu", 3)
    with pytest.raises(Conflict) as refused:
        await registers.void(PARTY_CLERK, number.id, "nhầm")
    assert refused.value.code == "registers.state"


async def test_an_unsealed_number_cannot_be_issued(registers: Registers, units: Units) -> None:
    with pytest.raises(Conflict):
        async with units.begin(PARTY_CLERK) as unit:
            number = await registers.allocate(unit, "z01", "quyet-dinh", TODAY, "doc-1", facts=FACTS)
            await registers.mark_issued(unit, number.id)


async def test_a_voided_number_stays_in_the_book_and_the_next_goes_on(registers: Registers) -> None:
    first = await registers.take_number(
        PARTY_CLERK, body_id="z01", type_code="ket-luan", on=TODAY, facts=FACTS
    )
    await registers.void(PARTY_CLERK, first.id, "Ghi nhầm loại")
    second = await take(registers, PARTY_CLERK, "z01", "ket-luan")

    book = await registers.outgoing_book(PARTY_CLERK, BookQuery("z01", oldest_first=True), PageRequest())
    assert second == "02-KL/TU"
    assert [(row.text, row.state, row.reason) for row in book.items] == [
        ("01-KL/TU", NumberState.VOIDED, "Ghi nhầm loại"),
        ("02-KL/TU", NumberState.ALLOCATED, ""),
    ]


async def test_a_document_bears_one_number_until_it_is_voided(registers: Registers, units: Units) -> None:
    async with units.begin(PARTY_CLERK) as unit:
        number = await registers.allocate(unit, "z01", "quyet-dinh", TODAY, "doc-1", facts=FACTS)

    with pytest.raises(Conflict) as refused:
        async with units.begin(PARTY_CLERK) as unit:
            await registers.allocate(unit, "z01", "quyet-dinh", TODAY, "doc-1", facts=FACTS)
    await registers.void(PARTY_CLERK, number.id, "Ký lại")
    async with units.begin(PARTY_CLERK) as unit:
        again = await registers.allocate(unit, "z01", "quyet-dinh", TODAY, "doc-1", facts=FACTS)

    assert refused.value.code == "registers.already_numbered"
    assert again.text == "02-QĐ/TU"


async def test_a_secret_party_paper_takes_a_number_without_content(registers: Registers) -> None:
    await take(registers, PARTY_CLERK, "z01", "quyet-dinh")
    series = (await registers.series_of(PARTY_CLERK, "z01", PageRequest())).items[0]

    number = await registers.use_outside(
        PARTY_CLERK, series_id=series.id, on=TODAY, reason="Văn bản mật, quản lý ngoài hệ thống", secret=True
    )

    report = await registers.complete(PARTY_CLERK, series.id)
    assert number.text == "02-QĐ/TU"
    assert report.complete
    assert [line.state for line in report.lines] == ["allocated", "outside"]


async def test_secret_papers_of_state_bodies_stay_in_a_register_of_their_own(registers: Registers) -> None:
    await take(registers, HEALTH_CLERK, "z02-05", "bao-cao")
    series = (await registers.series_of(HEALTH_CLERK, "z02-05", PageRequest())).items[0]

    with pytest.raises(Invalid) as refused:
        await registers.use_outside(
            HEALTH_CLERK, series_id=series.id, on=TODAY, reason="mật", type_code="bao-cao", secret=True
        )

    assert refused.value.code == "registers.secret_apart"


async def test_copies_are_counted_in_their_own_book(registers: Registers) -> None:
    assert await take(registers, HEALTH_CLERK, "z02-05", "sao-y", book=Book.COPIES) == "01/SY-SYT"
    with pytest.raises(Invalid) as refused:
        await take(registers, HEALTH_CLERK, "z02-05", "sao-y")
    assert refused.value.code == "registers.wrong_book"


async def test_a_congress_counts_only_when_it_is_named(registers: Registers, clock: FixedClock) -> None:
    clock.at = datetime(2025, 10, 10, tzinfo=UTC)
    day = date(2025, 10, 10)

    congress = await take(registers, PARTY_CLERK, "z01", "nghi-quyet", day, rule_id="z01-dai-hoi")
    committee = await take(registers, PARTY_CLERK, "z01", "nghi-quyet", day)

    assert (congress, committee) == ("01-NQ/ĐH", "01-NQ/TU")


async def test_a_joint_document_takes_the_number_of_the_lead_body(registers: Registers, units: Units) -> None:
    async with units.begin(PARTY_CLERK) as unit:
        number = await registers.allocate(
            unit, "z01", "ke-hoach", TODAY, "doc-9", facts=FACTS, co_issuers=("z02-05",)
        )

    assert (await registers.number(PARTY_CLERK, number.id)).co_issuers == ("z02-05",)


async def test_a_number_that_a_document_bears_already_must_be_the_next(
    registers: Registers, units: Units
) -> None:
    with pytest.raises(Conflict) as refused:
        async with units.begin(PARTY_CLERK) as unit:
            await registers.allocate(unit, "z01", "ke-hoach", TODAY, "doc-9", facts=FACTS, number=7)

    assert refused.value.code == "registers.number_expected"


async def test_the_book_is_read_in_parts_and_searched_without_marks(registers: Registers) -> None:
    for kind in ("bao-cao", "to-trinh", "ke-hoach", "bao-cao", "thong-bao"):
        await take(registers, HEALTH_CLERK, "z02-05", kind)

    seen, after = [], ""
    while True:
        part = await registers.outgoing_book(HEALTH_CLERK, BookQuery(), PageRequest(after, 2))
        seen += [row.number for row in part.items]
        if part.next is None:
            break
        after = part.next
    found = await registers.outgoing_book(HEALTH_CLERK, BookQuery(text="bao cao"), PageRequest())

    assert seen == [5, 4, 3, 2, 1]
    assert [row.number for row in found.items] == [4, 1]


async def test_a_book_of_another_body_shows_nothing(registers: Registers) -> None:
    await take(registers, HEALTH_CLERK, "z02-05", "bao-cao")

    page = await registers.outgoing_book(COMMUNE_CLERK, BookQuery("z02-05"), PageRequest())

    assert page.items == []


async def test_a_specialist_takes_no_numbers(registers: Registers) -> None:
    specialist = replace(HEALTH_CLERK, role=Role.SPECIALIST)

    with pytest.raises(Forbidden):
        await take(registers, specialist, "z02-05", "bao-cao")
