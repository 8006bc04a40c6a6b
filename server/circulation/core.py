"""What every part of the room stands on: the rooms below, and the steps all acts share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date

from server.circulation.codes import ACT, Code
from server.circulation.model import Position, Standing
from server.circulation.notices import notify
from server.circulation.ports import Days, Directory, DocumentSource, IncomingBooks
from server.circulation.receipts import Acting, Receipt, Sealed, event_of, seal
from server.circulation.rows import NOTHING, Changes, Step
from server.circulation.rules import State, advance, priority_of, step_back
from server.circulation.store import CirculationStore
from server.circulation.witnessing import Witnessing
from server.evidence.service import Evidence
from server.files.service import Files
from server.identity.access import Access
from server.identity.scope import role
from server.kernel.actor import SYSTEM, Actor, Role
from server.kernel.clock import VIETNAM, local_date, text
from server.kernel.errors import Conflict, Forbidden, Invalid, LienThongError, NotFound
from server.kernel.record import Subject
from server.organisations.model import Body
from server.unit import Unit, Units
from storage.sql.protocol import Reader, SqlValue

SUCCESSIONS_MAX = 20
"""Bodies that may follow one another; more is a fault in the data."""


@dataclass(frozen=True)
class Core:
    """The rooms below, and what the acts share."""

    units: Units
    """Units of work."""
    access: Access
    """Permissions and scope parameters."""
    files: Files
    """Holdings of objects."""
    documents: DocumentSource
    """Issued documents."""
    books: IncomingBooks
    """Incoming and postal books."""
    directory: Directory
    """Bodies, posts, units."""
    days: Days
    """Working days."""
    store: CirculationStore
    """Rows."""
    witnessing: Witnessing
    """Evidence of sending, opening and silence."""
    evidence: Evidence
    """Signatures of receipts and records."""

    @asynccontextmanager
    async def answered_before(self, actor: Actor) -> AsyncIterator[None]:
        """Around the checks of a command that stand before its unit.

        A retry of a request that was answered must get the stored answer, not a fault: meanwhile a day may
        have passed or a body closed. Raises Replayed, or what the block raises.
        """
        try:
            yield
        except LienThongError:
            if actor.request.once is not None:
                async with self.units.begin(actor):
                    pass
            raise

    def scope_of(self, actor: Actor) -> Mapping[str, SqlValue]:
        """Parameters of the scope predicate."""
        return self.access.scope_params(actor)

    def today(self) -> date:
        """The day in Viet Nam."""
        return local_date(self.units.now())

    async def position(self, unit: Unit, arrival_id: str, *, as_sender: bool = False) -> Position:
        """Return and hold an arrival. Raises NotFound ``circulation.arrival_unknown``."""
        found = await self.store.lock(unit, self.scope_of(unit.actor), arrival_id, as_sender=as_sender)
        if found is None:
            raise NotFound("circulation.arrival_unknown")
        return found

    async def require_office(
        self, actor: Actor, body_id: str, *, reader: Reader | None = None, body: Body | None = None
    ) -> Body:
        """Return a body whose books the actor keeps; ``body`` is the body itself where it was read.

        Raises Forbidden ``circulation.other_office``.
        """
        body = body or await self.directory.body(body_id, reader=reader)
        if actor.role is not Role.RECORDS_CLERK or actor.body_id not in (body.id, body.keeper_id):
            raise Forbidden("circulation.other_office", body=body.name)
        return body

    async def living(self, unit: Unit, body: Body) -> Body:
        """Return the body in whose book an arrival is entered: that of the successor once it has closed."""
        for _ in range(SUCCESSIONS_MAX):
            if body.open_on(self.today()) or not body.successor_id:
                break
            body = await self.directory.body(body.successor_id, reader=unit)
        return body

    def require_next(self, position: Position, code: Code) -> None:
        """Raise Conflict unless a code may come next: asked before a number is taken."""
        try:
            advance(State(position.status, position.recall), code)
        except Conflict as refusal:
            raise _explained(position, refusal) from refusal

    async def move(
        self, unit: Unit, position: Position, code: Code, reason: str = "", changes: Changes = NOTHING
    ) -> Standing:
        """Give an arrival its next state: compare and set, receipt, audit entry.

        Raises Conflict ``circulation.already_handled`` naming who and when, ``circulation.recall_pending``.
        """
        self.require_next(position, code)
        after = advance(State(position.status, position.recall), code)
        return await self._enter(unit, position, after, code, reason, changes, ACT[code], event_of(code))

    async def go_back(
        self,
        unit: Unit,
        position: Position,
        code: Code,
        reason: str,
        changes: Changes = NOTHING,
        *,
        act: str,
    ) -> Standing:
        """Take an arrival back to a state, to undo a mistake; the receipt says why and is no ETSI event.

        Raises Conflict ``circulation.not_now``, ``circulation.already_handled``.
        """
        after = step_back(State(position.status, position.recall), code)
        return await self._enter(unit, position, after, code, reason, changes, act, "")

    async def _enter(
        self,
        unit: Unit,
        position: Position,
        after: State,
        code: Code,
        reason: str,
        changes: Changes,
        act: str,
        event: str,
    ) -> Standing:
        """Compare and set, receipt, audit entry."""
        before = State(position.status, position.recall)
        incoming = "" if changes.off_book else changes.incoming_text or position.incoming_text
        receipt = next_receipt(unit, position, code, reason, incoming, event)
        rank = priority_of(position.urgency, after)
        if not await self.store.advance(
            unit, position, Step(after.progress, after.recall, rank, receipt, changes)
        ):
            raise _handled(position)
        unit.record(
            f"circulation.{act}",
            subject_of(position),
            old=before,
            new=after,
            detail={"code": code.value, "receipt": receipt.digest, "sequence": receipt.receipt.sequence},
        )
        return Standing(
            id=position.id,
            status=after.progress,
            recall=after.recall,
            version=position.version + 1,
            incoming_text=incoming,
            due_date=changes.due_date or position.due_date,
            at=unit.now,
            receipt_digest=receipt.digest,
        )

    async def set_deadline(self, unit: Unit, position: Position, due: date | None) -> Standing:
        """Move the deadline of an arrival whose state stays. Raises Conflict ``.already_handled``."""
        if due is None or due == position.due_date:
            return standing(unit, position)
        if not await self.store.set_due_date(unit, position, due):
            raise _handled(position)
        return replace(standing(unit, position), due_date=due, version=position.version + 1)

    def deadline(self, due_date: date | None, working_days: int | None) -> date | None:
        """Return the deadline asked for. Raises Invalid ``circulation.due_twice``, ``.due_past``."""
        if due_date is not None and working_days is not None:
            raise Invalid("circulation.due_twice", field="/working_days")
        if working_days is not None:
            return self.days.add(self.today(), working_days)
        if due_date is not None and due_date < self.today():
            raise Invalid("circulation.due_past", field="/due_date")
        return due_date


def standing(unit: Unit, position: Position) -> Standing:
    """The answer of an act that leaves the state as it is."""
    return Standing(
        id=position.id,
        status=position.status,
        recall=position.recall,
        version=position.version,
        incoming_text=position.incoming_text,
        due_date=position.due_date,
        at=unit.now,
        receipt_digest=position.receipt_digest,
    )


def subject_of(position: Position) -> Subject:
    """The arrival as audit entries name it."""
    return Subject("arrival", position.id, position.to_body)


def acting(actor: Actor) -> Acting:
    """The person and post, as receipts name them."""
    return Acting(
        account_id=actor.account_id,
        name=actor.name,
        post_id=actor.post_id,
        post_title=actor.post_title,
        on_behalf=actor.on_behalf,
    )


URGENT_EVENTS = frozenset({"circulation.refused", "circulation.recall_refused", "circulation.accept_undone"})
"""Notices after which the sender has something to do."""
SYSTEM_ACTING = acting(SYSTEM)
"""Receipt 01 is given by the recipient's system, not by a person."""


