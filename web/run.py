"""Serving: binds the port, waits for the stop, lets requests under way finish."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from server.compose import Services
from web.app import build
from web.live.hub import Hub
from web.live.notices import LivePages
from web.protocol import LINE_LIMIT_BYTES, Runner


async def run(
    services: Services, host: str, port: int, ready: Callable[[str], None], stop: asyncio.Event
) -> None:
    """Serve the application until ``stop`` is set; ``ready`` is told the address once it accepts."""
    # Templates, words and static files are read here, off the loop.
    hub = Hub()
    services.notifications.add_sender(LivePages(hub))
    application = await asyncio.to_thread(lambda: build(services, hub=hub))
    runner = Runner(
        application,
        access_log=None,
        shutdown_timeout=services.settings.server.shutdown_seconds,
        handler_cancellation=False,
        max_line_size=LINE_LIMIT_BYTES,
        max_field_size=LINE_LIMIT_BYTES,
        auto_decompress=False,  # compressed bodies are refused (415), never unpacked
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=512)
        await site.start()
        ready(f"http://{host}:{port}")
        await stop.wait()
    finally:
        await runner.cleanup()
