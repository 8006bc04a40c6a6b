"""Beside the main line of signing: approval before the token is at hand, attachments, later time-stamps."""

from __future__ import annotations

from dataclasses import replace

from server.documents.commands import Advance
from server.documents.core import KIND, moved, next_version, with_version
from server.documents.issuing import Issuing
from server.documents.model import Act, Document, FileRef, State, VersionKind
from server.documents.views import Moved, SigningTask
from server.files.model import Made
from server.kernel.actor import Actor
from server.kernel.errors import Conflict, NotFound
from server.kernel.record import Subject
from server.unit import Unit

TAKES_STAMPS = frozenset({State.TO_SIGN, State.SIGNED, State.NUMBERED, State.SEALED, State.ISSUED})
"""States in which a signed file may get time-stamps and revocation data: nothing that is read changes."""


class Supplements(Issuing):
    """Acts that stand beside signing, numbering and sealing."""

    async def approve_to_sign(self, actor: Actor, document_id: str, command: Advance) -> Moved:
        """Approve as the signer and put off the signature itself until the token is at hand.

        The document stays ``to_sign`` with ``approved_at``; whatever is done to it afterwards, save an
        opinion, undoes the approval. Raises as ``begin_signing``.
        """
        task = await self.begin_signing(actor, document_id, version=command.version)
        async with self.units.begin(actor) as unit:
            after = await self.move(unit, task.document, Act.APPROVE_TO_SIGN, reason=command.reason.strip())
            return unit.answer(moved(after))

    async def begin_attachment(
        self, actor: Actor, document_id: str, digest: str, *, version: int | None = None
    ) -> tuple[SigningTask, int]:
        """Check that the clerk may sign an attachment for the body now; return the task and its place.

        Raises as ``begin_sealing``, and NotFound ``documents.file_unknown``.
        """
        task = await self._clerk_task(actor, document_id, version, "documents.seal", (Act.SEAL_ATTACHMENT,))
        for index, file in enumerate(task.current.attachments):
            if file.digest == digest:
                return task, index
        raise NotFound("documents.file_unknown")

    async def record_attachment(self, unit: Unit, task: SigningTask, index: int, made: Made) -> Document:
        """Put a signed attachment in the place of the unsigned one. Raises Conflict ``documents.changed``."""
        document, current = task.document, task.current
        held = await self.files.keep(unit, made, document.body_id)
        before = current.attachments[index]
        signed = FileRef(held.digest, before.name, held.size_bytes, before.pages)
        attachments = (*current.attachments[:index], signed, *current.attachments[index + 1 :])
        version = next_version(
            unit,
            document,
            document.current_kind,
            current.main,
            attachments=attachments,
            placements=current.placements,
        )
        after = await self.move(unit, document, Act.SEAL_ATTACHMENT, changed=with_version(document, version))
        await self.store.add_version(unit, after, version)
        return after

    async def stampable(self, document_id: str) -> Document | None:
        """Return a signed document that may get time-stamps; None when it is gone or given up."""
        document = await self.store.find(self.units.reader, document_id)
        if document is None or document.state not in TAKES_STAMPS or not document.signed_count:
            return None
        return document

    async def record_stamped(self, unit: Unit, seen: Document, made: Made, note: str) -> Document:
        """Record the newest file with time-stamp and revocation data added: no act, no change of state.

        Raises Conflict ``documents.changed`` when the document has moved on since it was seen.
        """
        newest = await self.store.newest_version(unit, seen.id)
        if newest.main is None or seen.current_kind not in (
            VersionKind.SIGNED,
            VersionKind.NUMBERED,
            VersionKind.SEALED,
            VersionKind.HANDED_IN,
        ):
            raise Conflict("documents.changed", state=seen.state.value, version=seen.version)
        held = await self.files.keep(unit, made, seen.body_id)
        version = next_version(
            unit,
            seen,
            seen.current_kind,
            FileRef(held.digest, newest.main.name, held.size_bytes, newest.main.pages),
            attachments=newest.attachments,
            placements=newest.placements,
            note=note,
        )
        after = replace(with_version(seen, version), version=seen.version + 1)
        if not await self.store.replace(unit, seen, after):
            raise Conflict("documents.changed", state=seen.state.value, version=seen.version)
        await self.store.add_version(unit, after, version)
        unit.record(
            "documents.stamp",
            Subject(KIND, after.id, after.body_id),
            old=seen,
            new=after,
            detail={"n": after.current_n, "digest": after.main_digest},
        )
        return after
