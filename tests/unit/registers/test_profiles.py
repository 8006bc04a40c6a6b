"""Format profiles: both blocs are complete, and another type or bloc is data alone."""

from __future__ import annotations

import shutil
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kernel.errors import Invalid
from server.registers.forms import Facts, Heading, Signer, authority_lines, document_form
from server.registers.notation import date_text, notation, notation_parts, place_date_line, place_text
from server.registers.profiles import ProfileError, Profiles, default_fields
from server.render.model import Kind, Paragraph, Run

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "config" / "profiles"
DAY = date(2026, 1, 5)
BODY = (Paragraph((Run("Nội dung."),)),)


@cache
def shipped() -> Profiles:
    return Profiles.load(FOLDER)


@pytest.fixture
def profiles() -> Profiles:
    return shipped()


def test_decree_30_has_its_29_types_and_3_copies(profiles: Profiles) -> None:
    types = profiles.on("state", DAY).types

    named = [item for item in types if not item.copy and not item.normative]
    copies = {item.abbreviation for item in types if item.copy}
    assert len(named) == 29
    assert [item.code for item in named if not item.abbreviation] == ["cong-van", "thu-cong"]
    assert copies == {"SY", "TrS", "SL"}


@pytest.mark.parametrize(
    ("code", "abbreviation"),
    [("quy-dinh", "QĐi"), ("ket-luan", "KL"), ("thong-tri", "TT"), ("cong-van", "CV"), ("to-trinh", "TTr")],
)
def test_party_types_have_abbreviations_of_their_own(
    profiles: Profiles, code: str, abbreviation: str
) -> None:
    assert profiles.on("party", DAY).type_of(code).abbreviation == abbreviation


@pytest.mark.parametrize(
    ("profile", "kind", "number", "unit", "text"),
    [
        ("party", "quyet-dinh", 12, "", "12-QĐ/TU"),
        ("party", "cong-van", 15, "VX", "15-CV/TU"),
        ("party", "ke-hoach", 9, "", "09-KH/TU"),
        ("state", "quyet-dinh", 12, "", "12/QĐ-TU"),
        ("state", "cong-van", 123, "VX", "123/TU-VX"),
        ("state", "cong-van", 4, "", "04/TU"),
        ("state", "quyet-dinh-qppl", 7, "", "07/2026/QĐ-TU"),
        ("state", "sao-y", 1, "", "01/SY-TU"),
    ],
)
def test_notation_follows_the_bloc(
    profiles: Profiles, profile: str, kind: str, number: int, unit: str, text: str
) -> None:
    form = profiles.on(profile, DAY)

    assert notation(form, form.type_of(kind), number, body="TU", unit=unit, year=2026) == text


@given(number=st.integers(1, 99999), body=st.text("ABCĐU", min_size=1, max_size=8))
def test_the_parts_around_the_number_make_the_whole(number: int, body: str) -> None:
    for code in ("party", "state"):
        form = shipped().on(code, DAY)
        kind = form.type_of("quyet-dinh")
        before, after = notation_parts(form, kind, body=body, unit="", year=2026)
        whole = notation(form, kind, number, body=body, year=2026)
        assert whole.startswith(before)
        assert whole.endswith(after)
        assert int(whole[len(before) : len(whole) - len(after)]) == number


@pytest.mark.parametrize(
    ("day", "line"),
    [
        (date(2026, 1, 5), "Sông Mẫu, ngày 05 tháng 01 năm 2026"),
        (date(2026, 2, 28), "Sông Mẫu, ngày 28 tháng 02 năm 2026"),
        (date(2026, 3, 9), "Sông Mẫu, ngày 09 tháng 3 năm 2026"),
        (date(2026, 12, 31), "Sông Mẫu, ngày 31 tháng 12 năm 2026"),
    ],
)
def test_the_date_line_pads_days_and_the_months_one_and_two(profiles: Profiles, day: date, line: str) -> None:
    form = profiles.on("state", day)

    assert place_date_line(form, "Sông Mẫu", day) == line
    assert place_text(form, "Sông Mẫu") + date_text(form, day) == line


def test_authority_words_are_those_of_the_bloc(profiles: Profiles) -> None:
    deputy = Signer("Nguyễn", "Phó Chủ tịch", mode="KT", for_title="TM. Ủy ban nhân dân\nKT. Chủ tịch")
    head = Signer("Nguyễn", "Bí thư", mode="TM", for_title="Ban Thường vụ")

    state, party = profiles.on("state", DAY), profiles.on("party", DAY)
    assert authority_lines(state, deputy) == ("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH")
    assert authority_lines(party, head) == ("T/M BAN THƯỜNG VỤ",)
    assert authority_lines(party, Signer("N", "Giám đốc")) == ()


