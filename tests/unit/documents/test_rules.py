"""Chains, places on the page, folded text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.documents import rules
from server.documents.model import Placement
from server.render.model import Kind


def place(kind: Kind, *, page: int = 0, index: int = 0, x: float = 72, w: float = 90) -> Placement:
    return Placement(kind=kind, page=page, x=x, y=700, w=w, h=16, index=index)


ALL = (place(Kind.NUMBER), place(Kind.DATE), place(Kind.SIGNATURE, page=1), place(Kind.SEAL, page=1))


def codes(placements: tuple[Placement, ...], *, issuers: int = 1) -> list[str]:
    return [fault.code for fault in rules.check_placements(placements, 2, issuers, issuers)]


def test_a_complete_set_of_places_is_accepted() -> None:
    assert codes(ALL) == []


def test_each_missing_place_is_named() -> None:
    faults = rules.check_placements(ALL[:2], 2, 1, 1)
    assert [(fault.params["kind"], fault.params["index"]) for fault in faults] == [
        ("seal", 0),
        ("signature", 0),
    ]


def test_co_issuers_need_places_of_their_own() -> None:
    assert codes(ALL, issuers=2) == ["documents.place_missing", "documents.place_missing"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (place(Kind.NUMBER, page=2), "documents.place_page"),
        (place(Kind.NUMBER, page=-1), "documents.place_page"),
        (place(Kind.NUMBER, x=float("nan")), "documents.place_outside"),
        (place(Kind.NUMBER, x=-3), "documents.place_outside"),
        (place(Kind.NUMBER, w=0), "documents.place_outside"),
    ],
)
def test_a_place_off_the_page_is_refused(wrong: Placement, code: str) -> None:
    assert codes((wrong, *ALL[1:])) == [code]


def test_a_second_number_is_refused() -> None:
    assert codes((*ALL, place(Kind.NUMBER))) == ["documents.place_surplus"]


def test_a_chain_names_nobody_twice_and_no_signer() -> None:
    faults = rules.check_chain(["p1", "p2", "p1", "s1"], ["s1", "s2", "s2"])
    assert [(fault.code, fault.field) for fault in faults] == [
        ("documents.chain_twice", "/chain/2"),
        ("documents.signer_in_chain", "/chain/3"),
        ("documents.signer_twice", "/co_issuers/1"),
    ]


def test_a_search_finds_words_without_marks() -> None:
    assert rules.folded("V/v  Đẩy mạnh\u00a0chuyển đổi SỐ") == "v/v day manh chuyen doi so"


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert rules.folded(rules.folded(text)) == rules.folded(text)
