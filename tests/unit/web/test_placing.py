"""Millimetres of the form and points of the file."""

from __future__ import annotations

import pytest

from server.documents.model import Placement
from server.kernel.errors import Invalid
from server.render.model import Kind
from web.pages.placing import PlaceForm, millimetres, moved_to

SPOTS = (
    Placement(kind=Kind.NUMBER, page=0, x=124.724, y=708.66, w=39.685, h=17.01, size=13),
    Placement(kind=Kind.SEAL, page=1, x=286.3, y=144.57, w=102.05, h=102.05),
)


def form(**changes: list[float]) -> PlaceForm:
    measures = {name: [float(millimetres(getattr(spot, name))) for spot in SPOTS] for name in "xywh"}
    return PlaceForm(version=1, page=[spot.page + 1 for spot in SPOTS], **{**measures, **changes})


def test_what_nobody_touched_stays_to_the_last_digit() -> None:
    assert moved_to(SPOTS, form()) == SPOTS


def test_what_was_moved_lies_where_the_form_says() -> None:
    moved = moved_to(SPOTS, form(x=[50.8, 101.0]))
    assert moved[0].x == 144.0
    assert (moved[0].y, moved[0].kind, moved[0].size) == (SPOTS[0].y, Kind.NUMBER, 13)
    assert moved[1] == SPOTS[1]


def test_a_form_of_other_fields_is_refused() -> None:
    with pytest.raises(Invalid):
        moved_to(SPOTS, form(x=[1.0]))
