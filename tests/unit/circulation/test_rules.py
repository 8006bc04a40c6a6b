"""Rules of circulation: recipients, targets, letters on paper, texts, the tree of recipients."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.circulation.codes import Code, Part
from server.circulation.commands import PaperLetter
from server.circulation.model_sent import Recipient
from server.circulation.rules import (
    RECIPIENTS_MAX,
    State,
    check_reason,
    check_targets,
    check_text,
    in_tree_order,
    like_pattern,
    paper_faults,
    recipient_faults,
    require_worker,
    search_text,
    step_back,
)
from server.kernel.actor import Role
from server.kernel.errors import Conflict, Forbidden, Invalid

TODAY = date(2026, 11, 23)
SCAN = "sha256:" + "1" * 64
LETTER = PaperLetter(sender_name="Ông A", subject="Đề nghị xác nhận", secrecy="none", files=(SCAN,))


def codes_of(error: Invalid) -> list[str]:
    return [fault.code for fault in error.faults]


def test_a_sending_needs_a_recipient() -> None:
    assert [fault.code for fault in recipient_faults([], 0, "z01")] == ["circulation.recipients_missing"]


def test_a_recipient_by_post_is_enough() -> None:
    assert recipient_faults([], 1, "z01") == []


def test_all_faults_of_recipients_are_named_at_once() -> None:
    faults = recipient_faults(["z02", "z01", "z02"], 0, "z01")
    assert [(fault.code, fault.field) for fault in faults] == [
        ("circulation.recipient_self", "/to/1"),
        ("circulation.recipient_twice", "/to/2"),
    ]


def test_recipients_are_bounded() -> None:
    faults = recipient_faults([f"b{n}" for n in range(RECIPIENTS_MAX)], 1, "z01")
    assert [fault.code for fault in faults] == ["circulation.recipients_too_many"]


@pytest.mark.parametrize("code", [Code.REFUSED, Code.RECALL_REQUESTED, Code.RECALL_REFUSED])
def test_a_refusal_without_reason_is_none(code: Code) -> None:
    with pytest.raises(Invalid) as caught:
        check_reason(code, "  \n")
    assert caught.value.code == "circulation.reason_missing"


def test_agreeing_needs_no_reason() -> None:
    assert check_reason(Code.RECALL_AGREED, " ") == ""


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "\ud800"])
def test_control_characters_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_text(text, "/note")
    assert codes_of(caught.value) == ["circulation.text_invalid"]


def test_lines_and_marks_are_kept() -> None:
    assert check_text(" Kính gửi:\n\tcác đơn vị ", "/note") == "Kính gửi:\n\tcác đơn vị"


def test_the_first_assignment_names_who_leads() -> None:
    with pytest.raises(Invalid) as caught:
        check_targets([("p1", Part.JOIN)], first=True)
    assert codes_of(caught.value) == ["circulation.lead_missing"]


def test_a_later_assignment_may_add_one_who_joins() -> None:
    check_targets([("p1", Part.JOIN)], first=False)


def test_two_leads_a_post_twice_and_a_wrong_part_are_named_together() -> None:
    with pytest.raises(Invalid) as caught:
        check_targets([("p1", Part.LEAD), ("p2", Part.LEAD), ("p1", Part.DECIDE)], first=True)
    assert codes_of(caught.value) == [
        "circulation.lead_twice",
        "circulation.part_wrong",
        "circulation.target_twice",
    ]


def test_a_specialist_works_only_on_what_names_the_post() -> None:
    with pytest.raises(Forbidden):
        require_worker(Role.SPECIALIST, None)
    require_worker(Role.SPECIALIST, Part.JOIN)


def test_a_letter_on_paper_needs_its_scan() -> None:
    letter = msgspec.structs.replace(LETTER, files=())
    assert [fault.code for fault in paper_faults(letter, TODAY)] == ["circulation.scan_missing"]


def test_an_unopened_envelope_has_none() -> None:
    letter = msgspec.structs.replace(LETTER, files=(), unopened=True)
    assert paper_faults(letter, TODAY) == []


def test_a_letter_names_all_its_faults() -> None:
    letter = msgspec.structs.replace(
        LETTER,
        subject=" ",
        files=(SCAN, SCAN),
        received_on=date(2026, 11, 24),
        due_date=date(2026, 11, 22),
    )
    assert [(fault.code, fault.field) for fault in paper_faults(letter, TODAY)] == [
        ("circulation.text_missing", "/subject"),
        ("circulation.scan_twice", "/files"),
        ("circulation.day_future", "/received_on"),
        ("circulation.due_past", "/due_date"),
    ]


def test_look_up_does_not_mind_case_and_marks() -> None:
    assert search_text(["12-QĐ/TU", "  Về  Việc NGHỈ lễ"]) == "12-qd/tu ve viec nghi le"


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(words: str) -> None:
    assert search_text([search_text([words])]) == search_text([words])


def test_signs_of_like_are_taken_as_they_are() -> None:
    assert like_pattern("100%_a\\b") == "%100\\%\\_a\\\\b%"


def recipient(body: str, parent: str) -> Recipient:
    return Recipient(
        arrival_id=f"a-{body}",
        body_id=body,
        code=body.upper(),
        name=body,
        parent_id=parent,
        status=Code.ARRIVED,
        recall=None,
        incoming_text="",
        changed_at=datetime(2026, 11, 22, tzinfo=UTC),
        depth=0,
        replies=(),
        receipts=(),
    )


def test_recipients_stand_under_the_recipient_above_them() -> None:
    given_order = [
        recipient("z03-02", "z03"),
        recipient("z02-05", "z02"),
        recipient("z02", "z00"),
        recipient("z02-05-1", "z02-05"),
    ]
    assert [(one.body_id, one.depth) for one in in_tree_order(given_order)] == [
        ("z02", 0),
        ("z02-05", 1),
        ("z02-05-1", 2),
        ("z03-02", 0),
    ]


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 20)), unique_by=lambda pair: pair[0]))
def test_no_recipient_is_lost_in_the_tree(pairs: list[tuple[int, int]]) -> None:
    # A body lies below one with a smaller number, so the tree has no ring.
    given_order = [recipient(f"b{n:02}", f"b{min(parent, n - 1):02}") for n, parent in pairs]
    assert sorted(one.body_id for one in in_tree_order(given_order)) == sorted(
        one.body_id for one in given_order
    )


@pytest.mark.parametrize("current", list(Code))
@pytest.mark.parametrize("target", list(Code))
def test_only_a_mistake_undone_goes_back(current: Code, target: Code) -> None:
    state = State(current, None)
    allowed = {
        ("02", "01"),
        ("03", "01"),
        ("03", "02"),
        ("04", "01"),
        ("04", "02"),
        ("04", "03"),
        ("05", "01"),
        ("05", "02"),
        ("05", "03"),
        ("06", "05"),
    }
    if current is target or (current.value, target.value) in allowed:
        assert step_back(state, target) == State(target, None)
    else:
        with pytest.raises(Conflict):
            step_back(state, target)
