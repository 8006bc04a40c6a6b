"""Fixtures of the signing tests."""

from __future__ import annotations

import pytest

from signing.fonts import TextFont, load_font
from signing.pki.opened import OpenedPki, open_pki
from tests.unit.signing.samples import FONT, Office, new_office


@pytest.fixture(scope="session")
def font() -> TextFont:
    """The text font, cut once."""
    return load_font(FONT)


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """One authority with three keys for the whole run; tests must not revoke them."""
    return new_office(tmp_path_factory.mktemp("pki") / "pki")


@pytest.fixture(scope="session")
def pki(office: Office) -> OpenedPki:
    """Time-stamps and statuses of the office's authority; nothing in it is revoked."""
    return open_pki(office.authority.folder)
