"""Receipts: canonical bytes, a chain without gaps, every change found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.circulation.codes import Code
from server.circulation.receipts import Acting, Receipt, Sealed, chain_fault, digest_of, event_of, seal
from server.kernel.clock import text

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
words = st.text(st.characters(codec="utf-8"), max_size=40)


def chain(codes: list[Code], reason: str = "Sai nơi nhận") -> list[Sealed]:
    """Receipts of one arrival, one a minute."""
    made: list[Sealed] = []
    for number, code in enumerate(codes, start=1):
        receipt = Receipt(
            id=f"r{number}",
            arrival="a1",
            dispatch="s1",
            document="d1",
            sequence=number,
            previous=made[-1].digest if made else "",
            code=code,
            event=event_of(code),
            at=text(AT + timedelta(minutes=number)),
            body="z02-05",
            acting=Acting(
                account_id="u1", name="Văn thư Sở 1", post_id="p1", post_title="Văn thư", on_behalf=""
            ),
            reason=reason,
            incoming="",
            digest="sha256:" + "0" * 64,
        )
        made.append(seal(receipt))
    return made


USUAL = [Code.ARRIVED, Code.ACCEPTED, Code.ASSIGNED, Code.IN_PROGRESS, Code.FINISHED]


@given(st.lists(st.sampled_from(list(Code)), max_size=8), words)
def test_a_chain_as_it_was_made_is_whole(codes: list[Code], reason: str) -> None:
    assert chain_fault([one.content for one in chain(codes, reason)]) == ""


@given(words)
def test_the_same_receipt_has_the_same_bytes_and_reads_back(reason: str) -> None:
    first, again = chain([Code.REFUSED], reason)[0], chain([Code.REFUSED], reason)[0]
    assert first.content == again.content
    assert msgspec.json.decode(first.content, type=Receipt) == first.receipt
    assert first.digest == digest_of(first.content.encode())


def test_bytes_are_sorted_and_without_white_space() -> None:
    content = chain([Code.ARRIVED])[0].content
    keys = list(msgspec.json.decode(content))
    assert keys == sorted(keys)
    assert '": ' not in content


@pytest.mark.parametrize("missing", range(4))
def test_a_receipt_taken_out_is_noticed(missing: int) -> None:
    contents = [one.content for one in chain(USUAL)]
    del contents[missing]
    assert chain_fault(contents).startswith(f"{missing + 1}:")


def test_a_changed_reason_is_noticed() -> None:
    contents = [one.content for one in chain(USUAL)]
    contents[1] = contents[1].replace("Sai nơi nhận", "Đúng nơi nhận")
    assert chain_fault(contents) == "3: does not follow the one before"


def test_two_receipts_exchanged_are_noticed() -> None:
    contents = [one.content for one in chain(USUAL)]
    contents[2], contents[3] = contents[3], contents[2]
    assert chain_fault(contents) == "3: numbered 4"


def test_other_spacing_is_noticed() -> None:
    contents = [one.content for one in chain(USUAL)]
    contents[4] = contents[4].replace(":", ": ", 1)
    assert chain_fault(contents) == "5: not canonical"


def test_what_is_no_receipt_is_noticed() -> None:
    assert chain_fault(["{}"]) == "1: not a receipt"


def test_arrival_speaks_as_consignment_and_booking_as_handover() -> None:
    events = [one.receipt.event for one in chain(USUAL)]
    assert events == ["ContentConsignment", "ContentHandover", "", "", ""]
