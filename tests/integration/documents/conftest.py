"""A small province for documents: a committee with its office, a department, a commune; real rows below."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import pytest

from server.documents.commands import Advance, CheckForm, CreateDraft, FieldsInput, FileInput
from server.documents.model import Document
from server.documents.service import Documents
from server.documents.views import Moved, SigningTask
from server.files.model import Made, Secrecy
from server.files.service import Files
from server.identity.access import Access
from server.identity.permissions import load_permissions
from server.kernel.actor import Actor, Channel, Once, RequestContext, Role
from server.kernel.clock import FixedClock
from server.kernel.errors import Conflict, Fault, Invalid, NotFound
from server.organisations.model import Authority, Bloc, Body, Holder, HoldingKind, Mode, Post
from server.organisations.model import Unit as BodyUnit
from server.registers.model import Number, OutgoingFacts
from server.registers.profiles import Profiles
from server.render.model import DocumentForm, Field, Kind, Paragraph, Rendered, Run
from server.settings import ROOT
from server.unit import Unit, Units
from storage.blobs.memory import MemoryBlobStore
from storage.sql.protocol import Database
from tests.integration.files.conftest import AcceptingGuard, SilentScanner

SINCE = date(2025, 7, 1)
PEOPLE = {
    "z01-01.cv": ("Chuyên viên", Role.SPECIALIST),
    "z01-01.cvp": ("Chánh Văn phòng", Role.CHIEF_OF_OFFICE),
    "z01-01.tp": ("Trưởng phòng Tổng hợp", Role.HEAD_OF_UNIT),
    "z01-01.vt": ("Văn thư", Role.RECORDS_CLERK),
    "z01-01.vt2": ("Văn thư 2", Role.RECORDS_CLERK),
    "z01.vt": ("Văn thư Tỉnh ủy", Role.RECORDS_CLERK),
    "z01.pbt": ("Phó Bí thư", Role.LEADER),
    "z01.bt": ("Bí thư", Role.LEADER),
    "z02-05.gd": ("Giám đốc Sở", Role.LEADER),
    "z02-05.cv": ("Chuyên viên Sở", Role.SPECIALIST),
    "z02-05.vt": ("Văn thư Sở", Role.RECORDS_CLERK),
}


def body(id_: str, name: str, *, profile: str, kept_by: str = "", abbreviation: str = "TU") -> Body:
    return Body(
        id=id_,
        code=id_.upper().replace("-", "."),
        code_old="",
        name=name,
        name_en=name,
        short_name=name,
        abbreviation=abbreviation,
        bloc=Bloc.PARTY if profile == "party" else Bloc.ADMINISTRATION,
        level="province",
        parent_id="",
        superior_name="",
        place="Sông Mẫu",
        profile=profile,
        has_seal=True,
        keeps_books=not kept_by,
        kept_by_body_id=kept_by,
        valid_from=SINCE,
        valid_to=None,
        successor_id="",
        version=1,
    )


@dataclass
class Province:
    """The room of organisations as documents ask it."""

    bodies: dict[str, Body] = field(
        default_factory=lambda: {
            "z01": body("z01", "Tỉnh ủy Sông Mẫu", profile="party", kept_by="z01-01"),
            "z01-01": body("z01-01", "Văn phòng Tỉnh ủy", profile="party", abbreviation="VPTU"),
            "z02-05": body("z02-05", "Sở Y tế", profile="state", abbreviation="SYT"),
            "z03-01": body("z03-01", "UBND xã Một", profile="state", abbreviation="UBND"),
        }
    )
    vacant: set[str] = field(default_factory=set)
    signs: dict[tuple[str, str], Mode] = field(
        default_factory=lambda: {
            ("z01.bt", "z01"): Mode.TM,
            ("z01.pbt", "z01"): Mode.TM,
            ("z02-05.gd", "z02-05"): Mode.DIRECT,
            ("z01-01.cvp", "z01-01"): Mode.DIRECT,
        }
    )

    async def body(self, body_id: str) -> Body:
        if body_id not in self.bodies:
            raise NotFound("organisations.body_unknown", id=body_id)
        return self.bodies[body_id]

    async def check_recipients(self, ids: Sequence[str], on: date) -> list[Body]:
        faults = [
            Fault("organisations.recipient_closed", f"/recipients/{index}", {"code": id_})
            for index, id_ in enumerate(ids)
            if id_ not in self.bodies or not self.bodies[id_].open_on(on)
        ]
        if faults:
            raise Invalid.of(faults)
        return [self.bodies[id_] for id_ in ids]

    async def holders(self, post_ids: Sequence[str]) -> list[Holder]:
        return [
            Holder(
                post_id=id_,
                post_title=PEOPLE[id_][0],
                role=PEOPLE[id_][1],
                body_id=id_.partition(".")[0],
                unit_id="",
                account_id=f"account-{id_}",
                kind=HoldingKind.APPOINTED,
            )
            for id_ in post_ids
            if id_ in PEOPLE and id_ not in self.vacant
        ]

    async def posts_of(self, body_id: str) -> list[Post]:
        return [
            Post(id_, body_id, "", title, role, SINCE, None)
            for id_, (title, role) in PEOPLE.items()
            if id_.partition(".")[0] == body_id
        ]

    async def units_of(self, body_id: str) -> list[BodyUnit]:
        return [BodyUnit(f"{body_id}.nv", body_id, "", "Phòng Nghiệp vụ", "NV", SINCE, None)]

    async def authority_for(
        self, post_id: str, body_id: str, on: date, *, delegated: bool = False
    ) -> Authority | None:
        mode = self.signs.get((post_id, body_id))
        if mode is None:
            return None
        for_title = "" if mode is Mode.DIRECT else "BAN THƯỜNG VỤ"
        return Authority("a1", post_id, body_id, mode, for_title, "BÍ THƯ", "", SINCE, None, "Quy chế")


@dataclass
class Book:
    """The room of registers as documents ask it: one series, every number accounted for."""

    next_number: int = 1
    state: dict[str, str] = field(default_factory=dict)
    facts: dict[str, OutgoingFacts] = field(default_factory=dict)

    async def allocate(
        self,
        unit: Unit,
        body_id: str,
        type_code: str,
        on: date,
        document_id: str,
        *,
        drafting_unit: str = "",
        number: int | None = None,
        facts: OutgoingFacts,
        co_issuers: tuple[str, ...] = (),
        reason: str = "",
        issued: bool = False,
    ) -> Number:
        taken = number or self.next_number
        self.next_number = max(self.next_number, taken + 1)
        id_ = f"number-{taken}"
        self.state[id_] = "issued" if issued else "allocated"
        self.facts[id_] = facts
        return Number(id_, "series", taken, f"{taken:02d}-QĐ/TU", on, document_id=document_id)

    async def mark_sealed(self, unit: Unit, number_id: str) -> None:
        self.state[number_id] = "sealed"

    async def mark_issued(self, unit: Unit, number_id: str) -> None:
        self.state[number_id] = "issued"

    async def void_in(self, unit: Unit, number_id: str, reason: str) -> None:
        self.state[number_id] = f"voided: {reason}"


class Typesetter:
    """Sets nothing; remembers the form."""

    def __init__(self) -> None:
        self.forms: list[DocumentForm] = []

    async def document(self, form: DocumentForm, *, at: datetime) -> Rendered:
        self.forms.append(form)
        fields = tuple(
            Field(kind=kind, page=0, x=60.0, y=500.0, w=90.0, h=20.0)
            for kind in (Kind.NUMBER, Kind.DATE, Kind.SIGNATURE, Kind.SEAL)
        )
        return Rendered(pdf=f"%PDF-1.7 {form.title}".encode(), pages=1, fields=fields)


class People:
    """The room of identity as documents ask it."""

    async def names(self, account_ids: Sequence[str]) -> Mapping[str, str]:
        return {id_: f"Người giữ {id_.removeprefix('account-')}" for id_ in account_ids}


def person(post_id: str, **changes: object) -> Actor:
    """The one who holds a post."""
    title, role = PEOPLE[post_id]
    actor = Actor(
        account_id=f"account-{post_id}",
        name=f"Người giữ {post_id}",
        role=role,
        body_id=post_id.partition(".")[0],
        post_id=post_id,
        post_title=title,
        request=RequestContext(channel=Channel.API),
    )
    return replace(actor, **changes)  # type: ignore[arg-type]  # fields of Actor


def once(actor: Actor, key: str, *, route: str = "POST /api/v1/documents", digest: str = "sha256:1") -> Actor:
    """The same person with an Idempotency-Key."""
    return replace(actor, request=replace(actor.request, once=Once(route, key, digest)))


AUTHOR = person("z01-01.cv")
CHIEF = person("z01-01.cvp")
HEAD = person("z01-01.tp")
CLERK = person("z01-01.vt")
DEPUTY = person("z01.pbt")
SECRETARY = person("z01.bt")
OUTSIDER = person("z02-05.cv")


@dataclass
class Desk:
    """The room under test with what stands below it."""

    documents: Documents
    files: Files
    database: Database
    clock: FixedClock
    province: Province
    book: Book
    typesetter: Typesetter

    async def upload(
        self, actor: Actor, data: bytes = b"%PDF-1.7 to trinh", name: str = "du-thao.pdf"
    ) -> FileInput:
        """Bytes of an uploaded PDF, as the author names them."""

        async def chunks() -> AsyncIterator[bytes]:
            yield data

        stored = await self.files.receive(actor, chunks(), name=name, secrecy="none")
        return FileInput(digest=stored.digest)

    async def draft(self, *, author: Actor = AUTHOR, **changes: object) -> Moved:
        """A draft with an uploaded PDF, ready to be submitted."""
        data = f"%PDF-1.7 {changes}".encode()
        main = await self.upload(author, data)
        return await self.documents.create(author, CreateDraft(fields=fields(**changes), main=main))

    async def submitted(self, **changes: object) -> Moved:
        """A document at the check of form."""
        draft = await self.draft(author=AUTHOR, **changes)
        return await self.documents.submit(AUTHOR, draft.id, Advance(version=draft.version))

    async def to_sign(self, **changes: object) -> Moved:
        """A document that waits for the secretary's signature."""
        changes.setdefault("chain", ())
        at = await self.submitted(**changes)
        return await self.documents.check_form(CHIEF, at.id, CheckForm(version=at.version, passed=True))

    async def made(self, words: str) -> Made:
        """Bytes that another room made."""
        return await self.files.store_bytes(f"%PDF-1.7 {words} {self.clock.at}".encode(), pages=1)

    async def sign(self, actor: Actor, document_id: str) -> Document:
        """What the room of signatures does to sign."""
        task = await self.documents.begin_signing(actor, document_id)
        made = await self.made(f"signed by {actor.post_id}")
        async with self.documents.units.begin(actor) as unit:
            return await self.documents.record_signed(unit, task, made)

    async def number(self, actor: Actor, document_id: str) -> Document:
        """What the room of signatures does to number and date."""
        task = await self.documents.begin_numbering(actor, document_id)
        async with self.documents.units.begin(actor) as unit:
            task, _ = await self.documents.take_number(unit, task)
        return await self.fill(actor, task)

    async def fill(self, actor: Actor, task: SigningTask) -> Document:
        """The number is filled into the PDF."""
        made = await self.made("numbered")
        async with self.documents.units.begin(actor) as unit:
            return await self.documents.record_numbered(unit, task, made)

    async def seal(self, actor: Actor, document_id: str) -> Document:
        """What the room of signatures does to seal."""
        task = await self.documents.begin_sealing(actor, document_id)
        made = await self.made(f"sealed by {task.body_id}")
        async with self.documents.units.begin(actor) as unit:
            return await self.documents.record_sealed(unit, task, made)

    async def sealed(self, **changes: object) -> Document:
        """A document ready to be issued."""
        at = await self.to_sign(**changes)
        await self.sign(SECRETARY, at.id)
        await self.number(CLERK, at.id)
        return await self.seal(CLERK, at.id)


