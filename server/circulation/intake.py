"""What the recipient's clerk does: takes an arrival into the book, refuses it, answers a recall."""

from __future__ import annotations

from server.circulation.codes import Code
from server.circulation.commands import Accept, Reason, RecallAnswer
from server.circulation.core import Core, tell_sender
from server.circulation.model import Position, Standing
from server.circulation.rows import NOTHING, Changes
from server.circulation.rules import check_reason, check_text, search_text
from server.kernel.actor import Actor
from server.registers.model import IncomingFacts


class Intake:
    """The acts of the records clerk."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def accept(self, actor: Actor, arrival_id: str, command: Accept) -> Standing:
        """Take an arrival into the book (03): the incoming number is taken in the same unit.

        Raises Forbidden ``circulation.other_office``; NotFound; Invalid; Conflict
        ``circulation.already_handled`` (another clerk was faster: who and when), ``.recall_pending``.
        """
        core = self._core
        core.access.require(actor, "circulation.accept")
        async with core.answered_before(actor):
            note = check_text(command.note, "/note")
            due = core.deadline(command.due_date, command.working_days)
        async with core.units.begin(actor) as unit:
            position = await core.position(unit, arrival_id)
            body = await core.require_office(actor, position.to_body, reader=unit)
            core.require_next(position, Code.ACCEPTED)
            keeping = await core.living(unit, body)
            taken = await core.books.register_incoming(
                unit, keeping.id, facts_of(position, note), on=core.today(), book=position.book
            )
            standing = await core.move(
                unit,
                position,
                Code.ACCEPTED,
                changes=Changes(
                    due_date=due,
                    incoming_number=taken.number,
                    incoming_text=taken.text,
                    incoming_series=taken.series_id,
                    incoming_entry=taken.id,
                    incoming_date=taken.date,
                    search=search_text(
                        [position.number_text, position.subject, position.from_name, taken.text]
                    ),
                ),
            )
            return unit.answer(standing)

    async def refuse(self, actor: Actor, arrival_id: str, command: Reason) -> Standing:
        """Refuse an arrival (02) with the reason; the sender's clerks are told.

        Raises Forbidden; NotFound; Invalid ``circulation.reason_missing``; Conflict as ``accept``.
        """
        core = self._core
        core.access.require(actor, "circulation.refuse")
        reason = check_reason(Code.REFUSED, command.reason)
        async with core.units.begin(actor) as unit:
            position = await core.position(unit, arrival_id)
            await core.require_office(actor, position.to_body, reader=unit)
            standing = await core.move(unit, position, Code.REFUSED, reason)
            tell_sender(unit, position, "circulation.refused")
            return unit.answer(standing)

    async def answer_recall(self, actor: Actor, arrival_id: str, command: RecallAnswer) -> Standing:
        """Answer the sender: agreed (15) closes the arrival as withdrawn, refused (16) changes nothing.

        After 15 its content is hidden from everybody of the body; line, number and receipts stay. Raises
        Forbidden; NotFound; Invalid ``circulation.reason_missing``; Conflict ``circulation.already_handled``.
        """
        core = self._core
        core.access.require(actor, "circulation.answer_recall")
        code = Code.RECALL_AGREED if command.agreed else Code.RECALL_REFUSED
        reason = check_reason(code, command.reason)
        async with core.units.begin(actor) as unit:
            position = await core.position(unit, arrival_id)
            await core.require_office(actor, position.to_body, reader=unit)
            changes = NOTHING
            if command.agreed:
                # Words of the subject must not find what was withdrawn.
                changes = Changes(
                    search=search_text([position.number_text, position.from_name, position.incoming_text])
                )
            standing = await core.move(unit, position, code, reason, changes)
            if command.agreed:
                await core.store.part_done(unit, position.id)
            tell_sender(
                unit,
                position,
                "circulation.recall_agreed" if command.agreed else "circulation.recall_refused",
            )
            return unit.answer(standing)


def facts_of(position: Position, note: str) -> IncomingFacts:
    """Return the line of the incoming book."""
    return IncomingFacts(
        author=position.from_name,
        subject=position.subject,
        origin=position.origin,
        arrival_id=position.id,
        notation=position.number_text,
        document_date=position.document_date,
        type_name=position.type_name,
        urgency=position.urgency.value,
        pages=position.pages,
        note=note,
    )
