"""The two forms of identifiers and the way between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.organisations import codes

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LEVEL_1 = st.from_regex(r"[A-Z][0-9]{2}", fullmatch=True)


def group(width: int) -> st.SearchStrategy[str]:
    return st.text(LETTERS, min_size=width, max_size=width)


OLD = st.tuples(group(3), group(2), group(2), LEVEL_1).map(".".join)


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("H41", "000.00.00.H41"),
        ("H53.13", "000.00.13.H53"),
        ("G22", "000.00.00.G22"),
        ("H37.02.02", "000.02.02.H37"),
        ("Z02.05.01.007", "007.01.05.Z02"),
    ],
)
def test_a_code_maps_both_ways(new: str, old: str) -> None:
    assert codes.to_old_form(new) == old
    assert codes.to_new_form(old) == new


@pytest.mark.parametrize("code", ["H55.242", "H37.DN.001.2.3", "H37.1234", "h37", "", "H37.00"])
def test_a_code_too_deep_too_wide_or_malformed_has_no_old_form(code: str) -> None:
    assert codes.to_old_form(code) is None


@pytest.mark.parametrize("code", ["28.22.H17", "000.00.13.53H", "H53.13", ""])
def test_what_is_no_old_code_has_no_new_form(code: str) -> None:
    assert codes.to_new_form(code) is None


@given(OLD)
def test_every_old_code_comes_back_from_its_new_form(old: str) -> None:
    new = codes.to_new_form(old)
    assert new is not None
    assert codes.to_old_form(new) == old


@given(LEVEL_1, st.lists(group(2), max_size=2), st.data())
def test_every_full_width_new_code_comes_back_from_its_old_form(
    level1: str, groups: list[str], data: st.DataObject
) -> None:
    if len(groups) == 2 and data.draw(st.booleans()):
        groups = [*groups, data.draw(group(3))]
    code = ".".join([level1, *groups])
    old = codes.to_old_form(code)
    if old is None:
        assert groups and not groups[-1].strip("0"), (
            "only a last group of zeros cannot be said in the old form"
        )
    else:
        assert codes.is_old_form(old)
        assert codes.to_new_form(old) == code


@given(st.text(max_size=40))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    codes.to_old_form(text)
    codes.to_new_form(text)
    codes.warnings(text, text)


@pytest.mark.parametrize(
    ("code", "old", "told"),
    [
        ("Z02.05", "000.00.05.Z02", ()),
        ("H37.DN.001", "", ()),
        ("SYT-05", "", ("organisations.code_unusual",)),
        ("Z02.05", "05.Z02", ("organisations.code_old_unusual",)),
        ("Z02.05", "000.00.06.Z02", ("organisations.codes_differ",)),
    ],
)
def test_an_unusual_code_is_a_warning(code: str, old: str, told: tuple[str, ...]) -> None:
    assert codes.warnings(code, old) == told


def test_the_id_of_a_body_is_the_slug_of_its_code() -> None:
    assert codes.slug("Z02.05") == "z02-05"
    assert codes.slug("Z03.01.01") == "z03-01-01"
