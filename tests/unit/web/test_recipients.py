"""The picture of recipients: each below the one above it, in the tone of its state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from server.circulation.codes import Code
from server.circulation.model_sent import DispatchDetail
from web.recipients import SHOWN, of_recipients


@dataclass
class One:
    """A recipient as the picture needs it."""

    name: str
    depth: int = 0
    status: Code = Code.ARRIVED
    recall: Code | None = None


@dataclass
class Sent:
    """A sending as the picture needs it."""

    tree: list[One]
    number_text: str = field(default="04/SYT-NV")


def sending(*tree: One) -> DispatchDetail:
    return cast("DispatchDetail", Sent(list(tree)))


def test_each_recipient_hangs_below_the_one_above_it() -> None:
    drawn = of_recipients(sending(One("UBND tỉnh"), One("Xã 1", 1), One("Xã 2", 1), One("Bệnh viện")))
    assert drawn is not None
    root, province, first, second, hospital = drawn.leaves
    assert [(link.x0, link.y1) for link in drawn.links] == [
        (root.x, province.y),
        (province.x, first.y),
        (province.x, second.y),
        (root.x, hospital.y),
    ]
    assert drawn.height > hospital.y


@pytest.mark.parametrize(
    ("status", "recall", "tone", "word"),
    [
        (Code.REFUSED, None, "stop", "arrival.state.02"),
        (Code.FINISHED, None, "good", "arrival.state.06"),
        (Code.ACCEPTED, Code.RECALL_REQUESTED, "warn", "arrival.state.13"),
        (Code.ACCEPTED, Code.RECALL_REFUSED, "move", "arrival.state.03"),
    ],
)
def test_the_tone_says_the_state(status: Code, recall: Code | None, tone: str, word: str) -> None:
    drawn = of_recipients(sending(One("Xã 1", status=status, recall=recall)))
    assert drawn is not None
    assert (drawn.leaves[1].tone, drawn.leaves[1].word) == (tone, word)


def test_hundreds_are_left_to_the_table() -> None:
    assert of_recipients(sending(*(One(f"Xã {n}") for n in range(SHOWN + 1)))) is None
    assert of_recipients(sending()) is None
