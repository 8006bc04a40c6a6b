"""Batches before anybody signs: rows in, files put to their rows, single results taken out."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from server.identity import scope
from server.identity.model import Grant
from server.kernel.actor import Actor, Role
from server.kernel.errors import Conflict, Invalid, LienThongError, NotFound
from server.kernel.record import Subject
from server.organisations.model import Body
from server.results import rules
from server.results.codes import SPACE, make_code, shown
from server.results.core import Core, changed, person
from server.results.model import (
    BATCH,
    Attached,
    Batch,
    Changed,
    Ended,
    Person,
    Result,
    Row,
    Source,
    Stage,
    State,
    Work,
)
from server.results.procedures import Procedure

SEES = (Role.COUNTER_OFFICER, Role.HEAD_OF_UNIT, Role.RECORDS_CLERK, Role.LEADER, Role.CHIEF_OF_OFFICE)
"""Roles of the centre that see its batches: there everybody stands in for everybody at the counter."""
TITLE_MAX = 200


class Preparing(Core):
    """Commands of the officers who prepare results."""

    async def create(
        self,
        actor: Actor,
        *,
        procedure: str,
        title: str,
        source: Source,
        signer_post: str,
        rows: Sequence[Row],
    ) -> Changed:
        """Begin a batch: every row becomes a result with a code of its own.

        The signer's post must have authority to sign for its own body today. Raises Forbidden; NotFound
        ``results.procedure_unknown``; Invalid ``results.title_missing``, ``results.no_authority``,
        ``results.post_vacant`` and every fault of the rows.
        """
        self.access.require(actor, "results.prepare")
        today = self.today()
        form = self.procedures.on(procedure, today)
        words = rules.one_line(title)
        if not words or len(words) > TITLE_MAX:
            raise Invalid("results.title_missing", field="/title", limit=TITLE_MAX)
        checked = rules.checked_rows(rows, form, source)
        body = await self.rooms.directory.body(actor.body_id)
        signer, issuer = await self._signer(signer_post)
        async with self.units.begin(actor) as unit:
            batch = Batch(
                id=unit.new_id(),
                body_id=body.id,
                body_name=body.name,
                issuer_id=issuer.id,
                issuer_name=issuer.name,
                procedure=form.code,
                procedure_from=form.valid_from,
                title=words,
                source=source,
                signer=signer,
                author=person(actor),
                stage=Stage.DRAFT,
                work=Work.NONE,
                work_id="",
                work_by="",
                work_at=None,
                total=len(checked),
                version=1,
                created_at=unit.now,
                updated_at=unit.now,
            )
            ids = [unit.new_id() for _ in checked]
            made = [
                fresh(batch, form, one, row, n)
                for n, (one, row) in enumerate(zip(ids, checked, strict=True), start=1)
            ]
            await self.store.insert(unit, batch, made)
            await scope.grant(unit, BATCH, batch.id, _grants(batch, actor))
            unit.record(
                "results.create",
                Subject(BATCH, batch.id, body.id),
                new=batch,
                detail={"procedure": form.code, "results": len(made), "signer": signer.post_id},
            )
            return unit.answer(changed(batch))

    async def attach(self, actor: Actor, batch_id: str, *, name: str, digest: str) -> Attached:
        """Put an uploaded file to the row that names it; a second file of that name takes its place.

        Raises Forbidden, NotFound ``results.unknown_batch``, ``results.no_row_for_file``, Conflict
        ``results.busy``, Invalid ``files.not_held``.
        """
        self.access.require(actor, "results.prepare")
        batch, _ = await self.load(actor, batch_id)
        if batch.work is not Work.NONE:
            raise Conflict("results.busy")
        held = await self.files.require_held(self.units.reader, actor.body_id, [digest], fields=["/digest"])
        found = await self.store.by_file_name(self.units.reader, batch.id, name)
        if found is None or batch.source is not Source.FILES:
            raise NotFound("results.no_row_for_file", name=name)
        pages = held[digest].pages
        after = replace(found, source_digest=digest, pages=pages, problem="", problem_params={})
        async with self.units.begin(actor) as unit:
            await self.write(unit, "results.attach", found, after, digest=digest)
            return unit.answer(Attached(found.id, found.n, name, digest))

    async def drop(self, actor: Actor, result_id: str, *, version: int, reason: str) -> Ended:
        """Take a result out of its batch before it is issued; it stays in the list with the reason.

        A number that it has taken already is voided with the same reason. Raises Forbidden, NotFound
        ``results.unknown``, Conflict ``results.changed``, ``results.busy``, ``results.issued_already``.
        """
        self.access.require(actor, "results.drop")
        words = rules.checked_reason(reason)
        before = await self.load_result(actor, result_id, version)
        open_states = (State.NEW, State.MADE, State.SIGNED, State.NUMBERED)
        rules.require_state(before.state, open_states, "results.issued_already")
        batch, _ = await self.load(actor, before.batch_id)
        if batch.work is not Work.NONE:
            raise Conflict("results.busy")
        async with self.units.begin(actor) as unit:
            if before.number_id:
                await self.rooms.books.void_in(unit, before.number_id, words)
            after = replace(
                before,
                state=State.DROPPED,
                problem="",
                problem_params={},
                ended_at=unit.now,
                ended_reason=words,
                ended_by=actor.name,
            )
            written = await self.write(unit, "results.drop", before, after)
            stage = rules.stage_of(await self.store.counts(unit, batch.id))
            await self.store.set_stage(unit, batch.id, stage)
            return unit.answer(Ended(written.id, shown(written.code), written.state, written.version))

    async def signers(self, actor: Actor) -> list[Person]:
        """Return who may be named as the responsible person: posts of the body with authority, by title."""
        self.access.require(actor, "results.prepare")
        authorities = await self.rooms.directory.authorities_of(actor.body_id)
        today = self.today()
        posts = sorted({one.post_id for one in authorities if one.in_force_on(today)})
        found = []
        for post in posts:
            try:
                found.append((await self._signer(post))[0])
            except LienThongError:  # a vacant post is no choice
                continue
        return found

    async def _signer(self, post_id: str) -> tuple[Person, Body]:
        """Return the holder of a post that has authority to sign for its body, and that body."""
        posts = await self.rooms.directory.posts([post_id])
        post = posts.get(post_id)
        if post is None:
            raise Invalid("results.no_authority", field="/signer_post", post=post_id)
        authority = await self.rooms.directory.authority_for(post.id, post.body_id, self.today())
        if authority is None:
            raise Invalid("results.no_authority", field="/signer_post", post=post.title)
        holders = await self.rooms.directory.holders([post.id])
        own = sorted(holders, key=lambda one: one.kind.value == "delegated")
        names = await self.rooms.identity.names([one.account_id for one in own])
        if not own or own[0].account_id not in names:
            raise Invalid("results.post_vacant", field="/signer_post", post=post.title)
        account = own[0].account_id
        return (
            Person(account, names[account], post.id, post.title),
            await self.rooms.directory.body(post.body_id),
        )


def fresh(batch: Batch, procedure: Procedure, result_id: str, row: Row, n: int) -> Result:
    """Return a new result with a code nobody can guess."""
    return Result(
        id=result_id,
        batch_id=batch.id,
        body_id=batch.body_id,
        n=n,
        code=make_code(secrets.randbelow(SPACE)),
        state=State.NEW,
        dossier=row.dossier,
        holder=row.holder,
        fields=row.fields,
        second=rules.second_fact(row, procedure),
        file_name=row.file_name,
        source_digest="",
        made_digest="",
        signed_digest="",
        digest="",
        size_bytes=0,
        pages=0,
        signed_at=None,
        number_id="",
        number_text="",
        number_date=None,
        issued_at=None,
        sealed_by="",
        problem="",
        problem_params={},
        tried="",
        handed_at=None,
        handed_how="",
        ended_at=None,
        ended_reason="",
        ended_by="",
        replaced_by="",
        version=1,
    )


def _grants(batch: Batch, actor: Actor) -> list[Grant]:
    """Return who may see a batch: the centre's desks, the author's post, the responsible person's post."""
    grantees = [scope.role(batch.body_id, role) for role in SEES]
    grantees += [actor.post_grantee, scope.post(batch.signer.post_id)]
    return [Grant(batch.body_id, one, "results") for one in dict.fromkeys(grantees)]
