"""Names are metadata, and nothing secret comes in."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.files import rules
from server.files.model import Secrecy
from server.kernel.errors import Invalid, Refused


@pytest.mark.parametrize("level", [Secrecy.MAT, Secrecy.TOI_MAT, Secrecy.TUYET_MAT])
def test_every_state_secret_level_is_refused(level: Secrecy) -> None:
    with pytest.raises(Refused) as caught:
        rules.require_not_secret(rules.secrecy(level.value))
    assert caught.value.code == "files.state_secret"


@pytest.mark.parametrize(
    ("declared", "code"),
    [(None, "files.secrecy_missing"), ("", "files.secrecy_missing"), ("thường", "files.secrecy_unknown")],
)
def test_a_level_must_be_declared_and_known(declared: str | None, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        rules.secrecy(declared)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\vt\\Tờ trình.pdf", "Tờ trình.pdf"),
        ("To\u0302\u0300 tri\u0300nh.pdf", "Tồ trình.pdf"),
        ("cong\u202efdp.exe", "congfdp.exe"),
        ("  kế   hoạch\r\n12.pdf ", "kế hoạch 12.pdf"),
    ],
)
def test_names_lose_paths_and_controls(given_name: str, kept: str) -> None:
    assert rules.clean_name(given_name) == kept


@pytest.mark.parametrize("given_name", ["", "...", "a/b/", "\x00\x01", " . "])
def test_a_name_of_nothing_is_refused(given_name: str) -> None:
    with pytest.raises(Invalid) as caught:
        rules.clean_name(given_name)
    assert caught.value.code == "files.name_missing"


@given(st.text(max_size=400))
def test_a_kept_name_is_clean_and_stays_as_it_is(given_name: str) -> None:
    try:
        kept = rules.clean_name(given_name)
    except Invalid as error:
        assert error.code in ("files.name_missing", "files.name_too_long")
        return
    assert 1 <= len(kept) <= 255
    assert "/" not in kept
    assert "\\" not in kept
    assert not {unicodedata.category(character) for character in kept} & {"Cc", "Cf", "Co", "Cs"}
    assert rules.clean_name(kept) == kept
