"""Units, posts, who holds them, who may sign: the commands. Reading them: ``service``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from server.kernel.actor import SYSTEM, Actor, Role
from server.kernel.clock import local_date
from server.kernel.errors import Conflict, Fault, Invalid, NotFound
from server.kernel.record import Subject
from server.organisations import rules
from server.organisations.data import PostData, UnitData
from server.organisations.directory import Door
from server.organisations.model import (
    Authority,
    Bloc,
    Body,
    Holder,
    Holding,
    HoldingKind,
    Mode,
    Post,
    Unit,
)
from server.organisations.service import MANAGE
from server.organisations.store import BodyStore
from server.organisations.store_posts import PostStore
from server.unit import Unit as Work
from server.unit import Units
from storage.sql.protocol import Reader


@dataclass(frozen=True, slots=True)
class NewAuthority:
    """An authority to sign that is being given."""

    post_id: str
    """Post that will sign."""
    body_id: str
    """Body signed for."""
    mode: Mode
    """Capacity."""
    valid_from: date
    """First day."""
    for_title: str = ""
    """Line printed after the mode's word."""
    own_title: str = ""
    """Title of the signer."""
    granted_by_post_id: str = ""
    """Post that gives it; "" = statute."""
    valid_to: date | None = None
    """First day no longer in force."""
    basis: str = ""
    """Regulation or written mandate."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Holdings that one act began and ended."""

    began: Holding
    """The new holding."""
    ended: tuple[Holding, ...]
    """Holdings that it ended, as they were."""


