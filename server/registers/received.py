"""Incoming numbers, citizens' letters and the postal book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from server.kernel.actor import Actor
from server.kernel.clock import local_date
from server.kernel.errors import Conflict, Invalid, NotFound
from server.kernel.record import Subject
from server.registers.counting import Counting, Taken
from server.registers.model import IncomingFacts, IncomingNumber, IncomingRow, PostalFacts, PostalRow
from server.registers.outgoing import checked_reason
from server.registers.series import Book, EntryState
from server.unit import Unit
from storage.sql.protocol import UniqueViolation


class Received(Counting):
    """The incoming book (electronic and paper in one count), citizens' letters, the postal book."""

    async def register_incoming(
        self,
        unit: Unit,
        body_id: str,
        facts: IncomingFacts,
        *,
        on: date | None = None,
        book: Book = Book.INCOMING,
        reason: str = "",
    ) -> IncomingNumber:
        """Take the next incoming number of a body inside the unit that accepts.

        ``on`` is the day of arrival, None = today. Raises what taking a number raises, Conflict
        ``registers.already_registered`` (the arrival has a number).
        """
        if book not in (Book.INCOMING, Book.CITIZEN):
            raise Invalid("registers.wrong_book", type=book.value)
        day = on or local_date(unit.now)
        taken = await self._take(unit, body_id, book, "", day, reason)
        entry = _entry(unit, taken, day)
        try:
            await self._received.insert_incoming(unit, taken.series, entry, facts, reason)
        except UniqueViolation as error:
            raise Conflict("registers.already_registered", arrival=facts.arrival_id) from error
        self._recorded(unit, "registers.register_incoming", entry, taken, new=(entry, facts))
        return entry

    async def register_letter(
        self, actor: Actor, *, body_id: str, facts: IncomingFacts, on: date | None = None, reason: str = ""
    ) -> IncomingNumber:
        """Enter a citizen's letter in its own book. Raises as ``register_incoming``."""
        self._access.require(actor, "circulation.register_paper")
        async with self._units.begin(actor) as unit:
            return unit.answer(
                await self.register_incoming(unit, body_id, facts, on=on, book=Book.CITIZEN, reason=reason)
            )

    async def forward_incoming(
        self,
        unit: Unit,
        entry_id: str,
        receiver: str,
        *,
        on: date | None = None,
        signed_for: str = "",
        whole: bool = False,
    ) -> None:
        """Write who received the document, on which day, and who took it over (ký nhận).

        Called in the unit that assigns. ``whole`` says that the receivers are these and nobody else: none
        means that it was taken back, and day and signature go with it. Raises NotFound, Conflict
        ``registers.entry_voided``.
        """
        row = await self._entry_locked(unit, entry_id)
        if whole and not receiver:
            taken_back = replace(row, receiver="", forwarded_on=None, signed_for="")
            await self._update(unit, "registers.forward", row, taken_back)
            return
        changed = replace(
            row,
            receiver=receiver or row.receiver,
            forwarded_on=on or row.forwarded_on or local_date(unit.now),
            signed_for=signed_for or row.signed_for,
        )
        await self._update(unit, "registers.forward", row, changed)

    async def void_incoming(self, unit: Unit, entry_id: str, reason: str) -> None:
        """Void an entry made by mistake; its number stays in the book. Raises NotFound, Conflict
        ``registers.entry_voided``, Invalid ``registers.reason_missing``.
        """
        words = checked_reason(reason)
        row = await self._entry_locked(unit, entry_id)
        await self._require_line_keeper(unit, row.series_id, _unknown(entry_id))
        if not await self._received.void_incoming(unit, row.id, words):
            raise Conflict("registers.entry_voided", number=row.text)
        self._voided(unit, "incoming_entry", row.id, row.body_id, row.text)

    async def void_entry(self, actor: Actor, entry_id: str, reason: str) -> IncomingRow:
        """Void an entry as a command of its own: for entries that belong to no arrival.

        Raises as ``void_incoming``, Conflict ``registers.has_arrival``.
        """
        self._access.require(actor, "registers.void")
        async with self._units.begin(actor) as unit:
            row = await self._entry_locked(unit, entry_id)
            if row.arrival_id:
                raise Conflict("registers.has_arrival", number=row.text)
            await self.void_incoming(unit, entry_id, reason)
            return unit.answer(
                replace(row, state=EntryState.VOIDED, reason=reason.strip(), version=row.version + 1)
            )

    async def register_posting(
        self,
        unit: Unit,
        body_id: str,
        lines: Sequence[PostalFacts],
        *,
        on: date | None = None,
        reason: str = "",
    ) -> list[str]:
        """Enter copies in the postal book inside the caller's unit; return their numbers in order.

        Raises what taking a number raises.
        """
        return [entry.text for entry in await self._posted(unit, body_id, lines, on, reason)]

    async def post(
        self, actor: Actor, *, body_id: str, facts: PostalFacts, on: date | None = None, reason: str = ""
    ) -> IncomingNumber:
        """Enter one copy in the postal book. Raises what taking a number raises."""
        self._access.require(actor, "circulation.post")
        async with self._units.begin(actor) as unit:
            (entry,) = await self._posted(unit, body_id, [facts], on, reason)
            return unit.answer(entry)

    async def confirm_delivery(
        self, actor: Actor, entry_id: str, *, on: date, tracking: str = ""
    ) -> PostalRow:
        """Note when a posted copy was received.

        Raises NotFound, Invalid ``registers.delivery_date``, Conflict ``registers.delivered``.
        """
        self._access.require(actor, "circulation.post")
        async with self._units.begin(actor) as unit:
            row = await self._postal_locked(unit, entry_id)
            await self._require_line_keeper(unit, row.series_id, _unknown(entry_id))
            if not row.sent_on <= on <= local_date(unit.now):
                raise Invalid("registers.delivery_date", field="/on")
            number = tracking or row.tracking
            if not await self._received.deliver_postal(unit, row.id, on, number):
                raise Conflict("registers.delivered", number=row.number)
            subject = Subject("postal_entry", row.id, row.body_id)
            unit.record("registers.confirm_delivery", subject, detail={"on": on.isoformat()})
            return unit.answer(replace(row, delivered_on=on, tracking=number, version=row.version + 1))

    async def void_posting(self, actor: Actor, entry_id: str, reason: str) -> PostalRow:
        """Void a postal entry made by mistake. Raises NotFound, Conflict ``registers.entry_voided``."""
        self._access.require(actor, "registers.void")
        words = checked_reason(reason)
        async with self._units.begin(actor) as unit:
            row = await self._postal_locked(unit, entry_id)
            await self._require_line_keeper(unit, row.series_id, _unknown(entry_id))
            if not await self._received.void_postal(unit, row.id, words):
                raise Conflict("registers.entry_voided", number=str(row.number))
            self._voided(unit, "postal_entry", row.id, row.body_id, str(row.number))
            return unit.answer(replace(row, state=EntryState.VOIDED, reason=words, version=row.version + 1))

    async def _posted(
        self, unit: Unit, body_id: str, lines: Sequence[PostalFacts], on: date | None, reason: str
    ) -> list[IncomingNumber]:
        if not lines:
            return []
        day = on or local_date(unit.now)
        taken = await self._take(unit, body_id, Book.POSTAL, "", day, reason, len(lines))
        entries = [_entry(unit, taken, day, offset) for offset in range(len(lines))]
        await self._received.insert_postal(unit, taken.series, list(zip(entries, lines, strict=True)), reason)
        for entry, facts in zip(entries, lines, strict=True):
            self._recorded(unit, "registers.post", entry, taken, new=(entry, facts))
        return entries

    async def _update(self, unit: Unit, action: str, row: IncomingRow, changed: IncomingRow) -> None:
        if not await self._received.update_incoming(unit, changed):
            raise Conflict("registers.entry_voided", number=row.text)
        unit.record(
            action,
            Subject("incoming_entry", row.id, row.body_id),
            old=row,
            new=changed,
            detail={"number": row.text},
        )

    def _recorded(self, unit: Unit, action: str, entry: IncomingNumber, taken: Taken, *, new: object) -> None:
        kind = "postal_entry" if taken.series.book is Book.POSTAL else "incoming_entry"
        unit.record(
            action,
            Subject(kind, entry.id, taken.series.body_id),
            new=new,
            detail={"series": taken.series.id, "number": entry.number, "date": entry.date.isoformat()},
        )

    def _voided(self, unit: Unit, kind: str, entry_id: str, body_id: str, number: str) -> None:
        unit.record(
            "registers.void_entry",
            Subject(kind, entry_id, body_id),
            old={"state": EntryState.REGISTERED.value},
            new={"state": EntryState.VOIDED.value},
            detail={"number": number},
        )

    async def _entry_locked(self, unit: Unit, entry_id: str) -> IncomingRow:
        row = await self._received.lock_incoming(unit, entry_id)
        if row is None:
            raise _unknown(entry_id)
        return row

    async def _postal_locked(self, unit: Unit, entry_id: str) -> PostalRow:
        row = await self._received.lock_postal(unit, entry_id)
        if row is None:
            raise _unknown(entry_id)
        return row


def _entry(unit: Unit, taken: Taken, day: date, offset: int = 0) -> IncomingNumber:
    return IncomingNumber(
        id=unit.new_id(),
        series_id=taken.series.id,
        number=taken.series.next_number + offset,
        text=taken.label(offset),
        date=day,
    )


def _unknown(entry_id: str) -> NotFound:
    return NotFound("registers.entry_unknown", id=entry_id)
