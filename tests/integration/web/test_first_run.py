"""The guide of the first run looks at the real state: of an empty installation, then of a whole province."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.compose import open_services
from server.kernel.actor import Actor, Role
from server.kernel.errors import Forbidden
from tests.factories.province import Built, settings_of
from web.pages.guide import shown

ADMIN = Actor(account_id="quan-tri", name="Quản trị", role=Role.ADMINISTRATOR)


async def test_an_empty_installation_has_everything_to_do(tmp_path: Path) -> None:
    settings = await asyncio.to_thread(settings_of, tmp_path / "data")
    async with open_services(settings, background=False) as services:
        await services.staffing.administrator_post()
        steps = await services.guide.steps(ADMIN)
        assert [step.done for step in shown(steps)] == [False] * 5
        assert [step.name for step in shown(steps) if step.now] == ["body"]
        with pytest.raises(Forbidden):
            await services.guide.steps(Actor(account_id="x", name="X", role=Role.SPECIALIST))


async def test_a_province_lacks_only_its_first_document(sqlite_province: Built) -> None:
    settings = await asyncio.to_thread(settings_of, sqlite_province.folder)
    async with open_services(settings, background=False) as services:
        steps = await services.guide.steps(ADMIN)
        assert [step.name for step in shown(steps) if not step.done] == ["document"]
        assert not steps.done
