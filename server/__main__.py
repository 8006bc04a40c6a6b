"""Composition root and entry point of ``lienthong``: hands the HTTP server to the command line.

The only file of ``server`` that may import ``web``; it does so when a server is started, so that
commands which need no server (``verify``, ``sign``, ``pki``) start fast.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from server.cli.root import Servers, build

if TYPE_CHECKING:
    from server.certificates.publisher import PkiPublisher
    from server.compose import Services


async def serve(
    services: Services, host: str, port: int, ready: Callable[[str], None], stop: asyncio.Event
) -> None:
    """Serve until ``stop`` is set; ``ready`` is told the address."""
    from web.run import run

    await run(services, host, port, ready, stop)


async def serve_pki(
    publisher: PkiPublisher, host: str, port: int, ready: Callable[[str], None], stop: asyncio.Event
) -> None:
    """Serve an authority alone until ``stop`` is set."""
    from web.pki import run

    await run(publisher, host, port, ready, stop)


def main() -> None:
    """Run the command line."""
    build(Servers(serve, serve_pki))()


if __name__ == "__main__":
    main()
