"""The child process of the guard: reads a question on stdin, judges the file, answers on stdout.

Started as ``python -m server.files.guard.worker``. It opens files read-only and nothing else; the kernel
holds it to its limits, so that a file made to exhaust the machine ends this process and nothing more.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

from server.files.guard import envelope, structure, text
from server.files.guard.wire import LENGTH_BYTES, Answer, Ask, Finding, framed, length_of

ADDRESS_SPACE_BYTES = 512 * 1024 * 1024
"""Memory and mapped files together."""
_OPEN_FILES = 32


def confine() -> None:
    """Take from this process what it does not need: memory, files to write, children, core dumps."""
    for limit, value in (
        (resource.RLIMIT_AS, ADDRESS_SPACE_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_NPROC, 0),  # does not bind root; production does not run as root
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def allow_cpu(seconds: int) -> None:
    """Let the process use so many seconds of processor time from now on; the kernel ends it afterwards."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def judge(ask: Ask) -> Answer:
    """Judge one file: first its two ends, then its structure."""
    path = Path(ask.path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            findings = envelope.examine(file, size)
    except OSError as error:
        return Answer(unreadable=f"{type(error).__name__}: {error}")
    if findings:
        return Answer(findings=tuple(findings))
    try:
        found = structure.examine(path, size, ask)
    except RecursionError:
        return Answer(findings=(Finding("files.too_complex", {"limit": ask.max_objects}),))
    return Answer(findings=tuple(found)) if isinstance(found, list) else Answer(found)


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the questions end."""
    while prefix := questions.read(LENGTH_BYTES):
        ask = msgspec.json.decode(questions.read(length_of(prefix)), type=Ask)
        allow_cpu(ask.cpu_seconds)
        answers.write(framed(text.read(ask) if ask.text_pages else judge(ask)))
        answers.flush()


if __name__ == "__main__":
    structure.configure()
    confine()
    serve(sys.stdin.buffer, sys.stdout.buffer)
