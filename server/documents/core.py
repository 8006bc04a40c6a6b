"""What every part of the room stands on: the rooms below, and the steps all acts share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime

from server.documents import rules
from server.documents.model import (
    Act,
    Document,
    Fields,
    FileRef,
    Origin,
    Placement,
    State,
    Version,
    VersionKind,
)
from server.documents.ports import Books, Directory, Gate, Names, Renderer
from server.documents.store import DocumentStore
from server.documents.views import Moved
from server.files.service import Files
from server.identity import scope
from server.identity.access import Access
from server.identity.model import Grant
from server.kernel.actor import Actor, Role
from server.kernel.clock import local_date, text
from server.kernel.errors import Conflict, Fault, LienThongError, NotFound
from server.kernel.record import Subject
from server.notifications.model import DELIVER, Batch, Item
from server.organisations.model import Body
from server.registers.profiles import Profiles
from server.unit import Unit, Units
from storage.sql.protocol import SqlValue

KIND = "document"
"""Word of the room in audit entries and in need to know."""


class Core:
    """The rooms below, and what the acts share."""

    def __init__(
        self,
        units: Units,
        access: Access,
        files: Files,
        directory: Directory,
        names: Names,
        books: Books,
        profiles: Profiles,
        renderer: Renderer,
    ) -> None:
        self.units = units
        self.access = access
        self.files = files
        self.directory = directory
        self.names = names
        self.books = books
        self.profiles = profiles
        self.renderer = renderer
        self.store = DocumentStore(units.reader.engine)
        self._gates: list[Gate] = []

    def add_gate(self, gate: Gate) -> None:
        """Have a room above asked before a document is accepted for signing."""
        self._gates.append(gate)

    async def gate_faults(self, document: Document) -> list[Fault]:
        """Return what would stop the signatures and seals of a document."""
        return [fault for gate in self._gates for fault in await gate.faults(document)]

    def today(self) -> date:
        """The day in Viet Nam."""
        return local_date(self.units.now())

    def scope_of(self, actor: Actor) -> Mapping[str, SqlValue]:
        """Parameters of the scope predicate."""
        return self.access.scope_params(actor)

    @asynccontextmanager
    async def answered_before(self, actor: Actor) -> AsyncIterator[None]:
        """Around a command whose checks stand before its unit.

        A retry of a request that was answered finds the document moved on: it must get the stored answer, not
        the fault. Raises Replayed, or what the block raises.
        """
        try:
            yield
        except LienThongError:
            if actor.request.once is not None:
                async with self.units.begin(actor):
                    pass
            raise

    async def load(self, actor: Actor, document_id: str, seen: int | None = None) -> Document:
        """Return a document that the actor may see.

        ``seen`` is the version of the row that the caller has seen. Raises NotFound ``documents.unknown``,
        Conflict ``documents.changed``.
        """
        document = await self.store.find_visible(self.units.reader, document_id, self.scope_of(actor))
        if document is None:
            raise NotFound("documents.unknown")
        if seen is not None and document.version != seen:
            raise _changed(document)
        return document

    async def begin_act(self, actor: Actor, document_id: str, seen: int | None, act: Act) -> Document:
        """Load a document and check that the actor may do the act on it now."""
        document = await self.load(actor, document_id, seen)
        rules.require_may(document.flow, act, actor)
        return document

    async def move(
        self, unit: Unit, before: Document, act: Act, *, reason: str = "", changed: Document | None = None
    ) -> Document:
        """Do an act: compare and set, step, way in for whose turn it is, audit entry, notice.

        ``changed`` is the document with what the act changes besides state and turn. Raises Conflict
        ``documents.changed`` when somebody was faster, and what ``rules.advance`` raises.
        """
        base = changed or before
        flow = rules.advance(base.flow, act)
        after = replace(
            base,
            state=flow.state,
            round=flow.round,
            chain_at=flow.chain_at,
            signed_count=flow.signed_count,
            sealed_count=flow.sealed_count,
            turn=rules.turn(flow),
            version=before.version + 1,
            approved_at=approved_at(unit, before, act),
            updated_at=unit.now,
        )
        if not await self.store.replace(unit, before, after):
            present = await self.store.find(unit, before.id)
            raise _changed(present or before)
        await self.store.add_step(unit, before, after, act, reason)
        if after.turn and after.turn != before.turn:
            grantees = [after.turn, *filter(None, (rules.own_clerks(flow),))]
            grants = [Grant(after.body_id, grantee, act.value) for grantee in dict.fromkeys(grantees)]
            await scope.grant(unit, KIND, after.id, grants)
        self.record(unit, act, before, after)
        return after

    def record(self, unit: Unit, act: Act, before: Document | None, after: Document) -> None:
        """Leave the audit entry of an act, and a notice for whom it now waits."""
        unit.record(
            f"documents.{act.value}",
            Subject(KIND, after.id, after.body_id),
            old=before,
            new=after,
            detail={
                "from": before.state.value if before else "",
                "to": after.state.value,
                "round": after.round,
                "n": after.current_n,
                "digest": after.main_digest,
                "number": after.number_text,
            },
        )
        if after.turn and (before is None or before.turn != after.turn) and act is not Act.CREATE:
            self.notify(unit, after, f"documents.{after.state.value}", (after.turn,))

    def notify(self, unit: Unit, document: Document, event: str, grantees: tuple[str, ...]) -> None:
        """Publish notices; the subject of a restricted document is not told."""
        fields = document.fields
        unit.publish(
            DELIVER,
            Batch(
                event=event,
                at=text(unit.now),
                urgent=fields.urgency.value != "normal",
                params={
                    "type": fields.type_name,
                    "subject": "" if fields.restricted else fields.subject,
                    "number": document.number_text,
                    "by": unit.actor.name,
                },
                items=[
                    Item(
                        grantee=grantee,
                        body_id=document.body_id,
                        subject_kind=KIND,
                        subject_id=document.id,
                    )
                    for grantee in grantees
                ],
            ),
        )

    async def office_of(self, body: Body) -> tuple[str, str]:
        """Return the body whose office serves ``body``, and the role there that checks the form.

        The chief of office checks the form; where a body has none, its records clerk does.
        """
        office = body.keeper_id
        today = self.today()
        for post in await self.directory.posts_of(office):
            in_force = post.valid_from <= today and (post.valid_to is None or today < post.valid_to)
            if post.role is Role.CHIEF_OF_OFFICE and in_force:
                return office, Role.CHIEF_OF_OFFICE.value
        return office, Role.RECORDS_CLERK.value


def serves(actor: Actor, body: Body) -> bool:
    """Tell whether the actor's body is the body itself, or the office that keeps its books."""
    return actor.body_id in (body.id, body.keeper_id)


