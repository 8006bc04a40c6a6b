"""Notices: made from outbox messages, shown to whom they name, read or not per account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from server.kernel.actor import SYSTEM, Actor
from server.kernel.errors import Invalid
from server.kernel.page import Page, PageRequest
from server.kernel.record import Subject
from server.notifications.model import Batch, Made, Marked, Notice, Sender, Unread
from server.notifications.store import NoticeStore
from server.unit import Units

READ = "notifications.read"
KEPT_DAYS = 90
"""Notices older than this are deleted: they point at things that have their own record."""
COUNTED_DAYS = 14
"""Notices older than this no longer count beside the bell, which every page asks for."""
MARKED_MAX = 200
"""Notices marked in one act."""


class Door(Protocol):
    """Checks permissions; the room above (identity) gives it."""

    def require(self, actor: Actor, action: str) -> None:
        """Raise Forbidden unless the actor may do the action."""
        ...


class Notifications:
    """Notices of the application."""

    def __init__(self, units: Units, door: Door, senders: Sequence[Sender] = ()) -> None:
        """``senders`` carry new notices further: live pages first, later mail and web push."""
        self._units = units
        self._door = door
        self._senders = tuple(senders)
        self._store = NoticeStore(units.reader.engine)

    def add_sender(self, sender: Sender) -> None:
        """Add a way to carry notices (the edge adds its live pages)."""
        self._senders = (*self._senders, sender)

    async def deliver(self, batch: Batch, message_id: str) -> None:
        """Make the notices of an outbox message (subscriber of ``DELIVER``); twice makes them once."""
        if not batch.items:
            return
        async with self._units.begin(SYSTEM) as unit:
            await self._store.add(unit, message_id, batch)
            unit.record(
                "notifications.deliver",
                Subject("notice", message_id),
                detail={"event": batch.event, "notices": len(batch.items)},
            )
        made = Made(batch.event, batch.urgent, tuple(dict.fromkeys(item.grantee for item in batch.items)))
        for sender in self._senders:
            await sender.send(made)

    async def notices(self, actor: Actor, page: PageRequest, *, unread: bool = False) -> Page[Notice]:
        """Return the notices of the actor's post and role, newest first. Raises Forbidden."""
        self._door.require(actor, READ)
        return await self._store.page(self._units.reader, actor, page, unread=unread)

    async def unread(self, actor: Actor) -> Unread:
        """Count the actor's unread notices of the last days, up to 100. Raises Forbidden."""
        self._door.require(actor, READ)
        since = self._units.now() - timedelta(days=COUNTED_DAYS)
        return await self._store.unread(self._units.reader, actor, since)

    async def mark_read(self, actor: Actor, ids: Sequence[str]) -> Marked:
        """Mark notices as read by the actor's account; those of others are left alone.

        Raises Forbidden; Invalid ``notifications.too_many``.
        """
        self._door.require(actor, READ)
        if len(ids) > MARKED_MAX:
            raise Invalid("notifications.too_many", field="/ids", limit=MARKED_MAX)
        async with self._units.begin(actor) as unit:
            read = await self._store.mark_read(unit, actor, ids)
            unit.record("notifications.read", Subject("notice", ""), detail={"read": read})
            return unit.answer(Marked(read))

    async def mark_all_read(self, actor: Actor, upto: str) -> Marked:
        """Mark everything up to a notice as read. Raises Forbidden."""
        self._door.require(actor, READ)
        async with self._units.begin(actor) as unit:
            read = await self._store.mark_all_read(unit, actor, upto)
            unit.record("notifications.read_all", Subject("notice", upto), detail={"read": read})
            return unit.answer(Marked(read))

    async def forget_old(self) -> None:
        """Delete notices older than 90 days (a schedule)."""
        async with self._units.begin(SYSTEM) as unit:
            dropped = await self._store.drop_old(unit, unit.now - timedelta(days=KEPT_DAYS))
            unit.record("notifications.forget_old", Subject("notice", ""), detail={"dropped": dropped})
