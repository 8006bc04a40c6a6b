"""Bodies, units, posts and authorities looked up: who exists, who can be sent to, who signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from server.kernel.actor import Actor
from server.kernel.clock import local_date
from server.kernel.errors import Fault, Invalid, NotFound
from server.kernel.page import Page, PageRequest
from server.organisations import rules
from server.organisations.model import (
    Authority,
    Bloc,
    Body,
    BodyDetail,
    DirectoryEntry,
    Holder,
    Node,
    Post,
    Unit,
)
from server.organisations.store import BodyStore
from server.organisations.store_posts import PostStore
from server.unit import Units
from storage.sql.protocol import Reader

TREES_KEPT = 4
"""Trees of days kept in memory; the tree of today is asked for all the time, others hardly ever."""


class Door(Protocol):
    """Checks permissions; the room above (identity) gives it."""

    def require(self, actor: Actor, action: str) -> None:
        """Raise Forbidden unless the actor may do the action."""
        ...


class Directory:
    """Bodies of the installation. Reading is open to whoever is signed in: it holds nothing secret."""

    def __init__(self, units: Units, door: Door) -> None:
        self._units = units
        self._door = door
        self._bodies = BodyStore(units.reader.engine)
        self._posts = PostStore(units.reader.engine)
        self._trees: dict[tuple[int, date], list[Node]] = {}

    def today(self) -> date:
        """Return the present day in Viet Nam."""
        return local_date(self._units.now())

    async def body(self, body_id: str, *, reader: Reader | None = None) -> Body:
        """Return one body as it is now; raises NotFound ``organisations.body_unknown``."""
        found = await self._bodies.body(reader or self._units.reader, body_id)
        if found is None:
            raise NotFound("organisations.body_unknown", id=body_id)
        return found

    async def body_on(self, body_id: str, on: date) -> Body:
        """Return a body with the name, code and place it had on a day.

        Raises NotFound ``organisations.body_unknown``, ``organisations.body_not_there`` (not on that day).
        """
        body = await self.body(body_id)
        form = await self._bodies.form_on(self._units.reader, body_id, on)
        if form is None:
            raise NotFound("organisations.body_not_there", name=body.name, on=rules.shown(on))
        return replace(
            body,
            code=form.code,
            code_old=form.code_old,
            name=form.name,
            name_en=form.name_en,
            short_name=form.short_name,
            abbreviation=form.abbreviation,
            parent_id=form.parent_id,
            superior_name=form.superior_name,
            place=form.place,
        )

    async def bodies_by_id(self, ids: Sequence[str], *, reader: Reader | None = None) -> dict[str, Body]:
        """Return the bodies of these ids that exist, by id, in one statement."""
        return await self._bodies.by_ids(reader or self._units.reader, ids)

    async def detail(self, body_id: str) -> BodyDetail:
        """Return a body with its forms, units, posts and authorities; raises NotFound."""
        found = await self._bodies.detail(self._units.reader, body_id)
        if found is None:
            raise NotFound("organisations.body_unknown", id=body_id)
        return found

    async def resolve(self, code: str) -> list[Body]:
        """Return the bodies that have or had a code in either form, the newest first; [] = none.

        Closed codes resolve for ever: old documents, registers and signatures name them.
        """
        return await self._bodies.with_code(self._units.reader, code.strip().upper())

    async def bodies(
        self, page: PageRequest, *, query: str = "", bloc: Bloc | None = None, at: date | None = None
    ) -> Page[Body]:
        """Return bodies by id; ``query`` matches name or code, ``at`` None = closed ones too."""
        rows = await self._bodies.page(
            self._units.reader,
            after=page.after,
            limit=page.limit + 1,
            query=query,
            bloc=bloc.value if bloc else "",
            on=at,
        )
        return Page(rows[: page.limit], rows[page.limit - 1].id if len(rows) > page.limit else None)

    async def directory(self, page: PageRequest, *, query: str = "") -> Page[DirectoryEntry]:
        """Return whom documents can be sent to today, by id."""
        rows = await self._bodies.directory(
            self._units.reader, after=page.after, limit=page.limit + 1, query=query, on=self.today()
        )
        return Page(rows[: page.limit], rows[page.limit - 1].id if len(rows) > page.limit else None)

    async def tree(self, at: date | None = None) -> list[Node]:
        """Return the bodies of a day (None = today) in tree order, named and placed as they were then."""
        day = at or self.today()
        version = await self._bodies.version(self._units.reader)
        kept = self._trees.get((version, day))
        if kept is None:
            kept = rules.ordered(await self._bodies.nodes(self._units.reader, day))
            self._trees = {key: tree for key, tree in self._trees.items() if key[0] == version}
            while len(self._trees) >= TREES_KEPT:
                del self._trees[next(iter(self._trees))]
            self._trees[version, day] = kept
        return list(kept)

    async def check_recipients(
        self, ids: Sequence[str], on: date, *, reader: Reader | None = None
    ) -> list[Body]:
        """Return the bodies in the order given, if a document can be sent to each of them on a day.

        Raises Invalid with one fault for each that is unknown (``organisations.recipient_unknown``), not open
        yet (``..._not_yet``), closed (``..._closed``; ``..._succeeded`` names the successor), or named twice
        (``..._twice``). One statement when all is well.
        """
        reader = reader or self._units.reader
        known = await self._bodies.by_ids(reader, ids)
        everything = known
        if any(not body.open_on(on) for body in known.values()):
            everything = await self._bodies.everything(reader)
        faults: list[Fault] = []
        seen: set[str] = set()
        for index, body_id in enumerate(ids):
            body = known.get(body_id)
            successor = rules.last_successor(body, everything, on) if body else None
            if body_id in seen:
                params = {"name": body.name if body else body_id}
                faults.append(Fault("organisations.recipient_twice", f"/recipients/{index}", params))
            elif fault := rules.recipient_fault(body_id, body, successor, on, index):
                faults.append(fault)
            seen.add(body_id)
        if faults:
            raise Invalid.of(faults)
        return [known[body_id] for body_id in ids]

    async def kept_by(self, body_id: str) -> list[Body]:
        """Return the other bodies whose books the clerk of this body keeps."""
        return await self._bodies.kept_by(self._units.reader, body_id)

    async def may_act_for(self, actor: Actor, body_id: str, *, reader: Reader | None = None) -> bool:
        """Tell whether the actor's post works for a body: its own, or one whose books its body keeps."""
        if actor.body_id == body_id:
            return True
        body = await self._bodies.body(reader or self._units.reader, body_id)
        return body is not None and body.keeper_id == actor.body_id

    async def units_of(self, body_id: str) -> list[Unit]:
        """Return the units of a body, closed ones too."""
        return await self._posts.units_of(self._units.reader, body_id)

    async def posts_of(self, body_id: str) -> list[Post]:
        """Return the posts of a body, abolished ones too."""
        return await self._posts.posts_of(self._units.reader, body_id)

    async def posts(self, ids: Sequence[str], *, reader: Reader | None = None) -> dict[str, Post]:
        """Return the posts of these ids that exist, by id."""
        return await self._posts.posts(reader or self._units.reader, ids)

    async def holders(
        self, post_ids: Sequence[str], *, on: date | None = None, reader: Reader | None = None
    ) -> list[Holder]:
        """Return who holds these posts on a day (None = today), delegates too."""
        return await self._posts.holders(reader or self._units.reader, post_ids, on or self.today())

    async def authority_for(
        self,
        post_id: str,
        body_id: str,
        on: date,
        *,
        delegated: bool = False,
        reader: Reader | None = None,
    ) -> Authority | None:
        """Return in which capacity a post signs for a body on a day; None = it may not.

        ``delegated``: the person stands in for the post's holder (``Actor.on_behalf``); a TUQ cannot be
        passed on, so it does not count then. Of several the strongest counts: TM, own right, Q, KT, TL, TUQ.
        """
        found = await self._posts.authorities_of_post(reader or self._units.reader, post_id, body_id)
        return rules.best_authority(found, on, delegated=delegated)

    async def authorities_of(self, body_id: str) -> list[Authority]:
        """Return who signs, signed or will sign for a body."""
        return await self._posts.authorities_of_body(self._units.reader, body_id)
