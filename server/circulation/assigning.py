"""Submitting an arrival to leaders, and assigning it: who leads, who joins, by when (bút phê)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from server.circulation.codes import Code, NoteKind, Part
from server.circulation.commands import Assign, Submit, Target
from server.circulation.core import Core, require_in_work, standing, subject_of, words_of
from server.circulation.model import Position, Standing
from server.circulation.notices import notify
from server.circulation.rows import Changes
from server.circulation.rules import State, check_targets, check_text, may
from server.identity import scope
from server.identity.model import Grant
from server.identity.scope import post
from server.kernel.actor import Actor, Role
from server.kernel.errors import Fault, Invalid
from server.organisations.model import Post
from server.unit import Unit
from storage.sql.protocol import Params

HEADS = frozenset({Role.LEADER, Role.CHIEF_OF_OFFICE})
"""Roles that give work to every body whose books their office keeps."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A target whose post is known."""

    target: Target
    post: Post
    label: str


class Assigning:
    """The acts that give work."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def submit(self, actor: Actor, arrival_id: str, command: Submit) -> Standing:
        """Put an accepted arrival before posts of the office for a decision (trình lãnh đạo).

        They see it from now on. Raises Forbidden; NotFound; Invalid ``circulation.post_unknown``,
        ``circulation.post_elsewhere``; Conflict ``circulation.not_accepted``.
        """
        core = self._core
        core.access.require(actor, "circulation.submit")
        note = check_text(command.note, "/note")
        targets = [Target(post_id=one, part=Part.DECIDE) for one in dict.fromkeys(command.posts)]
        async with core.answered_before(actor):
            named = await self._named(targets)
        async with core.units.begin(actor) as unit:
            position = await core.position(unit, arrival_id)
            require_in_work(position)
            await self._require_same_office(unit, position, named)
            await self._give(unit, position, named, note, None, "submitted")
            if position.my_part is Part.DECIDE:
                await core.store.part_done(unit, position.id, post=actor.post_id)
            if note:
                await core.store.add_note(unit, position.id, NoteKind.SUBMISSION, note)
            unit.record(
                "circulation.submit",
                subject_of(position),
                new=[one.post.id for one in named],
                detail={"posts": len(named)},
            )
            self._tell_posts(unit, position, named, "circulation.submitted")
            return unit.answer(standing(unit, position))

    async def assign(self, actor: Actor, arrival_id: str, command: Assign) -> Standing:
        """Assign the handling (04) to posts and units, with the leader's instruction (bút phê).

        One leads. Named posts (heads of named units) see the arrival from now on. A later assignment adds
        posts or names another lead; the state stays. Raises Forbidden ``identity.assign_outside``,
        ``circulation.not_named``; NotFound; Invalid with one fault for each wrong target; Conflict
        ``circulation.not_accepted``.
        """
        core = self._core
        core.access.require(actor, "circulation.assign")
        words = check_text(command.instruction, "/instruction")
        async with core.answered_before(actor):
            due = core.deadline(command.due_date, command.working_days)
            named = await self._named(command.targets)
            self._require_assignable(actor, named)
        async with core.units.begin(actor) as unit:
            position = await core.position(unit, arrival_id)
            require_in_work(position)
            check_targets(
                [(one.post.id, one.target.part) for one in named], first=position.status is Code.ACCEPTED
            )
            await self._require_same_office(unit, position, named)
            await self._give(unit, position, named, words, due, "assigned")
            await core.store.part_done(unit, position.id, post=actor.post_id, part=Part.DECIDE)
            parts = await core.store.parts(unit, position.id)
            labels = "; ".join(one.label for one in parts if one.part is not Part.DECIDE)
            await core.books.forward_incoming(unit, position.incoming_entry, labels, on=core.today())
            if words:
                await core.store.add_note(unit, position.id, NoteKind.INSTRUCTION, words)
            self._tell_posts(unit, position, named, "circulation.assigned")
            unit.record(
                "circulation.assign",
                subject_of(position),
                new=[(one.post.id, one.target.part.value) for one in named],
                detail={"posts": len(named), "lead": _lead(named)},
            )
            changes = Changes(due_date=due)
            if may(State(position.status, position.recall), Code.ASSIGNED):
                return unit.answer(await core.move(unit, position, Code.ASSIGNED, words, changes))
            return unit.answer(await core.set_deadline(unit, position, due))

    async def _named(self, targets: Sequence[Target]) -> list[_Named]:
        """Find the posts of targets; a unit stands for its head. Raises Invalid naming all faults."""
        posts = await self._posts([target.post_id for target in targets if target.post_id])
        heads = await self._heads([target.unit_id for target in targets if target.unit_id])
        faults: list[Fault] = []
        named: list[_Named] = []
        for place, target in enumerate(targets):
            field = f"/targets/{place}"
            if bool(target.post_id) == bool(target.unit_id):
                faults.append(Fault("circulation.target_unclear", field))
                continue
            found = posts.get(target.post_id) if target.post_id else heads.get(target.unit_id)
            if found is None:
                code = "circulation.post_unknown" if target.post_id else "circulation.unit_without_head"
                faults.append(Fault(code, field, {"target": target.post_id or target.unit_id}))
                continue
            named.append(_Named(target, found, found.title))
        if faults:
            raise Invalid.of(faults)
        return named

    async def _posts(self, ids: Sequence[str]) -> dict[str, Post]:
        """Return those of the posts that exist today."""
        if not ids:
            return {}
        today = self._core.today()
        found = await self._core.directory.posts(ids)
        return {key: one for key, one in found.items() if _exists(one, today)}

    async def _heads(self, unit_ids: Sequence[str]) -> dict[str, Post]:
        """Return for each unit the post that heads it today."""
        today = self._core.today()
        heads: dict[str, Post] = {}
        # The id of a unit begins with that of its body.
        for body_id in sorted({unit_id.partition(".")[0] for unit_id in unit_ids}):
            for one in await self._core.directory.posts_of(body_id):
                if one.role is Role.HEAD_OF_UNIT and one.unit_id in unit_ids and _exists(one, today):
                    heads.setdefault(one.unit_id, one)
        return heads

    async def _require_same_office(self, unit: Unit, position: Position, named: Sequence[_Named]) -> None:
        """Work stays within the bodies of one office."""
        bodies = await self._core.directory.bodies_by_id(
            sorted({one.post.body_id for one in named}), reader=unit
        )
        faults = [
            Fault("circulation.post_elsewhere", f"/targets/{place}", {"post": one.post.title})
            for place, one in enumerate(named)
            if one.post.body_id not in bodies or bodies[one.post.body_id].keeper_id != position.office
        ]
        if faults:
            raise Invalid.of(faults)

    def _require_assignable(self, actor: Actor, named: Sequence[_Named]) -> None:
        """Leaders and chiefs give work in all bodies of their office, others as identity allows."""
        posts = [one.post for one in named]
        if actor.role in HEADS:
            posts = [one for one in posts if one.body_id == actor.body_id]
        self._core.access.require_assignable(actor, posts)

    async def _give(
        self,
        unit: Unit,
        position: Position,
        named: Sequence[_Named],
        words: str,
        due: date | None,
        reason: str,
    ) -> None:
        """Write the parts and let the posts see the arrival."""
        core = self._core
        if any(one.target.part is Part.LEAD for one in named):
            await core.store.lead_joins(unit, position.id)
        rows: list[Params] = [
            {
                "arrival_id": position.id,
                "post_id": one.post.id,
                "unit_id": one.target.unit_id,
                "label": one.label,
                "part": one.target.part.value,
                "instruction": check_text(one.target.instruction, "/targets") or words,
                "due_date": _day(one.target.due_date or due or position.due_date),
            }
            for one in named
        ]
        await core.store.assign(unit, rows)
        await scope.grant(
            unit,
            "arrival",
            position.id,
            [Grant(position.to_body, post(one.post.id), reason) for one in named],
        )

    def _tell_posts(self, unit: Unit, position: Position, named: Sequence[_Named], event: str) -> None:
        items = [
            (post(one.post.id), position.to_body, "arrival", position.id)
            for one in named
            if one.post.id != unit.actor.post_id
        ]
        notify(unit, event, items, words_of(position), urgent=position.urgency.value != "normal")


def _exists(post: Post, today: date) -> bool:
    return post.valid_from <= today and (post.valid_to is None or today < post.valid_to)


def _lead(named: Sequence[_Named]) -> str:
    return next((one.post.id for one in named if one.target.part is Part.LEAD), "")


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
