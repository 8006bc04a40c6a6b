"""Working on an arrival: start, opinions and instructions, the document that answers, finish."""

from __future__ import annotations

from server.circulation.codes import Code, NoteKind, Part
from server.circulation.commands import Finish, LinkReply, Remark
from server.circulation.core import Core, require_in_work, standing, subject_of, tell_sender
from server.circulation.model import Position, Reply, Standing
from server.circulation.rows import Changes
from server.circulation.rules import check_text, require_worker
from server.kernel.actor import Actor
from server.kernel.errors import Conflict, Invalid
from server.unit import Unit


class Working:
    """The acts of those who handle an arrival."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def start(self, actor: Actor, arrival_id: str) -> Standing:
        """Begin the work (05). Raises Forbidden ``circulation.not_named``; NotFound; Conflict."""
        core = self._core
        core.access.require(actor, "circulation.start")
        async with core.units.begin(actor) as unit:
            position = await core.position(unit, arrival_id)
            require_worker(actor.role, position.my_part)
            begun = await core.move(unit, position, Code.IN_PROGRESS)
            await core.books.forward_incoming(unit, position.incoming_entry, "", signed_for=actor.name)
            return unit.answer(begun)

    async def finish(self, actor: Actor, arrival_id: str, command: Finish) -> Standing:
        """Finish the handling (06), with the result in words or the document that answers.

        One who only joins closes their own part and the state stays. Raises Forbidden
        ``circulation.not_named``; NotFound; Invalid ``circulation.result_missing``,
        ``circulation.reply_unlinked``; Conflict.
        """
        core = self._core
        core.access.require(actor, "circulation.finish")
        result = check_text(command.result, "/result")
        if not result and not command.reply_document:
            raise Invalid("circulation.result_missing", field="/result")
        async with core.units.begin(actor) as unit:
            position = await core.position(unit, arrival_id)
            require_worker(actor.role, position.my_part)
            if command.reply_document:
                await self._require_linked(unit, position, command.reply_document)
            if position.my_part is Part.JOIN:
                return unit.answer(await self._finish_part(unit, position, result))
            standing = await core.move(
                unit,
                position,
                Code.FINISHED,
                result,
                Changes(result=result, reply_document=command.reply_document),
            )
            await core.store.part_done(unit, position.id)
            tell_sender(unit, position, "circulation.finished")
            return unit.answer(standing)

    async def instruct(self, actor: Actor, arrival_id: str, command: Remark) -> Standing:
        """Write an instruction (bút phê) without assigning. Raises Forbidden; NotFound; Invalid; Conflict."""
        self._core.access.require(actor, "circulation.instruct")
        return await self._remark(actor, arrival_id, command, NoteKind.INSTRUCTION)

    async def remark(self, actor: Actor, arrival_id: str, command: Remark) -> Standing:
        """Write the opinion of one who handles it (ý kiến đề xuất). Raises as ``instruct``."""
        self._core.access.require(actor, "circulation.start")
        return await self._remark(actor, arrival_id, command, NoteKind.OPINION)

    async def link_reply(self, actor: Actor, arrival_id: str, command: LinkReply) -> Standing:
        """Say which document (draft or issued) answers an arrival; sending it tells the body that asked.

        Raises Forbidden; NotFound; Invalid ``circulation.reply_elsewhere``; Conflict.
        """
        core = self._core
        core.access.require(actor, "documents.draft")
        async with core.answered_before(actor):
            if not await core.documents.answers(actor, command.document_id, arrival_id):
                raise Invalid("circulation.reply_elsewhere", field="/document_id")
        async with core.units.begin(actor) as unit:
            position = await core.position(unit, arrival_id)
            await core.store.link_reply(unit, position.id, command.document_id)
            unit.record(
                "circulation.link_reply", subject_of(position), detail={"document": command.document_id}
            )
            return unit.answer(standing(unit, position))

    async def _remark(self, actor: Actor, arrival_id: str, command: Remark, kind: NoteKind) -> Standing:
        core = self._core
        words = check_text(command.text, "/text")
        if not words:
            raise Invalid("circulation.text_missing", field="/text")
        async with core.units.begin(actor) as unit:
            position = await core.position(unit, arrival_id)
            require_in_work(position)
            await core.store.add_note(unit, position.id, kind, words)
            unit.record(f"circulation.{kind.value}", subject_of(position), new=words)
            return unit.answer(standing(unit, position))

    async def _finish_part(self, unit: Unit, position: Position, result: str) -> Standing:
        """Close the part of one who joins."""
        core = self._core
        require_in_work(position)
        if not await core.store.part_done(unit, position.id, post=unit.actor.post_id):
            raise Conflict("circulation.part_done")
        await core.store.add_note(unit, position.id, NoteKind.OPINION, result)
        unit.record("circulation.finish_part", subject_of(position), new=result)
        return standing(unit, position)

    async def _require_linked(self, unit: Unit, position: Position, document_id: str) -> Reply:
        found = await self._core.store.linked(unit, position.id, document_id)
        if found is None:
            raise Invalid("circulation.reply_unlinked", field="/reply_document")
        return found
