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
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from server.kernel.errors import Unavailable
from signing.errors import SigningError
from signing.validate import certificates
from signing.validate.chain import ChainResult, Pool, check_chain
from signing.validate.files import validate_file
from signing.validate.material import TrustMaterial, load
from signing.validate.pdf import validate
from signing.validate.report import Report
from signing.validate.returned import Returned, judge

T = TypeVar("T")

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
        return await self._aside(lambda pool: pool.submit(_validate, pdf, trust, at))

    async def returned(self, offered: Path, returned: Path, at: datetime) -> Returned:
        """Return the one new signature of a file that came back (``signing.validate.returned``).

        Raises ReturnFault, UnreadableFile; Unavailable as ``check``.
        """
        trust = await self._material(at)
        return await self._aside(lambda pool: pool.submit(_judge, offered, returned, trust, at))

    async def certificate(self, der: bytes, chain: tuple[bytes, ...], at: datetime) -> ChainResult:
        """Return what a signature by this certificate would be worth at ``at``: chain and revocation.

        Raises Unavailable as ``check``.
        """
        trust = await self._material(at)
        return await self._aside(lambda pool: pool.submit(_certificate, der, chain, trust, at))

    async def _aside(self, submit: Callable[[ProcessPoolExecutor], Future[T]]) -> T:
        """Run work in a child, a few at a time, within the time limit."""
        async with self._gate:
            # Making the pool and handing over work start processes: not on the loop.
            pool = await asyncio.to_thread(self._opened)
            try:
                async with asyncio.timeout(self._timeout):
                    return await asyncio.wrap_future(await asyncio.to_thread(submit, pool))
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
        discard(pool)


def discard(pool: ProcessPoolExecutor) -> None:
    """End a pool and its children at once (blocking)."""
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
    end_with_parent()


def end_with_parent() -> None:
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


def _judge(offered: Path, returned: Path, trust: TrustMaterial, at: datetime) -> Returned:
    return judge(offered.read_bytes(), returned.read_bytes(), trust=trust, at=at)


def _certificate(der: bytes, chain: tuple[bytes, ...], trust: TrustMaterial, at: datetime) -> ChainResult:
    return check_chain(certificates.read(der), Pool(trust, chain), at)
