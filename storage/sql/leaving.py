"""How a task waits for a commit that can no longer be called back."""

from __future__ import annotations

import asyncio
from typing import TypeVar

T = TypeVar("T")


async def outcome(settled: asyncio.Future[T]) -> T:
    """Wait until ``settled`` is done, whatever happens to the task that waits; return its result.

    A commit under way may succeed although the task is cancelled meanwhile. So that "raised" always means
    "not kept", a cancellation that arrives here is held back and delivered at the next await.
    """
    cancelled = False
    while not settled.done():
        try:
            await asyncio.wait([settled])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        asyncio.get_running_loop().call_soon(_cancel_again, asyncio.current_task())
    return settled.result()


def _cancel_again(task: asyncio.Task[object] | None) -> None:
    """Deliver a held-back cancellation, unless the scope that asked for it (a timeout) has ended."""
    if task is not None and not task.done() and task.cancelling():
        task.uncancel()
        task.cancel()
