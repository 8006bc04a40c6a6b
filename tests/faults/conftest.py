"""The long forms of fault tests run with ``make faults`` (``-m faults``) only: they take hours."""

from __future__ import annotations

import pytest

LONG = "faults"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long forms out unless they are asked for by their marker."""
    if LONG in str(config.getoption("markexpr", "")):
        return
    long = [item for item in items if item.get_closest_marker(LONG) is not None]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
