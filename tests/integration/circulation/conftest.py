"""Circulation over the real rooms below it, with the demo province, on each engine."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from server.circulation.adapters import IssuedDocuments
from server.circulation.commands import Accept, Outside, Send
from server.circulation.model import Standing
from server.circulation.model_sent import Dispatch
from server.circulation.service import Circulation
from server.documents.commands import FileInput, HandIn
from server.documents.model import Urgency
from server.documents.service import Documents
from server.documents.views import Moved
from server.evidence.mapping import EvidenceRules
from server.evidence.service import Evidence
from server.files.model import Secrecy
from server.files.service import Files
from server.identity.access import Access
from server.jobs.runner import Jobs
from server.kernel.actor import SYSTEM, Actor, Once, Role
from server.kernel.clock import FixedClock
from server.kernel.workdays import WorkingDays
from server.notifications.model import DELIVER, Batch
from server.notifications.service import Notifications
from server.organisations.data import TreeData
from server.organisations.model import HoldingKind
from server.organisations.service import Organisations
from server.organisations.staffing import Staffing
from server.registers.bookforms import BookForms
from server.registers.config import RuleSet, load_rules
from server.registers.profiles import Profiles
from server.registers.service import Registers
from server.render.service import Renderer
from server.settings import ROOT
from server.settings import Jobs as JobSettings
from server.unit import Units
from storage.blobs.memory import MemoryBlobStore
from storage.sql.protocol import Database
from tests.factories import people
from tests.integration.circulation.watching import Watched
from tests.integration.files.conftest import AcceptingGuard, SilentScanner

CONFIG = ROOT / "config"
SECRET = bytes(range(32))
BODIES = ("z01", "z01-01", "z02", "z02-01", "z02-05", "z03-01", "z03-02")

PARTY_CLERK = people.actor("z01-01.van-thu", Role.RECORDS_CLERK)
"""Keeps the books of the committee and of its office."""
SECRETARY = people.actor("z01.bi-thu", Role.LEADER)
PARTY_CHIEF = people.actor("z01-01.chanh-van-phong", Role.CHIEF_OF_OFFICE)
PARTY_SPECIALIST = people.actor("z01-01.chuyen-vien", Role.SPECIALIST)
HEALTH_CLERK = people.actor("z02-05.van-thu", Role.RECORDS_CLERK)
HEALTH_LEADER = people.actor("z02-05.giam-doc", Role.LEADER)
HEALTH_HEAD = people.actor("z02-05.truong-phong", Role.HEAD_OF_UNIT, unit_id="z02-05.nghiep-vu")
HEALTH_SPECIALIST = people.actor("z02-05.chuyen-vien", Role.SPECIALIST, unit_id="z02-05.nghiep-vu")
COMMUNE_CLERK = people.actor("z03-01.van-thu", Role.RECORDS_CLERK)
COMMUNE_LEADER = people.actor("z03-01.chu-tich", Role.LEADER)
SECOND_COMMUNE_CLERK = people.actor("z03-02.van-thu", Role.RECORDS_CLERK)


class WeekDays:
    """Monday to Friday, without holidays: enough for what circulation does with days."""

    def add(self, day: date, working_days: int) -> date:
        reached = day
        while working_days:
            reached = date.fromordinal(reached.toordinal() + 1)
            working_days -= reached.weekday() < 5
        return reached

    def left(self, today: date, due: date) -> int:
        low, high, sign = (today, due, 1) if today <= due else (due, today, -1)
        days = range(low.toordinal() + 1, high.toordinal() + 1)
        return sign * sum(1 for day in days if date.fromordinal(day).weekday() < 5)


def once(actor: Actor, key: str, digest: str = "sha256:1") -> Actor:
    """The same person with an Idempotency-Key."""
    return replace(actor, request=replace(actor.request, once=Once("POST /api/v1/dispatches", key, digest)))


@dataclass
class Office:
    """The room under test with what stands below it."""

    circulation: Circulation
    evidence: Evidence
    documents: Documents
    files: Files
    organisations: Organisations
    registers: Registers
    notifications: Notifications
    jobs: Jobs
    units: Units
    database: Watched
    clock: FixedClock
    _numbers: itertools.count[int]
    accept: Accept = Accept()  # noqa: RUF009 - frozen
    ninety_days: timedelta = timedelta(days=91)

    async def deliver(self) -> None:
        """Let the jobs deliver what the outbox holds."""
        await self.jobs.drain()

    def send_again(self, sent: Dispatch) -> Send:
        """The same document to the same bodies."""
        return Send(document_id=sent.document_id, to=tuple(one.body_id for one in sent.arrivals))

    async def upload(self, actor: Actor, words: str = "") -> str:
        """A PDF that the actor's body holds; returns its digest."""
        data = f"%PDF-1.7 {words or next(self._numbers)}".encode()

        async def chunks() -> AsyncIterator[bytes]:
            yield data

        return (await self.files.receive(actor, chunks(), name="van-ban.pdf", secrecy="none")).digest

    async def issued(self, actor: Actor = PARTY_CLERK, body_id: str = "z01", **changes: object) -> Moved:
        """A document of a body, signed outside and handed in by its clerk."""
        digest = await self.upload(actor)
        # Ids sort by time, and tests look at orders.
        self.clock.advance(timedelta(seconds=1))
        return await self.documents.hand_in(actor, hand_in(body_id, digest, **changes))

    async def sent(
        self,
        to: Sequence[str] = ("z02-05", "z03-01"),
        *,
        actor: Actor = PARTY_CLERK,
        body_id: str = "z01",
        outside: tuple[Outside, ...] = (),
        due_date: date | None = None,
        attention: Mapping[str, str] | None = None,
        **changes: object,
    ) -> Dispatch:
        """A document handed in and sent."""
        document = await self.issued(actor, body_id, **changes)
        return await self.circulation.send(
            actor,
            Send(
                document_id=document.id,
                to=tuple(to),
                outside=outside,
                due_date=due_date,
                attention=dict(attention or {}),
            ),
        )

    async def arrived(self, to: str = "z02-05", **changes: object) -> str:
        """Id of an arrival at one body."""
        return (await self.sent((to,), **changes)).arrivals[0].arrival_id  # type: ignore[arg-type]

    async def accepted(self, actor: Actor = HEALTH_CLERK, to: str = "z02-05", **changes: object) -> Standing:
        """An arrival in the incoming book of a body."""
        return await self.circulation.accept(actor, await self.arrived(to, **changes), Accept())


