"""All cores for bulk work: child processes that hold opened keys and do one order after the other.

The children are there only while there is work. A child that hangs or dies takes its order with it; the
order is done again by whoever claims its item next.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from server.kernel.errors import Unavailable
from server.signatures.checker import discard, end_with_parent
from server.signatures.crypto import Carried, Order, Tools

PRIORITY = 5
"""Niceness of the children: people who wait for a page come first."""
REST_SECONDS = 10
"""How long the children stay without work: starting them takes a second."""
_tools: list[Tools] = []


class SigningPool:
    """Carries out orders in child processes."""

    def __init__(
        self,
        keys: Path,
        upright: Path,
        italic: Path,
        *,
        workers: int,
        timeout_seconds: int,
        tsa: str = "",
        hosts: tuple[str, ...] = (),
    ) -> None:
        """``workers`` 0 = one for each processor that this process may use."""
        self.workers = workers or len(os.sched_getaffinity(0))
        self._given = (keys, upright, italic, tsa, hosts)
        self._timeout = timeout_seconds
        self._pool: ProcessPoolExecutor | None = None
        self._making = asyncio.Lock()
        self._under_way = 0
        self._used_at = 0.0

    async def carry_out(self, order: Order) -> Carried:
        """Do the work in a child. Raises as ``Tools.carry_out``; Unavailable ``signatures.busy``."""
        self._under_way += 1
        try:
            return await self._done(order)
        finally:
            self._under_way -= 1
            self._used_at = asyncio.get_running_loop().time()

    async def rest(self) -> None:
        """End the children when they have had nothing to do for a while."""
        idle = asyncio.get_running_loop().time() - self._used_at
        if self._pool is not None and not self._under_way and idle > REST_SECONDS:
            await self._end(self._pool)

    async def _done(self, order: Order) -> Carried:
        pool = await self._opened()
        try:
            async with asyncio.timeout(self._timeout):
                future = await asyncio.to_thread(pool.submit, _carry_out, order)
                return await asyncio.wrap_future(future)
        except (TimeoutError, BrokenProcessPool, RuntimeError) as error:
            # RuntimeError: the pool was ended while the order was on its way to it.
            await self._end(pool)
            raise Unavailable("signatures.busy") from error

    async def close(self) -> None:
        """End the children."""
        if self._pool is not None:
            await self._end(self._pool)

    async def _opened(self) -> ProcessPoolExecutor:
        async with self._making:
            if self._pool is None:
                context = multiprocessing.get_context("spawn")
                self._pool = await asyncio.to_thread(
                    lambda: ProcessPoolExecutor(
                        self.workers, mp_context=context, initializer=_begin, initargs=self._given
                    )
                )
            return self._pool

    async def _end(self, pool: ProcessPoolExecutor) -> None:
        if self._pool is pool:
            self._pool = None
        await asyncio.to_thread(discard, pool)


def _begin(keys: Path, upright: Path, italic: Path, tsa: str, hosts: tuple[str, ...]) -> None:
    os.nice(PRIORITY)
    end_with_parent()
    _tools.append(Tools(keys, upright, italic, tsa=tsa, hosts=hosts))


def _carry_out(order: Order) -> Carried:
    return _tools[0].carry_out(order)
