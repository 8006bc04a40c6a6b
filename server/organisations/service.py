"""Bodies: look them up, bring a tree in, change, close; who can be sent to. Posts: ``staffing``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from server.kernel.actor import SYSTEM, Actor
from server.kernel.errors import Conflict, Fault, Invalid
from server.kernel.record import Subject
from server.organisations import rules
from server.organisations.data import BodyData, TreeData
from server.organisations.directory import Directory
from server.organisations.importing import Plan, Present, body_of, plan
from server.organisations.model import (
    Body,
    Closing,
    ImportReport,
)
from server.organisations.store import form_of
from server.organisations.succession import (
    CLOSED,
    KEEPER,
    KeeperChanged,
    Succession,
    begins,
    decider_of,
    succession_faults,
)
from server.unit import Unit as Work

MANAGE = "organisations.manage"


class Organisations(Directory):
    """The tree of bodies: brought in, changed, closed, passed to successors."""

    async def import_tree(self, actor: Actor, data: TreeData) -> ImportReport:
        """Bring a tree in: write what is new or different, leave the rest alone.

        Doing it twice changes nothing the second time. Raises Invalid with every fault; Forbidden.
        """
        self._require(actor)
        tree = _expanded(data)
        async with self._units.begin(actor) as unit:
            planned = await self._planned(unit, tree)
            if not planned.empty:
                await self._bodies.lock(unit)
                planned = await self._planned(unit, tree)
                await self._write(unit, planned)
            return unit.answer(_report(planned))

    async def create(self, actor: Actor, data: BodyData) -> Body:
        """Open a new body with its units and posts. Raises Conflict ``organisations.code_taken``, Invalid."""
        self._require(actor)
        tree = _expanded(TreeData(bodies=(data,)))
        async with self._units.begin(actor) as unit:
            await self._bodies.lock(unit)
            if await self._bodies.body(unit, data.id) is not None:
                raise Conflict("organisations.code_taken", field="/code", code=data.code)
            await self._write(unit, await self._planned(unit, tree))
            return unit.answer(body_of(tree.bodies[0]))

    async def change(self, actor: Actor, body_id: str, data: BodyData, *, on: date, basis: str) -> Body:
        """Give a body another name, code, place in the tree, seal or keeper from a day that has come.

        What it was before stays in its forms. Its id stays. Raises Invalid ``organisations.date_in_future``,
        ``organisations.change_before_form`` (the present form began later); Conflict when it is closed.
        """
        self._require(actor)
        async with self._units.begin(actor) as unit:
            await self._bodies.lock(unit)
            old = await self.body(body_id, reader=unit)
            form = await self._bodies.form_on(unit, body_id, self.today())
            if old.valid_to is not None or form is None:
                raise Conflict("organisations.closed_already", on=rules.shown(old.valid_to or on))
            if on > self.today():
                raise Invalid("organisations.date_in_future", field="/on", on=rules.shown(on))
            if on < form.valid_from:
                shown = rules.shown(form.valid_from)
                raise Invalid("organisations.change_before_form", field="/on", **{"from": shown})
            new = replace(
                body_of(data),
                id=old.id,
                valid_from=old.valid_from,
                valid_to=None,
                successor_id="",
                version=old.version,
            )
            await self._check_links(unit, new)
            await self._update(unit, new)
            self._keeper_changed(unit, old, new)
            await self._bodies.new_form(unit, form_of(new, on, basis))
            detail = {"code": new.code, "on": on.isoformat(), "basis": basis}
            unit.record(
                "organisations.change", Subject("body", old.id, old.id), old=old, new=new, detail=detail
            )
            return unit.answer(replace(new, version=old.version + 1))

    async def close(
        self,
        actor: Actor,
        body_id: str,
        *,
        on: date,
        successor_id: str = "",
        basis: str = "",
        posts: Mapping[str, str] | None = None,
    ) -> Closing:
        """Close a body from a day; its units, posts, holdings and authorities end with it.

        Its code stays resolvable for ever; nothing can be sent to it from that day. On the day, what it left
        passes to the successor: its clerk keeps the books and sees the archive, arrivals not yet accepted go
        into the successor's book, open work goes to the posts that ``posts`` names (old -> new) or before the
        one who gives it out anew, mandates of supervisors reach the successor. Raises Conflict with every
        fault (bodies below it or books it keeps that are still open, a closed successor, ...), Invalid
        ``organisations.post_not_of_body``, ``organisations.post_not_of_successor``.
        """
        self._require(actor)
        async with self._units.begin(actor) as unit:
            await self._bodies.lock(unit)
            old = await self.body(body_id, reader=unit)
            successor = await self.body(successor_id, reader=unit) if successor_id else None
            below = await self._bodies.below(unit, body_id)
            kept = await self._bodies.kept_by(unit, body_id)
            if faults := rules.closing_faults(old, on, successor, below, kept):
                raise Conflict.of(faults)
            if successor is not None:
                unit.publish(
                    CLOSED, await self._succession(unit, old, successor, on, posts or {}), due_at=begins(on)
                )
            new = replace(old, valid_to=on, successor_id=successor_id)
            await self._update(unit, new)
            await self._bodies.end_form(unit, body_id, on)
            units, ended, holdings = await self._posts.end_all_of(unit, body_id, on)
            detail = {"code": old.code, "on": on.isoformat(), "successor": successor_id, "basis": basis}
            unit.record(
                "organisations.close", Subject("body", old.id, old.id), old=old, new=new, detail=detail
            )
            closed = replace(new, version=old.version + 1)
            return unit.answer(Closing(closed, units=units, posts=ended, holdings=holdings))

    async def on_closed(self, event: Succession, message_id: str) -> None:
        """On the day: the successor's clerk keeps what the closed body and those it kept have left."""
        del message_id
        async with self._units.begin(SYSTEM) as unit:
            await self._bodies.lock(unit)
            successor = await self.body(event.successor_id, reader=unit)
            old = await self.body(event.body_id, reader=unit)
            for body in (old, *await self._bodies.kept_by(unit, event.body_id)):
                if body.keeper_id == successor.keeper_id:
                    continue
                new = replace(body, kept_by_body_id=successor.keeper_id)
                await self._update(unit, new)
                self._keeper_changed(unit, body, new)
                unit.record(
                    "organisations.inherit",
                    Subject("body", body.id, body.id),
                    old=body,
                    new=new,
                    detail={"from": event.body_id, "successor": successor.id},
                )

    async def _succession(
        self, unit: Work, old: Body, successor: Body, on: date, posts: Mapping[str, str]
    ) -> Succession:
        """Say who goes on with what. Raises Invalid naming every wrong post."""
        heirs = await self._posts.posts_of(unit, successor.id)
        if posts and (
            faults := succession_faults(posts, await self._posts.posts_of(unit, old.id), heirs, on)
        ):
            raise Invalid.of(faults)
        return Succession(
            body_id=old.id,
            name=old.name,
            successor_id=successor.id,
            successor_name=successor.name,
            on=on,
            posts=dict(posts),
            other_post=decider_of(heirs, on),
        )

    def _keeper_changed(self, unit: Work, old: Body, new: Body) -> None:
        if old.keeper_id != new.keeper_id:
            event = KeeperChanged(body_id=old.id, old_keeper_id=old.keeper_id, keeper_id=new.keeper_id)
            unit.publish(KEEPER, event)

    def _require(self, actor: Actor) -> None:
        # The command line and jobs act as the system; nobody signs in as it.
        if actor.account_id != SYSTEM.account_id:
            self._door.require(actor, MANAGE)

    async def _planned(self, unit: Work, tree: TreeData) -> Plan:
        present = Present(
            bodies=await self._bodies.everything(unit),
            units=await self._posts.all_units(unit),
            posts=await self._posts.all_posts(unit),
            authorities=await self._posts.all_authorities(unit),
        )
        # Comparing a whole province takes a good part of a second.
        planned = await asyncio.to_thread(plan, tree, present)
        if planned.faults:
            raise Invalid.of(planned.faults)
        return planned

    async def _write(self, unit: Work, planned: Plan) -> None:
        await self._bodies.insert(unit, planned.new_bodies, "")
        before = await self._bodies.by_ids(unit, [body.id for body in planned.changed_bodies])
        for body in planned.changed_bodies:
            self._keeper_changed(unit, before[body.id], body)
            await self._update(unit, body)
            await self._bodies.rewrite_form(unit, body)
        await self._posts.write_units(unit, planned.new_units, planned.changed_units)
        await self._posts.write_posts(unit, planned.new_posts, planned.changed_posts)
        await self._posts.write_authorities(unit, planned.new_authorities, planned.changed_authorities)
        for body in (*planned.new_bodies, *planned.changed_bodies):
            subject = Subject("body", body.id, body.id)
            unit.record("organisations.import", subject, new=body, detail={"code": body.code})
        inside = {
            "units": len(planned.new_units) + len(planned.changed_units),
            "posts": len(planned.new_posts) + len(planned.changed_posts),
            "authorities": len(planned.new_authorities) + len(planned.changed_authorities),
        }
        if any(inside.values()):
            rows = (planned.new_units, planned.changed_units, planned.new_posts, planned.changed_posts)
            authorities = (planned.new_authorities, planned.changed_authorities)
            subject = Subject("organisations", "tree")
            unit.record("organisations.import_inside", subject, new=[*rows, *authorities], detail=inside)

    async def _update(self, unit: Work, body: Body) -> None:
        if not await self._bodies.update(unit, body):
            raise Conflict("organisations.changed_meanwhile", name=body.name)

    async def _check_links(self, unit: Work, body: Body) -> None:
        everything = await self._bodies.everything(unit)
        everything[body.id] = body
        faults = [
            Fault("organisations.link_unknown", f"/{name}", {"id": other})
            for name, other in (("parent", body.parent_id), ("kept_by", body.kept_by_body_id))
            if other and other not in everything
        ]
        keeper = everything.get(body.kept_by_body_id)
        keeps = any(other.kept_by_body_id == body.id for other in everything.values())
        if keeper is not None and (keeper.kept_by_body_id or keeps or keeper.id == body.id):
            faults.append(Fault("organisations.keeper_kept", "/kept_by", {"name": keeper.name}))
        if rules.parents_fault({other.id: other.parent_id for other in everything.values()}) is not None:
            faults.append(Fault("organisations.parent_loop", "/parent", {"id": body.id}))
        if faults:
            raise Invalid.of(faults)


def _expanded(data: TreeData) -> TreeData:
    try:
        return data.expanded()
    except ValueError as error:
        raise Invalid("organisations.template_wrong", field="/bodies", reason=str(error)) from error


def _report(planned: Plan) -> ImportReport:
    return ImportReport(
        bodies=len(planned.new_bodies) + len(planned.changed_bodies),
        units=len(planned.new_units) + len(planned.changed_units),
        posts=len(planned.new_posts) + len(planned.changed_posts),
        authorities=len(planned.new_authorities) + len(planned.changed_authorities),
        warnings=tuple(planned.warnings),
    )