def next_receipt(
    unit: Unit, position: Position, code: Code, reason: str, incoming: str, event: str
) -> Sealed:
    """Make the receipt that follows the newest one of an arrival."""
    return seal(
        Receipt(
            id=unit.new_id(),
            arrival=position.id,
            dispatch=position.dispatch_id,
            document=position.document_id,
            sequence=position.sequence + 1,
            previous=position.receipt_digest,
            code=code,
            event=event,
            at=text(unit.now),
            body=position.from_body if code is Code.RECALL_REQUESTED else position.to_body,
            acting=acting(unit.actor),
            reason=reason,
            incoming=incoming,
            digest=position.main_digest,
        )
    )


def _explained(position: Position, refusal: Conflict) -> Conflict:
    """Say who brought the arrival to where it stands; a pending recall says so itself."""
    if refusal.code == "circulation.recall_pending":
        return refusal
    return _handled(position)


def _handled(position: Position) -> Conflict:
    at = position.changed_at.astimezone(VIETNAM)
    return Conflict(
        "circulation.already_handled",
        name=position.changed_by,
        at=f"{at:%d/%m/%Y %H:%M}",
        status=position.status.value,
    )


def require_in_work(position: Position) -> None:
    """Raise unless the arrival is in the book and not done."""
    if position.status not in (Code.ACCEPTED, Code.ASSIGNED, Code.IN_PROGRESS):
        raise Conflict("circulation.not_in_work", status=position.status.value)


def words_of(position: Position) -> dict[str, str]:
    """What a notice about an arrival says; the subject of a restricted one is not told."""
    words = {"number": position.number_text, "sender": position.from_name}
    if not position.restricted:
        words["subject"] = position.subject
    return words


def tell_sender(unit: Unit, position: Position, event: str) -> None:
    """Tell the clerks of the sending body what became of a document; nobody for a letter on paper."""
    if position.dispatch_id:
        clerks = role(position.from_body, Role.RECORDS_CLERK)
        notify(
            unit,
            event,
            [(clerks, position.from_body, "dispatch", position.dispatch_id)],
            {**words_of(position), "body": position.to_name},
            urgent=event in URGENT_EVENTS,
        )
