"""What a body that closed saw and was watched by passes to its successor."""

from __future__ import annotations

from pathlib import Path

from server.kernel.actor import SYSTEM, Role
from server.kernel.clock import text
from server.kernel.record import Subject
from server.organisations.succession import BATCH, Succession
from server.unit import Units
from storage.sql.statements import load

_STATEMENTS = load(Path(__file__).parent / "queries_inheriting.sql", "sqlite")
INHERITED = tuple(role for role in Role if role not in (Role.ADMINISTRATOR, Role.SUPERVISOR))
"""Roles whose ways in pass on: everybody of the role in the successor."""


class Inheriting:
    """Ways in (need to know) and mandates of supervisors."""

    def __init__(self, units: Units) -> None:
        self._units = units

    async def on_closed(self, event: Succession, message_id: str) -> None:
        """Let the successor's posts and roles see what the old ones saw; mandates reach the successor.

        The old ways in stay: they say who could see it then. Doing it twice changes nothing.
        """
        del message_id
        pairs = [(f"post:{old}", f"post:{new}") for old, new in event.posts.items()]
        if event.other_post:
            pairs += [
                (f"role:{event.body_id}:{role.value}", f"role:{event.successor_id}:{role.value}")
                for role in INHERITED
            ]
        for old, new in pairs:
            while await self._inherit(event, old, new) == BATCH:
                pass
        async with self._units.begin(SYSTEM) as unit:
            params = {"old": event.body_id, "new": event.successor_id, "today": event.on.isoformat()}
            if await unit.execute(_STATEMENTS["inherit_mandates"], params):
                unit.record(
                    "identity.inherit_mandates",
                    Subject("body", event.successor_id, event.successor_id),
                    detail={"from": event.body_id},
                )

    async def _inherit(self, event: Succession, old: str, new: str) -> int:
        async with self._units.begin(SYSTEM) as unit:
            touched = await unit.execute(
                _STATEMENTS["inherit"],
                {"old": old, "new": new, "since": text(unit.now), "limit": BATCH},
            )
            if touched:
                unit.record(
                    "identity.inherit",
                    Subject("body", event.successor_id, event.successor_id),
                    detail={"from": old, "to": new, "count": touched},
                )
            return touched
