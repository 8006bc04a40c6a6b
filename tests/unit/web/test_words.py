"""The words: nothing a page asks for is missing, nothing is kept that nobody shows, both languages agree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from web import i18n
from web.i18n import BadCatalogue, Catalogue, accepted, file_size, instant, load

WEB = Path(i18n.__file__).parent
OWN = ("common.toml", "web.toml", "pages_circulation.toml", "pages_documents.toml", "pages_office.toml")
_LITERAL = re.compile(r"""\bt\(\s*"([a-z0-9_.]+[a-z0-9_])"\s*[,)]""")
_FAMILY = re.compile(r"""\bt\(\s*"([a-z0-9_.]+\.)"\s*[+~]""")
MADE_IN_CODE = (
    "account.state.",
    "arrival.state.",
    "bloc.",
    "document.did.",
    "document.state.",
    "document.station.",
    "number.state.",
    "record.",
    "signature.verdict.",
    "urgency.",
    "web.status_",
)
"""Families whose last part is a value of the domain, put together outside templates."""
_PARAMETER = re.compile(r"\{([a-z_]+)\}")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


@pytest.fixture(scope="module")
def sources() -> str:
    paths = [*WEB.glob("templates/**/*.html"), *WEB.glob("*.py"), *WEB.glob("pages/*.py")]
    return "\n".join(path.read_text() for path in paths)


def test_every_word_asked_for_is_there(catalogue: Catalogue, sources: str) -> None:
    missing = {key for key in _LITERAL.findall(sources) if key not in catalogue.words["vi"]}
    assert not missing


def test_every_family_has_members(catalogue: Catalogue, sources: str) -> None:
    empty = {
        family
        for family in _FAMILY.findall(sources)
        if not any(key.startswith(family) for key in catalogue.words["vi"])
    }
    assert not empty


def test_every_word_of_ours_is_shown(sources: str) -> None:
    families = {*_FAMILY.findall(sources), *MADE_IN_CODE}
    for name in OWN:
        words = tomllib.loads((WEB / "locale" / name).read_text()).get("words", {})
        unused = {
            key
            for key in words
            if f'"{key}"' not in sources and not any(key.startswith(family) for family in families)
        }
        assert not unused, name


def test_both_languages_name_the_same_values(catalogue: Catalogue) -> None:
    for texts in (catalogue.words, catalogue.errors):
        for key, text in texts["vi"].items():
            assert set(_PARAMETER.findall(text)) == set(_PARAMETER.findall(texts["en"][key])), key


def test_a_value_is_text_and_never_a_place_for_another_value(catalogue: Catalogue) -> None:
    message = catalogue.message("en", "web.unknown_field", {"name": "{limit} {0.__class__}"})
    assert "{limit} {0.__class__}" in message


def test_an_unknown_code_still_gives_a_sentence(catalogue: Catalogue) -> None:
    assert "room.unheard_of" in catalogue.message("vi", "room.unheard_of", {})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[words]\nx = 1", "needs vi and en"),
        ('[words]\n"a.b" = { vi = "x" }', "lacks en"),
        ("[words", "bad.toml"),
    ],
)
def test_a_bad_catalogue_is_named(tmp_path: Path, content: str, why: str) -> None:
    (tmp_path / "bad.toml").write_text(content)
    with pytest.raises(BadCatalogue, match=re.escape(why)):
        load(tmp_path)


def test_a_key_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text('[words]\n"a.b" = { vi = "x", en = "y" }')
    with pytest.raises(BadCatalogue, match="twice"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("fr,en;q=0.5,vi;q=0.6", "vi"),
        ("en;q=0", "vi"),
        ("en;q=nonsense", "vi"),
        ("", "vi"),
        (",;;q=,=,", "vi"),
        ("*", "vi"),
    ],
)
def test_the_header_chooses(header: str, language: str) -> None:
    assert accepted(header) == language


def test_the_office_reads_its_own_time() -> None:
    assert instant("2026-11-22T07:05:00.000000Z") == "22/11/2026 14:05"
    assert instant("2026-11-22T18:00:00.000000Z") == "23/11/2026 01:00"


def test_sizes() -> None:
    assert [file_size(size, "vi") for size in (0, 999, 1024, 98816, 5 * 1024**3)] == [
        "0 B",
        "999 B",
        "1 KB",
        "96,5 KB",
        "5 GB",
    ]
