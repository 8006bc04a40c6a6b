"""Holdings, authorities, closing, recipients, the tree: what is allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.organisations import rules
from server.organisations.model import Authority, Bloc, Body, Holding, HoldingKind, Mode, Node

DAY = date(2026, 3, 2)
BODY = Body(
    id="z02-05",
    code="Z02.05",
    code_old="000.00.05.Z02",
    name="Sở Y tế tỉnh Sông Mẫu",
    name_en="Department of Health",
    short_name="Sở Y tế",
    abbreviation="SYT",
    bloc=Bloc.ADMINISTRATION,
    level="province",
    parent_id="z02",
    superior_name="UBND TỈNH SÔNG MẪU",
    place="Sông Mẫu",
    profile="state",
    has_seal=True,
    keeps_books=True,
    kept_by_body_id="",
    valid_from=date(2010, 1, 1),
    valid_to=None,
    successor_id="",
    version=1,
)
DAYS = st.integers(0, 400).map(lambda offset: DAY + timedelta(days=offset))
ENDS = st.one_of(st.none(), DAYS)


def holding(
    key: str, kind: HoldingKind, first: date, last: date | None, account: str = "", basis: str = "QĐ 12"
) -> Holding:
    return Holding(key, "z02-05.giam-doc", account or f"account-{key}", kind, first, last, basis)


def authority(mode: Mode, **changes: object) -> Authority:
    base = Authority(
        id="a1",
        post_id="z02-05.truong-phong",
        body_id="z02-05",
        mode=mode,
        for_title="GIÁM ĐỐC",
        own_title="TRƯỞNG PHÒNG",
        granted_by_post_id="z02-05.giam-doc",
        valid_from=DAY,
        valid_to=DAY + timedelta(days=30),
        basis="Giấy ủy quyền số 3",
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # the tests name fields by hand


DIRECTOR = authority(
    Mode.DIRECT, id="a0", post_id="z02-05.giam-doc", granted_by_post_id="", valid_to=None, for_title=""
)


@given(DAYS, ENDS, DAYS, ENDS)
def test_spans_overlap_when_some_day_is_in_both(
    from_a: date, to_a: date | None, from_b: date, to_b: date | None
) -> None:
    days = [DAY + timedelta(days=offset) for offset in range(410)]
    in_both = any(
        from_a <= day and (to_a is None or day < to_a) and from_b <= day and (to_b is None or day < to_b)
        for day in days
    )
    empty = (to_a is not None and to_a <= from_a) or (to_b is not None and to_b <= from_b)
    if not empty:
        assert rules.overlaps(from_a, to_a, from_b, to_b) == in_both


@given(st.lists(st.tuples(st.sampled_from(HoldingKind), DAYS, ENDS), max_size=8))
def test_a_post_never_has_two_holders_on_a_day(wanted: list[tuple[HoldingKind, date, date | None]]) -> None:
    accepted: list[Holding] = []
    for index, (kind, first, last) in enumerate(wanted):
        new = holding(str(index), kind, first, last)
        if not rules.holding_faults(new, accepted):
            accepted.append(new)
    for offset in range(0, 420, 3):
        day = DAY + timedelta(days=offset)
        real = [row for row in accepted if row.holds_on(day) and row.kind is not HoldingKind.DELEGATED]
        assert len(real) <= 1


def test_a_delegation_stands_beside_the_holder() -> None:
    held = holding("1", HoldingKind.APPOINTED, DAY, None)
    stand_in = holding("2", HoldingKind.DELEGATED, DAY, DAY + timedelta(days=5))
    assert rules.holding_faults(stand_in, [held]) == []


def test_nobody_stands_in_for_themselves() -> None:
    held = holding("1", HoldingKind.APPOINTED, DAY, None, account="same")
    stand_in = holding("2", HoldingKind.DELEGATED, DAY, DAY + timedelta(days=5), account="same")
    assert [fault.code for fault in rules.holding_faults(stand_in, [held])] == ["organisations.post_taken"]


def test_a_delegation_without_end_or_basis_names_both_faults() -> None:
    open_ended = holding("1", HoldingKind.DELEGATED, DAY, None, basis="")
    codes = [fault.code for fault in rules.holding_faults(open_ended, [])]
    assert codes == ["organisations.basis_missing", "organisations.delegation_open"]


def test_a_tuq_with_mandate_and_dates_is_accepted() -> None:
    assert rules.authority_faults(authority(Mode.TUQ), [DIRECTOR]) == []


def test_a_tuq_cannot_be_passed_on() -> None:
    own = authority(Mode.TUQ, id="a0", post_id="z02-05.giam-doc")
    faults = rules.authority_faults(authority(Mode.TUQ), [own])
    assert [fault.code for fault in faults] == ["organisations.mandate_passed_on"]


def test_a_tl_cannot_be_given_on_the_strength_of_a_tuq() -> None:
    own = authority(Mode.TUQ, id="a0", post_id="z02-05.giam-doc")
    faults = rules.authority_faults(authority(Mode.TL), [own])
    assert [fault.code for fault in faults] == ["organisations.mandate_passed_on"]


def test_a_tuq_without_writing_and_end_names_both_faults() -> None:
    faults = rules.authority_faults(authority(Mode.TUQ, basis="", valid_to=None), [DIRECTOR])
    assert [fault.code for fault in faults] == [
        "organisations.mandate_unwritten",
        "organisations.mandate_open",
    ]


def test_whoever_may_not_sign_gives_nothing() -> None:
    faults = rules.authority_faults(authority(Mode.TL), [])
    assert [fault.code for fault in faults] == ["organisations.giver_without_authority"]


def test_a_stand_in_has_no_tuq() -> None:
    mandate = authority(Mode.TUQ)
    assert rules.best_authority([mandate], DAY, delegated=False) == mandate
    assert rules.best_authority([mandate], DAY, delegated=True) is None


def test_the_strongest_capacity_counts_and_ended_ones_do_not() -> None:
    deputy = authority(Mode.KT, id="a2", granted_by_post_id="")
    order = authority(Mode.TL, id="a3")
    assert rules.best_authority([order, deputy], DAY, delegated=False) == deputy
    assert rules.best_authority([order, deputy], DAY + timedelta(days=30), delegated=False) is None


def test_nothing_is_sent_to_a_closed_body_and_the_successor_is_named() -> None:
    closed = replace(
        BODY, id="z02-81", code="Z02.81", name="Sở Kế hoạch", valid_to=date(2025, 7, 1), successor_id="z02-04"
    )
    successor = replace(BODY, id="z02-04", code="Z02.04", name="Sở Tài chính")
    fault = rules.recipient_fault("z02-81", closed, successor, DAY, 2)
    assert fault is not None
    assert fault.code == "organisations.recipient_succeeded"
    assert fault.field == "/recipients/2"
    assert fault.params == {
        "name": "Sở Kế hoạch",
        "code": "Z02.81",
        "closed": "01/07/2025",
        "successor": "Z02.04",
        "successor_name": "Sở Tài chính",
    }


def test_a_body_is_open_until_the_day_before_its_closing() -> None:
    closed = replace(BODY, valid_to=DAY)
    assert rules.recipient_fault(BODY.id, closed, None, DAY - timedelta(days=1), 0) is None
    fault = rules.recipient_fault(BODY.id, closed, None, DAY, 0)
    assert fault is not None
    assert fault.code == "organisations.recipient_closed"


def test_successors_are_followed_to_one_that_is_open() -> None:
    known = {
        "a": replace(BODY, id="a", valid_to=date(2020, 1, 1), successor_id="b"),
        "b": replace(BODY, id="b", valid_to=date(2025, 7, 1), successor_id="c"),
        "c": replace(BODY, id="c"),
    }
    assert rules.last_successor(known["a"], known, DAY) == known["c"]


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abcdef")))
def test_following_successors_ends_even_in_a_circle(links: dict[str, str]) -> None:
    known = {
        key: replace(BODY, id=key, valid_to=date(2020, 1, 1), successor_id=links.get(key, ""))
        for key in "abcdef"
    }
    assert rules.last_successor(known["a"], known, DAY) is None


def test_a_body_with_open_children_and_kept_books_cannot_close() -> None:
    child = replace(BODY, id="z06-01", parent_id=BODY.id)
    kept = replace(BODY, id="z02-90", kept_by_body_id=BODY.id)
    faults = rules.closing_faults(BODY, DAY, None, [child], [kept])
    assert [fault.code for fault in faults] == ["organisations.child_open", "organisations.books_kept"]


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["", *"abcdefgh"])))
def test_a_loop_of_parents_is_found_exactly_when_there_is_one(parents: dict[str, str]) -> None:
    def loops(start: str) -> bool:
        current, steps = start, 0
        while current and steps <= len(parents):
            current, steps = parents.get(current, ""), steps + 1
        return bool(current)

    assert (rules.parents_fault(parents) is not None) == any(loops(key) for key in parents)


@given(st.lists(st.sampled_from("abcdefgh"), unique=True), st.randoms(use_true_random=False))
def test_the_tree_shows_every_body_once_below_its_parent(keys: list[str], random: object) -> None:
    nodes = [
        Node(key, key, key, "", key, Bloc.PARTY, "province", keys[index // 2 - 1] if index > 1 else "", 0)
        for index, key in enumerate(keys)
    ]
    tree = rules.ordered(reversed(nodes))
    assert sorted(node.id for node in tree) == sorted(keys)
    depth = {node.id: node.depth for node in tree}
    for node in tree:
        assert node.depth == (depth[node.parent_id] + 1 if node.parent_id else 0)


@pytest.mark.parametrize("missing", ["gone"])
def test_a_body_whose_parent_is_not_there_on_that_day_stands_at_the_top(missing: str) -> None:
    node = Node("a", "A", "a", "", "a", Bloc.PARTY, "province", missing, 0)
    assert rules.ordered([node])[0].parent_id == ""
