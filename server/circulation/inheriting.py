"""Arrivals, dispatches and open work of bodies that closed, or whose books another clerk keeps now."""

from __future__ import annotations

from server.circulation.codes import Part
from server.circulation.core import Core
from server.circulation.rows import OpenPart
from server.identity import scope
from server.identity.model import Grant
from server.identity.scope import post
from server.kernel.actor import SYSTEM
from server.kernel.record import Subject
from server.organisations.succession import BATCH, KeeperChanged, Succession
from storage.sql.protocol import Params


class Inheriting:
    """What passes on by itself. Each step is a short unit; a message seen twice changes nothing."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def on_keeper_changed(self, event: KeeperChanged, message_id: str) -> None:
        """Put arrivals and dispatches of a body into the inbox of the office that keeps its books now."""
        del message_id
        for kind in ("arrivals", "dispatches"):
            while await self._move(kind, event) == BATCH:
                pass

    async def on_closed(self, event: Succession, message_id: str) -> None:
        """Hand the open parts of posts that are gone to those of the successor, with the reason.

        A post named for another keeps the part; what nobody was named for is put before the one who can
        give it out anew. The withdrawn part stays beside the new one.
        """
        del message_id
        while await self._hand_on(event) == BATCH:
            pass

    async def _move(self, kind: str, event: KeeperChanged) -> int:
        core = self._core
        async with core.units.begin(SYSTEM) as unit:
            touched = await core.store.move_office(
                unit, kind, event.body_id, event.old_keeper_id, event.keeper_id, BATCH
            )
            if touched:
                unit.record(
                    "circulation.move_office",
                    Subject("body", event.body_id, event.body_id),
                    detail={"from": event.old_keeper_id, "to": event.keeper_id, "count": touched},
                )
            return touched

    async def _hand_on(self, event: Succession) -> int:
        core = self._core
        wanted = sorted({*event.posts.values(), event.other_post} - {""})
        posts = await core.directory.posts(wanted)
        async with core.units.begin(SYSTEM) as unit:
            parts = await core.store.open_parts_of(unit, event.body_id, BATCH)
            for one in parts:
                await core.store.withdraw_parts(unit, one.arrival_id, [one.post_id], event.reason)
            rows: list[Params] = []
            given: list[tuple[str, Grant]] = []
            for one in parts:
                new = event.post_for(one.post_id)
                if new not in posts:
                    continue
                named = event.posts.get(one.post_id) == new
                rows.append(_part(one, new, posts[new].title, one.part if named else Part.DECIDE))
                given.append((one.arrival_id, Grant(one.to_body, post(new), "inherited")))
            # One post may follow two that both had a part: the stronger stays.
            await core.store.assign(unit, sorted(rows, key=lambda row: row["part"] == Part.LEAD.value))
            await scope.grant_many(unit, "arrival", given)
            if parts:
                unit.record(
                    "circulation.hand_over",
                    Subject("body", event.successor_id, event.successor_id),
                    new=[(row["arrival_id"], row["post_id"], row["part"]) for row in rows],
                    detail={"from": event.body_id, "count": len(parts)},
                )
            return len(parts)


def _part(old: OpenPart, new_post: str, label: str, part: Part) -> Params:
    return {
        "arrival_id": old.arrival_id,
        "post_id": new_post,
        "unit_id": "",
        "label": label,
        "part": part.value,
        "instruction": old.instruction,
        "due_date": old.due_date,
    }
