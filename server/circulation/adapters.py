"""Ties the port of documents to the room of documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from server.circulation.model import FilePart
from server.circulation.ports import Issued
from server.documents.commands import HandIn
from server.documents.handing_in import CheckedHandIn
from server.documents.model import Document, FileRef, Named
from server.documents.service import Documents
from server.documents.views import IssuedDocument
from server.files.model import PDF
from server.kernel.actor import Actor
from server.kernel.errors import Conflict
from server.organisations.model import Body
from server.unit import Unit


class IssuedDocuments:
    """The room of documents as circulation asks it."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def issued(self, actor: Actor, document_id: str) -> Issued:
        """Return an issued document that the actor may see. Raises NotFound, Conflict."""
        documents = self._documents
        return _issued_of(await documents.issued(documents.units.reader, actor, document_id))

    async def prepare_hand_in(self, actor: Actor, command: HandIn) -> HandInReady:
        """Check a document signed outside, without writing. Raises what documents raise."""
        return HandInReady(self._documents, await self._documents.prepare_hand_in(actor, command))

    async def answers(self, actor: Actor, document_id: str, arrival_id: str) -> bool:
        """Tell whether a document that the actor may see says that it answers the arrival."""
        found = await self._documents.replies_to(actor, arrival_id)
        return any(row.id == document_id for row in found)


class HandInReady:
    """A document signed outside, checked and ready to be written."""

    def __init__(self, documents: Documents, checked: CheckedHandIn) -> None:
        self._documents = documents
        self._checked = checked
        fields = checked.fields
        self.body = checked.body
        self.body_id = fields.body.id
        self.restricted = fields.restricted
        self.reply_to = fields.reply_to

    def address(self, recipients: Sequence[Body], outside: Sequence[str]) -> None:
        """Say to whom it goes, for the outgoing book; a document that names its own recipients keeps them."""
        fields = self._checked.fields
        if not fields.recipients and not fields.outside:
            named = tuple(Named(body.id, body.name) for body in recipients)
            self._checked = replace(
                self._checked, fields=replace(fields, recipients=named, outside=tuple(outside))
            )

    async def write(self, unit: Unit) -> Issued:
        """Write it into the caller's unit and return it as it is sent."""
        document = await self._documents.record_hand_in(unit, self._checked)
        return _handed_in(document, self._checked)


def _issued_of(document: IssuedDocument) -> Issued:
    """Return an issued document in the words of circulation."""
    return Issued(
        document_id=document.document_id,
        body_id=document.body_id,
        number_text=document.number_text,
        document_date=document.document_date,
        type_code=document.type_code,
        type_name=document.type_name,
        subject=document.subject,
        signer=document.signer_name,
        urgency=document.urgency,
        restricted=document.restricted,
        reply_to=document.reply_to,
        pages=document.main.pages,
        files=_parts(document.main, document.attachments),
    )


def _handed_in(document: Document, checked: CheckedHandIn) -> Issued:
    fields = document.fields
    if document.document_date is None:
        raise Conflict("documents.not_issued", state=document.state.value)
    return Issued(
        document_id=document.id,
        body_id=document.body_id,
        number_text=document.number_text,
        document_date=document.document_date,
        type_code=fields.type_code,
        type_name=fields.type_name,
        subject=fields.subject,
        signer=document.signer_name,
        urgency=fields.urgency,
        restricted=fields.restricted,
        reply_to=fields.reply_to,
        pages=checked.main.pages,
        files=_parts(checked.main, checked.attachments),
    )


def _parts(main: FileRef, attachments: tuple[FileRef, ...]) -> tuple[FilePart, ...]:
    return (_part(main, main=True), *(_part(one, main=False) for one in attachments))


def _part(file: FileRef, *, main: bool) -> FilePart:
    return FilePart(file.digest, file.name, PDF, file.size_bytes, main)
