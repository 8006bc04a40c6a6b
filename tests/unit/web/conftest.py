"""A client of the small site."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp.web import Application

from tests.unit.web.site import Client, client_of, site


@pytest.fixture
def application() -> Application:
    """Built outside the loop: templates and catalogues are read from disk once, at the start."""
    return site()


@pytest.fixture
async def client(application: Application) -> AsyncIterator[Client]:
    client = await client_of(application)
    yield client
    await client.close()
