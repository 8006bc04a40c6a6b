"""The whole office week (``make faults``): 300 arrivals, a third on paper, 120 issues over twelve series."""

from __future__ import annotations

import pytest

from tests.factories.province import Office
from tests.integration.path.test_week import live_and_compare

ARRIVALS, ISSUES = 300, 120


@pytest.mark.faults
@pytest.mark.timeout(1800)
async def test_a_whole_office_week(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    await live_and_compare(office, capsys, ARRIVALS, ISSUES)
