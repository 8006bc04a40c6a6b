"""The recipients of a sending as a tree with their states; the table beside it says the same to readers."""

from __future__ import annotations

from dataclasses import dataclass

from server.circulation.model_sent import DispatchDetail
from web.badges import ARRIVAL

ROW = 28
INDENT = 26
MARGIN = 14
LETTER = 8
"""Pixels of a row, of a step to the right, around the picture, and of a letter, for the width."""
SHOWN = 60
"""More recipients are only in the table: a picture of hundreds explains nothing."""
STATE_LETTERS = 26


@dataclass(frozen=True, slots=True)
class Leaf:
    """The document or one recipient."""

    x: int
    """Centre of its mark."""
    y: int
    """Centre of its mark."""
    name: str
    """Its name."""
    tone: str
    """Tone of its state, as the badges have it."""
    word: str
    """Key of its state; "" for the document."""


@dataclass(frozen=True, slots=True)
class Link:
    """A line from a body down to one below it."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True, slots=True)
class Branches:
    """The picture."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    leaves: tuple[Leaf, ...]
    """Marks from top to bottom."""
    links: tuple[Link, ...]
    """Lines between them."""


def of_recipients(dispatch: DispatchDetail) -> Branches | None:
    """Return the picture; None when there is nobody to show, or too many."""
    if not dispatch.tree or len(dispatch.tree) > SHOWN:
        return None
    leaves = [Leaf(MARGIN, MARGIN, dispatch.number_text, "from", "")]
    links: list[Link] = []
    above: dict[int, Leaf] = {-1: leaves[0]}
    for at, one in enumerate(dispatch.tree, 1):
        state = one.recall if one.recall is not None and one.recall != "16" else one.status
        leaf = Leaf(
            MARGIN + (one.depth + 1) * INDENT,
            MARGIN + at * ROW,
            one.name,
            ARRIVAL[str(state)][0],
            f"arrival.state.{state}",
        )
        parent = above[one.depth - 1]
        links.append(Link(parent.x, parent.y + 7, leaf.x - 7, leaf.y))
        above[one.depth] = leaf
        leaves.append(leaf)
    longest = max(leaf.x + (len(leaf.name) + STATE_LETTERS * bool(leaf.word)) * LETTER for leaf in leaves)
    return Branches(longest + MARGIN, 2 * MARGIN + len(dispatch.tree) * ROW, tuple(leaves), tuple(links))
