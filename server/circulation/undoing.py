"""Mistakes undone: an acceptance, a refusal, a finish, a part given to the wrong post, the wrong book.

Nothing is erased. The line keeps its number in the book, voided with the reason; the receipt that goes back
follows the one it takes back and bears the reason; a part that was withdrawn stays beside the others.
"""

from __future__ import annotations

from dataclasses import replace

from server.circulation.codes import Code, Part
from server.circulation.commands import Reason, Rebook, Unassign
from server.circulation.core import Core, require_in_work, standing, subject_of, tell_sender, words_of
from server.circulation.intake import facts_of
from server.circulation.model import Position, Standing
from server.circulation.notices import notify
from server.circulation.rows import Changes
from server.circulation.rules import check_reason, require_worker, search_text
from server.identity import scope
from server.identity.model import Grant
from server.identity.scope import post, role
from server.kernel.actor import SYSTEM, Actor, Role
from server.kernel.errors import Conflict
from server.kernel.record import Subject
from server.organisations.model import Body
from server.registers.correcting import Corrected
from server.registers.series import Origin
from server.unit import Unit
from storage.sql.protocol import UniqueViolation


class Undoing:
    """The acts that take back what was done by mistake, each with its reason."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def undo_accept(self, actor: Actor, arrival_id: str, command: Reason) -> Standing:
        """Take a wrongly accepted arrival out of the book; its number stays there, voided with the reason.

        It waits to be accepted or refused again (01); a letter on paper is closed (02), since nobody sends
        it again. Parts that posts had are withdrawn. Raises Forbidden ``circulation.other_office``; NotFound;
        Invalid ``circulation.reason_missing``; Conflict ``circulation.not_in_work`` (not in the book, or
        finished: reopen it first).
        """
        core = self._core
        core.access.require(actor, "circulation.accept")
        reason = check_reason(Code.REFUSED, command.reason)
        async with core.units.begin(actor) as unit:
            position = await core.position(unit, arrival_id)
            await core.require_office(actor, position.to_body, reader=unit)
            require_in_work(position)
            await core.books.void_incoming(unit, position.incoming_entry, reason)
            await self._withdraw_all(unit, position, reason)
            target = Code.ARRIVED if position.origin is Origin.ELECTRONIC else Code.REFUSED
            found = search_text([position.number_text, position.subject, position.from_name])
            changes = Changes(off_book=True, search=found)
            undone = await core.go_back(unit, position, target, reason, changes, act="undo_accept")
            tell_sender(unit, position, "circulation.accept_undone")
            return unit.answer(undone)

    async def undo_refuse(self, actor: Actor, arrival_id: str, command: Reason) -> Standing:
        """Take back a refusal: the arrival waits to be accepted again (01).

        Raises Forbidden; NotFound; Invalid ``circulation.reason_missing``; Conflict
        ``circulation.not_refused``, ``circulation.sent_again`` (the sender has sent the document anew since).
        """
        core = self._core
        core.access.require(actor, "circulation.refuse")
        reason = check_reason(Code.REFUSED, command.reason)
        async with core.units.begin(actor) as unit:
            position = await core.position(unit, arrival_id)
            await core.require_office(actor, position.to_body, reader=unit)
            if position.status is not Code.REFUSED or position.origin is Origin.PAPER:
                raise Conflict("circulation.not_refused", status=position.status.value)
            try:
                undone = await core.go_back(unit, position, Code.ARRIVED, reason, act="undo_refuse")
            except UniqueViolation as error:
                raise Conflict("circulation.sent_again", body=position.to_name) from error
            tell_sender(unit, position, "circulation.refusal_undone")
            return unit.answer(undone)

    async def reopen(self, actor: Actor, arrival_id: str, command: Reason) -> Standing:
        """Open again what was finished by mistake (05); the one who led leads on.

        Raises Forbidden ``circulation.not_named``; NotFound; Invalid ``circulation.reason_missing``; Conflict
        ``circulation.not_finished``.
        """
        core = self._core
        core.access.require(actor, "circulation.finish")
        reason = check_reason(Code.REFUSED, command.reason)
        async with core.units.begin(actor) as unit:
            position = await core.position(unit, arrival_id)
            require_worker(actor.role, position.my_part)
            if position.status is not Code.FINISHED:
                raise Conflict("circulation.not_finished", status=position.status.value)
            changes = Changes(result="", reply_document="")
            undone = await core.go_back(unit, position, Code.IN_PROGRESS, reason, changes, act="reopen")
            await core.store.lead_resumes(unit, position.id)
            tell_sender(unit, position, "circulation.reopened")
            return unit.answer(undone)

    async def unassign(self, actor: Actor, arrival_id: str, command: Unassign) -> Standing:
        """Take a part away from a wrongly named post, which no longer sees the arrival.

        When nobody leads any more the arrival is back where it waits to be assigned (03). A post to which it
        was submitted may be taken back by whoever may submit. Raises Forbidden; NotFound; Invalid
        ``circulation.reason_missing``; Conflict ``circulation.part_unknown``, ``circulation.not_in_work``.
        """
        core = self._core
        core.access.require(actor, "circulation.submit")
        reason = check_reason(Code.REFUSED, command.reason)
        async with core.units.begin(actor) as unit:
            position = await core.position(unit, arrival_id)
            require_in_work(position)
            parts = await core.store.parts(unit, position.id)
            part = next((one.part for one in parts if one.post_id == command.post_id), None)
            if part is None:
                raise Conflict("circulation.part_unknown", post=command.post_id)
            if part is not Part.DECIDE:
                core.access.require(actor, "circulation.assign")
            await self._withdraw(unit, position, [command.post_id], reason)
            left = [one for one in parts if one.post_id != command.post_id and one.part is not Part.DECIDE]
            if part is not Part.DECIDE:
                labels = "; ".join(one.label for one in left)
                await core.books.forward_incoming(unit, position.incoming_entry, labels, whole=True)
            unit.record(
                "circulation.unassign",
                subject_of(position),
                old={"post": command.post_id, "part": part.value},
                detail={"post": command.post_id, "reason": reason},
            )
            told = [(post(command.post_id), position.to_body, "arrival", position.id)]
            notify(unit, "circulation.unassigned", told, words_of(position), urgent=False)
            led = any(one.part is Part.LEAD for one in left)
            if led or part is Part.DECIDE or position.status is Code.ACCEPTED:
                return unit.answer(standing(unit, position))
            return unit.answer(await core.go_back(unit, position, Code.ACCEPTED, reason, act="hand_back"))

    async def rebook(self, actor: Actor, arrival_id: str, command: Rebook) -> Standing:
        """Move an arrival to the right book: the old line is voided with the reason, a new number is taken.

        Any arrival may go from the incoming book to that of citizens' letters or back; a letter on paper may
        also go to the book of another body that the same clerk keeps, as long as nobody has a part in it.
        Raises Forbidden ``circulation.other_office``; NotFound; Invalid ``circulation.reason_missing``;
        Conflict ``circulation.not_in_work``, ``circulation.same_book``, ``circulation.body_fixed``; what
        taking a number raises.
        """
        core = self._core
        core.access.require(actor, "circulation.accept")
        reason = check_reason(Code.REFUSED, command.reason)
        async with core.units.begin(actor) as unit:
            position = await core.position(unit, arrival_id)
            await core.require_office(actor, position.to_body, reader=unit)
            require_in_work(position)
            target = command.body_id or position.to_body
            book = command.book or position.book
            if (target, book) == (position.to_body, position.book):
                raise Conflict("circulation.same_book", book=book.value)
            body = await core.require_office(actor, target, reader=unit)
            if target != position.to_body:
                await self._move_body(unit, position, body)
            old = position.incoming_entry
            await core.books.void_incoming(unit, old, reason)
            facts = facts_of(position, f"Chuyển sổ: {reason}")
            taken = await core.books.register_incoming(unit, target, facts, on=core.today(), book=book)
            parts = await core.store.parts(unit, position.id)
            labels = "; ".join(one.label for one in parts if one.part is not Part.DECIDE)
            if labels:
                await core.books.forward_incoming(unit, taken.id, labels, whole=True)
            await core.store.set_book(unit, position.id, book)
            changes = Changes(
                incoming_number=taken.number,
                incoming_text=taken.text,
                incoming_series=taken.series_id,
                incoming_entry=taken.id,
                incoming_date=taken.date,
                search=search_text([position.number_text, position.subject, position.from_name, taken.text]),
            )
            moved = replace(position, to_body=target, to_name=body.name)
            return unit.answer(
                await core.go_back(unit, moved, position.status, reason, changes, act="rebook")
            )

    async def on_corrected(self, corrected: Corrected, message_id: str) -> None:
        """Let the header of a letter on paper follow the corrected line of the book (outbox)."""
        del message_id  # writing the same words twice changes nothing
        async with self._core.units.begin(SYSTEM) as unit:
            if await self._core.store.correct_header(unit, corrected):
                unit.record(
                    "circulation.correct_header",
                    Subject("arrival", corrected.arrival_id, ""),
                    new=corrected,
                    detail={"incoming": corrected.text},
                )

    async def _move_body(self, unit: Unit, position: Position, body: Body) -> None:
        """Give a letter on paper to the body it is addressed to."""
        core = self._core
        if position.origin is not Origin.PAPER or await core.store.parts(unit, position.id):
            raise Conflict("circulation.body_fixed", body=position.to_name)
        await core.store.set_body(unit, position.id, body)
        if not position.restricted:
            await scope.revoke(unit, "arrival", position.id, [role(position.to_body, Role.RECORDS_CLERK)])
            clerks = role(body.id, Role.RECORDS_CLERK)
            await scope.grant(unit, "arrival", position.id, [Grant(body.id, clerks, "recipient")])
        held = await core.store.file_digests(unit, position.id)
        if held:
            await core.files.share(unit, held, [body.id])

    async def _withdraw_all(self, unit: Unit, position: Position, reason: str) -> None:
        parts = await self._core.store.parts(unit, position.id)
        await self._withdraw(unit, position, [one.post_id for one in parts], reason)

    async def _withdraw(self, unit: Unit, position: Position, posts: list[str], reason: str) -> None:
        """Mark the parts as withdrawn and take the way in from their posts, but not from the actor's own."""
        await self._core.store.withdraw_parts(unit, position.id, posts, reason)
        others = [post(one) for one in posts if one != unit.actor.post_id]
        if others:
            await scope.revoke(unit, "arrival", position.id, others)
