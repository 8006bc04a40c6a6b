"""Delivers outbox messages to their subscribers and runs schedules.

Delivery is at least once: a subscriber may see a message twice and must be idempotent. A failed message
comes back after a growing pause (doubling, bounded); one that failed too often is kept aside as dead,
never dropped. A kind nobody subscribes to counts as delivered: nothing waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import msgspec
import structlog

from server.jobs.owner import is_gone
from server.jobs.store import Depth, JobStore, Lane, Message
from server.kernel.clock import Clock
from server.kernel.errors import LienThongError
from server.logs import trace
from server.settings import Jobs as JobSettings
from storage.sql.protocol import Database, SqlError

T = TypeVar("T")
Handler = Callable[[str, str], Awaitable[None]]
log = structlog.get_logger("jobs")
IDLE_SECONDS = 1.0
SLOW_BATCH = 4
"""Messages of the slow lane taken at once: few, so that a stop or another process waits for little."""


@dataclass(frozen=True)
class Schedule:
    """Something that runs again and again, in one process at a time."""

    name: str
    seconds: float
    run: Callable[[], Awaitable[None]]
    leased: bool = True
    """Run by one process at a time; False = by every process."""
    prompt: asyncio.Event | None = None
    """Set by ``wake``: the schedule runs at once. None = it keeps its time."""


class Jobs:
    """The workers of one process."""

    def __init__(self, database: Database, clock: Clock, settings: JobSettings, owner: str) -> None:
        self._store = JobStore(database, owner)
        self._clock = clock
        self._settings = settings
        self._handlers: dict[str, list[Handler]] = {}
        self._slow: set[str] = set()
        self._schedules: list[Schedule] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._wakes: dict[Lane, asyncio.Event] = {"fast": asyncio.Event(), "slow": asyncio.Event()}
        self._stopping = False

    def subscribe(
        self,
        kind: str,
        payload: type[T],
        handler: Callable[[T, str], Awaitable[None]],
        *,
        lane: Lane = "fast",
    ) -> None:
        """Have ``handler(payload, message_id)`` called for each message of a kind.

        Kinds of the slow lane never hold up those of the fast one.
        """
        if lane == "slow":
            self._slow.add(kind)
        decoder = msgspec.json.Decoder(payload)

        async def call(encoded: str, message_id: str) -> None:
            await handler(decoder.decode(encoded), message_id)

        self._handlers.setdefault(kind, []).append(call)

    def every(
        self,
        name: str,
        seconds: float,
        run: Callable[[], Awaitable[None]],
        *,
        leased: bool = True,
        prompt: bool = False,
    ) -> None:
        """Have ``run`` called every ``seconds``, by whichever process holds the lease of that name.

        What is not ``leased`` runs in every process; what is ``prompt`` also runs at once after a commit of
        this process that published something.
        """
        self._schedules.append(Schedule(name, seconds, run, leased, asyncio.Event() if prompt else None))

    def wake(self) -> None:
        """Look at the outbox now instead of at the next tick."""
        for wake in self._wakes.values():
            wake.set()
        for schedule in self._schedules:
            if schedule.prompt is not None:
                schedule.prompt.set()

    async def release_dead(self) -> None:
        """Give back what processes of this machine held that have ended (a crash): nobody waits for it."""
        owners = await self._store.owners()
        dead = [one for one in owners if await asyncio.to_thread(is_gone, one)]
        if dead:
            log.info("leases.released", processes=len(dead))
            await self._store.release_all(dead)

    def start(self) -> None:
        """Start working; call ``stop`` before closing the database."""
        for lane in self._wakes:
            self._tasks.append(asyncio.create_task(self._deliver_for_ever(lane), name=f"outbox.{lane}"))
        for schedule in self._schedules:
            self._tasks.append(asyncio.create_task(self._repeat(schedule), name=schedule.name))

    async def stop(self) -> None:
        """Finish the batch under way and stop; what was leased and not done comes back by itself."""
        self._stopping = True
        self.wake()
        _, late = await asyncio.wait(self._tasks, timeout=5) if self._tasks else (set(), set())
        for task in late:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()
        for schedule in self._schedules:
            with contextlib.suppress(SqlError):
                await self._store.release_lease(schedule.name)

    async def depth(self) -> Depth:
        """Count what waits and what was given up."""
        return await self._store.depth()

    async def drain(self) -> int:
        """Deliver everything that is due now; return how many messages were taken (tests, command line)."""
        taken = 0
        while batch := await self._deliver_batch("fast") + await self._deliver_batch("slow"):
            taken += batch
        return taken

    async def _deliver_for_ever(self, lane: Lane) -> None:
        wake = self._wakes[lane]
        while not self._stopping:
            wake.clear()
            try:
                taken = await self._deliver_batch(lane)
            except SqlError as error:
                log.warning("outbox.database", error=type(error).__name__)
                taken = 0
            if not taken and not self._stopping:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), IDLE_SECONDS)

    async def _deliver_batch(self, lane: Lane) -> int:
        now = self._clock.now()
        until = now + timedelta(seconds=self._settings.lease_seconds)
        limit = SLOW_BATCH if lane == "slow" else self._settings.batch_messages
        batch = await self._store.lease(now, until, limit, sorted(self._slow), lane)
        if not batch:
            return 0
        gate = asyncio.Semaphore(self._settings.parallel)

        async def one(message: Message) -> str:
            async with gate:
                return await self._deliver(message)

        outcomes = await asyncio.gather(*(one(message) for message in batch))
        done: list[str] = []
        again = []
        dead = []
        now = self._clock.now()
        for message, error in zip(batch, outcomes, strict=True):
            if not error:
                done.append(message.id)
            elif message.attempts + 1 >= self._settings.attempts:
                dead.append((message.id, error))
            else:
                again.append((message.id, now + self._pause(message.attempts), error))
        await self._store.finish(done, again, dead, now)
        return len(batch)

    def _pause(self, attempts: int) -> timedelta:
        seconds = self._settings.backoff_seconds * 2 ** min(attempts, 20)
        return timedelta(seconds=min(seconds, self._settings.backoff_limit_seconds))

    async def _deliver(self, message: Message) -> str:
        """Call every subscriber; return "" or the code of what went wrong (never its content)."""
        for handler in self._handlers.get(message.kind, ()):
            try:
                await asyncio.wait_for(handler(message.payload, message.id), self._settings.lease_seconds)
            except LienThongError as error:
                log.warning("job.failed", kind=message.kind, id=message.id, code=error.code)
                return error.code
            except Exception as error:  # noqa: BLE001 - a fault in one subscriber must not stop the others
                log.warning("job.fault", kind=message.kind, id=message.id, **trace(error))
                return type(error).__name__
        return ""

    async def _repeat(self, schedule: Schedule) -> None:
        while not self._stopping:
            if schedule.prompt is not None:
                schedule.prompt.clear()
            now = self._clock.now()
            until = now + timedelta(seconds=max(schedule.seconds * 3, self._settings.lease_seconds))
            try:
                if not schedule.leased or await self._store.take_lease(schedule.name, now, until):
                    await schedule.run()
            except Exception as error:  # noqa: BLE001 - a schedule that fails runs again at its next turn
                log.warning("schedule.fault", name=schedule.name, **trace(error))
            if schedule.prompt is None:
                await self._sleep(schedule.seconds)
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(schedule.prompt.wait(), schedule.seconds)

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not through a stop."""
        while seconds > 0 and not self._stopping:
            await asyncio.sleep(min(seconds, 0.25))
            seconds -= 0.25
