"""A centre with issued results, built once a run and copied; files of every kind that people bring."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.results.model import Result
from server.settings import Settings
from tests.factories.province import Built, open_office, settings_of
from tests.integration.results.conftest import ANNOUNCEMENT, Centre, centre_of, company, replace_base, row


@dataclass(frozen=True)
class Lived:
    """What was built."""

    folder: Path
    pension: Result
    other: Result
    public: Result


@dataclass
class Desk:
    """An open copy of it."""

    centre: Centre
    pension: Result
    other: Result
    public: Result


@pytest.fixture(scope="session")
def issued(sqlite_province: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """The province in which three results were issued."""
    folder = tmp_path_factory.mktemp("issued") / "data"
    shutil.copytree(sqlite_province.folder, folder)

    settings = replace_base(settings_of(folder))

    async def build() -> Lived:
        async with aclosing(open_office(settings)) as opening:
            centre = await centre_of(await anext(opening))
            pension, other = await centre.issued([row(1), row(2)])
            (public,) = await centre.issued([company()], ANNOUNCEMENT)
            await centre.services.audit.sequencer.run()
            return Lived(folder, pension, other, public)

    yield asyncio.run(build())


@pytest.fixture
def issued_settings(issued: Lived, tmp_path: Path) -> Settings:
    """Settings of a fresh copy of it."""
    folder = tmp_path / "data"
    shutil.copytree(issued.folder, folder)
    return replace_base(settings_of(folder))


@pytest.fixture
async def desk(issued: Lived, issued_settings: Settings) -> AsyncIterator[Desk]:
    """A fresh copy of it, open and served."""
    async for served in open_office(issued_settings):
        yield Desk(await centre_of(served), issued.pension, issued.other, issued.public)
