"""From the signature to the issue: tasks for the room of signatures, and the acts of the records clerk.

Cryptography takes place outside every unit: ``begin_*`` checks whose turn it is and hands out a task,
``record_*`` takes the result inside the caller's unit. Each record is a compare-and-set on state, row
version and digest of the newest version, so of two who act at once one gets Conflict ``documents.changed``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from server.documents import rules
from server.documents.commands import Advance
from server.documents.core import Core, moved, next_version, with_version
from server.documents.model import Act, Document, FileRef, Placement, State, Version, VersionKind
from server.documents.rendering import file_name, numbered_name
from server.documents.views import IssuedDocument, Moved, SigningTask
from server.files.model import Made
from server.kernel.actor import Actor
from server.kernel.clock import local_date
from server.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from server.registers.model import Number, OutgoingFacts
from server.unit import Unit
from storage.sql.protocol import Reader


class Issuing(Core):
    """Tasks and records of signing, numbering and sealing; issue and rejection."""

    async def begin_signing(
        self, actor: Actor, document_id: str, *, version: int | None = None
    ) -> SigningTask:
        """Check that the actor may sign now and return what to sign.

        Raises Forbidden ``identity.not_allowed``, ``documents.not_your_turn``, ``documents.no_authority``
        (authority is data with dates); NotFound; Conflict ``documents.changed``, ``documents.not_now``;
        Replayed.
        """
        self.access.require(actor, "documents.sign")
        async with self.answered_before(actor):
            document = await self.begin_act(actor, document_id, version, Act.SIGN)
            index = document.signed_count
            fields = document.fields
            body = fields.body if index == 0 else fields.co_issuers[index - 1].body
            post = fields.signer if index == 0 else fields.co_issuers[index - 1].signer
            authority = await self.directory.authority_for(
                post.id, body.id, self.today(), delegated=bool(actor.on_behalf)
            )
            if authority is None:
                raise Forbidden("documents.no_authority", post=post.name, body=body.name)
            return SigningTask(
                document=document,
                current=await self.store.newest_version(self.units.reader, document.id),
                index=index,
                body_id=body.id,
                post_id=post.id,
                mode=authority.mode.value,
                for_title=authority.for_title,
                own_title=authority.own_title or post.name,
            )

    async def record_prepared(
        self,
        unit: Unit,
        task: SigningTask,
        made: Made,
        *,
        placements: tuple[Placement, ...] | None = None,
    ) -> SigningTask:
        """Record the PDF with its fields, before the first signature; returns the task to go on with.

        Raises Conflict ``documents.already_signed`` when a person has signed, ``documents.changed``.
        """
        if task.document.signed_count:
            raise Conflict("documents.already_signed", state=task.document.state.value, act=Act.PREPARE.value)
        version, base = await self._keep(unit, task, made, VersionKind.PREPARED, placements)
        after = await self.move(unit, task.document, Act.PREPARE, changed=base)
        await self.store.add_version(unit, after, version)
        return replace(task, document=after, current=version)

    async def record_signed(self, unit: Unit, task: SigningTask, made: Made) -> Document:
        """Record the PDF that the task's post has signed; after the last signer the clerk has the turn."""
        version, base = await self._keep(unit, task, made, VersionKind.SIGNED)
        base = replace(
            base,
            signed_at=unit.now,
            signer_name=unit.actor.name if task.index == 0 else base.signer_name,
        )
        after = await self.move(unit, task.document, Act.SIGN, changed=base)
        await self.store.add_version(unit, after, version)
        return after

    async def begin_numbering(
        self, actor: Actor, document_id: str, *, version: int | None = None
    ) -> SigningTask:
        """Check that the clerk may take the number now, or fill in the one taken; returns what to fill.

        State ``signed``: call ``take_number`` first. State ``numbered`` with a newest version that is not
        ``numbered``: the number was taken and the fill did not end; go on with ``record_numbered``. Raises as
        ``begin_signing``, and Conflict ``documents.number_filled``.
        """
        return await self._clerk_task(
            actor, document_id, version, "documents.number", (Act.TAKE_NUMBER, Act.FILL_NUMBER)
        )

    async def take_number(
        self,
        unit: Unit,
        task: SigningTask,
        *,
        on: date | None = None,
        number: int | None = None,
        reason: str = "",
    ) -> tuple[SigningTask, Number]:
        """Take the number inside the caller's unit: signed -> numbered. An act of its own.

        ``on`` is the date written beside it (None = today), not before the signature and not in the future;
        ``number`` is the one that is expected; ``reason`` explains a date before that of the number before.
        Raises Invalid ``documents.date_future``, ``documents.date_before_signature``; what registers raise;
        Conflict.
        """
        document = task.document
        fields = document.fields
        rules.transition(document.state, Act.TAKE_NUMBER)
        day = on or local_date(unit.now)
        self._check_date(day, document, unit)
        taken = await self.books.allocate(
            unit,
            document.body_id,
            fields.type_code,
            day,
            document.id,
            drafting_unit=fields.unit,
            number=number,
            facts=outgoing_facts(document),
            co_issuers=tuple(co.body.name for co in fields.co_issuers),
            reason=reason,
        )
        base = replace(document, number_id=taken.id, number_text=taken.text, document_date=taken.date)
        after = await self.move(unit, document, Act.TAKE_NUMBER, changed=base)
        return replace(task, document=after), taken

    async def record_numbered(self, unit: Unit, task: SigningTask, made: Made) -> Document:
        """Record the PDF with number and date filled in."""
        return await self._record(unit, task, made, VersionKind.NUMBERED, Act.FILL_NUMBER)

    async def begin_sealing(
        self, actor: Actor, document_id: str, *, version: int | None = None
    ) -> SigningTask:
        """Check that the clerk may seal now and return what to seal.

        Raises as ``begin_signing``, and Conflict ``documents.number_not_filled``.
        """
        return await self._clerk_task(actor, document_id, version, "documents.seal", (Act.SEAL,))

    async def record_sealed(self, unit: Unit, task: SigningTask, made: Made) -> Document:
        """Record the PDF sealed for the task's body; after the last seal it can be issued."""
        after = await self._record(unit, task, made, VersionKind.SEALED, Act.SEAL)
        if after.state is State.SEALED:
            await self.books.mark_sealed(unit, after.number_id)
        return after

    async def issue(self, actor: Actor, document_id: str, command: Advance) -> Moved:
        """Issue a sealed document: final. Raises as ``begin_signing``."""
        self.access.require(actor, "documents.issue")
        async with self.answered_before(actor):
            before = await self.begin_act(actor, document_id, command.version, Act.ISSUE)
            async with self.units.begin(actor) as unit:
                return unit.answer(moved(await self.record_issued(unit, before, reason=command.reason)))

    async def record_issued(self, unit: Unit, document: Document, *, reason: str = "") -> Document:
        """Issue inside the caller's unit (issue and send in one act)."""
        rules.require_may(document.flow, Act.ISSUE, unit.actor)
        after = await self.move(unit, document, Act.ISSUE, reason=reason.strip())
        await self.books.mark_issued(unit, after.number_id)
        return after

    async def reject(self, actor: Actor, document_id: str, command: Advance) -> Moved:
        """Give up a document after the first signature, with a reason: what is wrong cannot be mended.

        The clerk who finds a fault of form, or a co-signer who does not sign. A number it had is voided with
        the same reason and stays in the book. ``create`` with ``renews`` takes the matter up again.
        """
        self.access.require(actor, "documents.return")
        async with self.answered_before(actor):
            before = await self.begin_act(actor, document_id, command.version, Act.REJECT)
            reason = rules.require_reason(before.flow, Act.REJECT, command.reason)
            async with self.units.begin(actor) as unit:
                after = await self.move(unit, before, Act.REJECT, reason=reason)
                if after.number_id:
                    await self.books.void_in(unit, after.number_id, reason)
                self.notify(unit, after, "documents.withdrawn", (f"post:{after.author_post}",))
                return unit.answer(moved(after))

    async def issued(self, tx: Reader | Unit, actor: Actor, document_id: str) -> IssuedDocument:
        """Return an issued document that the actor may see, as it is sent.

        Raises NotFound ``documents.unknown``, Conflict ``documents.not_issued``.
        """
        document = await self.store.find_visible(tx, document_id, self.scope_of(actor))
        if document is None:
            raise NotFound("documents.unknown")
        newest = await self.store.newest_version(tx, document_id)
        if document.state is not State.ISSUED or newest.main is None or document.document_date is None:
            raise Conflict("documents.not_issued", state=document.state.value)
        fields = document.fields
        return IssuedDocument(
            document_id=document.id,
            body_id=document.body_id,
            number_text=document.number_text,
            document_date=document.document_date,
            type_code=fields.type_code,
            type_name=fields.type_name,
            subject=fields.subject,
            signer_name=document.signer_name,
            urgency=fields.urgency,
            restricted=fields.restricted,
            reply_to=fields.reply_to,
            recipients=fields.recipients,
            outside=fields.outside,
            main=newest.main,
            attachments=newest.attachments,
        )

    async def _clerk_task(
        self, actor: Actor, document_id: str, seen: int | None, permission: str, acts: tuple[Act, ...]
    ) -> SigningTask:
        self.access.require(actor, permission)
        async with self.answered_before(actor):
            document = await self.load(actor, document_id)
            act = acts[-1] if document.state is State.NUMBERED else acts[0]
            filled = document.number_filled
            # The number was taken and the server died before it was filled in: the same request comes again,
            # naming the version from before its own first half, and goes on.
            goes_on = act is Act.FILL_NUMBER and not filled and seen == document.version - 1
            if seen not in (None, document.version) and not goes_on:
                document = await self.load(actor, document_id, seen)
            rules.require_may(document.flow, act, actor)
            if act is Act.SEAL and not filled:
                raise Conflict("documents.number_not_filled", number=document.number_text)
            if act is Act.FILL_NUMBER and filled:
                raise Conflict("documents.number_filled", number=document.number_text)
            index = document.sealed_count
            fields = document.fields
            body = fields.body if index == 0 else fields.co_issuers[index - 1].body
            return SigningTask(
                document=document,
                current=await self.store.newest_version(self.units.reader, document.id),
                index=index,
                body_id=body.id,
                post_id=actor.post_id,
                mode="",
                for_title="",
                own_title="",
            )

    async def _record(
        self, unit: Unit, task: SigningTask, made: Made, kind: VersionKind, act: Act
    ) -> Document:
        version, base = await self._keep(unit, task, made, kind)
        after = await self.move(unit, task.document, act, changed=base)
        await self.store.add_version(unit, after, version)
        return after

    async def _keep(
        self,
        unit: Unit,
        task: SigningTask,
        made: Made,
        kind: VersionKind,
        placements: tuple[Placement, ...] | None = None,
    ) -> tuple[Version, Document]:
        """Keep the bytes for the issuing body and return the version they make."""
        document, current = task.document, task.current
        held = await self.files.keep(unit, made, document.body_id)
        pages = current.main.pages if current.main else made.pages
        name = numbered_name(document) if document.number_text else file_name(document)
        version = next_version(
            unit,
            document,
            kind,
            FileRef(held.digest, name, held.size_bytes, pages),
            attachments=current.attachments,
            placements=current.placements if placements is None else placements,
        )
        return version, with_version(document, version)

    def _check_date(self, day: date, document: Document, unit: Unit) -> None:
        today = local_date(unit.now)
        signed = local_date(document.signed_at) if document.signed_at else today
        if day > today:
            raise Invalid("documents.date_future", field="/date")
        if day < signed:
            raise Invalid(
                "documents.date_before_signature", field="/date", signed=signed.strftime("%d/%m/%Y")
            )


def outgoing_facts(document: Document) -> OutgoingFacts:
    """Return the line of the outgoing book (Decree 30/2020, annex IV: recipients, signer, kept copies)."""
    fields = document.fields
    recipients = [*(body.name for body in fields.recipients), *fields.outside]
    return OutgoingFacts(
        subject="" if fields.restricted else fields.subject,
        signer=document.signer_name,
        recipients="; ".join(recipients),
    )