def test_a_letter_has_its_subject_under_the_number_and_no_title(profiles: Profiles) -> None:
    facts = Facts("cong-van", "mời họp", BODY, [Signer("N", "Giám đốc")], ["Như trên;"], ["Sở Y tế"])

    form = document_form(profiles.on("state", DAY), Heading("Sở Y tế", "SYT", "Sông Mẫu", unit="VP"), facts)

    assert form.type_title == ""
    assert form.reference == ("V/v mời họp",)
    assert (form.number.before, form.number.after) == ("Số: ", "/SYT-VP")
    assert form.recipients.items == ("Như trên;", "Lưu: VT, VP.")


def test_text_of_users_is_composed_and_without_control_characters(profiles: Profiles) -> None:
    facts = Facts("quyet-dinh", "Quye\u0302\u0301t\x07 đi\u0323nh", BODY, [Signer("N", "T")], [])

    form = document_form(profiles.on("party", DAY), Heading("Tỉnh ủy", "TU", "Sông Mẫu"), facts)

    assert form.subject == "Quyết định"


def test_the_seal_covers_a_third_of_the_signature_on_its_left(profiles: Profiles) -> None:
    for code in profiles.codes():
        fields = {field.kind: field for field in default_fields(profiles.on(code, DAY), 3)}
        person, seal = fields[Kind.SIGNATURE], fields[Kind.SEAL]
        assert abs(seal.x + seal.w - (person.x + person.w / 3)) < 1
        assert (seal.page, fields[Kind.NUMBER].page) == (2, 0)


def test_a_new_type_is_one_entry_of_data(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "state.toml", tmp_path)
    with (tmp_path / "state.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[types]]\ncode = "phieu-trinh"\nname = "Phiếu trình"\nabbreviation = "PTr"\n')

    form = Profiles.load(tmp_path).on("state", DAY)

    assert notation(form, form.type_of("phieu-trinh"), 3, body="SYT", year=2026) == "03/PTr-SYT"


def test_a_third_bloc_is_one_file_of_data(tmp_path: Path) -> None:
    text = (FOLDER / "state.toml").read_text(encoding="utf-8")
    text = text.replace('code = "state"', 'code = "front"', 1).replace(
        'named = "{number}/{type}-{body}"', 'named = "{number}/{type}-{body}-MT"'
    )
    text = text.replace("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "MẶT TRẬN TỔ QUỐC VIỆT NAM")
    (tmp_path / "front.toml").write_text(text, encoding="utf-8")
    shutil.copy(FOLDER / "party.toml", tmp_path)

    profiles = Profiles.load(tmp_path)

    form = profiles.on("front", DAY)
    assert profiles.codes() == ["front", "party"]
    assert notation(form, form.type_of("ke-hoach"), 8, body="MTTQ", year=2026) == "08/KH-MTTQ-MT"
    page = document_form(
        form,
        Heading("Ủy ban Mặt trận", "MTTQ", "Sông Mẫu"),
        Facts("ke-hoach", "công tác", BODY, [Signer("N", "Chủ tịch")], []),
    )
    assert page.right[0].text == "MẶT TRẬN TỔ QUỐC VIỆT NAM"


def test_a_later_profile_takes_over_on_its_day(tmp_path: Path) -> None:
    text = (FOLDER / "state.toml").read_text(encoding="utf-8")
    old = text.replace("valid_from = 2020-03-05", "valid_from = 2020-03-05\nvalid_to = 2027-01-01")
    (tmp_path / "state.toml").write_text(old, encoding="utf-8")
    new = text.replace("valid_from = 2020-03-05", "valid_from = 2027-01-01").replace("V/v ", "Về việc ")
    (tmp_path / "state-2027.toml").write_text(new, encoding="utf-8")

    profiles = Profiles.load(tmp_path)

    assert profiles.on("state", date(2026, 12, 31)).page.reference_prefix == "V/v "
    assert profiles.on("state", date(2027, 1, 1)).page.reference_prefix == "Về việc "


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('code = "state"', 'code = "state"\nsurprise = 1', "surprise"),
        ('named = "{number}/{type}-{body}"', 'named = "{type}-{body}"', "number"),
        ('named = "{number}/{type}-{body}"', 'named = "{number}/{tipe}"', "pattern"),
        ('code = "quyet-dinh"', 'code = "nghi-quyet"', "twice"),
    ],
)
def test_a_broken_profile_says_what_is_wrong(tmp_path: Path, old: str, new: str, word: str) -> None:
    text = (FOLDER / "state.toml").read_text(encoding="utf-8")
    (tmp_path / "state.toml").write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(ProfileError, match=word):
        Profiles.load(tmp_path)


def test_an_unknown_type_is_named(profiles: Profiles) -> None:
    with pytest.raises(Invalid) as refused:
        profiles.on("party", DAY).type_of("phieu-bao")

    assert refused.value.code == "registers.type_unknown"
