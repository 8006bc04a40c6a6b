"""What signatures look like: places, sizes, pictures, lines."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from signing.errors import FontFault, ImageFault
from signing.fonts import TextFont, load_font
from signing.model import Align, Field, FieldKind, FieldPlan, Rectangle
from signing.pades.appearance import (
    Appearance,
    StampImage,
    corner_rectangle,
    seal_rectangle,
    text_content,
    vietnam_time,
)
from signing.pades.embed import SignatureText, seal, sign
from signing.pades.pictures import seal_picture, signature_picture
from signing.pades.prepare import prepare
from signing.pades.purpose import Purpose, Request, date_line, sign_for
from tests.unit.signing.samples import FONT, NOW, RED, Office, blank_pdf, picture


def test_the_seal_has_its_true_size_and_covers_the_left_third() -> None:
    person = Rectangle(300, 200, 150, 75)
    found = seal_rectangle(person)
    assert found.width == pytest.approx(102.05, abs=0.01)  # 36 mm
    assert found.right - person.x == pytest.approx(person.width / 3)


def test_the_seal_covers_a_third_of_the_picture_really_drawn() -> None:
    field = Rectangle(300, 200, 300, 75)
    drawn = StampImage.load(picture((0, 0, 255), (400, 200))).drawn_in(field)
    assert (drawn.x, drawn.width, drawn.height) == (375, 150, 75)


def test_time_is_shown_with_the_zone_of_viet_nam() -> None:
    assert vietnam_time(datetime(2026, 11, 22, 20, 5, 7, tzinfo=UTC)) == "2026-11-23T03:05:07+07:00"


@pytest.mark.parametrize(
    ("instant", "line"),
    [
        (datetime(2026, 11, 22, 20, tzinfo=UTC), "ngày 23 tháng 11 năm 2026"),
        (datetime(2026, 2, 3, tzinfo=UTC), "ngày 03 tháng 02 năm 2026"),
        (datetime(2026, 3, 3, tzinfo=UTC), "ngày 03 tháng 3 năm 2026"),
    ],
)
def test_dates_are_written_as_decree_30_writes_them(instant: datetime, line: str) -> None:
    assert date_line(instant) == line


def test_a_line_too_long_is_made_smaller(font: TextFont) -> None:
    content = text_content("x" * 100, font, 13, 60, 5, Align.LEFT)
    size = float(content.split("/F0 ")[1].split(" Tf")[0])
    assert font.width("x" * 100, size) <= 56.1


def test_text_signatures_stand_at_the_top_right() -> None:
    found = corner_rectangle((595, 842), 2)
    assert (found.right, found.top) == (585, 832)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_the_seal_is_seen_where_its_field_is(office: Office, font: TextFont, rotate: int) -> None:
    place = Rectangle(100, 150, 102, 102)
    made = prepare(blank_pdf(rotate=rotate), FieldPlan((Field(FieldKind.SEAL, "s", 1, place),)), font).pdf
    page = pypdfium2.PdfDocument(seal(made, office.body, "s", RED, NOW))
    page.init_forms()
    seen = page[0].render(may_draw_forms=True).to_pil().convert("RGB")
    page.close()
    red = [
        (x, seen.height - y)
        for x in range(seen.width)
        for y in range(seen.height)
        if (p := seen.getpixel((x, y))) and isinstance(p, tuple) and p[0] > 180 and p[1] < 100
    ]
    xs, ys = [x for x, _ in red], [y for _, y in red]
    assert (min(xs), max(xs), min(ys), max(ys)) == pytest.approx((102, 200, 152, 250), abs=4)


@pytest.mark.parametrize("purpose", [Purpose.COPY, Purpose.ATTACHMENT])
def test_text_signatures_carry_no_picture(office: Office, font: TextFont, purpose: Purpose) -> None:
    signed = sign_for(blank_pdf(), office.body, Request(purpose, None, "12/QĐ-UBND"), font, NOW).pdf
    with pikepdf.open(io.BytesIO(signed)) as opened:
        assert set(opened.pages[0].obj.Annots[0].AP.N.Resources.keys()) == {"/Font"}


def test_text_without_a_font_is_refused(office: Office) -> None:
    with pytest.raises(FontFault):
        sign_for(blank_pdf(), office.body, Request(Purpose.COPY), None, NOW)


def test_a_picture_with_transparency_keeps_it(office: Office, font: TextFont) -> None:
    field = Field(FieldKind.PERSON, "p", 1, Rectangle(50, 50, 200, 100))
    made = prepare(blank_pdf(), FieldPlan((field,)), font).pdf
    look = Appearance(StampImage.load(picture((0, 0, 255))))
    with pikepdf.open(io.BytesIO(sign(made, office.person, "p", look, SignatureText(), NOW))) as opened:
        image = opened.pages[0].obj.Annots[0].AP.N.Resources.XObject.Im0
        assert image.SMask.ColorSpace == "/DeviceGray"


@pytest.mark.parametrize("data", [b"", b"no picture", picture((1, 2, 3))[:200]])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ImageFault):
        StampImage.load(data)


def test_a_large_scan_is_made_smaller() -> None:
    assert StampImage.load(picture((0, 0, 255), (3000, 1500))).width == 1200


def test_a_font_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FontFault):
        load_font(tmp_path / "none.ttf")


def test_demo_pictures_are_transparent_and_repeatable() -> None:
    first = signature_picture("Chủ tịch", FONT, seed=7)
    assert first == signature_picture("Chủ tịch", FONT, seed=7)
    for data in (first, seal_picture("Ủy ban nhân dân xã Suối Trong", FONT)):
        with Image.open(io.BytesIO(data)) as opened:
            assert opened.getpixel((0, 0)) == (0, 0, 0, 0)
