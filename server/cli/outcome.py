"""Exit codes and errors of the commands: 0 good, 1 the answer is no, 2 usage or unreadable input."""

from __future__ import annotations

import os
from datetime import datetime
from enum import IntEnum
from typing import IO, Any

import click


class Exit(IntEnum):
    """Exit codes of every command; of several files the worst wins."""

    GOOD = 0
    NO = 1
    USAGE = 2


class Stop(click.ClickException):
    """End the command with one line on standard error: what, where, what to do."""

    exit_code = int(Exit.USAGE)

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the one line."""
        click.echo(f"lienthong: {self.format_message()}", err=file is None, file=file)


def secret_from(variable: str) -> bytes:
    """Return the secret in an environment variable. Raises Stop when it is missing or empty."""
    value = os.environ.get(variable, "")
    if not value:
        raise Stop(f"the environment variable {variable} is not set: put the passphrase there")
    return value.encode()


def instant_from(text: str) -> datetime:
    """Return the instant of an option. Raises Stop when it is none or names no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Stop(f"--at {text} is no instant: write 2026-11-22T20:00:00+07:00") from error
    if moment.tzinfo is None:
        raise Stop(f"--at {text} names no zone: write 2026-11-22T20:00:00+07:00")
    return moment
