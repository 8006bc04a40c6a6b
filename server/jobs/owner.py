"""Names a process so that another can tell whether it still runs: leases of the dead are given back at once.

A name says machine, boot, process and when that process began: a number that was given to another process
since is not mistaken for the old one. Of a process on another machine nothing is said: its leases run out.
"""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

PROC = Path("/proc")
PARTS = 5


def this_process() -> str:
    """Return the name of this process, unique also among two openings inside it (blocking)."""
    return ":".join(
        [socket.gethostname(), _boot(), str(os.getpid()), _began(os.getpid()), secrets.token_hex(4)]
    )


def is_gone(owner: str) -> bool:
    """Tell whether a process of this machine has ended (blocking); False when nothing is known of it."""
    parts = owner.split(":")
    if len(parts) != PARTS or parts[0] != socket.gethostname() or not _boot():
        return False
    _, boot, process, began, _ = parts
    if not process.isdigit():
        return False
    return boot != _boot() or began != _began(int(process))


def _boot() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _began(process: int) -> str:
    """Return when a process began, in ticks since the boot; "" = it is gone (proc(5), stat, field 22)."""
    try:
        stat = (PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
