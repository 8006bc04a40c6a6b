"""The guard as the server sees it: a few child processes that judge files, replaced when one fails."""

from __future__ import annotations

import asyncio
import contextlib
import math
import signal
import sys
from pathlib import Path

import msgspec

from server.files.guard.model import GuardLimits, Inspection
from server.files.guard.wire import LENGTH_BYTES, Answer, Ask, framed, length_of
from server.kernel.errors import Fault, Refused, Unavailable

_WORKER = "server.files.guard.worker"
_ENVIRONMENT = {"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
"""Nothing of the server's own environment: it may hold secrets."""
_FILES_PER_WORKER = 1000
"""A worker is replaced after so many, whatever its parser has not given back."""


class _Crashed(Exception):
    """The worker ended in the middle of a question."""

    def __init__(self, returncode: int) -> None:
        super().__init__(f"exit {returncode}")
        self.returncode = returncode


class _Worker:
    """One child process; ``process`` is None until it is needed."""

    def __init__(self) -> None:
        self.process: asyncio.subprocess.Process | None = None
        self.judged = 0

    async def start(self) -> None:
        """Start the process unless it runs. Raises Unavailable ``files.guard_unavailable``."""
        if self.process is not None and self.process.returncode is None:
            return
        try:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                _WORKER,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd=Path(__file__).parents[3],
            )
        except OSError as error:
            raise Unavailable("files.guard_unavailable") from error
        self.judged = 0

    async def ask(self, question: Ask) -> Answer:
        """Put one question. Raises _Crashed; the caller limits the time."""
        await self.start()
        process = self.process
        if process is None or process.stdin is None or process.stdout is None:
            raise Unavailable("files.guard_unavailable")
        try:
            process.stdin.write(framed(question))
            await process.stdin.drain()
            length = length_of(await process.stdout.readexactly(LENGTH_BYTES))
            answer = msgspec.json.decode(await process.stdout.readexactly(length), type=Answer)
        except (asyncio.IncompleteReadError, OSError, ValueError, msgspec.DecodeError) as error:
            raise _Crashed(await self.end()) from error
        self.judged += 1
        if self.judged >= _FILES_PER_WORKER:
            await self.end()
        return answer

    async def end(self) -> int:
        """Kill the process and wait for it; return how it ended (0 when there was none)."""
        process, self.process = self.process, None
        if process is None:
            return 0
        if process.stdin is not None:
            process.stdin.close()
        if process.stdout is not None and process.stdout.at_eof():
            with contextlib.suppress(TimeoutError):  # it is dying already: let it say of what
                await asyncio.wait_for(process.wait(), 1)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        return await process.wait()


class Guard:
    """Judges files by what they are.

    ``workers`` files are judged at the same time and at most ``waiting`` more wait for their turn.
    """

    def __init__(self, *, workers: int = 2, waiting: int = 64, limits: GuardLimits | None = None) -> None:
        self._limits = limits or GuardLimits()
        self._workers = [_Worker() for _ in range(workers)]
        self._free: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        self._waiting_limit = waiting
        self._waiting = 0
        self._closed = False
        for worker in self._workers:
            self._free.put_nowait(worker)

    async def start(self) -> None:
        """Start the workers now, so that the first file does not wait. Raises Unavailable."""
        await asyncio.gather(*(worker.start() for worker in self._workers))

    async def inspect(self, path: Path, limits: GuardLimits | None = None) -> Inspection:
        """Judge the file at an absolute path.

        Raises Refused with every fault found: ``files.empty``, ``files.not_pdf`` (kind),
        ``files.unknown_kind``, ``files.executable`` (kind), ``files.polyglot`` (kind),
        ``files.leading_data`` (bytes), ``files.trailing_data`` (bytes), ``files.broken``,
        ``files.encrypted``, ``files.javascript``, ``files.launch_action``, ``files.xfa``,
        ``files.embedded_files``, ``files.rich_media``, ``files.external_content``, ``files.no_pages``,
        ``files.too_many_pages`` (limit), ``files.too_complex`` (limit), ``files.takes_too_long`` (seconds).
        Raises Unavailable ``files.guard_busy`` when too many wait, ``files.guard_unavailable`` when no worker
        can be started, ``files.unreadable`` when the file cannot be opened.
        """
        chosen = limits or self._limits
        worker = await self._take()
        try:
            answer = await self._judge(worker, path, chosen)
        finally:
            self._free.put_nowait(worker)
        if answer.unreadable:
            raise Unavailable("files.unreadable")
        if answer.inspection is None:
            raise Refused.of([Fault(one.code, params=one.params) for one in answer.findings])
        return answer.inspection

    async def text(self, path: Path, pages: int) -> tuple[str, ...]:
        """Return the text of the first pages of a PDF that was taken in; a scan gives empty pages.

        At most ``text.CHARACTERS_MAX`` characters are read. Raises Refused ``files.broken``,
        ``files.takes_too_long``; Unavailable as ``inspect``.
        """
        worker = await self._take()
        try:
            answer = await self._judge(worker, path, self._limits, pages)
        finally:
            self._free.put_nowait(worker)
        if answer.unreadable:
            raise Refused("files.broken", reason=answer.unreadable)
        return answer.text

    async def close(self) -> None:
        """End the workers; files being judged fail with ``files.guard_unavailable``."""
        self._closed = True
        await asyncio.gather(*(worker.end() for worker in self._workers))

    async def _take(self) -> _Worker:
        if self._closed:
            raise Unavailable("files.guard_unavailable")
        if self._free.empty() and self._waiting >= self._waiting_limit:
            raise Unavailable("files.guard_busy")
        self._waiting += 1
        try:
            return await self._free.get()
        finally:
            self._waiting -= 1

    async def _judge(self, worker: _Worker, path: Path, limits: GuardLimits, text_pages: int = 0) -> Answer:
        """Ask the worker; a file that ends two fresh workers is at fault, one that ends one may not be."""
        seconds = math.ceil(limits.timeout_seconds)
        question = Ask(str(path), limits.max_pages, limits.max_objects, seconds, text_pages)
        too_long = Refused("files.takes_too_long", seconds=seconds)
        for attempt in (1, 2):
            try:
                async with asyncio.timeout(limits.timeout_seconds):
                    return await worker.ask(question)
            except TimeoutError as error:
                await worker.end()
                raise too_long from error
            except asyncio.CancelledError:
                await worker.end()  # else the next caller would get this answer
                raise
            except _Crashed as crash:
                if self._closed:
                    raise Unavailable("files.guard_unavailable") from crash
                if crash.returncode == -signal.SIGXCPU:
                    raise too_long from crash
                if attempt == 2:
                    raise Refused("files.broken", reason="parser crashed") from crash
        raise Unavailable("files.guard_unavailable")
