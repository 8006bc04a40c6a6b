"""Counts of attempts that survive a restart (table ``rate_limits``).

A count is no act: it leaves no audit entry and does not go through a unit of work. What it led to (a failed
sign-in, a rest) is recorded by whoever counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from server.identity.rules import Bucket, Decision, Limit, attempt, refunded
from server.kernel.clock import Clock, text
from server.kernel.errors import TooMany
from storage.sql.protocol import Database, Params
from storage.sql.statements import load_all

KEPT = timedelta(days=2)
"""How long a row without a rest is kept after its window began."""


@dataclass(frozen=True, slots=True)
class _Row:
    bucket: str
    count: int
    window_start: str
    locked_until: str


class Limits:
    """Counts attempts under keys such as ``account:vanthu.syt`` and ``address:192.0.2.7``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._statements = load_all(Path(__file__).parent, database.engine)

    async def charge(self, limits: Mapping[str, Limit]) -> tuple[str, ...]:
        """Count one attempt under every key, before it is made; return the keys whose rest begins with it.

        Raises TooMany ``identity.too_many`` with ``retry_after_seconds`` when any key rests; then nothing is
        counted under the others.
        """
        now = self._clock.now()
        async with self._database.transaction() as rows:
            await rows.execute_many(
                self._statements["limit_rows"], [{"bucket": key} for key in sorted(limits)]
            )
            present = await rows.fetch(self._statements["lock_limits"], _keys(list(limits)), _Row)
            decisions = {row.bucket: attempt(_bucket(row), limits[row.bucket], now) for row in present}
            waits = [each.retry_after_seconds for each in decisions.values() if not each.allowed]
            if not waits:
                await rows.execute_many(self._statements["write_limit"], _written(decisions))
        if waits:
            raise TooMany("identity.too_many", retry_after_seconds=max(waits))
        return tuple(key for key, decision in decisions.items() if decision.last)

    async def refund(self, refund: Sequence[str], clear: Sequence[str] = ()) -> None:
        """Give one attempt back under the keys of ``refund``; forget those of ``clear`` altogether."""
        async with self._database.transaction() as rows:
            await rows.execute_many(self._statements["delete_limit"], [{"bucket": key} for key in clear])
            present = await rows.fetch(self._statements["lock_limits"], _keys(refund), _Row)
            changed: list[Params] = []
            for row in present:
                bucket = _bucket(row)
                if bucket is not None:
                    changed.append(_values(row.bucket, refunded(bucket)))
            await rows.execute_many(self._statements["write_limit"], changed)

    async def purge(self) -> None:
        """Forget old rows; called by a schedule."""
        now = self._clock.now()
        params: Params = {"before": text(now - KEPT), "now": text(now)}
        async with self._database.transaction() as rows:
            await rows.execute(self._statements["purge_limits"], params)


def _keys(keys: Sequence[str]) -> Params:
    return {"buckets": msgspec.json.encode(sorted(keys)).decode()}


def _bucket(row: _Row) -> Bucket | None:
    if not row.window_start:
        return None
    until = datetime.fromisoformat(row.locked_until) if row.locked_until else None
    return Bucket(row.count, datetime.fromisoformat(row.window_start), until)


def _written(decisions: Mapping[str, Decision]) -> list[Params]:
    return [_values(key, decision.bucket) for key, decision in decisions.items()]


def _values(key: str, bucket: Bucket) -> Params:
    return {
        "bucket": key,
        "count": bucket.count,
        "window_start": text(bucket.window_start),
        "locked_until": text(bucket.locked_until) if bucket.locked_until else "",
    }
