"""The public face: a code, a code with a second fact, or a file; each counted per address.

Nobody is signed in here. Nothing that is brought is kept: a file lies in the spool while it is judged by the
guard's child and checked by the engine's child, both with limits, and is gone with the answer.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from server.files.model import FileView
from server.files.service import Files
from server.identity.limits import Limits
from server.identity.rules import Limit
from server.kernel.actor import Actor
from server.kernel.errors import Forbidden, Invalid, NotFound, Refused, Unavailable
from server.kernel.record import Subject
from server.lookup import rules
from server.lookup.model import Check, Finding, Outcome, PublicResult
from server.results.codes import read_code
from server.results.model import PUBLIC, RESULT, Batch, Result, State
from server.results.procedures import Procedure
from server.results.reading import file_name
from server.results.rules import same_fact
from server.results.service import Results
from server.settings import Lookup as LookupSettings
from server.signatures.acts import FileActs
from server.signatures.service import Signatures

Whole = tuple[Result, Batch, Procedure]
PROBED_BYTES = 64 * 1024 * 1024
"""How far into a file its code is looked for; no result of ours is longer."""


@dataclass(frozen=True, slots=True)
class _Bytes:
    """What the bytes of a file say, before anything parses them."""

    digest: str
    code: str | None
    """Look-up code that it bears; None = none."""


class Lookup:
    """Look-ups of the public."""

    def __init__(
        self,
        results: Results,
        files: Files,
        acts: FileActs,
        signatures: Signatures,
        limits: Limits,
        settings: LookupSettings,
    ) -> None:
        self._results = results
        self._files = files
        self._acts = acts
        self._signatures = signatures
        self._limits = limits
        self._settings = settings
        self._gate = asyncio.Semaphore(settings.files_at_once)
        self._present = 0
        self._bringing: dict[str, int] = {}

    @property
    def file_limit_bytes(self) -> int:
        """Longest file that is checked."""
        return self._settings.file_limit_bytes

    async def code(self, actor: Actor, typed: str) -> PublicResult:
        """Return what anybody may know of the result of a code.

        Codes that do not exist are counted per address; a slip that the check character finds is not.
        Raises NotFound ``lookup.code_slip``, ``lookup.unknown``; TooMany ``identity.too_many``.
        """
        return await self._public(await self._find(actor, typed))

    async def file(self, actor: Actor, typed: str, fact: str) -> FileView:
        """Open the issued file of a code, for whoever knows the second fact or where the result is public.

        Raises as ``code``; Forbidden ``lookup.fact_wrong``; NotFound ``lookup.not_in_force`` (a revoked or
        replaced result is no longer handed out).
        """
        result, _, procedure = await self._find(actor, typed)
        if result.state is not State.ISSUED:
            raise NotFound("lookup.not_in_force")
        if procedure.file == "second_fact" and procedure.second is not None:
            asked = procedure.second
            keys = {
                f"fact:{result.id}": self._limit(self._settings.fact_attempts),
                f"fact-address:{actor.request.address}": self._limit(self._settings.code_attempts),
            }
            await self._limits.charge(keys)
            if not same_fact(fact, result.second, asked):
                raise Forbidden("lookup.fact_wrong", field="/fact")
            await self._limits.refund(list(keys))
        subject = Subject(RESULT, result.id, result.body_id)
        return await self._files.open(actor, subject, result.digest, file_name(result))

    async def check(self, actor: Actor, chunks: AsyncIterable[bytes]) -> Finding:
        """Say what a file is that somebody brings.

        Raises TooMany ``identity.too_many``, TooLarge ``files.too_large``, Invalid ``lookup.too_slow``,
        Unavailable ``lookup.busy``, ``files.disk`` and what the stream raises. Whatever the file is, there is
        a finding.
        """
        address = actor.request.address
        limit = self._limit(self._settings.file_attempts)
        await self._limits.charge({f"lookup-file:{address}": limit})
        with self._place(address):
            taken = self._in_time(chunks)
            whole = self._files.apart(taken, limit_bytes=self._settings.file_limit_bytes)
            # Only whole files wait at the gate: a slow line holds nobody up.
            async with whole as path, self._gate:
                return await self._judged(path)

    async def _judged(self, path: Path) -> Finding:
        told = await asyncio.to_thread(_look, path)
        known = await self._results.of_digest(told.digest)
        if known is not None and known[0].state in PUBLIC and known[0].digest == told.digest:
            shown = await self._public(known)
            return Finding(Outcome.ISSUED, told.digest, shown, shown.check, "", {})
        try:
            await self._files.judge(path)
            if known is not None:
                return await self._stage(told, known, path)
            return await self._other(told, path)
        except Refused as error:
            fault = error.faults[0]
            return Finding(Outcome.UNREADABLE, told.digest, None, None, fault.code, dict(fault.params))

    async def _stage(self, told: _Bytes, known: Whole, path: Path) -> Finding:
        """A file that a result was before it was issued; of one that never was, nothing else is told."""
        check = await self._verified(path)
        shown = await self._public(known) if known[0].state in PUBLIC else None
        return Finding(Outcome.UNFINISHED, told.digest, shown, check, "", {})

    async def _other(self, told: _Bytes, path: Path) -> Finding:
        named = await self._results.public(told.code) if told.code else None
        check = await self._verified(path)
        begins = False
        if named is not None:
            size, digest = named[0].size_bytes, named[0].digest
            begins = await asyncio.to_thread(_prefix, path, size) == digest
        found = rules.outcome(
            check.verdict,
            issued=False,
            stage=False,
            begins_as_issued=begins,
            bears_code=named is not None,
        )
        shown = await self._public(named) if named is not None else None
        return Finding(found, told.digest, shown, check, "", {})

    async def _verified(self, path: Path) -> Check:
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                report = await self._acts.check(path)
        except TimeoutError as error:
            raise Refused("files.takes_too_long", seconds=self._settings.timeout_seconds) from error
        return rules.check_of(report, self._results.units.now())

    async def _find(self, actor: Actor, typed: str) -> Whole:
        code = read_code(typed)
        if code is None:
            raise NotFound("lookup.code_slip", field="/code")
        found = await self._results.public(code)
        if found is None:
            limit = self._limit(self._settings.code_attempts)
            await self._limits.charge({f"lookup:{actor.request.address}": limit})
            raise NotFound("lookup.unknown", field="/code")
        return found

    async def _public(self, whole: Whole) -> PublicResult:
        result, batch, procedure = whole
        by = await self._results.by_id(result.replaced_by) if result.replaced_by else None
        return rules.public_result(result, batch, procedure, by, await self._kept_check(result.digest))

    async def _kept_check(self, digest: str) -> Check | None:
        try:
            found = await self._signatures.verification(digest)
        except NotFound:
            return None
        report = msgspec.json.decode(found.report, type=dict[str, object])
        return rules.check_of_json(found.verdict, report, found.verified_at)

    def _limit(self, attempts: int) -> Limit:
        return Limit(attempts, self._settings.window_seconds, self._settings.rest_seconds)

    @contextmanager
    def _place(self, address: str) -> Iterator[None]:
        """Count a file that is being brought. Raises Unavailable ``lookup.busy``."""
        mine = self._bringing.get(address, 0)
        if mine >= self._settings.files_per_address or self._present >= self._settings.files_waiting:
            raise Unavailable("lookup.busy")
        self._bringing[address] = mine + 1
        self._present += 1
        try:
            yield
        finally:
            self._present -= 1
            self._bringing[address] -= 1
            if not self._bringing[address]:
                del self._bringing[address]

    async def _in_time(self, chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        """Hand the stream on until its time is over. Raises Invalid ``lookup.too_slow``."""
        source = aiter(chunks)
        until = asyncio.get_running_loop().time() + self._settings.upload_seconds
        while True:
            try:
                async with asyncio.timeout_at(until):
                    chunk = await anext(source, b"")
            except TimeoutError as error:
                raise Invalid("lookup.too_slow", seconds=self._settings.upload_seconds) from error
            if not chunk:
                return
            yield chunk


def _look(path: Path) -> _Bytes:
    """Hash a file and look for our code in its bytes (blocking); nothing is parsed."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        code = rules.marked_code(file.read(PROBED_BYTES))
    return _Bytes(f"sha256:{digest}", code)


def _prefix(path: Path, size: int) -> str:
    """Return the digest of the first bytes of a file (blocking); "" when it is shorter."""
    digest = hashlib.sha256()
    left = size
    with path.open("rb") as file:
        while left and (data := file.read(min(left, 1024 * 1024))):
            digest.update(data)
            left -= len(data)
    return "" if left else f"sha256:{digest.hexdigest()}"
