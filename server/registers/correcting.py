"""Lines of the books corrected: the number stays, the old words stay beside the new ones, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TypeVar

import msgspec

from server.kernel.actor import Actor
from server.kernel.errors import Conflict, Invalid, NotFound
from server.kernel.record import Subject, canonical
from server.registers.counting import Counting
from server.registers.model import CorrectionRow, IncomingRow, OutgoingRow
from server.registers.outgoing import checked_reason
from server.registers.series import NumberState
from server.unit import Unit

CORRECTED = "registers.corrected"
"""Outbox message: the line of an arrival was corrected; its payload is ``Corrected``."""
R = TypeVar("R", IncomingRow, OutgoingRow)


@dataclass(frozen=True, slots=True)
class IncomingChanges:
    """What a line of the incoming book should say; None leaves a column as it is."""

    author: str | None = None
    author_address: str | None = None
    notation: str | None = None
    document_date: date | None = None
    type_name: str | None = None
    subject: str | None = None
    urgency: str | None = None
    pages: int | None = None
    receiver: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class OutgoingChanges:
    """What a line of the outgoing book should say; None leaves a column as it is."""

    subject: str | None = None
    signer: str | None = None
    recipients: str | None = None
    keeper: str | None = None
    copies: int | None = None
    note: str | None = None


OF_DOCUMENT = ("subject", "signer")
"""Columns that the document itself says: of a document of the system they cannot differ in the book."""


class Corrected(msgspec.Struct, frozen=True, kw_only=True):
    """A corrected line of the incoming book that belongs to an arrival."""

    arrival_id: str
    """Arrival."""
    text: str
    """Its incoming number."""
    author: str
    """Tác giả."""
    author_address: str
    """Address."""
    notation: str
    """Số, ký hiệu."""
    document_date: date | None
    """Date of the letter."""
    type_name: str
    """Tên loại."""
    subject: str
    """Trích yếu."""
    urgency: str
    """Code of urgency."""
    pages: int
    """Pages."""


class Correcting(Counting):
    """Corrections of the incoming book, of citizens' letters, and of the outgoing book."""

    async def correct_incoming(
        self, actor: Actor, entry_id: str, changes: IncomingChanges, *, reason: str
    ) -> IncomingRow:
        """Correct what the book says about a document; the number stays, the old words are kept beside.

        The arrival of a letter on paper follows. Raises NotFound ``registers.entry_unknown``, Conflict
        ``registers.entry_voided``, Invalid ``registers.reason_missing``, ``registers.nothing_corrected``.
        """
        self._access.require(actor, "registers.allocate")
        words = checked_reason(reason)
        async with self._units.begin(actor) as unit:
            row = await self._received.lock_incoming(unit, entry_id)
            unknown = NotFound("registers.entry_unknown", id=entry_id)
            if row is None:
                raise unknown
            await self._require_line_keeper(unit, row.series_id, unknown)
            changed = _changed(row, _given(changes), words)
            if not await self._received.update_incoming(unit, changed, corrected=True):
                raise Conflict("registers.entry_voided", number=row.text)
            await self._keep(unit, "incoming_entry", row, changed, words)
            if row.arrival_id:
                unit.publish(CORRECTED, _payload(changed))
            return unit.answer(replace(changed, version=row.version + 1, corrected=row.corrected + 1))

    async def correct_number(
        self, actor: Actor, number_id: str, changes: OutgoingChanges, *, reason: str
    ) -> OutgoingRow:
        """Correct what the outgoing book says beside a number; number, notation and date stay.

        Subject and signer of a document of the system are those of the document. Raises NotFound
        ``registers.number_unknown``, Conflict ``registers.entry_voided``, Invalid
        ``registers.reason_missing``, ``registers.nothing_corrected``, ``registers.from_document``.
        """
        self._access.require(actor, "registers.allocate")
        words = checked_reason(reason)
        async with self._units.begin(actor) as unit:
            row = await self._store.lock_number(unit, number_id)
            unknown = NotFound("registers.number_unknown", id=number_id)
            if row is None:
                raise unknown
            await self._require_line_keeper(unit, row.series_id, unknown)
            if row.state is NumberState.VOIDED:
                raise Conflict("registers.entry_voided", number=row.text)
            given = _given(changes)
            for name in OF_DOCUMENT:
                if row.document_id and given.get(name, getattr(row, name)) != getattr(row, name):
                    raise Invalid("registers.from_document", field=f"/{name}")
            changed = _changed(row, given, words)
            if not await self._store.update_number(unit, changed):
                raise Conflict("registers.entry_voided", number=row.text)
            await self._keep(unit, "number", row, changed, words)
            return unit.answer(replace(changed, version=row.version + 1, corrected=row.corrected + 1))

    async def corrections(self, actor: Actor, line_id: str) -> list[CorrectionRow]:
        """Return the corrections of a line, oldest first; empty when there are none the actor may read."""
        await self._view(actor, "book", line_id)
        return await self._store.corrections(self._units.reader, line_id, self._scope(actor))

    async def _keep(self, unit: Unit, kind: str, old: R, new: R, reason: str) -> None:
        names = [one.name for one in fields(old) if getattr(old, one.name) != getattr(new, one.name)]
        before = {name: getattr(old, name) for name in names}
        after = {name: getattr(new, name) for name in names}
        await self._store.insert_correction(
            unit, old.id, old.series_id, reason, canonical(before).decode(), canonical(after).decode()
        )
        unit.record(
            "registers.correct",
            Subject(kind, old.id, old.body_id),
            old=before,
            new=after,
            detail={"number": old.text, "columns": " ".join(names), "reason": reason},
        )


def _given(changes: IncomingChanges | OutgoingChanges) -> dict[str, object]:
    found = {one.name: getattr(changes, one.name) for one in fields(changes)}
    return {name: value for name, value in found.items() if value is not None}


def _changed(row: R, given: Mapping[str, object], reason: str) -> R:
    """Return the line as it should be. Raises Invalid ``registers.nothing_corrected``."""
    changed = msgspec.convert({**msgspec.to_builtins(row), **msgspec.to_builtins(dict(given))}, type(row))
    if changed == row:
        raise Invalid("registers.nothing_corrected")
    return changed if "note" in given else replace(changed, note=f"Đính chính: {reason}")


def _payload(row: IncomingRow) -> Corrected:
    return Corrected(
        arrival_id=row.arrival_id,
        text=row.text,
        author=row.author,
        author_address=row.author_address,
        notation=row.notation,
        document_date=row.document_date,
        type_name=row.type_name,
        subject=row.subject,
        urgency=row.urgency,
        pages=row.pages,
    )
