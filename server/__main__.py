"""Composition root and entry point of ``lienthong``: hands the HTTP server to the command line.

The only file of ``server`` that may import ``web``; it does so when a server is started, so that
commands which need no server (``verify``, ``sign``, ``pki``) start fast.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from server.cli.root import build

if TYPE_CHECKING:
    from server.compose import Services


async def serve(
    services: Services, host: str, port: int, ready: Callable[[str], None], stop: asyncio.Event
) -> None:
    """Serve until ``stop`` is set; ``ready`` is told the address."""
    from web.run import run

    await run(services, host, port, ready, stop)


def main() -> None:
    """Run the command line."""
    build(serve)()


if __name__ == "__main__":
    main()
