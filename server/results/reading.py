"""Lists and pages of officers, files; and what the room of look-ups may know of a result."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from server.files.model import FileView
from server.kernel.actor import Actor
from server.kernel.errors import NotFound
from server.kernel.page import Page, PageRequest
from server.kernel.record import Subject
from server.results.codes import read_code, shown
from server.results.core import Core, own_request
from server.results.ending import is_public
from server.results.making import qr_address
from server.results.model import (
    BATCH,
    RESULT,
    Batch,
    BatchFilter,
    BatchRow,
    BatchView,
    Result,
    ResultFilter,
    Source,
    Stage,
    State,
    Work,
)
from server.results.procedures import Procedure


class Reading(Core):
    """What the room tells."""

    async def batches(self, actor: Actor, wanted: BatchFilter, page: PageRequest) -> Page[BatchRow]:
        """Return batches that the actor may see, last changed first. Raises Forbidden."""
        self.access.require(actor, "results.read")
        return await self.store.batches(self.units.reader, wanted, page, self.scope_of(actor))

    async def waiting(self, actor: Actor) -> dict[Stage, int]:
        """Count the batches that wait, by stage, among those that the actor may see. Raises Forbidden."""
        self.access.require(actor, "results.read")
        return await self.store.open_batches(self.units.reader, self.scope_of(actor))

    async def batch(self, actor: Actor, batch_id: str) -> BatchView:
        """Return a batch with its counts. Raises Forbidden, NotFound ``results.unknown_batch``."""
        self.access.require(actor, "results.read")
        batch, counts = await self.load(actor, batch_id)
        if actor.mandate_id:
            async with self.units.begin(own_request(actor)) as unit:
                unit.record(
                    "identity.supervised_view",
                    Subject(BATCH, batch.id, batch.body_id),
                    detail={"mandate": actor.mandate_id},
                )
        procedure = self.procedure_of(batch)
        view = BatchView(batch, counts, procedure.name.vi, procedure.name.en, ())
        return replace(view, acts=self._acts(actor, view))

    async def results(
        self, actor: Actor, batch_id: str, wanted: ResultFilter, page: PageRequest
    ) -> Page[Result]:
        """Return results of a batch in their order. Raises Forbidden; an unknown batch is empty."""
        self.access.require(actor, "results.read")
        code = read_code(wanted.q)
        if code:
            wanted = replace(wanted, q=code)
        return await self.store.results(self.units.reader, batch_id, wanted, page, self.scope_of(actor))

    async def result(self, actor: Actor, result_id: str) -> Result:
        """Return one result. Raises Forbidden, NotFound ``results.unknown``."""
        self.access.require(actor, "results.read")
        return await self.load_result(actor, result_id)

    async def open_file(self, actor: Actor, result_id: str) -> FileView:
        """Open the newest file. Raises Forbidden, NotFound ``results.unknown``, ``results.no_file``."""
        result = await self.result(actor, result_id)
        digest = result.digest or result.signed_digest or result.made_digest or result.source_digest
        if not digest:
            raise NotFound("results.no_file")
        subject = Subject(RESULT, result.id, result.body_id)
        return await self.files.open(actor, subject, digest, file_name(result))

    def shown(self, code: str) -> str:
        """Return a code as it is printed."""
        return shown(code)

    async def qr(self, code: str) -> str:
        """Return the QR of a code's look-up address as an SVG data address, for a page."""
        return await asyncio.to_thread(qr_address, self.address(code))

    def catalogue(self) -> list[Procedure]:
        """Return the procedures in force today."""
        return self.procedures.in_force(self.today())

    # --- for look-ups --------------------------------------------------------------------------------

    async def public(self, code: str) -> tuple[Result, Batch, Procedure] | None:
        """Return an issued result by its code, also when it was revoked or replaced; None = there is none."""
        found = await self.store.by_code(self.units.reader, code)
        return await self._whole(found) if found is not None and is_public(found) else None

    async def of_digest(self, digest: str) -> tuple[Result, Batch, Procedure] | None:
        """Return the result that a file belongs to, in whatever state; None = to none."""
        found = await self.store.by_digest(self.units.reader, digest)
        return await self._whole(found) if found is not None else None

    async def by_id(self, result_id: str) -> Result | None:
        """Return a result by its id, for rooms that show where another one leads."""
        return await self.store.by_id(self.units.reader, result_id)

    async def _whole(self, result: Result) -> tuple[Result, Batch, Procedure]:
        batch = await self.store.batch(self.units.reader, result.batch_id)
        if batch is None:
            raise NotFound("results.unknown_batch")
        return result, batch, self.procedure_of(batch)

    def _acts(self, actor: Actor, view: BatchView) -> tuple[str, ...]:
        """Return what the actor may do with a batch and its results now."""
        allows, batch = self.access.allows, view.batch
        idle = batch.work is Work.NONE
        mine = batch.signer.account_id == actor.account_id and batch.signer.post_id == actor.post_id
        fresh = view.count(State.NEW)
        possible = {
            "attach": ("results.prepare", idle and fresh > 0 and batch.source is Source.FILES),
            "make": ("results.prepare", idle and fresh > 0),
            "sign": ("results.sign", idle and view.count(State.MADE) > 0 and mine),
            "seal": ("results.seal", idle and view.count(State.SIGNED, State.NUMBERED) > 0),
            "drop": ("results.drop", idle),
            "hand_over": ("results.hand_over", view.count(State.ISSUED) > 0),
            "revoke": ("results.revoke", view.count(State.ISSUED) > 0),
        }
        return tuple(act for act, (action, now) in possible.items() if now and allows(actor, action))


def file_name(result: Result) -> str:
    """Return the name under which a result's file is offered: its code, and no name of a person."""
    return f"ket-qua-{shown(result.code)}.pdf"
