"""The acts of signing with keys that the server holds: the leader's signature, number and date, the seal.

Cryptography never runs inside a unit. A command takes a task from ``documents`` (whose turn, which bytes),
works on the bytes in a thread, stores the result as a blob, and then records it in one unit that compares
the state with what the task saw; so of two who act at once one is told that the document has changed, and
a crash in between leaves an unreferenced blob and nothing else.
"""

from __future__ import annotations

from datetime import date
from typing import Protocol

from server.documents.core import moved
from server.documents.model import Document, VersionKind
from server.documents.views import Moved, SigningTask
from server.kernel.actor import Actor
from server.kernel.errors import Conflict
from server.signatures.crypto import Order, Raise, Step
from server.signatures.levels import KEPT, Levels
from server.signatures.model import OwnerKind, VerifyRequest
from server.signatures.plan import field_plan, person_field, seal_field, texts
from server.unit import Unit
from signing.model import Level
from signing.pades.purpose import Purpose

UNPREPARED = frozenset({VersionKind.UPLOADED, VersionKind.RENDERED})
REASON_PERSON = "Ký ban hành"
REASON_SEAL = "Đóng dấu phát hành"


class Bulk(Protocol):
    """Notes in the unit of an act how far an item of a bulk run has come."""

    async def __call__(self, unit: Unit, after: Document, *, last: bool) -> None:
        """Called in each unit of the item; ``last``: the item is done when the unit commits."""
        ...


