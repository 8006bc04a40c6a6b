"""Fixtures of the signing tests with real tools."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.unit.signing.conftest import font, office
from tests.unit.signing.samples import Office

__all__ = ["font", "nss", "office"]


@pytest.fixture(scope="session")
def nss(office: Office, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate database of NSS that trusts the office's root, for pdfsig."""
    folder = tmp_path_factory.mktemp("nss")
    base = ["certutil", "-d", f"sql:{folder}"]
    subprocess.run([*base, "-N", "--empty-password"], check=True, timeout=30)
    anchor = str(office.authority.trust_anchor)
    subprocess.run([*base, "-A", "-n", "root", "-t", "CT,C,C", "-i", anchor], check=True, timeout=30)
    return folder
