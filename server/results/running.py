"""One act on a whole batch, carried out in the background: result by result, each with its own outcome.

The act itself writes who did it and when; the outbox carries it on, a part at a time, so that a run goes on
after a crash where it stood. Every result moves by compare-and-set on its row, so none is signed, numbered or
sealed twice; one that fails keeps the reason and stops no other; the same act again tries those anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from server.identity.scope import post, role
from server.kernel.actor import SYSTEM, Actor, Role
from server.kernel.errors import Conflict, Forbidden, LienThongError, Unavailable
from server.kernel.record import Subject
from server.registers.model import OutgoingFacts
from server.results import rules
from server.results.codes import shown
from server.results.core import actor_of, changed, kept_actor
from server.results.making import Making
from server.results.model import BATCH, Batch, Changed, Result, RunRequest, Stage, State, Work
from server.signatures.model import OwnerKind, VerifyRequest
from server.unit import Unit

AT_ONCE = 4
"""Results worked on at the same time; the engine keeps its own bound of threads."""
PART_SECONDS = 15.0
"""How long one message works before it hands on to the next: far below the lease of a message."""
RUN = "results.run"
MOVED = "results.changed"
"""What a write says that finds another version of the row than it saw."""
REASON_SIGN = "Ký kết quả thủ tục hành chính"
REASON_SEAL = "Đóng dấu trả kết quả"
PERMISSION = {Work.MAKE: "results.prepare", Work.SIGN: "results.sign", Work.SEAL: "results.seal"}


class Running(Making):
    """The acts on a batch, and the work behind them."""

    async def make(self, actor: Actor, batch_id: str, *, version: int) -> Changed:
        """Have the files made and put before the responsible person.

        Raises Forbidden, NotFound ``results.unknown_batch``, Conflict ``results.changed``, ``results.busy``,
        ``results.nothing_to_do``.
        """
        return await self._begin(actor, batch_id, version, Work.MAKE)

    async def sign(self, actor: Actor, batch_id: str, *, version: int) -> Changed:
        """Sign every made result as the responsible person, whose name stands on them.

        The key is opened and its certificate looked at before the run begins. Raises as ``make``, and
        Forbidden ``results.not_signer``, Conflict ``signatures.no_key``, ``signatures.key_not_valid``.
        """
        return await self._begin(actor, batch_id, version, Work.SIGN)

    async def seal(self, actor: Actor, batch_id: str, *, version: int) -> Changed:
        """Give every signed result its number and date and seal it: it is issued. Raises as ``sign``."""
        return await self._begin(actor, batch_id, version, Work.SEAL)

    async def _begin(self, actor: Actor, batch_id: str, version: int, work: Work) -> Changed:
        self.access.require(actor, PERMISSION[work])
        await self._replay(actor)
        batch, counts = await self.load(actor, batch_id, version)
        if batch.work is not Work.NONE:
            raise Conflict("results.busy")
        if not any(one.n for one in counts if one.state in rules.NEEDS[work]):
            raise Conflict("results.nothing_to_do")
        await self._preflight(actor, batch, work)
        async with self.units.begin(actor) as unit:
            work_id = unit.new_id()
            if not await self.store.begin_work(unit, batch, work, work_id, kept_actor(actor)):
                raise Conflict("results.changed")
            unit.record(
                f"results.{work.value}_batch",
                Subject(BATCH, batch.id, batch.body_id),
                old={"stage": batch.stage.value},
                new={"stage": batch.stage.value, "work": work.value, "run": work_id},
                detail={"run": work_id, "procedure": batch.procedure},
            )
            unit.publish(RUN, RunRequest(batch.id, work_id, 0), key=f"{work_id}.0")
            return unit.answer(changed(replace(batch, work=work, version=batch.version + 1)))

    async def _replay(self, actor: Actor) -> None:
        """Answer a request that was answered before: its batch has moved on since. Raises Replayed."""
        if actor.request.once is not None:
            async with self.units.begin(actor):
                pass

    async def _preflight(self, actor: Actor, batch: Batch, work: Work) -> None:
        acts = self.rooms.acts
        if work is Work.SIGN:
            if actor.account_id != batch.signer.account_id or actor.post_id != batch.signer.post_id:
                raise Forbidden("results.not_signer", signer=batch.signer.name, title=batch.signer.title)
            await acts.require_key(OwnerKind.PERSON, actor.account_id, actor.name)
        if work is Work.SEAL:
            if actor.body_id != batch.body_id and not await self.rooms.directory.may_act_for(
                actor, batch.body_id
            ):
                raise Forbidden("results.other_body", body=batch.body_name)
            await acts.require_key(OwnerKind.BODY, batch.body_id, batch.body_name)

    # --- the work ------------------------------------------------------------------------------------

    async def on_run(self, message: RunRequest, _: str) -> None:
        """Carry a run on for a while (subscriber of ``results.run``); twice does no harm.

        Raises Unavailable when a part that is needed does not answer: the message comes back later.
        """
        batch = await self.store.batch(self.units.reader, message.batch_id)
        if batch is None or batch.work is Work.NONE or batch.work_id != message.work_id:
            return None
        by = actor_of(batch.work_by)
        until = time.monotonic() + PART_SECONDS
        while time.monotonic() < until:
            waiting = await self.store.untried(self.units.reader, batch, rules.NEEDS[batch.work], AT_ONCE)
            if not waiting:
                return await self._end(batch)
            if batch.work is Work.SEAL:
                waiting = await self._numbered(by, batch, waiting)
            outcomes = await asyncio.gather(
                *(self._one(by, batch, one) for one in waiting), return_exceptions=True
            )
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
        async with self.units.begin(SYSTEM) as unit:
            part = message.part + 1
            unit.record(
                "results.run",
                Subject(BATCH, batch.id, batch.body_id),
                detail={"run": batch.work_id, "part": part},
            )
            unit.publish(RUN, RunRequest(batch.id, batch.work_id, part), key=f"{batch.work_id}.{part}")
        return None

    async def _one(self, by: Actor, batch: Batch, result: Result) -> None:
        """Work on one result; what is wrong with it is written on it."""
        try:
            if batch.work is Work.MAKE:
                await self._make_one(by, batch, result)
            elif batch.work is Work.SIGN:
                await self._sign_one(by, batch, result)
            else:
                await self._seal_one(by, batch, result)
        except Unavailable:
            raise  # the fault is not the result's: the whole message comes back
        except LienThongError as error:
            await self._failed(batch, result, error)

    async def _numbered(self, by: Actor, batch: Batch, waiting: Sequence[Result]) -> list[Result]:
        """Number one after the other, so that numbers run as the batch does; return the numbered."""
        numbered = []
        for one in waiting:
            try:
                taken = one if one.state is State.NUMBERED else await self._number_one(by, batch, one)
                numbered.append(taken)
            except Unavailable:
                raise
            except LienThongError as error:
                await self._failed(batch, one, error)
        return numbered

    async def _failed(self, batch: Batch, result: Result, error: LienThongError) -> None:
        """Write on a result what went wrong with it, unless it has moved on meanwhile."""
        fault = error.faults[0]
        present = await self.store.by_id(self.units.reader, result.id)
        # Another delivery of the same message may be faster: what it did stands, and nothing is wrong.
        if fault.code == MOVED or present is None or present.tried == batch.work_id:
            return
        params = {
            name: value if isinstance(value, int) else value[:200] for name, value in fault.params.items()
        }
        after = replace(present, problem=fault.code, problem_params=params, tried=batch.work_id)
        try:
            async with self.units.begin(SYSTEM) as unit:
                work = batch.work.value
                await self.write(unit, "results.problem", present, after, work=work, problem=fault.code)
        except Conflict:
            return

    async def _make_one(self, by: Actor, batch: Batch, result: Result) -> None:
        pdf, pages = await self.made(batch, result)
        made = await self.files.store_bytes(pdf, pages=pages, name=f"{shown(result.code)}.pdf")
        async with self.units.begin(by) as unit:
            held = await self.files.keep(unit, made, batch.body_id)
            made_now = replace(result, state=State.MADE, made_digest=held.digest, pages=pages)
            after = _good(batch, made_now)
            await self.write(unit, "results.make", result, after, digest=held.digest)

    async def _sign_one(self, by: Actor, batch: Batch, result: Result) -> None:
        source = await self.files.read_bytes(result.made_digest)
        reason = f"{REASON_SIGN} {shown(result.code)}"
        signed = await self.rooms.acts.sign(source, by.account_id, by.name, reason)
        made = await self.files.store_bytes(signed, pages=result.pages, name=f"{shown(result.code)}.pdf")
        async with self.units.begin(by) as unit:
            held = await self.files.keep(unit, made, batch.body_id)
            after = _good(
                batch,
                replace(result, state=State.SIGNED, signed_digest=held.digest, signed_at=unit.now),
            )
            await self.write(unit, "results.sign", result, after, digest=held.digest)

    async def _seal_one(self, by: Actor, batch: Batch, result: Result) -> None:
        day = result.number_date or self.today()
        centre = await self.rooms.directory.body(batch.body_id)
        profile = self.rooms.profiles.on(centre.profile, day)
        source = await self.files.read_bytes(result.signed_digest)
        reason = f"{REASON_SEAL} {shown(result.code)}"
        sealed = await self.rooms.acts.number_and_seal(
            source, batch.body_id, batch.body_name, reason, profile, result.number_text, day
        )
        made = await self.files.store_bytes(sealed, pages=result.pages, name=f"{shown(result.code)}.pdf")
        async with self.units.begin(by) as unit:
            held = await self.files.keep(unit, made, batch.body_id)
            issued = replace(
                result,
                state=State.ISSUED,
                digest=held.digest,
                size_bytes=held.size_bytes,
                issued_at=unit.now,
                sealed_by=by.name,
            )
            after = _good(batch, issued)
            if result.number_id:
                await self.rooms.books.mark_sealed(unit, result.number_id)
                await self.rooms.books.mark_issued(unit, result.number_id)
            unit.publish("signatures.verify", VerifyRequest(held.digest), key=held.digest)
            number = result.number_text
            await self.write(unit, "results.issue", result, after, digest=held.digest, number=number)

    async def _number_one(self, by: Actor, batch: Batch, result: Result) -> Result:
        """Take the number, or note the day where the procedure gives none: an act of its own."""
        numbering = self.procedure_of(batch).number
        day = self.today()
        after = replace(result, state=State.NUMBERED, number_date=day)
        async with self.units.begin(by) as unit:
            if numbering is not None:
                body = batch.issuer_id if numbering.book_of == "issuer" else batch.body_id
                number = await self._taken(unit, body, numbering.type, result, batch)
                after = replace(after, number_id=number[0], number_text=number[1])
            return await self.write(unit, "results.number", result, after, number=after.number_text)

    async def _taken(
        self, unit: Unit, body_id: str, kind: str, result: Result, batch: Batch
    ) -> tuple[str, str]:
        procedure = self.procedure_of(batch)
        values = {**result.fields, "holder": result.holder, "dossier": result.dossier}
        facts = OutgoingFacts(
            subject=procedure.filled(procedure.subject.vi, values),
            signer=batch.signer.name,
            recipients=result.holder,
            note=result.dossier,
        )
        number = await self.rooms.books.allocate(unit, body_id, kind, self.today(), result.id, facts=facts)
        return number.id, number.text

    async def _end(self, batch: Batch) -> None:
        """End a run: write what the batch waits for now, and tell those it waits for; twice does no harm."""
        try:
            async with self.units.begin(SYSTEM) as unit:
                await self._ended(unit, batch)
        except Conflict:  # the same message was delivered twice, and the other one ended the run
            return

    async def _ended(self, unit: Unit, batch: Batch) -> None:
        counts = await self.store.counts(unit, batch.id)
        stage = rules.stage_of(counts)
        if not await self.store.end_work(unit, batch, stage):
            raise Conflict("results.changed")
        unit.record(
            f"results.{batch.work.value}_ended",
            Subject(BATCH, batch.id, batch.body_id),
            old={"stage": batch.stage.value},
            new={"stage": stage.value},
            detail={
                "run": batch.work_id,
                "from": batch.stage.value,
                "to": stage.value,
                "problems": sum(one.problems for one in counts),
            },
        )
        self.notify(unit, batch, stage, _waits_for(batch, stage))


def _good(batch: Batch, result: Result) -> Result:
    return replace(result, problem="", problem_params={}, tried=batch.work_id)


def _waits_for(batch: Batch, stage: Stage) -> tuple[str, ...]:
    if stage is Stage.TO_SIGN:
        return (post(batch.signer.post_id),)
    if stage is Stage.TO_SEAL:
        return (role(batch.body_id, Role.RECORDS_CLERK),)
    return (post(batch.author.post_id),)
