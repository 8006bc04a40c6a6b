"""Carries new notices to the pages that are open: one event for each person or role they name."""

from __future__ import annotations

from server.notifications.model import Made
from web.live.hub import Event, Hub


class LivePages:
    """A ``Sender`` of notifications over the hub of this process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def send(self, made: Made) -> None:
        """Tell every open page of those named that something is new."""
        event = Event(made.event)
        for grantee in made.grantees:
            self._hub.publish(grantee, event)
