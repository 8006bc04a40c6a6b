"""Evidence of the way of a document beyond its receipts: sending, notice, first opening, silence.

Silence is seen by looking: for each urgency the terms of ``config/evidence/timers.toml`` say which arrivals
should have been received, opened or answered by now. What is found is written once, signed like any receipt,
and told to those who can end it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from server.circulation.notices import notify
from server.circulation.ports import Issued
from server.circulation.store_evidence import LIMIT, Consigned, EvidenceRows
from server.evidence.mapping import Calendar, latest_received, term_end
from server.evidence.model import SILENCE, Event, EvidenceRecord
from server.evidence.service import Evidence
from server.identity.scope import role
from server.kernel.actor import SYSTEM, Actor, Role
from server.kernel.clock import UTC, VIETNAM, local_date, text
from server.kernel.errors import LienThongError
from server.kernel.record import Subject, value_digest
from server.kernel.workdays import CLOSING
from server.notifications.model import Batch
from server.unit import Unit, Units
from storage.sql.protocol import UniqueViolation

OPENED_KEPT = 10_000
"""Arrivals of which this process knows that they were opened."""


class Witnessing:
    """Sees and writes what happens to arrivals without an act of their own."""

    def __init__(self, units: Units, evidence: Evidence, days: Calendar) -> None:
        self._units = units
        self._evidence = evidence
        self._days = days
        self.rows = EvidenceRows(units.reader)
        """Statements about evidence, for the room alone."""
        self._opened: OrderedDict[str, None] = OrderedDict()

    def submitted(self, unit: Unit, issued: Issued, dispatch_id: str) -> None:
        """Write that the service took a document over for sending, in the unit that sends."""
        record = _record(
            unit,
            Event.SUBMISSION_ACCEPTANCE,
            unit.actor,
            body=issued.body_id,
            sender=issued.body_id,
            document=issued.document_id,
            dispatch=dispatch_id,
            digest=issued.main_digest,
        )
        self._evidence.record(unit, [(record, f"submission_acceptance:{dispatch_id}")])

    async def refused(self, actor: Actor, body_id: str, document_id: str, error: LienThongError) -> None:
        """Write that the service refused to send, with the codes of what was wrong; once for each request."""
        request = actor.request.once
        now = self._units.now()
        once = f"submission_rejection:{actor.account_id}:"
        once += f"{request.route}:{request.key}" if request else f"{document_id}:{text(now)}"
        try:
            async with self._units.begin(_without_key(actor)) as unit:
                if await self._evidence.said(unit, once):
                    return
                codes = ",".join(sorted({fault.code for fault in error.faults}))
                record = _record(
                    unit,
                    Event.SUBMISSION_REJECTION,
                    actor,
                    body=body_id,
                    sender=body_id,
                    document=document_id,
                    reason=codes,
                )
                self._evidence.record(unit, [(record, once)])
                unit.record(
                    "circulation.refuse_sending",
                    Subject("document", document_id or record.id, body_id),
                    detail={"codes": codes},
                )
        except UniqueViolation:
            return

    async def opened(self, actor: Actor, arrival_id: str) -> None:
        """Write that the recipient opened the content, the first time that it does."""
        if arrival_id in self._opened or actor.mandate_id:
            return
        once = f"content_access:{arrival_id}"
        found = await self.rows.consigned([arrival_id])
        if found and once not in await self.rows.said(self._units.reader, [once]):
            await self._write_opened(actor, found[0], once)
        self._opened[arrival_id] = None
        if len(self._opened) > OPENED_KEPT:
            self._opened.popitem(last=False)

    async def _write_opened(self, actor: Actor, arrival: Consigned, once: str) -> None:
        try:
            async with self._units.begin(_without_key(actor)) as unit:
                self._evidence.record(unit, [(_of_arrival(unit, Event.CONTENT_ACCESS, actor, arrival), once)])
                unit.record("circulation.open", Subject("arrival", arrival.id, arrival.to_body))
        except UniqueViolation:
            # Somebody of the same office opened it at the same moment: once is enough.
            return

    async def notified(self, batch: Batch, _message_id: str) -> None:
        """Write that recipients were told of what arrived; subscribed to the delivery of notices."""
        if batch.event != "circulation.arrived":
            return
        found = await self.rows.consigned([item.subject_id for item in batch.items])
        for start in range(0, len(found), LIMIT):
            part = found[start : start + LIMIT]
            onces = [f"consignment_notification:{one.id}" for one in part]
            async with self._units.begin(SYSTEM) as unit:
                said = await self.rows.said(unit, onces)
                fresh = [(one, once) for one, once in zip(part, onces, strict=True) if once not in said]
                if not fresh:
                    continue
                event = Event.CONSIGNMENT_NOTIFICATION
                self._evidence.record(
                    unit, [(_of_arrival(unit, event, SYSTEM, one), once) for one, once in fresh]
                )
                unit.record(
                    "circulation.notify",
                    Subject("dispatch", fresh[0][0].dispatch_id, fresh[0][0].from_body),
                    detail={"count": len(fresh)},
                )

    async def watch(self) -> int:
        """Write every silence that has become one; return how many."""
        now, since, written = self._units.now(), await self._evidence.since(), 0
        for event in SILENCE:
            for urgency, days in self._evidence.rules.timers[event].terms().items():
                while part := await self._due(event, urgency, days, now, since):
                    await self._write_silence(event, days, part)
                    written += len(part)
                    if len(part) < LIMIT:
                        break
        return written

    async def _due(
        self, event: Event, urgency: str, days: int, now: datetime, since: datetime
    ) -> list[Consigned]:
        if event is not Event.NOT_ANSWERED:
            before = latest_received(self._days, now, days)
            return await self.rows.silent(event, urgency, before, since, local_date(now))
        day = local_date(now)
        if now.astimezone(VIETNAM).time() < CLOSING:
            day -= timedelta(days=1)
        if days:
            day = self._days.add(day, -days)
        return await self.rows.silent(event, urgency, now, since, day)

    async def _write_silence(self, event: Event, days: int, part: Sequence[Consigned]) -> None:
        """Write one kind of silence of some arrivals, and tell those who can end it."""
        async with self._units.begin(SYSTEM) as unit:
            records = []
            for one in part:
                due = self._term(event, days, one)
                rule = f"{event.value}={days} {one.urgency}"
                record = _of_arrival(unit, event, SYSTEM, one, reason=rule, due=text(due))
                records.append((record, _once_of(event, one)))
                unit.record(
                    "circulation.silence",
                    Subject("arrival", one.id, one.to_body),
                    detail={"event": event.value, "due": text(due), "evidence": value_digest(record)},
                )
                self._tell(unit, event, one)
            self._evidence.record(unit, records)

    def _term(self, event: Event, days: int, arrival: Consigned) -> datetime:
        if event is not Event.NOT_ANSWERED or arrival.due_date is None:
            return term_end(self._days, arrival.arrived_at, days)
        last = self._days.add(arrival.due_date, days) if days else arrival.due_date
        return _closing(last, CLOSING)

    def _tell(self, unit: Unit, event: Event, arrival: Consigned) -> None:
        words = {"number": arrival.number_text, "body": arrival.to_name}
        if not arrival.restricted:
            words["subject"] = arrival.subject
        items = []
        for line in self._evidence.rules.timers[event].tell:
            side, _, name = line.partition(":")
            if side == "sender":
                items.append(
                    (role(arrival.from_body, Role(name)), arrival.from_body, "dispatch", arrival.dispatch_id)
                )
            else:
                items.append((role(arrival.to_body, Role(name)), arrival.to_body, "arrival", arrival.id))
        notify(unit, f"circulation.{event.value}", items, words, urgent=True)


def _once_of(event: Event, arrival: Consigned) -> str:
    """A deadline that was moved can be missed again; the other two are said once."""
    if event is Event.NOT_ANSWERED and arrival.due_date is not None:
        return f"{event.value}:{arrival.id}:{arrival.due_date.isoformat()}"
    return f"{event.value}:{arrival.id}"


def _of_arrival(
    unit: Unit, event: Event, actor: Actor, arrival: Consigned, *, reason: str = "", due: str = ""
) -> EvidenceRecord:
    return _record(
        unit,
        event,
        actor,
        body=arrival.to_body,
        sender=arrival.from_body,
        recipient=arrival.to_body,
        document=arrival.document_id,
        dispatch=arrival.dispatch_id,
        arrival=arrival.id,
        digest=arrival.main_digest,
        reason=reason,
        due=due,
    )


def _record(
    unit: Unit,
    event: Event,
    actor: Actor,
    *,
    body: str,
    sender: str,
    recipient: str = "",
    document: str = "",
    dispatch: str = "",
    arrival: str = "",
    digest: str = "",
    reason: str = "",
    due: str = "",
) -> EvidenceRecord:
    return EvidenceRecord(
        id=unit.new_id(),
        event=event,
        at=text(unit.now),
        body=body,
        sender=sender,
        recipient=recipient,
        document=document,
        dispatch=dispatch,
        arrival=arrival,
        digest=digest,
        account=actor.account_id,
        account_name=actor.name,
        post=actor.post_id,
        reason=reason,
        due=due,
    )


def _without_key(actor: Actor) -> Actor:
    """The same person without the Idempotency-Key: its answer belongs to another unit."""
    return replace(actor, request=replace(actor.request, once=None))


def _closing(day: date, closing: time) -> datetime:
    return datetime.combine(day, closing, tzinfo=VIETNAM).astimezone(UTC)
