"""The public face of the registers: numbers, books to read and print, the rules they run by."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec

from server.kernel.actor import SYSTEM, Actor
from server.kernel.clock import local_date
from server.kernel.errors import Forbidden, Invalid, NotFound
from server.kernel.page import LIMIT_MAX, Page, PageRequest
from server.kernel.record import Subject
from server.organisations.model import Body
from server.registers.bookforms import BookForms, incoming_cells, outgoing_cells, postal_cells
from server.registers.correcting import Correcting
from server.registers.counting import Access, Directory
from server.registers.inheriting import Inheriting
from server.registers.model import BookQuery, Completeness, IncomingRow, OutgoingRow, PostalRow, ReadableBook
from server.registers.outgoing import Outgoing
from server.registers.profiles import Profiles
from server.registers.received import Received
from server.registers.rules import check_rules, completeness, shown
from server.registers.series import Book, Series, SeriesRule
from server.render.model import Rendered
from server.render.service import Renderer
from server.render.slips import BookPages
from server.unit import Units
from storage.sql.protocol import Reader

T = TypeVar("T")
Cells = Mapping[str, str]


class Registers(Outgoing, Received, Correcting, Inheriting):
    """The room of registers. Methods that take ``unit`` work inside another room's unit of work."""

    def __init__(
        self,
        units: Units,
        access: Access,
        directory: Directory,
        profiles: Profiles,
        forms: BookForms,
        renderer: Renderer,
    ) -> None:
        super().__init__(units, access, directory, profiles)
        self._forms = forms
        self._renderer = renderer

    @property
    def profiles(self) -> Profiles:
        """The format profiles of the installation."""
        return self._profiles

    async def configure(self, actor: Actor, rules: Sequence[SeriesRule]) -> list[SeriesRule]:
        """Bring in rules, new or changed; what a rule leaves open is filled from its body.

        The system itself and those who keep the books may. Raises Invalid ``registers.rules_overlap``,
        ``registers.periods_overlap``, ``registers.period_missing``, ``registers.rule_moved``; Forbidden.
        """
        if actor.account_id != SYSTEM.account_id:
            self._access.require(actor, "registers.configure")
        bodies = {body_id: await self._directory.body(body_id) for body_id in {r.body_id for r in rules}}
        filled = [_filled(rule, bodies[rule.body_id]) for rule in rules]
        for rule in filled:
            if actor.account_id != SYSTEM.account_id and actor.body_id not in (rule.body_id, rule.keeper):
                raise Forbidden("registers.not_keeper", body=rule.body_id, keeper=rule.keeper)
        async with self._units.begin(actor) as unit:
            known = {rule.id: rule for rule in await self._store.all_rules(unit)}
            for rule in filled:
                before = known.get(rule.id)
                if before is not None and (before.body_id, before.book) != (rule.body_id, rule.book):
                    raise Invalid("registers.rule_moved", id=rule.id)
            merged = {**known, **{rule.id: rule for rule in filled}}
            touched = {rule.body_id for rule in filled}
            check_rules([rule for rule in merged.values() if rule.body_id in touched])
            changed = [rule for rule in filled if known.get(rule.id) != rule]
            await self._store.save_rules(unit, changed)
            for rule in changed:
                unit.record(
                    "registers.configure",
                    Subject("series_rule", rule.id, rule.body_id),
                    old=known.get(rule.id),
                    new=rule,
                    detail={"book": rule.book.value, "period": rule.period.value},
                )
            return unit.answer(filled)

    async def rules(self, actor: Actor, body_id: str) -> list[SeriesRule]:
        """Return the rules by which a body's numbers run. Raises Forbidden."""
        self._access.require(actor, "registers.read")
        return await self._store.rules_of_body(self._units.reader, body_id)

    async def readable_books(self, actor: Actor) -> list[ReadableBook]:
        """Return the books that the actor may read: own, kept for other bodies, within the mandate."""
        self._access.require(actor, "registers.read")
        return await self._store.readable_books(self._units.reader, self._scope(actor))

    async def series_of(self, actor: Actor, body_id: str, page: PageRequest) -> Page[Series]:
        """Return the series of a body, the newest period first. Raises Forbidden."""
        self._access.require(actor, "registers.read")
        body = body_id or actor.body_id
        return await self._store.series_of_body(self._units.reader, body, page, self._scope(actor))

    async def series(self, actor: Actor, series_id: str) -> Series:
        """Return one series; raises NotFound ``registers.series_unknown`` outside the actor's books."""
        self._access.require(actor, "registers.read")
        found = await self._store.series(self._units.reader, series_id, self._scope(actor))
        if found is None:
            raise NotFound("registers.series_unknown", id=series_id)
        return found

    async def complete(self, actor: Actor, series_id: str) -> Completeness:
        """Return each number of a series from its start to the one before the next, with its state.

        Raises NotFound ``registers.series_unknown``.
        """
        series = await self.series(actor, series_id)
        await self._view(actor, "series", series.id, series.body_id)
        return completeness(series, await self._store.number_lines(self._units.reader, series_id))

    async def number(self, actor: Actor, number_id: str) -> OutgoingRow:
        """Return one number; raises NotFound ``registers.number_unknown`` outside the actor's books."""
        self._access.require(actor, "registers.read")
        found = await self._store.number(self._units.reader, number_id, self._scope(actor))
        if found is None:
            raise NotFound("registers.number_unknown", id=number_id)
        await self._view(actor, "number", found.id, found.body_id)
        return found

    async def number_of(self, tx: Reader, document_id: str) -> OutgoingRow | None:
        """Return the number a document bears, for rooms above that have checked who asks."""
        return await self._store.number_of_document(tx, document_id)

    async def outgoing_book(self, actor: Actor, query: BookQuery, page: PageRequest) -> Page[OutgoingRow]:
        """Return a part of the outgoing book, or of the book of copies. Raises Forbidden, Invalid."""
        query = self._own(actor, query)
        await self._view(actor, "book", query.series_id or query.body_id, query.body_id)
        return await self._store.outgoing(self._units.reader, query, page, self._scope(actor))

    async def incoming_book(self, actor: Actor, query: BookQuery, page: PageRequest) -> Page[IncomingRow]:
        """Return a part of the incoming book, or of citizens' letters. Raises Forbidden, Invalid."""
        query = self._own(actor, query)
        await self._view(actor, "book", query.series_id or query.body_id, query.body_id)
        return await self._received.incoming(self._units.reader, query, page, self._scope(actor))

    async def postal_book(self, actor: Actor, query: BookQuery, page: PageRequest) -> Page[PostalRow]:
        """Return a part of the postal book. Raises Forbidden, Invalid."""
        query = self._own(actor, query)
        await self._view(actor, "book", query.series_id or query.body_id, query.body_id)
        return await self._received.postal(self._units.reader, query, page, self._scope(actor))

    def _own(self, actor: Actor, query: BookQuery) -> BookQuery:
        return query if query.body_id else replace(query, body_id=actor.body_id)

    async def print_book(self, actor: Actor, book: Book, query: BookQuery) -> Rendered:
        """Set a range of a book as PDF/A, every row and every column, to be signed and bound.

        Raises Forbidden, NotFound, Unavailable ``render.timeout``.
        """
        query = replace(self._own(actor, query), book=book, oldest_first=True)
        await self._view(actor, "book", query.series_id or query.body_id, query.body_id)
        body = await self._directory.body(query.body_id)
        now = self._units.now()
        form = self._forms.on(book, local_date(now))
        keys = [column.key for column in form.columns]

        async def rows() -> AsyncIterator[Sequence[tuple[str, ...]]]:
            after: str | None = ""
            while after is not None:
                cells, after = await self._cells(actor, book, query, PageRequest(after, LIMIT_MAX))
                yield [tuple(cell[key] for key in keys) for cell in cells]

        pages = BookPages(
            superior=body.superior_name.upper(),
            body=body.name.upper(),
            title=form.title,
            range=_range(query),
            columns=form.columns,
            rows=(),
            closing=("Cộng: {count} dòng.", *await self._proof(actor, query)),
            signers=form.signers,
        )
        return await self._renderer.book(pages, rows(), at=now)

    async def _proof(self, actor: Actor, query: BookQuery) -> tuple[str, ...]:
        """Return what the book says of its own completeness; only a whole series can say it."""
        if not query.series_id:
            return ()
        report = await self.complete(actor, query.series_id)
        series = report.series
        if series.next_number == series.start_number:
            return (f"{series.name}, {series.period_label}: chưa có số nào.",)
        first, last = series.start_number, series.next_number - 1
        span = f"{series.name}, {series.period_label}: từ số {first} đến số {last}"
        if report.complete:
            return (f"{span}, liên tục, không có số trống không giải thích.",)
        return (f"{span}, THIẾU các số {', '.join(str(number) for number in report.missing)}.",)

    async def _cells(
        self, actor: Actor, book: Book, query: BookQuery, page: PageRequest
    ) -> tuple[list[Cells], str | None]:
        reader, scope = self._units.reader, self._scope(actor)
        if book in (Book.OUTGOING, Book.COPIES):
            sent = await self._store.outgoing(reader, query, page, scope)
            return [outgoing_cells(row) for row in sent.items], sent.next
        if book is Book.POSTAL:
            posted = await self._received.postal(reader, query, page, scope)
            return [postal_cells(row) for row in posted.items], posted.next
        came = await self._received.incoming(reader, query, page, scope)
        return [incoming_cells(row) for row in came.items], came.next


def _range(query: BookQuery) -> str:
    since = f"từ ngày {shown(query.since)}" if query.since else ""
    until = f"đến ngày {shown(query.until)}" if query.until else ""
    words = " ".join(word for word in (since, until) if word)
    return words[:1].upper() + words[1:]


def _filled(rule: SeriesRule, body: Body) -> SeriesRule:
    """Fill what a rule leaves open from its body; only outgoing books have a notation."""
    notated = rule.book in (Book.OUTGOING, Book.COPIES)
    return msgspec.structs.replace(
        rule,
        kept_by=rule.kept_by or body.keeper_id,
        profile=(rule.profile or body.profile) if notated else "",
        symbol=(rule.symbol or body.abbreviation) if notated else "",
    )
