"""Sending: one act, one unit, the same number of statements for five recipients as for two thousand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from server.circulation.codes import Code
from server.circulation.commands import Addressees, HandInAndSend, Reason, Send
from server.circulation.core import Core
from server.circulation.model import Standing
from server.circulation.model_sent import Dispatch, SentTo
from server.circulation.notices import notify
from server.circulation.ports import Facts, Issued
from server.circulation.receipts import Sealed
from server.circulation.rows import Changes
from server.circulation.rules import (
    check_reason,
    check_text,
    priority_of,
    recipient_faults,
)
from server.circulation.sending_rows import (
    NEW,
    Plan,
    arrival_row,
    dispatch_row,
    grants_of,
    header,
    receipt_01,
)
from server.identity import scope
from server.identity.model import Grant
from server.identity.scope import role
from server.kernel.actor import Actor, Role
from server.kernel.clock import text
from server.kernel.errors import Conflict, Fault, Invalid
from server.kernel.record import Subject
from server.organisations.model import Body
from server.unit import Unit
from storage.sql.protocol import UniqueViolation


class Sending:
    """Sends documents, asks for them back, posts printed copies."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def send(self, actor: Actor, command: Send) -> Dispatch:
        """Send an issued document to bodies and, by post, to others; each body has it with receipt 01.

        Everything is in one unit: dispatch, arrivals, receipts, who may see, holdings of the files, audit,
        notices. Raises Forbidden; NotFound; Invalid with one fault for each wrong recipient
        (``circulation.recipient_twice``, ``.recipient_self``, ``.attention_missing``, closed and unknown
        bodies as organisations names them); Conflict ``circulation.not_issued``,
        ``circulation.already_sent`` with one fault for each body that has it.
        """
        core = self._core
        core.access.require(actor, "circulation.send")
        async with self._refusing(actor, command.document_id), core.answered_before(actor):
            issued = await core.documents.issued(actor, command.document_id)
            plan = await self._plan(actor, issued, command)
        try:
            async with core.units.begin(actor) as unit:
                return unit.answer(await self._write(unit, issued, plan))
        except UniqueViolation as violation:
            raise await self._already_sent(violation, issued.document_id, command.to) from violation

    async def hand_in_and_send(self, actor: Actor, command: HandInAndSend) -> Dispatch:
        """Register a document that was signed outside and send it, in one unit (what machines use).

        Raises what ``documents.hand_in`` and ``send`` raise.
        """
        core = self._core
        core.access.require(actor, "documents.hand_in")
        core.access.require(actor, "circulation.send")
        async with self._refusing(actor, ""), core.answered_before(actor):
            handing_in = await core.documents.prepare_hand_in(actor, command.document)
            plan = await self._plan(actor, handing_in, command.addressees, handing_in.body)
            handing_in.address(plan.recipients, [one.name for one in command.addressees.outside])
        async with core.units.begin(actor) as unit:
            issued = await handing_in.write(unit)
            return unit.answer(await self._write(unit, issued, plan))

    async def request_recall(self, actor: Actor, arrival_id: str, command: Reason) -> Standing:
        """Ask one recipient for the document back (13): a task for its clerk, nothing else changes.

        Raises Forbidden ``circulation.other_office``; NotFound; Invalid ``circulation.reason_missing``;
        Conflict ``circulation.already_handled``.
        """
        core = self._core
        core.access.require(actor, "circulation.recall")
        reason = check_reason(Code.RECALL_REQUESTED, command.reason)
        async with core.units.begin(actor) as unit:
            position = await core.position(unit, arrival_id, as_sender=True)
            await core.require_office(actor, position.from_body, reader=unit)
            standing = await core.move(
                unit, position, Code.RECALL_REQUESTED, reason, Changes(recall_reason=reason)
            )
            clerks = role(position.to_body, Role.RECORDS_CLERK)
            notify(
                unit,
                "circulation.recall_requested",
                [(clerks, position.to_body, "arrival", position.id)],
                {"number": position.number_text, "sender": position.from_name},
                urgent=True,
            )
            return unit.answer(standing)

    @asynccontextmanager
    async def _refusing(self, actor: Actor, document_id: str) -> AsyncIterator[None]:
        """Leave evidence when the service does not take a document over, and why."""
        try:
            yield
        except (Invalid, Conflict) as refusal:
            await self._core.witnessing.refused(actor, actor.body_id, document_id, refusal)
            raise

    async def _plan(
        self, actor: Actor, issued: Facts, addressees: Addressees, sender: Body | None = None
    ) -> Plan:
        """Check everything about the recipients at once; ``sender`` is the issuing body where it was read."""
        core = self._core
        sender = await core.require_office(actor, issued.body_id, body=sender)
        faults = recipient_faults(addressees.to, len(addressees.outside), issued.body_id)
        faults += await self._attention_faults(issued, addressees)
        if addressees.due_date is not None and addressees.due_date < core.today():
            faults.append(Fault("circulation.due_past", "/due_date"))
        try:
            unique = list(dict.fromkeys(addressees.to))
            recipients = await core.directory.check_recipients(unique, core.today()) if unique else []
        except Invalid as error:
            raise Invalid.of([*faults, *(_at(addressees.to, unique, one) for one in error.faults)]) from error
        if faults:
            raise Invalid.of(faults)
        note = check_text(addressees.note, "/note")
        asked = await core.store.asked(core.units.reader, issued.reply_to) if issued.reply_to else None
        # An answer is linked only where it goes back to the body that asked.
        if asked is not None and (asked.to_body != issued.body_id or asked.from_body not in addressees.to):
            asked = None
        return Plan(sender, tuple(recipients), addressees, note, asked)

    async def _attention_faults(self, issued: Facts, addressees: Addressees) -> list[Fault]:
        """A restricted document goes to a named clerk of each body; another needs nobody named."""
        if not issued.restricted:
            return [
                Fault("circulation.attention_surplus", f"/attention/{body}") for body in addressees.attention
            ]
        missing = [body for body in addressees.to if body not in addressees.attention]
        faults = [Fault("circulation.attention_missing", "/attention", {"body": body}) for body in missing]
        directory = self._core.directory
        posts = await directory.posts(list(addressees.attention.values()))
        bodies = await directory.bodies_by_id(list(addressees.attention))
        for body_id, post_id in addressees.attention.items():
            found, body = posts.get(post_id), bodies.get(body_id)
            keeper = body.keeper_id if body else ""
            if found is None or found.role is not Role.RECORDS_CLERK or found.body_id != keeper:
                faults.append(
                    Fault("circulation.attention_not_clerk", f"/attention/{body_id}", {"post": post_id})
                )
        return faults

    async def _write(self, unit: Unit, issued: Issued, plan: Plan) -> Dispatch:
        """Write all rows of a sending: one statement for each table, whatever the number of recipients."""
        core, now = self._core, text(unit.now)
        dispatch_id = unit.new_id()
        head = header(issued, plan)
        sealed = [receipt_01(unit, issued, dispatch_id, body) for body in plan.recipients]
        outside = [(unit.new_id(), one) for one in plan.addressees.outside]
        await core.store.add_dispatch(unit, dispatch_row(unit, dispatch_id, issued, plan, head))
        await core.store.add_arrivals(
            unit,
            [
                arrival_row(issued, plan, head, body, receipt, now)
                for body, receipt in zip(plan.recipients, sealed, strict=True)
            ],
        )
        await core.store.add_receipts(unit, sealed)
        core.witnessing.submitted(unit, issued, dispatch_id)
        await core.store.add_outside(
            unit,
            [
                {
                    "id": one_id,
                    "dispatch_id": dispatch_id,
                    "name": one.name.strip(),
                    "address": one.address.strip(),
                }
                for one_id, one in outside
            ],
        )
        grants = grants_of(plan, sealed)
        await scope.grant_many(unit, "arrival", grants)
        if issued.restricted:
            for subject_id, _ in grants:
                await scope.restrict(unit, "arrival", subject_id, restricted=True)
        digests = [part.digest for part in issued.files]
        if plan.recipients:
            await core.files.share(unit, digests, [body.id for body in plan.recipients])
        await self._answer_asked(unit, issued, plan, sealed)
        answer = Dispatch(
            id=dispatch_id,
            document_id=issued.document_id,
            number_text=issued.number_text,
            main_digest=issued.main_digest,
            sent_at=unit.now,
            arrivals=tuple(
                SentTo(receipt.receipt.arrival, body.id, body.name, receipt.digest)
                for body, receipt in zip(plan.recipients, sealed, strict=True)
            ),
            outside=tuple(one_id for one_id, _ in outside),
        )
        unit.record(
            "circulation.send",
            Subject("dispatch", dispatch_id, issued.body_id),
            new=answer,
            detail={
                "document": issued.document_id,
                "number": issued.number_text,
                "recipients": len(plan.recipients),
                "outside": len(outside),
            },
        )
        self._notify(unit, issued, plan, grants)
        return answer

    def _notify(self, unit: Unit, issued: Issued, plan: Plan, grants: Sequence[tuple[str, Grant]]) -> None:
        params = {"number": issued.number_text, "sender": plan.sender.name}
        if not issued.restricted:
            params["subject"] = issued.subject
        notify(
            unit,
            "circulation.arrived",
            [(grant.grantee, grant.body_id, "arrival", arrival_id) for arrival_id, grant in grants],
            params,
            urgent=priority_of(plan.addressees.urgency or issued.urgency, NEW) > 1,
        )

    async def _answer_asked(self, unit: Unit, issued: Issued, plan: Plan, sealed: Sequence[Sealed]) -> None:
        """Link an answer with what it answers, on both sides."""
        if plan.asked is None:
            return
        back = next(
            receipt.receipt.arrival
            for body, receipt in zip(plan.recipients, sealed, strict=True)
            if body.id == plan.asked.from_body
        )
        await self._core.store.reply_sent(
            unit,
            plan.asked.id,
            issued.document_id,
            issued.number_text,
            issued.document_date.isoformat(),
            back,
        )

    async def _already_sent(
        self, violation: UniqueViolation, document_id: str, to: Sequence[str]
    ) -> Exception:
        """Say which bodies have the document already."""
        if "arrivals" not in violation.constraint:
            return violation
        core = self._core
        received = await core.store.already_sent(core.units.reader, document_id, to)
        faults = [
            Fault("circulation.already_sent", f"/to/{to.index(one.body_id)}", {"body": one.name})
            for one in received
        ]
        return Conflict.of(faults or [Fault("circulation.already_sent", "/to", {"body": ""})])


def _at(to: Sequence[str], unique: Sequence[str], fault: Fault) -> Fault:
    """Point a fault of the n-th body that was checked to its place in the request."""
    place = fault.field.rpartition("/")[2]
    index = to.index(unique[int(place)]) if place.isdigit() and int(place) < len(unique) else 0
    return replace(fault, field=f"/to/{index}")
