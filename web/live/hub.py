"""Who listens, and how what happened reaches them.

An event is encoded once and handed to the queue of every socket that listens to its audience. A queue is
bounded: a reader too slow for it loses the oldest events and is told to load anew, so one slow line never
holds up the others and memory stays bounded.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

import msgspec
from aiohttp import web

QUEUE_EVENTS = 64
SOCKETS_PER_ACCOUNT = 20
RELOAD = b'{"kind":"reload"}'


class Event(msgspec.Struct, frozen=True):
    """Something that listeners may show. It carries ids and counts only, never contents."""

    kind: str
    """``room.event``, such as ``circulation.arrived``."""
    id: str = ""
    """Id of the thing."""
    count: int = 1
    """How many."""


class Subscription:
    """One socket's queue."""

    def __init__(self, account_id: str, audiences: Iterable[str]) -> None:
        self.account_id = account_id
        self.audiences = frozenset(audiences)
        self._frames: deque[bytes] = deque(maxlen=QUEUE_EVENTS)
        self._ready = asyncio.Event()
        self._overrun = False
        self.closed = False

    def push(self, frame: bytes) -> None:
        """Hand over an event; the oldest goes when the queue is full."""
        if len(self._frames) == QUEUE_EVENTS:
            self._overrun = True
        self._frames.append(frame)
        self._ready.set()

    def close(self) -> None:
        """End the queue: what is in it is still handed out."""
        self.closed = True
        self._ready.set()

    async def next(self) -> bytes | None:
        """Wait for the next event; None when the queue has ended."""
        while not self._frames:
            if self.closed:
                return None
            self._ready.clear()
            await self._ready.wait()
        if self._overrun:
            self._overrun = False
            self._frames.clear()
            return RELOAD
        return self._frames.popleft()


class Hub:
    """Listeners of this process; audiences are ``account:<id>``, ``post:<id>``, ``body:<id>``, ``all``."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Subscription]] = {}
        self._accounts: dict[str, int] = {}

    @property
    def size(self) -> int:
        """How many sockets listen."""
        return sum(self._accounts.values())

    def subscribe(self, account_id: str, audiences: Iterable[str]) -> Subscription | None:
        """Open a queue; None when the account has too many already."""
        if self._accounts.get(account_id, 0) >= SOCKETS_PER_ACCOUNT:
            return None
        subscription = Subscription(account_id, audiences)
        self._accounts[account_id] = self._accounts.get(account_id, 0) + 1
        for audience in subscription.audiences:
            self._listeners.setdefault(audience, set()).add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Close a queue."""
        subscription.close()
        for audience in subscription.audiences:
            listeners = self._listeners.get(audience)
            if listeners is None or subscription not in listeners:
                return
            listeners.discard(subscription)
            if not listeners:
                del self._listeners[audience]
        left = self._accounts.get(subscription.account_id, 1) - 1
        if left:
            self._accounts[subscription.account_id] = left
        else:
            self._accounts.pop(subscription.account_id, None)

    def publish(self, audience: str, event: Event | bytes) -> int:
        """Hand an event to everybody who listens to the audience; return how many did."""
        listeners = self._listeners.get(audience)
        if not listeners:
            return 0
        frame = event if isinstance(event, bytes) else msgspec.json.encode(event)
        for subscription in listeners:
            subscription.push(frame)
        return len(listeners)

    def close(self) -> None:
        """End every queue (shutdown)."""
        for listeners in list(self._listeners.values()):
            for subscription in list(listeners):
                subscription.close()


HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)
