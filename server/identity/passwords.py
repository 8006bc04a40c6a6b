"""Passwords: argon2id in a few threads, with a bounded queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from server.identity.rules import normal_password
from server.kernel.errors import Unavailable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash costs (RFC 9106)."""

    memory_kib: int
    """Memory of one hash in KiB."""
    passes: int
    """Passes over it."""
    lanes: int = 1
    """Lanes."""


class Passwords:
    """Hashes and checks passwords off the loop."""

    def __init__(self, cost: Cost, *, workers: int = 2, waiting: int = 100) -> None:
        """Take the cost of a hash, threads that work, and how many may wait before new ones are refused."""
        self._hasher = PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes, type=Type.ID
        )
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="argon2")
        self._room = workers + waiting
        self._busy = 0
        self._dummy = ""

    async def hash(self, password: str) -> str:
        """Return the argon2id hash in its own text form. Raises Unavailable ``identity.busy``."""
        return await self._run(lambda: self._hasher.hash(normal_password(password)))

    async def verify(self, stored: str, password: str) -> bool:
        """Tell whether the password fits.

        An empty ``stored`` (nobody of that name, no password yet) costs the same and answers False, so time
        does not tell who has an account. Raises Unavailable ``identity.busy``.
        """
        return await self._run(lambda: self._verify(stored, normal_password(password)))

    def outdated(self, stored: str) -> bool:
        """Tell whether a hash was made at another cost than today's and should be made anew."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Let the threads end after what is under way; does not wait for it."""
        self._pool.shutdown(wait=False)

    def _verify(self, stored: str, password: str) -> bool:
        if not stored:
            if not self._dummy:
                self._dummy = self._hasher.hash("nobody")
            self._matches(self._dummy, password)
            return False
        return self._matches(stored, password)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._busy >= self._room:
            raise Unavailable("identity.busy")
        self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._busy -= 1
