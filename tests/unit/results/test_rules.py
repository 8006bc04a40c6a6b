"""Rows as officers paste them, what the public may see, what a batch waits for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kernel.errors import Invalid, LienThongError
from server.results.model import ROWS_MAX, Count, Row, Source, Stage, State
from server.results.procedures import Procedure, Procedures
from server.results.rules import (
    checked_rows,
    masked,
    normal_fact,
    read_rows,
    same_fact,
    second_fact,
    stage_of,
)

ROOT = Path(__file__).resolve().parents[3]
ALL = Procedures.load(ROOT / "config" / "procedures")
PENSION, CONFIRMATION = ALL._all[0], ALL._all[1]
HEAD = "Họ và tên\tMã hồ sơ\tSố định danh cá nhân\tNgày sinh\tNơi cư trú\tMức trợ cấp\tHưởng từ ngày"
LINE = "Nguyễn Văn Mẫu\tHS-1\t001105000001\t5/3/1950\tThôn 1\t500.000\t2026-12-01"


def rows_of(text: str, procedure: Procedure = PENSION) -> list[Row]:
    return checked_rows(read_rows(text, procedure), procedure, Source.FORM)


def codes(error: LienThongError) -> list[str]:
    return [fault.code for fault in error.faults]


@pytest.mark.parametrize("delimiter", ["\t", ";", ","])
def test_rows_come_from_a_spreadsheet_or_csv(delimiter: str) -> None:
    (row,) = rows_of(f"{HEAD}\n{LINE}".replace("\t", delimiter))
    assert (row.holder, row.dossier) == ("Nguyễn Văn Mẫu", "HS-1")
    assert row.fields["born"] == "05/03/1950"
    assert row.fields["from"] == "01/12/2026"
    assert row.fields["identity"] == "001105000001"


def test_rows_come_from_json_with_keys_or_words() -> None:
    text = (
        '[{"ho ten": "Bà Mẫu", "identity": 105000001, "born": "5/3/1950", "address": "Thôn 1", '
        '"Mức trợ cấp": "500.000", "from": "2026-12-01"}]'
    )
    (row,) = rows_of(text)
    assert row.holder == "Bà Mẫu"
    assert row.fields["identity"] == "105000001"


def test_words_of_columns_are_known_without_marks_and_in_any_case() -> None:
    (row,) = rows_of(f"{HEAD}\n{LINE}".replace("Họ và tên", "HO VA TEN").replace("Ngày sinh", "ngay sinh"))
    assert row.holder == "Nguyễn Văn Mẫu"


def test_every_fault_of_the_rows_is_told_at_once_with_its_line() -> None:
    bad = LINE.replace("5/3/1950", "31/2/1950").replace("001105000001", "00A")
    with pytest.raises(Invalid) as refused:
        rows_of(f"{HEAD}\n{LINE}\n{bad}")
    assert sorted(codes(refused.value)) == [
        "results.cell_not_date",
        "results.cell_not_number",
        "results.dossier_twice",
    ]
    assert {fault.params["line"] for fault in refused.value.faults} == {2}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "results.rows_missing"),
        (HEAD, "results.rows_missing"),
        ("[1, 2]", "results.rows_unreadable"),
        ("[" * 100_000, "results.rows_unreadable"),
        ('[{"holder": {"a": 1}}]', "results.rows_unreadable"),
        ("Họ và tên\tHọ và tên\nA\tB", "results.rows_unreadable"),
        ("Họ và tên\tĐiện thoại\nA\tB", "results.column_unknown"),
        ("Họ và tên\nA\tB\tC", "results.rows_unreadable"),
    ],
)
def test_what_cannot_be_rows_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        rows_of(text)
    assert refused.value.code == code


def test_more_rows_than_a_batch_takes_are_refused() -> None:
    with pytest.raises(Invalid) as refused:
        checked_rows([Row("A")] * (ROWS_MAX + 1), PENSION, Source.FORM)
    assert refused.value.code == "results.rows_too_many"


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        rows_of(text)
    except Invalid as refused:
        assert all(fault.code.startswith("results.") for fault in refused.faults)


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("Nguyễn Văn An", "Nguyễn V** A**"),
        ("Nguyễn  Thị   Bích Ngọc", "Nguyễn T** B** N**"),
        ("Phượng", "P**"),
        ("", ""),
    ],
)
def test_a_name_is_masked(name: str, seen: str) -> None:
    assert masked(name) == seen


@given(st.lists(st.text("abcdeđêưĂÂ", min_size=2, max_size=8), min_size=2, max_size=6))
def test_a_mask_gives_no_letter_of_a_given_name_beyond_the_first(words: list[str]) -> None:
    shown = masked(" ".join(words)).split()
    assert shown[0] == words[0]
    assert all(len(part) == 3 and part[0] == word[0] for part, word in zip(shown[1:], words[1:], strict=True))


def test_the_second_fact_is_compared_in_one_form() -> None:
    digits, day = PENSION.second, CONFIRMATION.second
    assert digits is not None
    assert day is not None
    kept = second_fact(Row("A", fields={"identity": "001105000042"}), PENSION)
    assert kept == "0042"
    assert same_fact("0042", kept, digits)
    assert same_fact("001105000042", kept, digits)
    assert not same_fact("042", kept, digits)
    born = second_fact(Row("A", fields={"born": "05/03/1950"}), CONFIRMATION)
    assert same_fact("5/3/1950", born, day)
    assert same_fact("1950-03-05", born, day)
    assert not same_fact("3/5/1950", born, day)


@given(st.text(max_size=30))
def test_nothing_opens_a_file_that_has_no_second_fact(given_fact: str) -> None:
    assert PENSION.second is not None
    assert not same_fact(given_fact, "", PENSION.second)
    assert len(normal_fact(given_fact, PENSION.second)) in (0, 4)


@pytest.mark.parametrize(
    ("states", "stage"),
    [
        ({State.NEW: 1, State.ISSUED: 9}, Stage.DRAFT),
        ({State.MADE: 1, State.SIGNED: 9}, Stage.TO_SIGN),
        ({State.NUMBERED: 1, State.ISSUED: 9}, Stage.TO_SEAL),
        ({State.ISSUED: 1, State.DROPPED: 1, State.REVOKED: 1}, Stage.ISSUED),
        ({State.DROPPED: 2}, Stage.DRAFT),
    ],
)
def test_a_batch_waits_for_the_result_that_is_least_far_on(states: dict[State, int], stage: Stage) -> None:
    assert stage_of([Count(state, n, 0, 0) for state, n in states.items()]) is stage
