"""Signing files one by one or all of a folder: reading, signing, writing, on all cores."""

from __future__ import annotations

import gc
import mmap
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from server.cli.outcome import Stop
from signing.errors import SigningError
from signing.fonts import TextFont
from signing.keys.protocol import Signer
from signing.model import Level
from signing.pades.deferred import Finished
from signing.pades.purpose import Request, sign_for
from signing.services import Services

_MAP_FROM = 16 * 1024 * 1024
"""Bytes from which a file is mapped into memory and not read."""
_CHUNK = 16


@dataclass(frozen=True, slots=True)
class Job:
    """What is the same for every file of one call; opened once, inherited by workers."""

    key: Signer
    request: Request
    font: TextFont | None
    level: Level
    services: Services


@dataclass(frozen=True, slots=True)
class Signed:
    """Outcome for one file."""

    source: str
    output: str
    error: str | None
    field: str = ""
    signed_at: str = ""
    reached: str = ""
    """The level of the file."""
    shortfall: str = ""
    """Why it is below the level wanted."""


def sign_file(job: Job, source: Path, target: Path, *, durable: bool = True) -> Signed:
    """Sign one file; a fault of the file becomes part of the outcome.

    ``durable``: the file is on the disk when this returns.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        with _opened(source) as data:
            done = sign_for(data, job.key, job.request, job.font, now, level=job.level, services=job.services)
            _write(target, done, durable=durable)
    except SigningError as error:
        return Signed(str(source), str(target), str(error))
    except OSError as error:
        return Signed(str(source), str(target), f"{error.filename or source}: {error.strerror}")
    except Exception as error:  # noqa: BLE001 - a stranger's file must not stop the others of a folder
        return Signed(
            str(source), str(target), f"the file cannot be signed ({type(error).__name__}: {error})"
        )
    return Signed(
        str(source),
        str(target),
        None,
        done.field,
        now.isoformat().replace("+00:00", "Z"),
        done.reached.value,
        str(done.shortfall or ""),
    )


@contextmanager
def _opened(path: Path) -> Iterator[bytes | mmap.mmap]:
    """Read a file, or map it when it is large."""
    handle = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(handle).st_size
        if size < _MAP_FROM:
            yield os.read(handle, size + 1) if size else b""
        else:
            with mmap.mmap(handle, 0, access=mmap.ACCESS_READ) as data:
                yield data
    finally:
        os.close(handle)


def _write(target: Path, done: Finished, *, durable: bool) -> None:
    """Replace a file such that a crash leaves the old or the new content."""
    beside = f"{target.parent}/.{target.name}.{os.getpid()}"
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        try:
            _write_all(handle, memoryview(done.base))
            _write_all(handle, memoryview(done.tail))
            if durable:
                os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(beside, target)  # noqa: PTH105 - a Path costs more than the call
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _write_all(handle: int, data: memoryview) -> None:
    with data:
        written = 0
        while written < len(data):
            with data[written : written + _MAP_FROM] as part:
                written += os.write(handle, part)


_held: list[tuple[Job, list[tuple[Path, Path]]]] = []
"""The job of a worker process, and all files: only numbers go to and fro."""


def _hold(job: Job, pairs: list[tuple[Path, Path]]) -> None:
    _held[:] = [(job, pairs)]
    gc.collect()
    gc.freeze()  # what was loaded before the fork is never garbage: do not look at it again


def _sign_held(number: int) -> Signed:
    job, pairs = _held[0]
    return sign_file(job, *pairs[number], durable=False)


def sign_folder(job: Job, source: Path, target: Path) -> Iterator[Signed]:
    """Sign every PDF file of a folder on all cores, and yield outcomes by name as they come.

    The key stays opened in each worker. Files are replaced whole but not forced to the disk one by one: after
    a crash of the machine sign the folder again. Raises Stop when a folder is none, or is empty.
    """
    if not source.is_dir():
        raise Stop(f"{source} is no folder: --batch needs two folders")
    if target.exists() and not target.is_dir():
        raise Stop(f"{target} is no folder: --batch needs two folders")
    target.mkdir(parents=True, exist_ok=True)
    names = sorted(p.name for p in source.iterdir() if p.is_file() and p.suffix.lower() == ".pdf")
    if not names:
        raise Stop(f"{source} holds no PDF file")
    pairs = [(source / name, target / name) for name in names]
    workers = min(len(os.sched_getaffinity(0)), len(pairs))
    # Forked before any thread is started, so that the opened key is inherited and never written anywhere.
    context = multiprocessing.get_context("fork")
    try:
        with ProcessPoolExecutor(workers, context, initializer=_hold, initargs=(job, pairs)) as pool:
            yield from pool.map(_sign_held, range(len(pairs)), chunksize=_CHUNK)
    except BrokenProcessPool as error:
        raise Stop("a worker process died: sign the folder again, or its files one by one") from error
