"""Fields placed before the first signature, on pages of any geometry."""

from __future__ import annotations

import io

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import FieldFault, FontFault, UnreadableFile
from signing.fonts import TextFont
from signing.model import Field, FieldKind, FieldPlan, Rectangle
from signing.pades.embed import fill_number_and_date
from signing.pades.forms import fields_of
from signing.pades.geometry import PageGeometry
from signing.pades.prepare import prepare
from tests.unit.signing.samples import VALUES, Office, blank_pdf, letter, person_signed, plan


def one(kind: FieldKind = FieldKind.NUMBER, page: int = 1, x: float = 50, y: float = 60) -> FieldPlan:
    return FieldPlan((Field(kind, "f", page, Rectangle(x, y, 100, 20)),))


@given(
    rotation=st.sampled_from([0, 90, 180, 270]),
    left=st.floats(-500, 500),
    bottom=st.floats(-500, 500),
    unit=st.sampled_from([1.0, 2.5]),
    x=st.floats(0, 300),
    y=st.floats(0, 300),
)
def test_a_rectangle_comes_back_from_user_space(
    rotation: int, left: float, bottom: float, unit: float, x: float, y: float
) -> None:
    geometry = PageGeometry(left, bottom, 595, 842, rotation, unit)
    seen = geometry.to_displayed(geometry.to_user_space(Rectangle(x, y, 80, 30)))
    assert (seen.x, seen.y, seen.width, seen.height) == pytest.approx((x, y, 80, 30), abs=1e-6)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("box", [(0, 0, 595, 842), (-100, 50, 495, 892)])
def test_fields_stand_where_the_reader_sees_them(
    font: TextFont, rotate: int, box: tuple[float, float, float, float]
) -> None:
    made = prepare(blank_pdf(rotate=rotate, box=box), one(), font).pdf
    found = fields_of(made)[0].rectangle
    assert found is not None
    assert (found.x, found.y, found.width, found.height) == pytest.approx((50, 60, 100, 20), abs=0.01)


def test_the_last_page_can_be_named_minus_one(font: TextFont) -> None:
    assert fields_of(prepare(blank_pdf(pages=3), one(page=-1), font).pdf)[0].page == 3


def test_preparing_only_appends(font: TextFont) -> None:
    source = letter()
    prepared = prepare(source, plan(), font)
    assert (prepared.pdf[: len(source)], prepared.rewritten) == (source, False)


def test_every_widget_is_printed_and_has_an_appearance(font: TextFont) -> None:
    with pikepdf.open(io.BytesIO(prepare(letter(), plan(), font).pdf)) as document:
        for widget in document.pages[0].obj["/Annots"]:  # ISO 19005-2, 6.3.2 and 6.3.3
            assert int(widget.F) & 4
            assert isinstance(widget.AP.N, pikepdf.Stream)


def test_metadata_is_left_as_it_was(font: TextFont) -> None:
    source = letter()
    with (
        pikepdf.open(io.BytesIO(source)) as before,
        pikepdf.open(io.BytesIO(prepare(source, plan(), font).pdf)) as after,
    ):
        assert before.Root.Metadata.read_bytes() == after.Root.Metadata.read_bytes()
        assert before.docinfo == after.docinfo


def test_an_unsigned_file_with_bytes_after_its_end_is_written_anew(font: TextFont) -> None:
    prepared = prepare(blank_pdf() + b"rubbish", one(), font)
    assert prepared.rewritten
    assert b"rubbish" not in prepared.pdf


@pytest.mark.parametrize(
    "wrong",
    [one(x=550), one(y=-5), one(page=2), one(page=0), FieldPlan(one().fields * 2)],
    ids=["right of the page", "below the page", "no such page", "page 0", "same name twice"],
)
def test_a_wrong_plan_is_refused(font: TextFont, wrong: FieldPlan) -> None:
    with pytest.raises(FieldFault):
        prepare(blank_pdf(), wrong, font)


@pytest.mark.parametrize("name", ["", "a.b"])
def test_a_name_that_is_no_name_is_refused(font: TextFont, name: str) -> None:
    with pytest.raises(FieldFault):
        prepare(blank_pdf(), FieldPlan((Field(FieldKind.SEAL, name, 1, Rectangle(1, 1, 9, 9)),)), font)


def test_a_signed_file_takes_no_text_field(office: Office, font: TextFont) -> None:
    with pytest.raises(FieldFault) as caught:
        prepare(person_signed(office, font), one(), font)
    assert caught.value.code == "signing.field_signed"


def test_filled_values_are_read_back(font: TextFont) -> None:
    filled = fill_number_and_date(prepare(letter(), plan(), font).pdf, VALUES)
    assert {f.name: f.value for f in fields_of(filled) if f.filled} == VALUES


def test_a_field_is_filled_once(font: TextFont) -> None:
    filled = fill_number_and_date(prepare(letter(), plan(), font).pdf, VALUES)
    with pytest.raises(FieldFault) as caught:
        fill_number_and_date(filled, {"number": "124"})
    assert caught.value.code == "signing.field_filled"


def test_a_letter_without_glyph_is_refused(font: TextFont) -> None:
    with pytest.raises(FontFault):
        fill_number_and_date(prepare(letter(), plan(), font).pdf, {"number": "漢"})


def test_filling_needs_no_font_file(font: TextFont) -> None:
    prepared = prepare(letter(), plan(), font).pdf
    grown = len(fill_number_and_date(prepared, VALUES)) - len(prepared)
    assert grown < 4000


@pytest.mark.parametrize("data", [b"", b"hello", b"%PDF-1.7\n", b"%PDF-1.7\n%%EOF", letter()[:5000]])
def test_what_is_no_pdf_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        fields_of(data)


def test_an_encrypted_file_is_unreadable(font: TextFont) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(blank_pdf())) as document:
        document.save(out, encryption=pikepdf.Encryption(owner="a", user=""))
    with pytest.raises(UnreadableFile, match="encrypted"):
        prepare(out.getvalue(), one(), font)
