"""Books of bodies that closed, or that another clerk keeps now."""

from __future__ import annotations

from msgspec.structs import replace

from server.kernel.actor import SYSTEM
from server.kernel.record import Subject
from server.organisations.succession import KeeperChanged, Succession
from server.registers.counting import Counting
from server.registers.series import SeriesRule


class Inheriting(Counting):
    """What becomes of the rules: they end with their body, and follow its keeper."""

    async def on_closed(self, event: Succession, message_id: str) -> None:
        """End the rules of a body that closed: its series stay as they are and take no number any more."""
        del message_id
        async with self._units.begin(SYSTEM) as unit:
            rules = await self._store.rules_of_body(unit, event.body_id)
            ended = [
                replace(rule, valid_to=event.on)
                for rule in rules
                if rule.valid_from < event.on < rule.valid_to
            ]
            await self._store.save_rules(unit, ended)
            for rule in ended:
                unit.record(
                    "registers.end_rule",
                    Subject("series_rule", rule.id, rule.body_id),
                    detail={"on": event.on.isoformat(), "successor": event.successor_id},
                )

    async def on_keeper_changed(self, event: KeeperChanged, message_id: str) -> None:
        """Let the rules of a body name who keeps its books now."""
        del message_id
        async with self._units.begin(SYSTEM) as unit:
            moved: list[SeriesRule] = [
                replace(rule, kept_by=event.keeper_id)
                for rule in await self._store.rules_of_body(unit, event.body_id)
                if rule.keeper != event.keeper_id
            ]
            await self._store.save_rules(unit, moved)
            if moved:
                unit.record(
                    "registers.move_rules",
                    Subject("body", event.body_id, event.body_id),
                    detail={"from": event.old_keeper_id, "to": event.keeper_id, "count": len(moved)},
                )
