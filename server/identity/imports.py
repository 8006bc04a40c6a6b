"""Bringing accounts in with a tree of bodies: who holds which post. Doing it twice changes nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from server.identity.access import Access
from server.identity.mandates import MandateStore
from server.identity.model import AccountState, Mandate
from server.identity.passwords import Passwords
from server.identity.rules import mandate_faults, normal_username
from server.identity.service import MANAGE
from server.identity.store import AccountStore, NewRow
from server.kernel.actor import SYSTEM, Actor
from server.kernel.errors import Invalid
from server.kernel.ids import make_id
from server.kernel.record import Subject
from server.organisations.data import MandateData, PersonData, TreeData
from server.organisations.importing import posts_of
from server.organisations.model import Holding
from server.organisations.staffing import Staffing
from server.unit import Units

ROWS_AT_ONCE = 2000
"""Accounts written in one unit: short enough that others wait no longer than a moment."""


@dataclass(frozen=True, slots=True)
class AccountsImported:
    """What an import of accounts wrote; all zero on a second run with the same data."""

    accounts: int
    """New accounts."""
    holdings: int
    """New holdings."""
    mandates: int
    """New mandates."""


@dataclass(frozen=True, slots=True)
class _Seat:
    username: str
    post_id: str
    person: PersonData


class AccountImport:
    """Brings in the people of a tree."""

    def __init__(self, units: Units, access: Access, passwords: Passwords, staffing: Staffing) -> None:
        self._units = units
        self._access = access
        self._passwords = passwords
        self._staffing = staffing
        self._accounts = AccountStore(units.reader.engine)
        self._mandates = MandateStore(units.reader.engine)

    async def import_accounts(self, actor: Actor, data: TreeData, *, password: str = "") -> AccountsImported:
        """Make the accounts that the posts of a tree name, put them into their posts, record its mandates.

        The tree's bodies must have been imported. Without ``password`` accounts wait for their invitation
        (state invited); with one (a demo) all new accounts are active with it: it is hashed once. Raises
        Invalid with every fault, Forbidden.
        """
        if actor.account_id != SYSTEM.account_id:
            self._access.require(actor, MANAGE)
        tree = _expanded(data)
        seats = _seats(tree)
        names = {seat.username: seat.person.full_name for seat in seats if seat.person.full_name}
        usernames = sorted({seat.username for seat in seats})
        there = await self._accounts.by_usernames(self._units.reader, usernames)
        ids = {name: account.id for name, account in there.items()}
        hashed = await self._passwords.hash(password) if password else ""
        state = AccountState.ACTIVE if password else AccountState.INVITED
        rows = []
        for username in usernames:
            if username not in ids:
                ids[username] = self._new_id()
                name = names.get(username, username)
                rows.append(NewRow(ids[username], username, name, state=state, password_hash=hashed))
        holdings = await self._staffing.check_many(
            self._units.reader, _holdings(tree, seats, ids, self._new_id)
        )
        for part in _parts(rows):
            await self._write_accounts(actor, part)
        for start in range(0, len(holdings), ROWS_AT_ONCE):
            await self._write_holdings(actor, holdings[start : start + ROWS_AT_ONCE])
        mandates = await self._write_mandates(actor, tree.mandates)
        return AccountsImported(len(rows), len(holdings), mandates)

    def _new_id(self) -> str:
        return make_id(int(self._units.now().timestamp() * 1000), secrets.randbits(80))

    async def _write_accounts(self, actor: Actor, rows: Sequence[NewRow]) -> None:
        async with self._units.begin(actor) as unit:
            await self._accounts.insert(unit, rows)
            for row in rows:
                new = {"username": row.username, "full_name": row.full_name, "state": row.state.value}
                detail = {"username": row.username}
                unit.record("identity.import", Subject("account", row.id), new=new, detail=detail)

    async def _write_mandates(self, actor: Actor, wanted: Sequence[MandateData]) -> int:
        names = [normal_username(data.username) for data in wanted]
        async with self._units.begin(actor) as unit:
            accounts = await self._accounts.by_usernames(unit, names)
            written = 0
            for name, data in zip(names, wanted, strict=True):
                if name not in accounts:
                    raise Invalid("identity.account_unknown", field="/mandates")
                if faults := mandate_faults(data.bodies, data.valid_from, data.valid_to, data.basis):
                    raise Invalid.of(faults)
                account_id = accounts[name].id
                present = await self._mandates.page(unit, after="", limit=ROWS_AT_ONCE, account_id=account_id)
                if any((each.valid_from, each.basis) == (data.valid_from, data.basis) for each in present):
                    continue
                mandate = Mandate(
                    unit.new_id(), account_id, data.bodies, data.valid_from, data.valid_to, data.basis, None
                )
                await self._mandates.insert(unit, mandate)
                detail = {"account": account_id, "bodies": " ".join(data.bodies), "basis": data.basis}
                unit.record(
                    "identity.give_mandate", Subject("mandate", mandate.id), new=mandate, detail=detail
                )
                written += 1
        return written

    async def _write_holdings(self, actor: Actor, holdings: Sequence[Holding]) -> None:
        async with self._units.begin(actor) as unit:
            await self._staffing.place_many(unit, holdings)
            for row in holdings:
                detail = {"post": row.post_id, "kind": row.kind.value}
                subject = Subject("account", row.account_id, row.post_id.partition(".")[0])
                unit.record("organisations.place", subject, new=row, detail=detail)


def _expanded(data: TreeData) -> TreeData:
    try:
        return data.expanded()
    except ValueError as error:
        raise Invalid("organisations.template_wrong", field="/bodies", reason=str(error)) from error


def _seats(tree: TreeData) -> list[_Seat]:
    return [
        _Seat(normal_username(person.username), f"{body.id}.{post.key}", person)
        for body in tree.bodies
        for post in body.posts
        for person in post.people
    ]


def _holdings(
    tree: TreeData, seats: Sequence[_Seat], ids: Mapping[str, str], new_id: Callable[[], str]
) -> list[Holding]:
    posts = {post.id: post for body in tree.bodies for post in posts_of(body)}
    return [
        Holding(
            id=new_id(),
            post_id=seat.post_id,
            account_id=ids[seat.username],
            kind=seat.person.kind,
            valid_from=seat.person.valid_from or posts[seat.post_id].valid_from,
            valid_to=seat.person.valid_to or posts[seat.post_id].valid_to,
            basis=seat.person.basis,
        )
        for seat in seats
    ]


def _parts(rows: Sequence[NewRow]) -> list[Sequence[NewRow]]:
    return [rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE)]