class Staffing:
    """Commands over units, posts, holdings and authorities.

    Methods that take a unit write inside the unit of the room that calls (identity: handing over, leaving)
    and record what they did; the others open their own.
    """

    def __init__(self, units: Units, door: Door) -> None:
        self._units = units
        self._door = door
        self._bodies = BodyStore(units.reader.engine)
        self._posts = PostStore(units.reader.engine)

    async def add_unit(self, actor: Actor, body_id: str, data: UnitData) -> Unit:
        """Open a unit in a body. Raises Conflict ``organisations.key_taken``, Invalid, NotFound."""
        self._require(actor)
        async with self._units.begin(actor) as unit:
            await self._bodies.lock(unit)
            body = await self._open_body(unit, body_id)
            known = {row.id for row in await self._posts.units_of(unit, body_id)}
            new = Unit(
                id=f"{body_id}.{data.key}",
                body_id=body_id,
                parent_id=f"{body_id}.{data.parent}" if data.parent else "",
                name=data.name,
                abbreviation=data.abbreviation,
                valid_from=data.valid_from or body.valid_from,
                valid_to=data.valid_to,
            )
            self._check_new(new, new.parent_id, known)
            await self._posts.write_units(unit, [new], [])
            unit.record("organisations.add_unit", Subject("unit", new.id, body_id), new=new)
            return unit.answer(new)

    async def add_post(self, actor: Actor, body_id: str, data: PostData) -> Post:
        """Make a post in a body (its people and authorities come by their own acts).

        Raises Conflict ``organisations.key_taken``, Invalid, NotFound.
        """
        self._require(actor)
        async with self._units.begin(actor) as unit:
            await self._bodies.lock(unit)
            body = await self._open_body(unit, body_id)
            new = Post(
                id=f"{body_id}.{data.key}",
                body_id=body_id,
                unit_id=f"{body_id}.{data.unit}" if data.unit else "",
                title=data.title,
                role=data.role,
                valid_from=data.valid_from or body.valid_from,
                valid_to=data.valid_to,
            )
            units = {row.id for row in await self._posts.units_of(unit, body_id)}
            posts = {row.id for row in await self._posts.posts_of(unit, body_id)}
            if new.unit_id and new.unit_id not in units:
                raise Invalid("organisations.link_unknown", field="/unit", id=new.unit_id)
            self._check_new(new, "", posts)
            await self._posts.write_posts(unit, [new], [])
            unit.record("organisations.add_post", Subject("post", new.id, body_id), new=new)
            return unit.answer(new)

    async def abolish_post(self, actor: Actor, post_id: str, *, on: date, basis: str) -> Post:
        """Abolish a post from a day. Somebody who still holds it then is a Conflict: move them first."""
        self._require(actor)
        async with self._units.begin(actor) as unit:
            await self._bodies.lock(unit)
            old = await self.post(unit, post_id)
            if fault := rules.span_fault(old.valid_from, on, "/on"):
                raise Invalid.of([fault])
            if any(
                rules.overlaps(row.valid_from, row.valid_to, on, None)
                for row in await self._posts.holdings_of_posts(unit, [post_id])
            ):
                raise Conflict("organisations.post_held", title=old.title)
            new = replace(old, valid_to=on)
            await self._posts.write_posts(unit, [], [new])
            detail = {"on": on.isoformat(), "basis": basis}
            subject = Subject("post", post_id, old.body_id)
            unit.record("organisations.abolish_post", subject, old=old, new=new, detail=detail)
            return unit.answer(new)

    async def grant_authority(self, actor: Actor, new: NewAuthority) -> Authority:
        """Give a post the right to sign. Raises Invalid with every fault (a TUQ passed on is one)."""
        self._require(actor)
        async with self._units.begin(actor) as unit:
            await self._bodies.lock(unit)
            await self.post(unit, new.post_id)
            await self._open_body(unit, new.body_id)
            authority = Authority(
                id=unit.new_id(),
                post_id=new.post_id,
                body_id=new.body_id,
                mode=new.mode,
                for_title=new.for_title,
                own_title=new.own_title,
                granted_by_post_id=new.granted_by_post_id,
                valid_from=new.valid_from,
                valid_to=new.valid_to,
                basis=new.basis,
            )
            given = []
            if new.granted_by_post_id:
                await self.post(unit, new.granted_by_post_id)
                given = await self._posts.authorities_of_post(unit, new.granted_by_post_id, new.body_id)
            if faults := rules.authority_faults(authority, given):
                raise Invalid.of(faults)
            await self._posts.write_authorities(unit, [authority], [])
            subject = Subject("authority", authority.id, new.body_id)
            detail = {"post": new.post_id, "mode": new.mode.value, "basis": new.basis}
            unit.record("organisations.grant_authority", subject, new=authority, detail=detail)
            return unit.answer(authority)

    async def end_authority(self, actor: Actor, authority_id: str, *, on: date, basis: str) -> Authority:
        """End an authority from a day. Raises NotFound ``organisations.authority_unknown``, Invalid."""
        self._require(actor)
        async with self._units.begin(actor) as unit:
            await self._bodies.lock(unit)
            old = await self._posts.authority(unit, authority_id)
            if old is None:
                raise NotFound("organisations.authority_unknown", id=authority_id)
            if fault := rules.span_fault(old.valid_from, on, "/on"):
                raise Invalid.of([fault])
            new = replace(old, valid_to=on)
            await self._posts.write_authorities(unit, [], [new])
            subject = Subject("authority", old.id, old.body_id)
            detail = {"on": on.isoformat(), "basis": basis}
            unit.record("organisations.end_authority", subject, old=old, new=new, detail=detail)
            return unit.answer(new)

    async def administrator_post(self) -> str:
        """Return a post of an administrator; make one when there is none.

        An empty installation gets a body of its own for it (level ``installation``), which is in no list and
        takes no documents.
        """
        today = local_date(self._units.now())
        async with self._units.begin(SYSTEM) as unit:
            await self._bodies.lock(unit)
            posts = await self._posts.all_posts(unit)
            for post in sorted(posts.values(), key=lambda post: post.id):
                if post.role is Role.ADMINISTRATOR and post.valid_to is None:
                    unit.record("organisations.find_administrator", Subject("post", post.id, post.body_id))
                    return post.id
            body = _installation(today)
            if await self._bodies.body(unit, body.id) is None:
                await self._bodies.insert(unit, [body], "")
            post = Post(
                f"{body.id}.quan-tri", body.id, "", "Quản trị hệ thống", Role.ADMINISTRATOR, today, None
            )
            await self._posts.write_posts(unit, [post], [])
            unit.record("organisations.add_post", Subject("post", post.id, body.id), new=post)
            return post.id

    async def post(self, reader: Reader, post_id: str) -> Post:
        """Return one post; raises NotFound ``organisations.post_unknown``."""
        found = await self._posts.posts(reader, [post_id])
        if post_id not in found:
            raise NotFound("organisations.post_unknown", id=post_id)
        return found[post_id]

    async def role_holders(self, body_id: str, role: Role, *, on: date | None = None) -> list[Holder]:
        """Return who holds posts of a role in a body on a day (None = today)."""
        day = on or local_date(self._units.now())
        return await self._posts.role_holders(self._units.reader, body_id, role, day)

    async def holdings_of(self, reader: Reader, account_id: str) -> list[Holding]:
        """Return every holding of an account, past ones too."""
        return await self._posts.holdings_of_account(reader, account_id)

    async def place(
        self,
        unit: Work,
        *,
        post_id: str,
        account_id: str,
        kind: HoldingKind,
        valid_from: date,
        valid_to: date | None,
        basis: str,
        replacing: bool = False,
    ) -> Moved:
        """Put a person into a post, inside the caller's unit.

        ``replacing`` ends the appointed or acting holding of the post on the day the new one begins (handing
        over). Raises Invalid with every fault, such as ``organisations.post_taken``; NotFound.
        """
        await self._bodies.lock(unit)
        post = await self.post(unit, post_id)
        new = Holding(unit.new_id(), post_id, account_id, kind, valid_from, valid_to, basis)
        if not rules.overlaps(post.valid_from, post.valid_to, valid_from, valid_to):
            raise Invalid("organisations.post_abolished", field="/post_id", title=post.title)
        present = await self._posts.holdings_of_posts(unit, [post_id])
        ended: list[Holding] = []
        if replacing:
            ended = [
                row
                for row in present
                if row.kind is not HoldingKind.DELEGATED
                and rules.overlaps(row.valid_from, row.valid_to, valid_from, None)
            ]
        rest = [row for row in present if row not in ended]
        shortened = [replace(row, valid_to=valid_from) for row in ended if row.valid_from < valid_from]
        if faults := rules.holding_faults(new, [*rest, *shortened]):
            raise Invalid.of(faults)
        for row in ended:
            await self._end(unit, row, post.body_id, valid_from, basis)
        await self._posts.insert_holdings(unit, [new])
        detail = {"post": post_id, "kind": kind.value, "from": valid_from.isoformat(), "basis": basis}
        subject = Subject("account", account_id, post.body_id)
        unit.record("organisations.place", subject, new=new, detail=detail)
        return Moved(new, tuple(ended))

    async def place_many(self, unit: Work, holdings: Sequence[Holding]) -> None:
        """Write holdings of an import, already checked by ``holding_faults``; the caller records them."""
        await self._posts.insert_holdings(unit, holdings)

    async def check_many(self, reader: Reader, new: Sequence[Holding]) -> list[Holding]:
        """Return those of ``new`` that are not there yet (same post, account and first day).

        Raises Invalid with every fault: unknown posts, two holders of one post on a day.
        """
        ids = sorted({row.post_id for row in new})
        posts = await self._posts.posts(reader, ids)
        there: dict[str, list[Holding]] = {}
        for row in await self._posts.holdings_of_posts(reader, ids):
            there.setdefault(row.post_id, []).append(row)
        faults: list[Fault] = []
        wanted: list[Holding] = []
        for row in new:
            if row.post_id not in posts:
                faults.append(Fault("organisations.post_unknown", "/posts", {"id": row.post_id}))
                continue
            others = there.setdefault(row.post_id, [])
            same = (row.account_id, row.valid_from)
            if any((other.account_id, other.valid_from) == same for other in others):
                continue
            faults += rules.holding_faults(row, others)
            others.append(row)
            wanted.append(row)
        if faults:
            raise Invalid.of(faults)
        return wanted

    async def end_holdings(
        self, unit: Work, account_id: str, on: date, basis: str, *, only: Sequence[str] | None = None
    ) -> list[Holding]:
        """End what an account holds on a day or later, inside the caller's unit; return what was ended.

        ``only`` names posts; None = all of them.
        """
        await self._bodies.lock(unit)
        present = [
            row
            for row in await self._posts.holdings_of_account(unit, account_id)
            if rules.overlaps(row.valid_from, row.valid_to, on, None)
            and (only is None or row.post_id in only)
        ]
        posts = await self._posts.posts(unit, [row.post_id for row in present])
        for row in present:
            await self._end(unit, row, posts[row.post_id].body_id, on, basis)
        return present

    async def _end(self, unit: Work, row: Holding, body_id: str, on: date, basis: str) -> None:
        await self._posts.end_holding(unit, row, on)
        new = None if on <= row.valid_from else replace(row, valid_to=on)
        detail = {"post": row.post_id, "on": on.isoformat(), "basis": basis}
        subject = Subject("account", row.account_id, body_id)
        unit.record("organisations.end_holding", subject, old=row, new=new, detail=detail)

    async def _open_body(self, unit: Work, body_id: str) -> Body:
        body = await self._bodies.body(unit, body_id)
        if body is None:
            raise NotFound("organisations.body_unknown", id=body_id)
        if body.valid_to is not None:
            raise Conflict("organisations.closed_already", on=rules.shown(body.valid_to))
        return body

    def _check_new(self, new: Unit | Post, parent_id: str, known: set[str]) -> None:
        if new.id in known:
            raise Conflict("organisations.key_taken", field="/key", id=new.id)
        if parent_id and parent_id not in known:
            raise Invalid("organisations.link_unknown", field="/parent", id=parent_id)
        if fault := rules.span_fault(new.valid_from, new.valid_to):
            raise Invalid.of([fault])

    def _require(self, actor: Actor) -> None:
        if actor.account_id != SYSTEM.account_id:
            self._door.require(actor, MANAGE)


def _installation(today: date) -> Body:
    return Body(
        id=rules.INSTALLATION,
        code="",
        code_old="",
        name="Hệ thống Liên Thông",
        name_en="Liên Thông installation",
        short_name="Hệ thống",
        abbreviation="",
        bloc=Bloc.ADMINISTRATION,
        level=rules.INSTALLATION,
        parent_id="",
        superior_name="",
        place="",
        profile="state",
        has_seal=False,
        keeps_books=False,
        kept_by_body_id="",
        valid_from=today,
        valid_to=None,
        successor_id="",
        version=1,
    )
