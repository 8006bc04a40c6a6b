"""Outgoing numbers: taken, sealed, issued, voided with a reason, or used outside. Never used again."""

from __future__ import annotations

from datetime import date

from server.kernel.actor import Actor
from server.kernel.errors import Conflict, Invalid, NotFound
from server.kernel.record import Subject
from server.registers.counting import Counting, Taken
from server.registers.model import Number, OutgoingFacts, OutgoingRow
from server.registers.notation import notation
from server.registers.rules import check_transition
from server.registers.series import Book, NumberState, SecretRule
from server.unit import Unit
from storage.sql.protocol import UniqueViolation

REASON_MAX = 500


class Outgoing(Counting):
    """The outgoing book and the book of copies."""

    async def allocate(
        self,
        unit: Unit,
        body_id: str,
        type_code: str,
        on: date,
        document_id: str,
        *,
        drafting_unit: str = "",
        number: int | None = None,
        facts: OutgoingFacts = OutgoingFacts(),  # noqa: B008 - frozen, without state
        co_issuers: tuple[str, ...] = (),
        book: Book = Book.OUTGOING,
        reason: str = "",
        rule_id: str = "",
        issued: bool = False,
    ) -> Number:
        """Take the next number of the book inside the caller's unit.

        ``on`` is the date written beside it; ``drafting_unit`` the abbreviation in a letter's notation;
        ``number`` the one expected (a document that bears it already); ``co_issuers`` the other bodies of
        a joint document, whose number is this body's as the lead (standards 3.8); ``reason`` is needed
        when the date lies before the date of the number before; ``rule_id`` a rule that is only used when
        it is named (a congress); ``issued`` says that the document was signed and sealed outside and goes
        out in this unit, so the number is written as issued at once. Raises what ``_take`` raises, Invalid
        ``registers.wrong_book``, ``registers.type_unknown``; Conflict ``registers.number_expected``,
        ``registers.already_numbered``.
        """
        self._access.require(unit.actor, "registers.allocate")
        taken = await self._take(unit, body_id, book, type_code, on, reason, rule_id=rule_id)
        if number is not None and number != taken.series.next_number:
            raise Conflict("registers.number_expected", wanted=number, next=taken.series.next_number)
        return await self._write(
            unit,
            taken,
            on,
            facts,
            type_code=type_code,
            drafting_unit=drafting_unit,
            document_id=document_id,
            co_issuers=co_issuers,
            state=NumberState.ISSUED if issued else NumberState.ALLOCATED,
            reason=reason,
        )

    async def take_number(
        self,
        actor: Actor,
        *,
        body_id: str,
        type_code: str,
        on: date,
        facts: OutgoingFacts,
        drafting_unit: str = "",
        book: Book = Book.OUTGOING,
        reason: str = "",
        rule_id: str = "",
    ) -> Number:
        """Take a number for a paper that is not a document of the system. Raises as ``allocate``."""
        async with self._units.begin(actor) as unit:
            number = await self.allocate(
                unit,
                body_id,
                type_code,
                on,
                "",
                drafting_unit=drafting_unit,
                facts=facts,
                book=book,
                reason=reason,
                rule_id=rule_id,
            )
            return unit.answer(number)

    async def use_outside(
        self,
        actor: Actor,
        *,
        series_id: str,
        on: date,
        reason: str,
        type_code: str = "",
        secret: bool = False,
    ) -> Number:
        """Record that the next number of a series was used outside the system, without content.

        ``secret``: the paper bears a state-secret mark; allowed where such papers share the series
        (party bodies), refused where they have a register of their own. Raises Invalid
        ``registers.reason_missing``, ``registers.secret_apart``; NotFound ``registers.series_unknown``.
        """
        self._access.require(actor, "registers.use_outside")
        words = checked_reason(reason)
        async with self._units.begin(actor) as unit:
            series = await self._store.lock_series_by_id(unit, series_id)
            rule = None if series is None else await self._store.rule(unit, series.rule_id)
            if series is None or rule is None or series.book not in (Book.OUTGOING, Book.COPIES):
                raise NotFound("registers.series_unknown", id=series_id)
            await self._require_line_keeper(
                unit, series.id, NotFound("registers.series_unknown", id=series_id)
            )
            if secret and rule.secret is SecretRule.OWN:
                raise Invalid("registers.secret_apart", name=series.name)
            if not series.period_start <= on < series.period_end:
                raise Invalid("registers.other_period", field="/on", period=series.period_label)
            kind = series.type_code or type_code
            if not kind:
                raise Invalid("registers.type_missing", field="/type_code")
            taken = await self._move(unit, series, rule, on, words)
            number = await self._write(
                unit,
                taken,
                on,
                OutgoingFacts(),
                type_code=kind,
                drafting_unit="",
                document_id="",
                co_issuers=(),
                state=NumberState.OUTSIDE,
                reason=words,
            )
            return unit.answer(number)

    async def mark_sealed(self, unit: Unit, number_id: str) -> None:
        """The document that has the number is sealed. Raises NotFound, Conflict ``registers.state``."""
        row = await self._locked(unit, number_id)
        check_transition(row.state, NumberState.SEALED, row.text)
        _changed(await self._store.seal(unit, row), row)
        self._record(unit, "registers.seal", row, NumberState.SEALED)

    async def mark_issued(
        self, unit: Unit, number_id: str, *, recipients: str | None = None, copies: int | None = None
    ) -> None:
        """The document that has the number is issued; recipients and copies as they went out.

        Raises NotFound, Conflict ``registers.state``.
        """
        row = await self._locked(unit, number_id)
        check_transition(row.state, NumberState.ISSUED, row.text)
        facts = OutgoingFacts(
            subject=row.subject,
            signer=row.signer,
            recipients=row.recipients if recipients is None else recipients,
            copies=row.copies if copies is None else copies,
        )
        _changed(await self._store.issue(unit, row, facts), row)
        self._record(unit, "registers.issue", row, NumberState.ISSUED)

    async def void_in(self, unit: Unit, number_id: str, reason: str) -> None:
        """Void a number inside the caller's unit; it stays in the book with the reason.

        Raises NotFound, Invalid ``registers.reason_missing``, Conflict ``registers.state`` (issued
        already).
        """
        words = checked_reason(reason)
        row = await self._locked(unit, number_id)
        await self._require_line_keeper(
            unit, row.series_id, NotFound("registers.number_unknown", id=number_id)
        )
        check_transition(row.state, NumberState.VOIDED, row.text)
        _changed(await self._store.void_number(unit, row, words), row)
        self._record(unit, "registers.void", row, NumberState.VOIDED)

    async def void(self, actor: Actor, number_id: str, reason: str) -> OutgoingRow:
        """Void a number that was taken and not issued. Raises as ``void_in``."""
        self._access.require(actor, "registers.void")
        async with self._units.begin(actor) as unit:
            await self.void_in(unit, number_id, reason)
            return unit.answer(await self._locked(unit, number_id))

    async def _write(
        self,
        unit: Unit,
        taken: Taken,
        on: date,
        facts: OutgoingFacts,
        *,
        type_code: str,
        drafting_unit: str,
        document_id: str,
        co_issuers: tuple[str, ...],
        state: NumberState,
        reason: str,
    ) -> Number:
        rule, series = taken.rule, taken.series
        profile = self._profiles.on(rule.profile, on)
        kind = profile.type_of(type_code)
        if kind.copy is not (series.book is Book.COPIES):
            raise Invalid("registers.wrong_book", field="/type_code", type=kind.name)
        number = Number(
            id=unit.new_id(),
            series_id=series.id,
            number=series.next_number,
            text=notation(
                profile,
                kind,
                series.next_number,
                body=rule.symbol,
                unit=drafting_unit,
                year=on.year,
                pattern=rule.pattern,
                width=rule.width,
            ),
            date=on,
            state=state,
            document_id=document_id,
        )
        try:
            await self._store.insert_number(
                unit,
                series,
                number,
                facts,
                type_code=type_code,
                type_name=kind.name,
                co_issuers=co_issuers,
                reason=reason,
            )
        except UniqueViolation as error:
            raise Conflict("registers.already_numbered", document=document_id) from error
        unit.record(
            "registers.use_outside" if state is NumberState.OUTSIDE else "registers.allocate",
            Subject("number", number.id, series.body_id),
            new=number,
            detail={
                "series": series.id,
                "number": number.number,
                "text": number.text,
                "date": on.isoformat(),
                "state": state.value,
            },
        )
        return number

    async def _locked(self, unit: Unit, number_id: str) -> OutgoingRow:
        row = await self._store.lock_number(unit, number_id)
        if row is None:
            raise NotFound("registers.number_unknown", id=number_id)
        return row

    def _record(self, unit: Unit, action: str, row: OutgoingRow, state: NumberState) -> None:
        unit.record(
            action,
            Subject("number", row.id, row.body_id),
            old={"state": row.state.value},
            new={"state": state.value},
            detail={"number": row.text, "from": row.state.value, "to": state.value},
        )


def checked_reason(reason: str) -> str:
    """Return a reason without outer spaces; raises Invalid ``registers.reason_missing`` or ``_too_long``."""
    words = reason.strip()
    if not words:
        raise Invalid("registers.reason_missing", field="/reason")
    if len(words) > REASON_MAX:
        raise Invalid("registers.reason_too_long", field="/reason", limit=REASON_MAX)
    return words


def _changed(done: bool, row: OutgoingRow) -> None:
    if not done:
        raise Conflict("registers.state", number=row.text, state=row.state.value, wanted="")
