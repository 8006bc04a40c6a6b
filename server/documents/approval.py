"""The side of those who judge: check of form, approval chain, sending back."""

from __future__ import annotations

from server.documents import rules
from server.documents.commands import Advance, CheckForm
from server.documents.core import Core, moved
from server.documents.model import Act, State
from server.documents.views import Moved
from server.kernel.actor import Actor
from server.kernel.errors import Invalid


class Approval(Core):
    """Commands of the chief of office and of the approval chain."""

    async def check_form(self, actor: Actor, document_id: str, command: CheckForm) -> Moved:
        """Pass the form (thẩm định thể thức), or send it back with a reason.

        Raises NotFound; Forbidden ``documents.not_your_turn``; Conflict ``documents.changed``,
        ``documents.not_now``; Invalid ``documents.reason_missing``.
        """
        act = Act.PASS_FORM if command.passed else Act.RETURN_FORM
        return await self._judge(
            actor, document_id, command.version, act, command.reason, "documents.check_form"
        )

    async def approve(self, actor: Actor, document_id: str, command: Advance) -> Moved:
        """Approve in one's turn; the next post of the chain, or the signer, has the turn then."""
        return await self._judge(
            actor, document_id, command.version, Act.APPROVE, command.reason, "documents.approve"
        )

    async def send_back(self, actor: Actor, document_id: str, command: Advance) -> Moved:
        """Send back with a reason, as an approver or as the signer who does not sign; a new round begins."""
        return await self._judge(
            actor, document_id, command.version, Act.SEND_BACK, command.reason, "documents.return"
        )

    async def _judge(
        self, actor: Actor, document_id: str, seen: int, act: Act, given: str, permission: str
    ) -> Moved:
        self.access.require(actor, permission)
        async with self.answered_before(actor):
            before = await self.begin_act(actor, document_id, seen, act)
            reason = rules.require_reason(before.flow, act, given)
            if rules.advance(before.flow, act).state is State.TO_SIGN:
                # Keys may have ended since it was submitted: nobody shall sign what cannot be finished.
                faults = await self.gate_faults(before)
                if faults:
                    raise Invalid.of(faults)
            async with self.units.begin(actor) as unit:
                return unit.answer(moved(await self.move(unit, before, act, reason=reason)))
