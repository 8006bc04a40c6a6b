"""Documents under way of bodies that closed, or whose books another clerk keeps now."""

from __future__ import annotations

from server.documents.core import Core
from server.kernel.actor import SYSTEM
from server.kernel.record import Subject
from server.organisations.succession import BATCH, KeeperChanged, Succession


class Inheriting(Core):
    """What passes on by itself. Each step is a short unit; a message seen twice changes nothing."""

    async def on_keeper_changed(self, event: KeeperChanged, message_id: str) -> None:
        """Let the documents of a body name the office that serves it now; the clerk's turn follows."""
        del message_id
        while await self._move(event) == BATCH:
            pass

    async def on_closed(self, event: Succession, message_id: str) -> None:
        """Pass the turn and the authorship of open documents from posts that are gone to those named.

        A document in the name of a closed body is not numbered any more: whoever goes on with it withdraws
        it, with the reason, or renews it in the name of the successor.
        """
        del message_id
        async with self.units.begin(SYSTEM) as unit:
            touched = await self.store.pass_on(unit, dict(event.posts))
            if touched:
                unit.record(
                    "documents.pass_on",
                    Subject("body", event.successor_id, event.successor_id),
                    detail={"from": event.body_id, "count": touched},
                )

    async def _move(self, event: KeeperChanged) -> int:
        async with self.units.begin(SYSTEM) as unit:
            touched = await self.store.move_office(
                unit, event.body_id, event.old_keeper_id, event.keeper_id, BATCH
            )
            if touched:
                unit.record(
                    "documents.move_office",
                    Subject("body", event.body_id, event.body_id),
                    detail={"from": event.old_keeper_id, "to": event.keeper_id, "count": touched},
                )
            return touched
