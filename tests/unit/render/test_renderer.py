"""Pages as they come out of the typesetter: words, places, archival form, and what goes wrong."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pikepdf
import pypdfium2
import pytest

from server.kernel.errors import Invalid, Unavailable
from server.registers.forms import Facts, Heading, Signer, document_form
from server.registers.profiles import Profiles
from server.render.model import DocumentForm, Field, Kind, Paragraph, Rendered, Run
from server.render.service import Renderer
from server.render.slips import ArrivalStamp, IncomingSlip
from server.render.text import blocks_from_text

ROOT = Path(__file__).resolve().parents[3]
FONTS = ROOT / "node_modules" / "@expo-google-fonts" / "tinos"
FORMS = ROOT / "config" / "forms"
AT = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
HEADING = Heading("Tỉnh ủy Sông Mẫu", "TU", "Sông Mẫu")
BLOCKS = blocks_from_text("Căn cứ Quy chế làm việc;\n\n**Điều 1.** Kiện toàn.\n1. Bí thư;\n2. Phó Bí thư.")
FACTS = Facts(
    "quyet-dinh",
    "về việc kiện toàn Ban Chỉ đạo",
    BLOCKS,
    [Signer("Lãnh đạo 1", "Phó Bí thư", mode="TM", for_title="Ban Thường vụ")],
    ["Sở Y tế,"],
)


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    return Profiles.load(ROOT / "config" / "profiles")


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    made = Renderer(FONTS, FORMS)
    yield made
    await made.close()


def party(profiles: Profiles, facts: Facts = FACTS) -> DocumentForm:
    return document_form(profiles.on("party", date(2026, 1, 5)), HEADING, facts)


def words(done: Rendered) -> str:
    document = pypdfium2.PdfDocument(done.pdf)
    try:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())
    finally:
        document.close()


def ink(done: Rendered, place: Field) -> int:
    """Return how many dark points lie inside a place."""
    document = pypdfium2.PdfDocument(done.pdf)
    try:
        image = document[place.page].render(scale=2).to_pil().convert("L")
        height = image.height
        box = (place.x * 2, height - (place.y + place.h) * 2, (place.x + place.w) * 2, height - place.y * 2)
        return sum(
            count for shade, count in enumerate(image.crop(tuple(map(round, box))).histogram()) if shade < 128
        )
    finally:
        document.close()


def by_kind(done: Rendered) -> dict[Kind, Field]:
    return {field.kind: field for field in done.fields}


async def inspect(work: Callable[[], object]) -> object:
    return await asyncio.to_thread(work)


async def test_a_party_document_says_what_its_profile_says(renderer: Renderer, profiles: Profiles) -> None:
    done = await renderer.document(party(profiles), at=AT)

    text = await asyncio.to_thread(words, done)
    for piece in (
        "ĐẢNG CỘNG SẢN VIỆT NAM",
        "TỈNH ỦY SÔNG MẪU",
        "-QĐ/TU",
        "Sông Mẫu,",
        "QUYẾT ĐỊNH",
        "Điều 1.",
        "1. Bí thư;",
        "T/M BAN THƯỜNG VỤ",
        "PHÓ BÍ THƯ",
        "Nơi nhận:",
    ):
        assert piece in text


async def test_four_places_are_left_blank_and_found(renderer: Renderer, profiles: Profiles) -> None:
    done = await renderer.document(party(profiles), at=AT)

    fields = by_kind(done)
    assert set(fields) == set(Kind)
    person = fields[Kind.SIGNATURE]
    assert (person.w, person.h) == pytest.approx((45 / 25.4 * 72, 26 / 25.4 * 72), abs=0.1)
    for kind in (Kind.NUMBER, Kind.DATE, Kind.SIGNATURE):
        assert await asyncio.to_thread(ink, done, fields[kind]) == 0, kind


async def test_the_seal_covers_a_third_of_the_persons_image(renderer: Renderer, profiles: Profiles) -> None:
    fields = by_kind(await renderer.document(party(profiles), at=AT))

    person, seal = fields[Kind.SIGNATURE], fields[Kind.SEAL]
    assert seal.x + seal.w == pytest.approx(person.x + person.w / 3, abs=0.1)
    assert seal.y + seal.h / 2 == pytest.approx(person.y + person.h / 2, abs=0.1)


async def test_the_number_stands_between_its_words(renderer: Renderer, profiles: Profiles) -> None:
    done = await renderer.document(party(profiles), at=AT)
    place = by_kind(done)[Kind.NUMBER]

    def around() -> tuple[str, str]:
        page = pypdfium2.PdfDocument(done.pdf)[0].get_textpage()
        before = page.get_text_bounded(place.x - 40, place.y, place.x, place.y + place.h)
        after = page.get_text_bounded(place.x + place.w, place.y, place.x + place.w + 60, place.y + place.h)
        return before.strip(), after.strip()

    before, after = await asyncio.to_thread(around)
    assert (before, after) == ("Số", "-QĐ/TU")


async def test_known_number_and_date_are_printed(renderer: Renderer, profiles: Profiles) -> None:
    facts = replace(FACTS, number=5, day=date(2026, 1, 5))

    done = await renderer.document(party(profiles, facts), at=AT)

    text = await asyncio.to_thread(words, done)
    assert "Số 05-QĐ/TU" in text
    assert "Sông Mẫu, ngày 05 tháng 01 năm 2026" in text
    assert {field.kind for field in done.fields} == {Kind.SIGNATURE, Kind.SEAL}


async def test_a_joint_document_has_a_place_for_each_signer(renderer: Renderer, profiles: Profiles) -> None:
    facts = replace(
        FACTS, signers=[*FACTS.signers, Signer("Lãnh đạo 2", "Chủ tịch", "TM", "Ủy ban Mặt trận")]
    )

    done = await renderer.document(party(profiles, facts), at=AT)

    persons = [field for field in done.fields if field.kind is Kind.SIGNATURE]
    assert [field.index for field in persons] == [0, 1]
    assert persons[0].x + persons[0].w < persons[1].x


async def test_the_file_is_pdf_a_2b_with_every_face_embedded(renderer: Renderer, profiles: Profiles) -> None:
    done = await renderer.document(party(profiles), at=AT)

    def look() -> tuple[str, bool, set[str]]:
        with pikepdf.open(io.BytesIO(done.pdf)) as pdf:
            meta = pdf.open_metadata()
            level = f"{meta['pdfaid:part']}{meta['pdfaid:conformance']}"
            faces = {str(font.BaseFont) for font in pdf.pages[0].Resources.Font.values()}
            return level, "/OutputIntents" in pdf.Root, faces

    level, intent, faces = await asyncio.to_thread(look)
    assert (level, intent) == ("2B", True)
    assert all("Tinos" in face for face in faces)


async def test_the_same_form_makes_the_same_file(renderer: Renderer, profiles: Profiles) -> None:
    one, two = [await renderer.document(party(profiles), at=AT) for _ in range(2)]

    assert one.pdf == two.pdf


async def test_typed_commands_are_shown_and_not_obeyed(renderer: Renderer, profiles: Profiles) -> None:
    attack = '#panic("x") #read("/etc/passwd") $x$ *a* <place> @b \\ // hết'
    facts = replace(FACTS, blocks=(Paragraph((Run(attack),)),), subject=attack, recipients=[attack])

    done = await renderer.document(party(profiles, facts), at=AT)

    assert '#panic("x") #read("/etc/passwd")' in await asyncio.to_thread(words, done)
    assert len(done.fields) == 4


async def test_a_long_document_keeps_its_signature_on_the_last_page(
    renderer: Renderer, profiles: Profiles
) -> None:
    facts = replace(FACTS, blocks=(Paragraph((Run("Nội dung dài. " * 60),)),) * 12)

    done = await renderer.document(party(profiles, facts), at=AT)

    fields = by_kind(done)
    assert done.pages > 2
    assert fields[Kind.SIGNATURE].page == done.pages - 1
    assert fields[Kind.NUMBER].page == 0


async def test_a_character_that_no_face_has_is_refused(renderer: Renderer, profiles: Profiles) -> None:
    facts = replace(FACTS, blocks=(Paragraph((Run("Họp 🎉 mừng"),)),))

    with pytest.raises(Invalid) as refused:
        await renderer.document(party(profiles, facts), at=AT)

    assert refused.value.code == "render.failed"


async def test_a_missing_face_fails_and_is_not_replaced(tmp_path: Path, profiles: Profiles) -> None:
    bare = Renderer(tmp_path, FORMS)
    try:
        with pytest.raises(Invalid) as refused:
            await bare.document(party(profiles), at=AT)
    finally:
        await bare.close()

    assert refused.value.code == "render.failed"


async def test_a_document_that_takes_too_long_is_ended(profiles: Profiles) -> None:
    hasty = Renderer(FONTS, FORMS, timeout_seconds=0.001)
    try:
        with pytest.raises(Unavailable) as refused:
            await hasty.document(party(profiles), at=AT)
    finally:
        await hasty.close()

    assert refused.value.code == "render.timeout"


async def test_many_ask_at_once_and_all_are_served(renderer: Renderer, profiles: Profiles) -> None:
    done = await asyncio.gather(*(renderer.document(party(profiles), at=AT) for _ in range(12)))

    assert len({item.pdf for item in done}) == 1


async def test_the_slip_has_room_for_each_opinion(renderer: Renderer) -> None:
    slip = IncomingSlip(
        superior="UBND TỈNH",
        body="SỞ Y TẾ",
        incoming_number="153",
        incoming_date="22/11/2026",
        author="Tỉnh ủy",
        notation="12-QĐ/TU",
        document_date="20/11/2026",
        type_name="Quyết định",
        subject="kiện toàn",
        leader_opinion="Giao Văn phòng chủ trì.",
    )

    text = await asyncio.to_thread(words, await renderer.incoming_slip(slip, at=AT))

    for piece in (
        "PHIẾU GIẢI QUYẾT VĂN BẢN ĐẾN",
        "Giao Văn phòng chủ trì.",
        "Ý kiến đề xuất của người giải quyết",
    ):
        assert piece in text


async def test_the_arrival_stamp_stands_on_a_sheet_of_its_own(renderer: Renderer) -> None:
    stamp = ArrivalStamp(
        body="VĂN PHÒNG ĐOÀN ĐẠI BIỂU QUỐC HỘI VÀ HỘI ĐỒNG NHÂN DÂN TỈNH",
        number="153",
        date="22/11/2026",
        author="Tỉnh ủy",
        notation="12-QĐ/TU",
        document_date="20/11/2026",
        subject="kiện toàn",
    )

    done = await renderer.arrival_stamp(stamp, at=AT)

    text = await asyncio.to_thread(words, done)
    assert done.pages == 1
    assert "ĐẾN" in text
    assert "Số: 153" in text


def test_a_form_travels_as_json_and_back(profiles: Profiles) -> None:
    form = party(profiles)

    assert msgspec.json.decode(msgspec.json.encode(form), type=DocumentForm) == form
