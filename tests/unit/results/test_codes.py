"""The look-up code: unguessable, typed from paper, told when a character is wrong."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from server.results.codes import ALPHABET, LENGTH, SPACE, make_code, read_code, shown

CODES = st.integers(0, SPACE - 1).map(make_code)


def test_a_code_has_at_least_eighty_bits() -> None:
    assert math.log2(SPACE) >= 80


def test_the_alphabet_has_no_two_characters_that_look_alike() -> None:
    for twins in ("0O", "1I", "1L", "IL", "5S"):
        assert len(set(twins) & set(ALPHABET)) == 0, twins
    assert len(set(ALPHABET)) == len(ALPHABET) == 29


@given(st.integers(0, SPACE - 1), st.integers(0, SPACE - 1))
def test_two_random_numbers_make_two_codes(one: int, other: int) -> None:
    assert (make_code(one) == make_code(other)) is (one == other)


@given(CODES)
def test_a_code_is_read_as_it_is_printed_and_as_people_type_it(code: str) -> None:
    for typed in (code, shown(code), code.lower(), f" {shown(code).lower().replace('-', ' ')} "):
        assert read_code(typed) == code


@given(CODES, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_found(code: str, at: int, wrong: str) -> None:
    typed = code[:at] + wrong + code[at + 1 :]
    assert (read_code(typed) is None) is (typed != code)


@given(CODES, st.integers(0, LENGTH - 1), st.integers(0, LENGTH - 1))
def test_every_two_characters_that_changed_places_are_found(code: str, one: int, other: int) -> None:
    letters = list(code)
    letters[one], letters[other] = letters[other], letters[one]
    typed = "".join(letters)
    assert (read_code(typed) is None) is (typed != code)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_without_a_fault(typed: str) -> None:
    found = read_code(typed)
    assert found is None or len(found) == LENGTH
