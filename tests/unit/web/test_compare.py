"""Two texts side by side: nothing is lost on either side, and only what changed is marked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from web.compare import WORDS_MAX, Difference, compare

LINES = st.lists(
    st.lists(st.sampled_from(["số", "ngày", "12", "theo", "quy", "định"]), min_size=1, max_size=6).map(
        " ".join
    ),
    max_size=12,
)


def side(found: Difference, which: str, *, changed_only: bool = False) -> str:
    return "\n".join(
        "".join(one.text for one in getattr(row, which) if one.changed or not changed_only)
        for row in found.rows
        if getattr(row, which)
    )


@given(LINES, LINES)
def test_both_sides_keep_all_their_words(old: list[str], new: list[str]) -> None:
    """But for equal lines far from any change, which are counted."""
    found = compare("\n".join(old), "\n".join(new))
    skipped = sum(row.skipped for row in found.rows)
    for lines, which in ((old, "old"), (new, "new")):
        assert len(side(found, which).splitlines()) + skipped == len(lines)
    assert found.same == (old == new)


def test_only_the_changed_word_is_marked() -> None:
    found = compare("Hạn nộp báo cáo: 15/12/2026.\nKính gửi", "Hạn nộp báo cáo: 20/12/2026.\nKính gửi")
    assert (side(found, "old", changed_only=True), side(found, "new", changed_only=True)) == (
        "15/12/2026.\n",
        "20/12/2026.\n",
    )
    assert (found.removed, found.added) == (1, 1)


def test_a_line_broken_elsewhere_is_no_change_of_words() -> None:
    found = compare("một hai ba\nbốn năm", "một hai\nba bốn năm")
    assert (found.removed, found.added) == (0, 0)


def test_long_stretches_are_marked_as_a_whole() -> None:
    old = " ".join(f"a{n}" for n in range(WORDS_MAX))
    found = compare(old, old + " b")
    assert found.removed == WORDS_MAX
