"""Whatever the code writes into the record of acts can be read there in words, in both languages."""

from __future__ import annotations

import pytest

from tests.architecture.recorded import Recorded, recorded
from web.i18n import load

WORDS = load().words


@pytest.fixture(scope="module")
def names() -> Recorded:
    return recorded()


def missing(wanted: set[str]) -> set[str]:
    return {key for key in wanted if key not in WORDS["vi"] or key not in WORDS["en"]}


def test_every_act_has_its_words(names: Recorded) -> None:
    assert len(names.actions) > 100
    assert not missing({f"record.act.{action}" for action in names.actions})
    assert not missing({f"record.room.{action.partition('.')[0]}" for action in names.actions})


def test_every_kind_of_thing_has_its_word(names: Recorded) -> None:
    assert len(names.kinds) > 20
    assert not missing({f"record.kind.{kind}" for kind in names.kinds})


def test_every_detail_has_its_word(names: Recorded) -> None:
    assert len(names.keys) > 40
    assert not missing({f"record.key.{key}" for key in names.keys})


def test_no_words_are_kept_for_what_is_never_recorded(names: Recorded) -> None:
    kept = {key.removeprefix("record.act.") for key in WORDS["vi"] if key.startswith("record.act.")}
    assert kept == names.actions
