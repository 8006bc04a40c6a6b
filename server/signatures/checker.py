"""Validates signatures in a child process: the parser of a stranger's file shares no memory with keys.

One file at a time in each child, a bounded wait, and a child that hangs or dies is replaced.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.connection
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime, timedelta
from pathlib import Path

from server.kernel.errors import Unavailable
from signing.errors import SigningError
from signing.validate.files import validate_file
from signing.validate.material import TrustMaterial, load
from signing.validate.pdf import validate
from signing.validate.report import Report

TRUST_MAX_AGE = timedelta(minutes=5)
"""Revocation lists are read again after this time."""
LOWEST_PRIORITY = 19


class Checker:
    """Checks files against the trust anchors of the installation."""

    def __init__(self, trust: Path, *, workers: int, timeout_seconds: int) -> None:
        self._folder = trust
        self._timeout = timeout_seconds
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._trust: tuple[datetime, TrustMaterial] | None = None
        self._gate = asyncio.Semaphore(workers * 2)
        self._making = threading.Lock()

    async def check(self, pdf: bytes | Path, at: datetime) -> Report:
        """Validate a file as of ``at``; a path is read by the child, so that long files never come here.

        Raises Unavailable ``signatures.no_trust`` / ``signatures.busy``.
        """
        trust = await self._material(at)
        async with self._gate:
            # Making the pool and handing over work start processes: not on the loop.
            pool = await asyncio.to_thread(self._opened)
            try:
                async with asyncio.timeout(self._timeout):
                    waiting = await asyncio.to_thread(pool.submit, _validate, pdf, trust, at)
                    return await asyncio.wrap_future(waiting)
            except (TimeoutError, BrokenProcessPool) as error:
                await asyncio.to_thread(self._discard, pool)
                raise Unavailable("signatures.busy") from error

    async def close(self) -> None:
        """End the children."""
        if self._pool is not None:
            await asyncio.to_thread(self._discard, self._pool)

    async def _material(self, now: datetime) -> TrustMaterial:
        if self._trust is None or now - self._trust[0] > TRUST_MAX_AGE:
            try:
                self._trust = (now, await asyncio.to_thread(load, self._folder))
            except (SigningError, OSError) as error:
                raise Unavailable("signatures.no_trust") from error
        return self._trust[1]

    def _opened(self) -> ProcessPoolExecutor:
        with self._making:
            return self._made()

    def _made(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Not forked: a fork of a process with threads and an event loop may hang.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._workers, mp_context=context, initializer=_begin)
        return self._pool

    def _discard(self, pool: ProcessPoolExecutor) -> None:
        if self._pool is pool:
            self._pool = None
        children: Callable[[], object] | None = getattr(pool, "kill_workers", None)
        if children is not None:
            children()
        else:
            for process in list((getattr(pool, "_processes", None) or {}).values()):
                process.kill()
        pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    """Let a child take only the processor time that nobody else wants: people wait for the server itself."""
    os.nice(LOWEST_PRIORITY)
    _end_with_parent()


def _end_with_parent() -> None:
    """Have this child end when the server does.

    A child holds both ends of the pipe it waits at, so it would outlive a killed server for ever.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _validate(pdf: bytes | Path, trust: TrustMaterial, at: datetime) -> Report:
    if isinstance(pdf, bytes):
        return validate(pdf, trust=trust, at=at)
    return validate_file(pdf, trust, at)
