"""Validation of a file by its path, bounded in time and memory when run in a process of its own."""

from __future__ import annotations

import resource
from dataclasses import replace
from datetime import datetime
from mmap import ACCESS_READ, mmap
from pathlib import Path

from signing.validate.material import TrustMaterial
from signing.validate.pdf import validate
from signing.validate.report import Report, Verdict
from signing.validate.syntax import Buffer


def validate_file(path: Path, trust: TrustMaterial | None, at: datetime) -> Report:
    """Validate a file where it lies: it is mapped, never copied. For a process pool: all can be pickled.

    A file that cannot be opened is UNREADABLE; nothing is raised.
    """
    try:
        with path.open("rb") as opened:
            size = path.stat().st_size
            data: Buffer = mmap(opened.fileno(), 0, access=ACCESS_READ) if size else b""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be mapped"
        return Report(Verdict.UNREADABLE, f"the file cannot be read: {reason}", file=str(path))
    return replace(validate(data, trust=trust, at=at), file=str(path))


def limit_process(*, seconds: int, extra_bytes: int) -> None:
    """Bound the calling process: processor time, and address space beyond what it has now.

    For processes made to judge foreign files (an initializer of a pool, or a child). Beyond the time the
    system ends the process; beyond the memory Python raises MemoryError, which validation reports.
    """
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    space = pages * resource.getpagesize() + extra_bytes
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