def next_version(
    unit: Unit,
    document: Document,
    kind: VersionKind,
    main: FileRef | None,
    *,
    attachments: tuple[FileRef, ...] = (),
    placements: tuple[Placement, ...] = (),
    note: str = "",
) -> Version:
    """Return the version that follows the newest one of a document, made by the unit's actor."""
    return Version(
        n=document.current_n + 1,
        round=document.round,
        kind=kind,
        main=main,
        attachments=attachments,
        placements=placements,
        note=note,
        account_name=unit.actor.name,
        post_title=unit.actor.post_title,
        at=unit.now,
    )


def moved(document: Document) -> Moved:
    """Return the answer to an act."""
    return Moved(
        id=document.id,
        state=document.state,
        turn=document.turn,
        version=document.version,
        current_n=document.current_n,
        main_digest=document.main_digest,
        number_text=document.number_text,
        document_date=document.document_date,
    )


def approved_at(unit: Unit, before: Document, act: Act) -> datetime | None:
    """Return since when the signer has approved: opinions do not undo it, every other act does."""
    if act is Act.APPROVE_TO_SIGN:
        return unit.now
    return before.approved_at if act in (Act.ASK, Act.COMMENT, Act.PREPARE) else None


def _changed(document: Document) -> Conflict:
    return Conflict("documents.changed", state=document.state.value, version=document.version)


def with_version(document: Document, version: Version, fields: Fields | None = None) -> Document:
    """Return a document whose newest version is ``version``."""
    return replace(
        document,
        fields=fields or document.fields,
        current_n=version.n,
        current_kind=version.kind,
        main_digest=version.main.digest if version.main else "",
    )


def new_document(unit: Unit, fields: Fields, *, office: str, form_role: str, origin: Origin) -> Document:
    """Return a fresh draft of the unit's actor, without a version."""
    actor = unit.actor
    return Document(
        id=unit.new_id(),
        body_id=fields.body.id,
        author_body=actor.body_id,
        author_post=actor.post_id,
        author_title=actor.post_title,
        author_account=actor.account_id,
        author_name=actor.name,
        office_body=office,
        form_role=form_role,
        origin=origin,
        renews="",
        fields=fields,
        state=State.DRAFT,
        round=1,
        turn=f"post:{actor.post_id}",
        chain_at=0,
        signed_count=0,
        sealed_count=0,
        version=1,
        current_n=0,
        current_kind=VersionKind.TEXT,
        main_digest="",
        number_id="",
        number_text="",
        document_date=None,
        signer_name="",
        signed_at=None,
        approved_at=None,
        created_at=unit.now,
        updated_at=unit.now,
    )
