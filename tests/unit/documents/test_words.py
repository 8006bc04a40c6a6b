"""Every code that documents and files raise has its sentence, and every enum its word, in both languages."""

from __future__ import annotations

import re
import tomllib
from enum import StrEnum
from pathlib import Path

import pytest

from server.documents.model import Act, Origin, Stance, State, Urgency, VersionKind
from server.render.model import Kind
from server.settings import ROOT

LOCALE = ROOT / "web" / "locale"
CODE = re.compile(
    r'(?:Fault|Invalid|Conflict|Forbidden|NotFound|Refused|TooLarge|Unavailable|add)\(\s*"([a-z_]+\.[a-z_]+)"'
)


def raised(folder: Path) -> set[str]:
    return {code for path in folder.glob("*.py") for code in CODE.findall(path.read_text(encoding="utf-8"))}


def catalogue(name: str) -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((LOCALE / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("room", "files"), [("documents", ["documents.toml"]), ("files", ["upload.toml", "files.toml"])]
)
def test_every_code_raised_has_its_sentence(room: str, files: list[str]) -> None:
    known = {code for name in files for code in catalogue(name)["errors"]}
    assert raised(ROOT / "server" / room) - {code for code in known if code.startswith(room)} == set()


def test_every_sentence_stands_in_both_languages() -> None:
    for name in ("documents.toml", "upload.toml"):
        for code, texts in catalogue(name)["errors"].items():
            assert set(texts) == {"vi", "en"}, code
            fields = [set(re.findall(r"\{(\w+)\}", text)) for text in texts.values()]
            assert fields[0] == fields[1], code


@pytest.mark.parametrize(
    ("prefix", "values"),
    [
        ("state", State),
        ("act", Act),
        ("urgency", Urgency),
        ("kind", VersionKind),
        ("origin", Origin),
        ("stance", Stance),
        ("place", Kind),
    ],
)
def test_every_value_has_its_word(prefix: str, values: type[StrEnum]) -> None:
    words = catalogue("documents.toml")["words"]
    assert [value for value in values if f"documents.{prefix}.{value}" not in words] == []
