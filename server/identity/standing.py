"""Whether somebody who began something may still go on: asked where an act ends long after its session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server.kernel.actor import Actor
from server.kernel.clock import local_date
from server.kernel.errors import Forbidden
from server.unit import Units
from storage.sql.statements import load_all


@dataclass(frozen=True)
class _Found:
    id: str


class Standing:
    """Looks up accounts and posts as they are now."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._statements = load_all(Path(__file__).parent, units.reader.engine)

    async def require(self, actor: Actor) -> None:
        """Raise Forbidden ``identity.acts_no_more`` unless account and post are as they were.

        The account must be active and hold the post today, in its own right or for another.
        """
        found = await self._units.reader.fetch_one(
            self._statements["still_acts"],
            {
                "account_id": actor.account_id,
                "post_id": actor.post_id,
                "body_id": actor.body_id,
                "today": local_date(self._units.now()).isoformat(),
            },
            _Found,
        )
        if found is None:
            raise Forbidden("identity.acts_no_more", post=actor.post_title)