def hand_in(body_id: str, digest: str, **changes: object) -> HandIn:
    """A decision of the committee, or a document of another body, signed outside."""
    values: dict[str, object] = {
        "body_id": body_id,
        "type_code": "quyet-dinh",
        "subject": "Ban hành Quy chế làm việc",
        "secrecy": Secrecy.NONE,
        "main": FileInput(digest=digest),
        "urgency": Urgency.NORMAL,
    }
    return HandIn(**{**values, **changes})  # type: ignore[arg-type]  # fields of HandIn


async def hold(units: Units, access: Access, *people_in_posts: Actor) -> None:
    """Put persons into their posts."""
    staffing = Staffing(units, access)
    async with units.begin(SYSTEM) as unit:
        for one in people_in_posts:
            await staffing.place(
                unit,
                post_id=one.post_id,
                account_id=one.account_id,
                kind=HoldingKind.APPOINTED,
                valid_from=date(2025, 7, 1),
                valid_to=None,
                basis="",
            )


@pytest.fixture(scope="session")
def province() -> TreeData:
    return people.demo_province()


@pytest.fixture(scope="session")
def rule_set() -> RuleSet:
    return load_rules(CONFIG / "registers" / "demo.toml")


@pytest.fixture(scope="session")
def profiles() -> Profiles:
    return Profiles.load(CONFIG / "profiles")


@pytest.fixture(scope="session")
def forms() -> BookForms:
    return BookForms.load(CONFIG / "registers" / "books.toml")


class Nobody:
    """Names of accounts: none are printed here."""

    async def names(self, account_ids: Sequence[str]) -> Mapping[str, str]:
        return {}


@pytest.fixture
def access(clock: FixedClock) -> Access:
    return people.access(clock)


@pytest.fixture
async def office(
    database: Database,
    clock: FixedClock,
    access: Access,
    tmp_path: Path,
    province: TreeData,
    rule_set: RuleSet,
    profiles: Profiles,
    forms: BookForms,
) -> AsyncIterator[Office]:
    """The room on each engine, with the bodies of the demo province and the books of some."""
    watched = Watched(database)
    units = Units(watched, clock)
    blobs = MemoryBlobStore()
    spool = tmp_path / "spool"
    await asyncio.to_thread(spool.mkdir)
    files = Files(units, blobs, AcceptingGuard(), SilentScanner(), access, spool=spool, limit_bytes=1_000_000)
    organisations = Organisations(units, access)
    await organisations.import_tree(people.ADMINISTRATOR, province)
    renderer = Renderer(ROOT, CONFIG / "forms")
    registers = Registers(units, access, organisations, profiles, forms, renderer)
    bodies = await organisations.bodies_by_id(BODIES)
    rules = [rule for rule in rule_set.rules_of(bodies.values()) if rule.body_id in bodies]
    await registers.configure(SYSTEM, rules)
    await hold(units, access, PARTY_CLERK, HEALTH_CLERK)
    documents = Documents(units, access, files, organisations, Nobody(), registers, profiles, renderer)
    evidence = Evidence(
        units, organisations, await asyncio.to_thread(EvidenceRules.load, CONFIG / "evidence"), SECRET, "Thử"
    )
    circulation = Circulation(
        units,
        access,
        files,
        IssuedDocuments(documents),
        registers,
        organisations,
        WeekDays(),
        evidence,
        WorkingDays(),
    )
    notifications = Notifications(units, access)
    jobs = Jobs(watched, clock, JobSettings(60, 50, 5, 1, 60, 4), "test")
    jobs.subscribe(DELIVER, Batch, notifications.deliver)
    jobs.subscribe(DELIVER, Batch, circulation.notified)
    yield Office(
        circulation,
        evidence,
        documents,
        files,
        organisations,
        registers,
        notifications,
        jobs,
        units,
        watched,
        clock,
        itertools.count(1),
    )
    await renderer.close()
    await blobs.close()
