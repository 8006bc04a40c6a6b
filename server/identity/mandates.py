"""Supervisors' mandates: which bodies, from when to when, on what basis; and the record of every view."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

from server.identity.access import Access
from server.identity.model import Mandate
from server.identity.rules import mandate_faults
from server.identity.store import AccountStore
from server.kernel.actor import Actor, Role
from server.kernel.clock import text
from server.kernel.errors import Conflict, Fault, Invalid, NotFound
from server.kernel.page import Page, PageRequest
from server.kernel.record import Subject
from server.organisations.service import Organisations
from server.unit import Unit, Units
from storage.sql.protocol import Params, Reader
from storage.sql.rows import Json
from storage.sql.statements import Engine, load_all

MANDATES = "identity.mandates"


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    account_id: str
    body_ids: Annotated[tuple[str, ...], Json]
    valid_from: date
    valid_to: date
    basis: str
    ended_at: datetime | None

    def mandate(self) -> Mandate:
        return Mandate(
            self.id,
            self.account_id,
            tuple(sorted(self.body_ids)),
            self.valid_from,
            self.valid_to,
            self.basis,
            self.ended_at,
        )


class MandateStore:
    """Statements over mandates."""

    def __init__(self, engine: Engine) -> None:
        self._statements = load_all(Path(__file__).parent, engine)

    async def mandate(self, reader: Reader, mandate_id: str) -> Mandate | None:
        """Return one mandate."""
        row = await reader.fetch_one(self._statements["mandate"], {"id": mandate_id}, _Row)
        return row.mandate() if row else None

    async def page(self, reader: Reader, *, after: str, limit: int, account_id: str) -> list[Mandate]:
        """Return up to ``limit`` mandates older than an id, the newest first."""
        params: Params = {"after": after, "limit_rows": limit, "account_id": account_id}
        return [row.mandate() for row in await reader.fetch(self._statements["mandates_page"], params, _Row)]

    async def insert(self, unit: Unit, mandate: Mandate) -> None:
        """Write a new mandate with its bodies."""
        params: Params = {
            "id": mandate.id,
            "account_id": mandate.account_id,
            "valid_from": mandate.valid_from.isoformat(),
            "valid_to": mandate.valid_to.isoformat(),
            "basis": mandate.basis,
        }
        await unit.execute(self._statements["insert_mandate"], params)
        await unit.execute_many(
            self._statements["insert_mandate_body"],
            [{"mandate_id": mandate.id, "body_id": body_id} for body_id in mandate.body_ids],
        )

    async def end(self, unit: Unit, mandate_id: str) -> bool:
        """End a mandate now; False when it has ended."""
        params: Params = {"id": mandate_id, "now": text(unit.now)}
        return await unit.execute(self._statements["end_mandate"], params) == 1


class Mandates:
    """Gives and ends mandates, and records what supervisors read."""

    def __init__(self, units: Units, access: Access, organisations: Organisations) -> None:
        self._units = units
        self._access = access
        self._organisations = organisations
        self._accounts = AccountStore(units.reader.engine)
        self._store = MandateStore(units.reader.engine)

    async def give(
        self,
        actor: Actor,
        *,
        account_id: str,
        body_ids: tuple[str, ...],
        valid_from: date,
        valid_to: date,
        basis: str,
    ) -> Mandate:
        """Record a mandate: the supervisor reads unrestricted documents of these bodies on these days.

        Raises Invalid with every fault, Conflict ``identity.not_supervisor``, NotFound. Nobody gives one to
        themselves (``identity.mandate_self``).
        """
        self._access.require(actor, MANDATES)
        faults = mandate_faults(body_ids, valid_from, valid_to, basis)
        known = await self._organisations.bodies_by_id(body_ids)
        faults += [
            Fault("organisations.body_unknown", f"/body_ids/{index}", {"id": body_id})
            for index, body_id in enumerate(body_ids)
            if body_id not in known
        ]
        if account_id == actor.account_id:
            faults.append(Fault("identity.mandate_self", "/account_id"))
        if faults:
            raise Invalid.of(faults)
        async with self._units.begin(actor) as unit:
            if await self._accounts.account(unit, account_id) is None:
                raise NotFound("identity.account_unknown")
            held = await self._accounts.held_posts(unit, account_id, self._organisations.today())
            if not any(post.role is Role.SUPERVISOR for post in held):
                raise Conflict("identity.not_supervisor", field="/account_id")
            mandate = Mandate(unit.new_id(), account_id, body_ids, valid_from, valid_to, basis.strip(), None)
            await self._store.insert(unit, mandate)
            detail = {"account": account_id, "bodies": " ".join(body_ids), "basis": mandate.basis}
            unit.record("identity.give_mandate", Subject("mandate", mandate.id), new=mandate, detail=detail)
            return unit.answer(mandate)

    async def end(self, actor: Actor, mandate_id: str, reason: str) -> Mandate:
        """End a mandate before its day. Raises NotFound, Conflict ``identity.mandate_ended``, Invalid."""
        self._access.require(actor, MANDATES)
        if not reason.strip():
            raise Invalid("identity.reason_missing", field="/reason")
        async with self._units.begin(actor) as unit:
            old = await self._store.mandate(unit, mandate_id)
            if old is None:
                raise NotFound("identity.mandate_unknown")
            if not await self._store.end(unit, mandate_id):
                raise Conflict("identity.mandate_ended")
            new = replace(old, ended_at=unit.now)
            subject = Subject("mandate", mandate_id)
            unit.record("identity.end_mandate", subject, old=old, new=new, detail={"reason": reason})
            return unit.answer(new)

    async def mandates(self, actor: Actor, page: PageRequest, *, account_id: str = "") -> Page[Mandate]:
        """Return mandates, the newest first. A supervisor sees their own, an administrator all."""
        if not account_id or account_id != actor.account_id:
            self._access.require(actor, MANDATES)
        rows = await self._store.page(
            self._units.reader, after=page.after, limit=page.limit + 1, account_id=account_id
        )
        return Page(rows[: page.limit], rows[page.limit - 1].id if len(rows) > page.limit else None)

    async def viewed(self, actor: Actor, subject: Subject) -> None:
        """Record that a supervisor read a subject under a mandate; for anybody else this does nothing.

        Rooms call it after they answered a read of content (a document, an arrival, a file, a book).
        """
        if not actor.mandate_id:
            return
        async with self._units.begin(replace(actor, request=replace(actor.request, once=None))) as unit:
            unit.record("identity.supervised_view", subject, detail={"mandate": actor.mandate_id})
