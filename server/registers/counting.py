"""Taking numbers: the one place where a series moves. Every book counts through it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from server.kernel.actor import SYSTEM, Actor, Role
from server.kernel.clock import local_date
from server.kernel.errors import Conflict, Forbidden, NotFound
from server.kernel.record import Subject
from server.organisations.model import Body
from server.registers.profiles import Profiles
from server.registers.rows import Scope
from server.registers.rules import check_date, choose_rule, first_number, period_on
from server.registers.series import Book, Period, Series, SeriesRule
from server.registers.store import RegistersStore
from server.registers.store_received import ReceivedStore
from server.unit import Unit, Units

LABEL_WIDTH = 2
"""Least digits of a number in a book that has no format profile: 05."""


class Access(Protocol):
    """Permissions (the room identity)."""

    def require(self, actor: Actor, action: str) -> None:
        """Raise Forbidden ``identity.not_allowed`` unless the actor may do the action."""
        ...


class Directory(Protocol):
    """Bodies (the room organisations)."""

    async def body(self, body_id: str) -> Body:
        """Return a body; raises NotFound."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """Numbers just taken inside a unit."""

    series: Series
    """The series as it was before: its ``next_number`` is the first one taken."""
    rule: SeriesRule
    """Its rule."""

    def label(self, offset: int = 0) -> str:
        """Return the number as books without a notation show it."""
        return str(self.series.next_number + offset).zfill(self.rule.width or LABEL_WIDTH)


class Counting:
    """What every part of this room shares: stores, checks, and the taking of numbers."""

    def __init__(self, units: Units, access: Access, directory: Directory, profiles: Profiles) -> None:
        self._units = units
        self._access = access
        self._directory = directory
        self._profiles = profiles
        self._store = RegistersStore(units.reader.engine)
        self._received = ReceivedStore(units.reader.engine)

    async def _take(
        self,
        unit: Unit,
        body_id: str,
        book: Book,
        type_code: str,
        day: date,
        reason: str,
        count: int = 1,
        rule_id: str = "",
    ) -> Taken:
        """Take the next number (or ``count`` of them) of the series that counts this; open it if need be.

        The series stays locked until the unit ends, so a number is lost to nobody and a unit that is
        undone gives its number back. Raises Invalid ``registers.no_series``, ``registers.no_period``,
        ``registers.future_date``, ``registers.back_dated``; Forbidden ``registers.not_keeper``.
        """
        today = local_date(unit.now)
        check_date(day, today=today, last=None, reason="")
        rules = await self._store.rules_of_body(unit, body_id, book)
        rule = choose_rule(rules, book, type_code, day, rule_id)
        _require_keeper(unit.actor, rule.body_id, rule.keeper)
        period = period_on(rule, day)
        series = await self._series_for(unit, rule, type_code if rule.per_type else "", period, day)
        return await self._move(unit, series, rule, day, reason, count)

    async def _move(
        self, unit: Unit, series: Series, rule: SeriesRule, day: date, reason: str, count: int = 1
    ) -> Taken:
        check_date(day, today=local_date(unit.now), last=series.last_date, reason=reason)
        last = day if series.last_date is None else max(day, series.last_date)
        await self._store.advance(unit, series, last, count)
        return Taken(series, rule)

    async def _series_for(
        self, unit: Unit, rule: SeriesRule, type_code: str, period: Period, day: date
    ) -> Series:
        found = await self._store.lock_series(unit, rule, type_code, period)
        if found is not None:
            return found
        name = rule.name
        if type_code and rule.profile:
            name = f"{rule.name}: {self._profiles.on(rule.profile, day).type_of(type_code).name}"
        start = first_number(rule, period, type_code)
        opened = await self._store.open_series(unit, rule, type_code, period, name=name, start=start)
        series = await self._store.lock_series(unit, rule, type_code, period)
        if series is None:
            raise Conflict("registers.series_moved", name=name)
        if opened:
            unit.record(
                "registers.open_series",
                Subject("series", series.id, series.body_id),
                new=series,
                detail={"rule": rule.id, "type": type_code, "period": period.label, "start": start},
            )
        return series

    async def _require_line_keeper(self, unit: Unit, series_id: str, unknown: NotFound) -> None:
        """Raise ``unknown`` unless the actor keeps the book in which a line stands.

        A clerk of another office is not told that the line exists.
        """
        keeper = await self._store.keeper(unit, series_id)
        if keeper is None:
            raise unknown
        try:
            _require_keeper(unit.actor, keeper.body_id, keeper.kept_by)
        except Forbidden as error:
            raise unknown from error

    def _scope(self, actor: Actor) -> Scope:
        """Return the parameters of the predicate ``may_read_book``."""
        supervisor = actor.role is Role.SUPERVISOR
        return {
            "g_body": "" if supervisor else actor.body_id,
            "g_mandate": actor.mandate_id if supervisor else "",
            "g_today": local_date(self._units.now()).isoformat(),
        }

    async def _view(self, actor: Actor, kind: str, subject_id: str, body_id: str = "") -> None:
        """Check that the actor may read books; a view under a mandate leaves an audit entry."""
        self._access.require(actor, "registers.read")
        if actor.role is not Role.SUPERVISOR or not actor.mandate_id:
            return
        async with self._units.begin(replace(actor, request=replace(actor.request, once=None))) as unit:
            subject = Subject(kind, subject_id, body_id)
            unit.record("identity.supervised_view", subject, detail={"mandate": actor.mandate_id})


def _require_keeper(actor: Actor, body_id: str, kept_by: str) -> None:
    if actor.account_id != SYSTEM.account_id and actor.body_id not in (body_id, kept_by):
        raise Forbidden("registers.not_keeper", body=body_id, keeper=kept_by)
