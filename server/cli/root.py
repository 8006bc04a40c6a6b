"""The command's root: knows the names of the commands, loads one only when it is called."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import click

from server.kernel.errors import LienThongError

Serve: TypeAlias = Callable[..., Awaitable[None]]
"""``serve(services, host, port, ready, stop)`` of the entry point."""


@dataclass(frozen=True, slots=True)
class Servers:
    """What the entry point can serve; reaches the commands as the context's object."""

    main: Serve
    """The application."""
    pki: Serve
    """An authority alone: ``pki(publisher, host, port, ready, stop)``."""


COMMANDS = {
    "serve": "server.cli.serve:serve",
    "migrate": "server.cli.operate:migrate",
    "doctor": "server.cli.operate:doctor",
    "demo": "server.cli.demo:demo",
    "admin": "server.cli.admin:admin",
    "audit": "server.cli.audit:audit",
    "pki": "server.cli.pki:pki",
    "sign": "server.cli.sign:sign",
    "verify": "server.cli.verify:verify",
}


class Root(click.Group):
    """A group whose commands are imported on use, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name]} is not a command")
        return command

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:  # as click declares them
        """Run and exit; what click says about usage becomes one line, too."""
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
        except click.ClickException as error:
            click.echo(f"lienthong: {error.format_message()} (lienthong --help)", err=True)
            sys.exit(error.exit_code if error.exit_code != 1 else 2)
        except click.Abort:
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> object:
        """Run; our own errors become one line: what, where, what to do (contracts: exit codes)."""
        try:
            return super().invoke(ctx)
        except LienThongError as error:
            click.echo(explain(error), err=True)
            ctx.exit(2)


def explain(error: LienThongError) -> str:
    """Return one line for an error: code and parameters."""
    lines = []
    for fault in error.faults:
        params = " ".join(f"{name}={value}" for name, value in fault.params.items())
        lines.append(" ".join(part for part in (fault.code, fault.field, params) if part))
    return "lienthong: " + "; ".join(lines)


def build(servers: Servers) -> click.Group:
    """Return the command line."""

    @click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "obj": servers})
    @click.version_option(package_name="lienthong")
    def lienthong() -> None:
        """Liên Thông: signed documents between the bodies of a province."""

    return lienthong


def run(work: Awaitable[int]) -> None:
    """Run one coroutine on a fresh uvloop loop and exit with its code."""
    import uvloop

    async def call() -> int:
        return await work

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(call()))
