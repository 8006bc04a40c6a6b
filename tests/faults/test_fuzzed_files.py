"""Signed files changed at random, by the ten thousand: none passes unseen, none stops the reader."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.unit.signing.conftest import office
from tests.unit.signing.test_bombs import CHANGES, never_passes_unseen, victim

__all__ = ["office", "victim"]


@pytest.mark.faults
@settings(max_examples=30_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=CHANGES)
def test_thirty_thousand_mutations(victim: bytes, changes: list[tuple[float, int, bytes]]) -> None:
    """Each gets a verdict; a good one only when nothing but white space at the end differs."""
    never_passes_unseen(victim, changes)
