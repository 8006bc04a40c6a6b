"""Every error that the two rooms raise has its sentence in both languages, with the parameters it names."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
RAISED = re.compile(
    r"(?:Invalid|Unauthenticated|Forbidden|NotFound|Conflict|TooMany|Unavailable|Fault)\(\s*"
    r"(?:\"([a-z]+\.[a-z_]+)\"(?: if [^)]* else \"([a-z]+\.[a-z_]+)\")?)"
)


def raised(room: str) -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "server" / room).glob("*.py"):
        for match in RAISED.finditer(path.read_text(encoding="utf-8")):
            found |= {code for code in match.groups() if code}
    return found


@pytest.mark.parametrize("room", ["identity", "organisations"])
def test_every_code_has_a_sentence_in_both_languages(room: str) -> None:
    texts: dict[str, dict[str, str]] = {}
    for name in ("identity", "organisations"):
        file = ROOT / "web" / "locale" / f"{name}.toml"
        texts |= tomllib.loads(file.read_text(encoding="utf-8"))["errors"]
    codes = raised(room)
    assert len(codes) > 25
    assert sorted(codes - set(texts)) == []
    for code in codes:
        assert set(re.findall(r"{(\w+)}", texts[code]["vi"])) == set(
            re.findall(r"{(\w+)}", texts[code]["en"])
        )
