"""Books on paper: every row, every column, in parts that are joined."""

from __future__ import annotations

import asyncio
import io

import pikepdf
import pypdfium2

from server.kernel.page import PageRequest
from server.registers.model import BookQuery, IncomingFacts, OutgoingFacts, PostalFacts
from server.registers.series import Book
from server.registers.service import Registers
from server.unit import Units
from tests.factories import people
from tests.integration.registers.conftest import HEALTH_CLERK

TODAY = people.TODAY


def words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return " ".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


async def test_a_printed_book_has_every_row_and_says_that_it_is_complete(
    registers: Registers, units: Units
) -> None:
    async with units.begin(HEALTH_CLERK) as unit:
        for n in range(45):
            facts = OutgoingFacts(subject=f"Báo cáo số {n}", signer="Giám đốc", recipients="UBND tỉnh")
            number = await registers.allocate(unit, "z02-05", "bao-cao", TODAY, "", facts=facts)
        await registers.void_in(unit, number.id, "Ghi nhầm")
    (series,) = (await registers.series_of(HEALTH_CLERK, "z02-05", PageRequest())).items

    book = await registers.print_book(HEALTH_CLERK, Book.OUTGOING, BookQuery(series_id=series.id))

    text = " ".join((await asyncio.to_thread(words, book.pdf)).split())
    assert book.pages >= 2
    assert "SỔ ĐĂNG KÝ VĂN BẢN ĐI" in text
    assert all(f"{n:02d}/BC-SYT" in text for n in range(1, 46))
    assert "HỦY: Ghi nhầm" in text
    assert "Cộng: 45 dòng." in text
    assert "từ số 1 đến số 45, liên tục" in text


async def test_a_long_book_is_set_in_parts_with_running_page_numbers(
    registers: Registers, units: Units
) -> None:
    async with units.begin(HEALTH_CLERK) as unit:
        lines = [PostalFacts(recipient=f"Hộ {n}", address="", notation="1") for n in range(1100)]
        await registers.register_posting(unit, "z02-05", lines)

    book = await registers.print_book(HEALTH_CLERK, Book.POSTAL, BookQuery())

    def facts() -> tuple[int, str, bool]:
        with pikepdf.open(io.BytesIO(book.pdf)) as pdf:
            intent = pdf.Root.OutputIntents[0]["/S"] == "/GTS_PDFA1"
            return len(pdf.pages), words(book.pdf), intent

    pages, text, archival = await asyncio.to_thread(facts)
    assert pages == book.pages
    assert text.count("SỔ GỬI VĂN BẢN ĐI BƯU ĐIỆN") == 1
    assert "Hộ 1099" in text
    assert "Cộng: 1100 dòng." in " ".join(text.split())
    assert archival


async def test_the_incoming_book_prints_the_columns_of_its_form(registers: Registers, units: Units) -> None:
    async with units.begin(HEALTH_CLERK) as unit:
        facts = IncomingFacts(
            author="Tỉnh ủy", subject="kiện toàn", type_name="Quyết định", receiver="Văn phòng"
        )
        await registers.register_incoming(unit, "z02-05", facts)

    book = await registers.print_book(HEALTH_CLERK, Book.INCOMING, BookQuery(since=TODAY, until=TODAY))

    text = " ".join((await asyncio.to_thread(words, book.pdf)).split())
    for column in ("Ngày đến", "Số đến", "Tác giả", "Ngày chuyển", "Ký nhận", "Ghi chú"):
        assert column in text
    assert "Từ ngày 22/11/2026 đến ngày 22/11/2026" in text