def fields(**changes: object) -> FieldsInput:
    """Fields of a decision of the committee, approved by the head of unit, signed by the secretary."""
    values: dict[str, object] = {
        "body_id": "z01",
        "type_code": "quyet-dinh",
        "subject": "Ban hành Quy chế làm việc",
        "secrecy": Secrecy.NONE,
        "recipients": ("z02-05", "z03-01"),
        "signer_post": "z01.bt",
        "chain": ("z01-01.tp",),
        "blocks": (Paragraph(runs=(Run(text="Điều 1. Ban hành Quy chế làm việc."),)),),
    }
    return FieldsInput(**{**values, **changes})  # type: ignore[arg-type]  # fields of FieldsInput


def digest(data: bytes) -> str:
    """Digest as files name it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def build(database: Database, clock: FixedClock, spool: Path) -> Desk:
    """The room of documents with twins of the rooms beside it."""
    units = Units(database, clock)
    access = Access(load_permissions(ROOT / "config" / "identity" / "permissions.toml"), clock)
    guard, scanner = AcceptingGuard(), SilentScanner()
    files = Files(units, MemoryBlobStore(), guard, scanner, access, spool=spool, limit_bytes=1_000_000)
    province, book, typesetter = Province(), Book(), Typesetter()
    profiles = Profiles.load(ROOT / "config" / "profiles")
    documents = Documents(units, access, files, province, People(), book, profiles, typesetter)
    return Desk(documents, files, database, clock, province, book, typesetter)


@pytest.fixture
async def desk(database: Database, clock: FixedClock, tmp_path: Path) -> Desk:
    """The room of documents over a migrated database, on each engine."""
    spool = tmp_path / "spool"
    spool.mkdir()
    # Statements and profiles are read from files: in a thread, as the loop may not block.
    return await asyncio.to_thread(build, database, clock, spool)


def conflict(error: pytest.ExceptionInfo[Conflict]) -> str:
    """Code of a conflict."""
    return error.value.code
