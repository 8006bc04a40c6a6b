"""``lienthong serve``: the HTTP server of an installation."""

from __future__ import annotations

import asyncio
import signal

import click

from server.cli.root import Servers, run


@click.command()
@click.option("--host", help="Address to listen on; default: setting server.host.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port; default: PORT or setting server.port.")
@click.pass_obj
def serve(servers: Servers, host: str | None, port: int | None) -> None:
    """Serve HTTP until SIGTERM or Ctrl-C; requests under way are finished first."""
    run(_serve(servers, host, port))


async def _serve(servers: Servers, host: str | None, port: int | None) -> int:
    from server.compose import open_services
    from server.settings import load

    settings = load().listening(host, port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with open_services(settings) as services:
        await servers.main(
            services,
            settings.server.host,
            settings.server.port,
            lambda address: click.echo(f"Liên Thông: {address}"),
            stop,
        )
    return 0
