"""What is said of a file follows from its bytes and from the check of its signatures, by one table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.lookup.model import Outcome
from server.lookup.rules import marked_code, outcome
from server.results.codes import SPACE, make_code

VERDICTS = ("valid", "invalid", "indeterminate", "unsigned", "unreadable")
CODE = make_code(12345678901234567890)


def judged(verdict: str, **facts: bool) -> Outcome:
    known = {"issued": False, "stage": False, "begins_as_issued": False, "bears_code": False}
    return outcome(verdict, **{**known, **facts})


@pytest.mark.parametrize("verdict", VERDICTS)
def test_only_the_issued_bytes_are_the_issued_result(verdict: str) -> None:
    assert judged(verdict, issued=True) is Outcome.ISSUED
    for facts in ({}, {"bears_code": True}, {"stage": True}, {"begins_as_issued": True}):
        assert judged(verdict, **facts) is not Outcome.ISSUED


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_file_that_bears_a_code_of_ours_is_never_called_good(verdict: str) -> None:
    assert judged(verdict, bears_code=True) is Outcome.ALTERED


def test_additions_count_as_allowed_only_when_every_signature_holds() -> None:
    assert judged("valid", begins_as_issued=True, bears_code=True) is Outcome.EXTENDED
    for verdict in VERDICTS[1:]:
        assert judged(verdict, begins_as_issued=True, bears_code=True) is Outcome.ALTERED


def test_a_file_from_elsewhere_is_called_what_its_check_found() -> None:
    found = [judged(verdict) for verdict in VERDICTS]
    assert found == [
        Outcome.ELSEWHERE,
        Outcome.BROKEN,
        Outcome.UNCERTAIN,
        Outcome.UNSIGNED,
        Outcome.UNREADABLE,
    ]


@given(st.integers(0, SPACE - 1), st.binary(max_size=100), st.binary(max_size=100))
def test_the_code_of_a_file_is_found_wherever_its_address_stands(
    random: int, before: bytes, after: bytes
) -> None:
    code = make_code(random)
    link = f"/URI (https://tra-cuu.example/tra-cuu/{code})".encode()
    assert marked_code(before.replace(b"/", b"") + link + after) == code


def test_an_address_with_a_code_that_cannot_be_is_passed_over() -> None:
    wrong = CODE[:-1] + ("2" if CODE[-1] != "2" else "3")
    data = f"/tra-cuu/{wrong}) (/tra-cuu/{CODE})".encode()
    assert marked_code(data) == CODE
    assert marked_code(data[:30]) is None


@given(st.binary(max_size=300))
def test_any_bytes_bear_a_code_or_none(data: bytes) -> None:
    found = marked_code(data)
    assert found is None or len(found) == 18
