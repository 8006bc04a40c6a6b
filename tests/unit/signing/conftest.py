"""Fixtures of the signing tests."""

from __future__ import annotations

import pytest

from signing.fonts import TextFont, load_font
from tests.unit.signing.samples import FONT, Office, new_office


@pytest.fixture(scope="session")
def font() -> TextFont:
    """The text font, cut once."""
    return load_font(FONT)


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """One authority with three keys for the whole run; tests must not revoke them."""
    return new_office(tmp_path_factory.mktemp("pki") / "pki")
