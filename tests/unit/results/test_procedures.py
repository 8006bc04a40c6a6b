"""Procedures are data: what contradicts itself is refused by name; text is filled by plain replacement."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from server.kernel.errors import Invalid, NotFound
from server.results.procedures import Procedures

GOOD = """
code = "X.1"
valid_from = 2025-07-01
name = { vi = "Thủ tục", en = "Procedure" }
result = { vi = "Giấy", en = "Paper" }
subject = { vi = "Của {holder}", en = "Of one" }
holder_label = { vi = "Tên", en = "Name" }
second = { field = "born", last = 0, label = { vi = "Ngày sinh", en = "Birth" } }
text = ["{holder} sinh ngày {born}."]
[[fields]]
key = "born"
label = { vi = "Ngày sinh", en = "Birth" }
kind = "date"
"""


def load(folder: Path, text: str, name: str = "a.toml") -> Procedures:
    (folder / name).write_text(text, encoding="utf-8")
    return Procedures.load(folder)


def test_the_version_of_the_day_applies(tmp_path: Path) -> None:
    load(tmp_path, GOOD)
    later = GOOD.replace("2025-07-01", "2026-07-01").replace("Thủ tục", "Thủ tục mới")
    found = load(tmp_path, later, "b.toml")
    assert found.on("X.1", date(2026, 6, 30)).name.vi == "Thủ tục"
    assert found.on("X.1", date(2026, 7, 1)).name.vi == "Thủ tục mới"
    assert [one.name.vi for one in found.in_force(date(2026, 7, 1))] == ["Thủ tục mới"]
    with pytest.raises(NotFound):
        found.on("X.1", date(2025, 6, 30))


def test_a_value_with_braces_stays_as_it_was_typed(tmp_path: Path) -> None:
    one = load(tmp_path, GOOD).on("X.1", date(2026, 1, 1))
    filled = one.filled(one.text[0], {"holder": "{born}", "born": "05/03/1950"})
    assert filled == "{born} sinh ngày 05/03/1950."


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('key = "born"', 'key = "holder"'),
        ("{holder} sinh", "{nobody} sinh"),
        ('kind = "date"', 'kind = "text"'),
        ('kind = "date"', 'kind = "date"\nrequired = false'),
        ("last = 0", "last = 3"),
        ("second = ", "third = "),
        ('second = { field = "born", last = 0, label = { vi = "Ngày sinh", en = "Birth" } }', ""),
        ('name = { vi = "Thủ tục", en = "Procedure" }', 'name = { vi = "Thủ tục" }'),
    ],
)
def test_a_procedure_that_contradicts_itself_is_refused_by_name(tmp_path: Path, old: str, new: str) -> None:
    assert old in GOOD
    with pytest.raises(Invalid) as refused:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert refused.value.code == "results.procedure_invalid"
    assert refused.value.faults[0].params["file"] == "a.toml"
