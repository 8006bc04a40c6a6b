"""``lienthong demo``: the fictional province and the main job, from empty data each time."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import click
import msgspec

from server.cli.root import Servers, run


@click.command()
@click.option("--serve", "stay", is_flag=True, help="Keep serving after the job, until Ctrl-C.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port; default: PORT or setting server.port.")
@click.pass_obj
def demo(servers: Servers, stay: bool, port: int | None) -> None:
    """Build the demo province and play the main job through the HTTP API, printing each step.

    Leaves issued.pdf, answer.pdf, registers.pdf, audit.json and trust/ in var/demo. Exit 0, or 1 with the
    step that failed.
    """
    run(_demo(servers, stay, port))


async def _demo(servers: Servers, stay: bool, port: int | None) -> int:
    from server.cli.root import explain
    from server.demo.client import StepFailed
    from server.demo.stage import empty_folder, new_password, perform
    from server.kernel.errors import LienThongError
    from server.settings import ROOT, load

    folder = Path(os.environ.get("LIENTHONG_DEMO_FOLDER") or ROOT / "var" / "demo")
    settings = load().listening(None, port)
    if "LIENTHONG_DATA" not in os.environ:
        settings = msgspec.structs.replace(settings, data=folder / "data")
    terminal = sys.stderr
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    try:
        await asyncio.to_thread(empty_folder, folder)
        if not settings.data.is_relative_to(folder):
            await asyncio.to_thread(empty_folder, settings.data)
        # Log lines would drown the steps; they go beside the results.
        sys.stderr = (folder / "server.log").open("a", encoding="utf-8")
        await perform(
            settings,
            servers.main,
            folder=folder,
            password=os.environ.get("LIENTHONG_DEMO_PASSWORD") or new_password(),
            port=settings.server.port,
            say=click.echo,
            stop=stop,
            stay=stay,
        )
    except StepFailed as error:
        click.echo(f"lienthong demo: {error}", file=terminal)
        return 1
    except LienThongError as error:
        click.echo(explain(error), file=terminal)
        return 1
    except OSError as error:
        click.echo(f"lienthong demo: {error}; is port {settings.server.port} in use? Set PORT.", err=True)
        return 1
    return 0
