"""After the issue: handed to the applicant; revoked or replaced, with a reason, by a right of its own."""

from __future__ import annotations

from dataclasses import replace

from server.kernel.actor import Actor
from server.kernel.errors import Conflict, Invalid
from server.results import rules
from server.results.codes import read_code, shown
from server.results.core import Core
from server.results.model import PUBLIC, Ended, Handed, Result, State


class Ending(Core):
    """Acts on issued results. The history stays: the old code always tells what became of it."""

    async def hand_over(self, actor: Actor, result_id: str, *, version: int, how: Handed) -> Ended:
        """Note how the result came to the applicant.

        Raises Forbidden, NotFound ``results.unknown``, Conflict ``results.changed``,
        ``results.not_issued``, ``results.handed_already``.
        """
        self.access.require(actor, "results.hand_over")
        before = await self.load_result(actor, result_id, version)
        rules.require_state(before.state, (State.ISSUED,), "results.not_issued")
        if before.handed_at is not None:
            raise Conflict("results.handed_already")
        async with self.units.begin(actor) as unit:
            after = replace(before, handed_at=unit.now, handed_how=how.value)
            written = await self.write(unit, "results.hand_over", before, after, how=how.value)
            return unit.answer(_ended(written))

    async def revoke(self, actor: Actor, result_id: str, *, version: int, reason: str) -> Ended:
        """Revoke an issued result. The reason is shown to the public: it names no person.

        Raises as ``hand_over``; Invalid ``results.reason_missing``.
        """
        self.access.require(actor, "results.revoke")
        words = rules.checked_reason(reason)
        before = await self.load_result(actor, result_id, version)
        rules.require_state(before.state, (State.ISSUED,), "results.not_issued")
        async with self.units.begin(actor) as unit:
            after = replace(
                before,
                state=State.REVOKED,
                ended_at=unit.now,
                ended_reason=words,
                ended_by=actor.name,
            )
            written = await self.write(unit, "results.revoke", before, after)
            return unit.answer(_ended(written))

    async def replace_with(
        self, actor: Actor, result_id: str, *, version: int, by_code: str, reason: str
    ) -> Ended:
        """Have another issued result of the same body stand in the place of this one.

        Raises as ``revoke``; Invalid ``results.replacement_unknown`` (no such code, not in force, another
        body's, or the result itself).
        """
        self.access.require(actor, "results.revoke")
        words = rules.checked_reason(reason)
        before = await self.load_result(actor, result_id, version)
        rules.require_state(before.state, (State.ISSUED,), "results.not_issued")
        code = read_code(by_code)
        other = await self.store.by_code(self.units.reader, code) if code else None
        good = other is not None and other.state is State.ISSUED and other.body_id == before.body_id
        if other is None or not good or other.id == before.id:
            raise Invalid("results.replacement_unknown", field="/by_code", code=by_code[:40])
        async with self.units.begin(actor) as unit:
            after = replace(
                before,
                state=State.REPLACED,
                ended_at=unit.now,
                ended_reason=words,
                ended_by=actor.name,
                replaced_by=other.id,
            )
            written = await self.write(unit, "results.replace", before, after, by=other.id)
            return unit.answer(_ended(written))


def _ended(result: Result) -> Ended:
    return Ended(result.id, shown(result.code), result.state, result.version)


def is_public(result: Result) -> bool:
    """Tell whether the public can find a result: it was issued once."""
    return result.state in PUBLIC
