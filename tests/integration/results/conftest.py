"""A one-stop centre at work: officers, the director, the clerk, and results made of rows or files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
import pytest

from server.compose import Services
from server.kernel.actor import Actor, Channel, RequestContext, Role
from server.kernel.page import PageRequest
from server.results.model import BatchView, Changed, Result, ResultFilter, Row, Source
from server.settings import Settings
from tests.factories.province import Office as Served
from tests.factories.province import open_office

CENTRE = "z02-20"
PENSION, CONFIRMATION, ANNOUNCEMENT = "Z.000101", "Z.000102", "Z.000103"
SIGNER = f"{CENTRE}.giam-doc"
STRANGER = Actor("", "", None, request=RequestContext(address="192.0.2.7", channel=Channel.WEB))
"""Anybody on the network."""


@dataclass
class Centre:
    """The centre's people, and short words for what they do."""

    served: Served
    officer: Actor
    director: Actor
    clerk: Actor

    @property
    def services(self) -> Services:
        return self.served.services

    async def view(self, batch_id: str) -> BatchView:
        return await self.services.results.batch(self.officer, batch_id)

    async def results(self, batch_id: str, wanted: ResultFilter | None = None) -> list[Result]:
        page = PageRequest(limit=200)
        return (
            await self.services.results.results(self.officer, batch_id, wanted or ResultFilter(), page)
        ).items

    async def create(
        self, rows: list[Row], procedure: str = PENSION, source: Source = Source.FORM
    ) -> Changed:
        return await self.services.results.create(
            self.officer, procedure=procedure, title="Lô thử", source=source, signer_post=SIGNER, rows=rows
        )

    async def run(self, work: str, batch_id: str) -> BatchView:
        """Do an act on a batch and everything that follows from it."""
        version = (await self.view(batch_id)).batch.version
        actor = {"make": self.officer, "sign": self.director, "seal": self.clerk}[work]
        await getattr(self.services.results, work)(actor, batch_id, version=version)
        await self.services.jobs.drain()
        return await self.view(batch_id)

    async def issued(self, rows: list[Row], procedure: str = PENSION) -> list[Result]:
        """Return results that have gone all the way."""
        batch = await self.create(rows, procedure)
        for work in ("make", "sign", "seal"):
            await self.run(work, batch.id)
        return await self.results(batch.id)

    async def bytes_of(self, result: Result) -> bytes:
        return await self.services.files.read_bytes(result.digest)


def row(n: int = 1, **changes: str) -> Row:
    """A row of the pension procedure."""
    fields = {
        "identity": f"00119000{n:04d}",
        "born": "15/03/1950",
        "address": "Thôn Mẫu, xã Bến Mẫu",
        "amount": "500.000",
        "from": "01/12/2026",
    }
    return Row(holder=f"Nguyễn Văn Mẫu {n}", dossier=f"Z02.20-261122-{n:04d}", fields={**fields, **changes})


def company() -> Row:
    """A row of the public procedure."""
    fields = {"address": "Số 1, đường Mẫu", "tax": "0100000001", "field": "khám bệnh, chữa bệnh"}
    return Row(holder="Công ty TNHH Mẫu", dossier="Z02.20-261122-9001", fields=fields)


async def _actor(services: Services, post_id: str) -> Actor:
    """Return the holder of a post of the centre, acting in it."""
    (holder,) = await services.organisations.holders([post_id])
    names = await services.identity.names([holder.account_id])
    return Actor(
        account_id=holder.account_id,
        name=names[holder.account_id],
        role=Role(holder.role),
        body_id=CENTRE,
        body_name="Trung tâm",
        unit_id=holder.unit_id,
        post_id=post_id,
        post_title=holder.post_title,
        request=RequestContext(request_id="r", address="192.0.2.1", channel=Channel.API),
    )


async def centre_of(served: Served) -> Centre:
    services = served.services
    return Centre(
        served,
        await _actor(services, f"{CENTRE}.quay-1"),
        await _actor(services, SIGNER),
        await _actor(services, f"{CENTRE}.van-thu"),
    )


@pytest.fixture
async def centre(sqlite_installation: Settings) -> AsyncIterator[Centre]:
    """The centre on SQLite."""
    settings = replace_base(sqlite_installation)
    async for served in open_office(settings):
        yield await centre_of(served)


@pytest.fixture
async def any_centre(installation: Settings) -> AsyncIterator[Centre]:
    """The centre on each engine in turn."""
    async for served in open_office(replace_base(installation)):
        yield await centre_of(served)


def replace_base(settings: Settings) -> Settings:
    """Name a public address, as an installation does."""
    server = msgspec.structs.replace(settings.server, base_url="https://tra-cuu.songmau.example")
    return msgspec.structs.replace(settings, server=server)
