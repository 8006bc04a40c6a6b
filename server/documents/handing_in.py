"""A PDF that was signed and sealed outside is registered with its number, and is issued at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import msgspec

from server.documents.commands import FieldsInput, HandIn
from server.documents.core import KIND, Core, moved, new_document, next_version, serves, with_version
from server.documents.issuing import outgoing_facts
from server.documents.model import Act, Document, Fields, FileRef, Origin, State, VersionKind
from server.documents.resolving import held_files, resolve
from server.documents.views import Moved
from server.identity import scope
from server.identity.model import Grant
from server.kernel.actor import Actor, Role
from server.kernel.errors import Forbidden, Invalid
from server.organisations.model import Body
from server.unit import Unit

VERIFY: Final = "signatures.verify"
"""Kind of the outbox message that has the signatures of a file checked."""


class VerifyRequest(msgspec.Struct, frozen=True):
    """Payload of ``signatures.verify``."""

    digest: str
    """File to check."""


@dataclass(frozen=True, slots=True)
class CheckedHandIn:
    """A signed PDF whose every fact was checked, ready to be registered."""

    command: HandIn
    """What was asked for."""
    fields: Fields
    """The fields of the document, names written down."""
    body: Body
    """Body that issued it."""
    day: date
    """Its date."""
    main: FileRef
    """The signed PDF."""
    attachments: tuple[FileRef, ...]
    """Files that go with it."""


class HandingIn(Core):
    """The fast way in for documents signed with a token outside."""

    async def hand_in(self, actor: Actor, command: HandIn) -> Moved:
        """Register a signed PDF: number from the book, document, version, in one unit; issued at once.

        The number is the one printed in the file (``number``), or the next one. What the signatures prove is
        checked later, once for each digest (outbox ``signatures.verify``). Raises Forbidden
        ``identity.not_allowed``, ``documents.other_office``; Refused ``files.state_secret``; Invalid naming
        every fault; what registers raise when the number is taken.
        """
        async with self.answered_before(actor):
            checked = await self.prepare_hand_in(actor, command)
            async with self.units.begin(actor) as unit:
                return unit.answer(moved(await self.record_hand_in(unit, checked)))

    async def prepare_hand_in(self, actor: Actor, command: HandIn) -> CheckedHandIn:
        """Check a signed PDF before the unit that registers it (alone, or registers and sends).

        Raises what ``hand_in`` raises before its unit.
        """
        self.access.require(actor, "documents.hand_in")
        fields, body = await resolve(self, actor, _fields(command, actor), at="")
        if actor.role is not Role.RECORDS_CLERK or not serves(actor, body):
            raise Forbidden("documents.other_office", body=body.name)
        day = self._day(command.document_date)
        main, attachments = await held_files(
            self, self.units.reader, actor.body_id, command.main, command.attachments
        )
        if main is None:
            raise Invalid("documents.no_file", field="/main")
        return CheckedHandIn(command, fields, body, day, main, attachments)

    async def record_hand_in(self, unit: Unit, checked: CheckedHandIn) -> Document:
        """Register a checked PDF inside the caller's unit. Raises what registers raise."""
        actor, fields, command = unit.actor, checked.fields, checked.command
        fresh = new_document(
            unit, fields, office=checked.body.keeper_id, form_role="", origin=Origin.HANDED_IN
        )
        fresh = replace(fresh, signer_name=command.signer_name)
        taken = await self.books.allocate(
            unit,
            checked.body.id,
            fields.type_code,
            checked.day,
            fresh.id,
            drafting_unit=fields.unit,
            number=command.number,
            facts=outgoing_facts(fresh),
            reason=command.reason,
            issued=True,
        )
        version = next_version(
            unit, fresh, VersionKind.HANDED_IN, checked.main, attachments=checked.attachments
        )
        issued = replace(
            with_version(fresh, version),
            state=State.ISSUED,
            turn="",
            signed_count=1,
            sealed_count=1,
            number_id=taken.id,
            number_text=taken.text,
            document_date=taken.date,
            signed_at=unit.now,
        )
        await self.store.insert(unit, issued)
        await self.store.add_version(unit, issued, version)
        await self.store.add_step(unit, fresh, issued, Act.HAND_IN, "")
        offices = dict.fromkeys((checked.body.id, checked.body.keeper_id))
        clerks = [scope.role(office, Role.RECORDS_CLERK) for office in offices]
        grantees = [actor.post_grantee] if fields.restricted else clerks
        grants = [Grant(checked.body.id, grantee, "handed_in") for grantee in grantees]
        await scope.grant(unit, KIND, issued.id, grants)
        if fields.restricted:
            await scope.restrict(unit, KIND, issued.id, restricted=True)
        self.record(unit, Act.HAND_IN, None, issued)
        unit.publish(VERIFY, VerifyRequest(issued.main_digest), key=issued.main_digest)
        return issued

    def _day(self, given: date | None) -> date:
        today = self.today()
        if given is not None and given > today:
            raise Invalid("documents.date_future", field="/document_date")
        return given or today


def _fields(command: HandIn, actor: Actor) -> FieldsInput:
    return FieldsInput(
        body_id=command.body_id,
        type_code=command.type_code,
        subject=command.subject,
        secrecy=command.secrecy,
        urgency=command.urgency,
        restricted=command.restricted,
        recipients=command.recipients,
        outside=command.outside,
        reply_to=command.reply_to,
        signer_post=command.signer_post,
        clerk_post=actor.post_id if command.restricted else "",
    )