class SigningActs(Levels):
    """Sign, number, seal."""

    async def sign(
        self, actor: Actor, document_id: str, *, version: int | None = None, bulk: Bulk | None = None
    ) -> Moved:
        """Sign as the person whose turn it is; a PDF that has no fields yet gets them first.

        Raises what ``documents.begin_signing`` raises, and Conflict ``signatures.no_key``,
        ``signatures.key_not_valid``; Refused ``signatures.cannot_sign``; Unavailable ``signatures.busy``.
        """
        task = await self.documents.begin_signing(actor, document_id, version=version)
        key = await self.key_of(OwnerKind.PERSON, actor.account_id, actor.name)
        source = await self.files.read_bytes(task.digest)
        plan = field_plan(task.current.placements) if task.current.kind in UNPREPARED else None
        step = Step(key, person_field(task.index), reason=REASON_PERSON)
        wanted = self.person_level(task.document)
        order = Order(source, self.units.now(), plan, steps=(step,), level=wanted)
        done = await self.carry_out(order, bulk=bulk is not None)
        made_prepared = await self.stored(done.prepared, task) if done.prepared else None
        made = await self.stored(done.pdf, task)
        async with self.units.begin(actor) as unit:
            if made_prepared is not None:
                task = await self.documents.record_prepared(unit, task, made_prepared)
            after = await self.documents.record_signed(unit, task, made)
            await self.note_level(unit, after, done, wanted=wanted, field=step.field)
            return await self._answered(unit, after, bulk, last=True)

    async def with_fields(self, task: SigningTask, source: bytes) -> bytes | None:
        """Return the PDF with the fields of its plan; None when it has them already."""
        if task.current.kind not in UNPREPARED:
            return None
        order = Order(source, self.units.now(), field_plan(task.current.placements))
        return (await self.carry_out(order)).prepared

    async def number(
        self,
        actor: Actor,
        document_id: str,
        *,
        version: int | None = None,
        on: date | None = None,
        number: int | None = None,
        reason: str = "",
        bulk: Bulk | None = None,
    ) -> Moved:
        """Take the number (an act of its own), then fill number and date into their fields.

        When the fill fails after the number was taken, the document stands ``numbered`` and unfilled; the
        same call again goes on from there. Raises what ``documents`` and ``registers`` raise, and as
        ``sign``.
        """
        task = await self.documents.begin_numbering(actor, document_id, version=version)
        if not task.document.number_id:
            async with self.units.begin(actor) as unit:
                task, _ = await self.documents.take_number(unit, task, on=on, number=number, reason=reason)
                # The answer is given by the unit that fills; taking alone is not the end of this act.
                if bulk is not None:
                    await bulk(unit, task.document, last=False)
        document = task.document
        day = document.document_date
        if day is None:
            raise Conflict("signatures.number_unreadable", number=document.number_text)
        profile = self.profiles.on(document.fields.profile, day)
        values = texts(profile, document.number_text, day)
        source = await self.files.read_bytes(task.digest)
        done = await self.carry_out(Order(source, self.units.now(), values=values), bulk=bulk is not None)
        made = await self.stored(done.pdf, task)
        async with self.units.begin(actor) as unit:
            after = await self.documents.record_numbered(unit, task, made)
            return await self._answered(unit, after, bulk, last=False)

    async def seal(
        self, actor: Actor, document_id: str, *, version: int | None = None, bulk: Bulk | None = None
    ) -> Moved:
        """Seal for the body whose turn it is. Raises as ``sign``."""
        task = await self.documents.begin_sealing(actor, document_id, version=version)
        key = await self.key_of(OwnerKind.BODY, task.body_id, task.body_id)
        source = await self.files.read_bytes(task.digest)
        step = Step(key, seal_field(task.index), reason=REASON_SEAL)
        order, wanted, earlier = self._sealing(task, source, step)
        done = await self.carry_out(order, bulk=bulk is not None)
        made = await self.stored(done.pdf, task)
        async with self.units.begin(actor) as unit:
            after = await self.documents.record_sealed(unit, task, made)
            await self.note_level(unit, after, done, wanted=wanted, field=step.field, earlier=earlier)
            unit.publish("signatures.verify", VerifyRequest(made.info.digest), key=made.info.digest)
            return await self._answered(unit, after, bulk, last=True)

    async def seal_attachment(
        self, actor: Actor, document_id: str, digest: str, *, version: int | None = None
    ) -> Moved:
        """Sign an attachment for the body: number and time at the top right of page 1, no image.

        Decree 30/2020, Appendix I: files that go with a document are signed each. Raises as ``seal``, and
        NotFound ``documents.file_unknown``.
        """
        task, index = await self.documents.begin_attachment(actor, document_id, digest, version=version)
        key = await self.key_of(OwnerKind.BODY, task.body_id, task.body_id)
        source = await self.files.read_bytes(digest)
        step = Step(key, purpose=Purpose.ATTACHMENT, number=task.document.number_text)
        done = await self.carry_out(Order(source, self.units.now(), steps=(step,)))
        made = await self.stored(done.pdf, task)
        async with self.units.begin(actor) as unit:
            after = await self.documents.record_attachment(unit, task, index, made)
            return await self._answered(unit, after, None, last=True)

    def _sealing(self, task: SigningTask, source: bytes, step: Step) -> tuple[Order, Level, tuple[str, ...]]:
        """Return the order of a seal, the level wanted, and the signatures that its validation data covers.

        Only the last seal goes beyond B-T: it brings the data for all signatures, and then the time-stamp.
        """
        document, now = task.document, self.units.now()
        last = task.index == len(document.flow.sealers) - 1
        wanted = self.wanted_level(document) if last else self.person_level(document)
        if wanted not in KEPT:
            return Order(source, now, steps=(step,), level=wanted), wanted, ()
        fields = [person_field(index) for index in range(len(document.flow.signers))]
        earlier = (*fields, *(seal_field(index) for index in range(task.index)))
        raises = (*(Raise(one, Level.B_LT, needed=False) for one in earlier), Raise(step.field, wanted))
        return Order(source, now, steps=(step,), level=Level.B_T, raises=raises), wanted, earlier

    async def _answered(self, unit: Unit, after: Document, bulk: Bulk | None, *, last: bool) -> Moved:
        if bulk is not None:
            await bulk(unit, after, last=last)
        return unit.answer(moved(after))
