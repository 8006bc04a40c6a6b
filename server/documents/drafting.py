"""The author's side: start, save, render, place fields, ask, comment, submit, take back, withdraw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from server.documents import rules
from server.documents.commands import AddComment, Advance, AskOpinions, CreateDraft, PlaceFields, SaveVersion
from server.documents.core import KIND, Core, moved, new_document, next_version, with_version
from server.documents.model import (
    Act,
    Comment,
    Document,
    Fields,
    FileRef,
    Origin,
    Placement,
    State,
    Version,
    VersionKind,
)
from server.documents.resolving import held_files, resolve
from server.documents.views import Moved
from server.identity import scope
from server.identity.model import Grant
from server.kernel.actor import Actor
from server.kernel.errors import Conflict, Fault, Invalid
from server.registers.profiles import default_fields
from server.unit import Unit

CO_ISSUER_SHIFT_POINTS = 170
"""How far to the left the default places of each further signer lie."""


class Drafting(Core):
    """Commands of the author, and of those who are asked."""

    async def create(self, actor: Actor, command: CreateDraft) -> Moved:
        """Start a document with its first version.

        ``renews`` names a withdrawn document of the same author that it takes up again. Raises Forbidden;
        Refused ``files.state_secret``; Invalid naming every fault of fields and files; NotFound
        ``documents.unknown``, Conflict ``documents.not_withdrawn`` (renews).
        """
        self.access.require(actor, "documents.draft")
        async with self.answered_before(actor):
            fields, body = await resolve(self, actor, command.fields)
            main, attachments = await held_files(
                self, self.units.reader, actor.body_id, command.main, command.attachments
            )
            office, form_role = await self.office_of(body)
            if command.renews:
                old = await self.load(actor, command.renews)
                if old.state is not State.WITHDRAWN:
                    raise Conflict("documents.not_withdrawn", state=old.state.value)
        async with self.units.begin(actor) as unit:
            fresh = new_document(unit, fields, office=office, form_role=form_role, origin=Origin.DRAFTED)
            fresh = replace(fresh, renews=command.renews)
            document, version = self._write_version(unit, fresh, fields, main, attachments, command.note)
            await self.store.insert(unit, document)
            await self.store.add_version(unit, document, version)
            await scope.grant(unit, KIND, fresh.id, [Grant(actor.body_id, actor.post_grantee, "author")])
            if fields.restricted:
                await scope.restrict(unit, KIND, fresh.id, restricted=True)
            await self.store.add_step(unit, document, document, Act.CREATE, command.note)
            self.record(unit, Act.CREATE, None, document)
            return unit.answer(moved(document))

    async def save_version(self, actor: Actor, document_id: str, command: SaveVersion) -> Moved:
        """Save the next version: a whole, fields and files; older versions stay as they are.

        Raises as ``create``; NotFound; Conflict ``documents.changed``, ``documents.not_now``; Forbidden
        ``documents.author_only``.
        """
        self.access.require(actor, "documents.draft")
        async with self.answered_before(actor):
            before = await self.begin_act(actor, document_id, command.version, Act.SAVE)
            fields, body = await resolve(self, actor, command.fields)
            main, attachments = await held_files(
                self, self.units.reader, actor.body_id, command.main, command.attachments
            )
            office, form_role = await self.office_of(body)
            async with self.units.begin(actor) as unit:
                base = replace(
                    before, body_id=body.id, office_body=office, form_role=form_role, fields=fields
                )
                changed, version = self._write_version(unit, base, fields, main, attachments, command.note)
                after = await self.move(unit, before, Act.SAVE, reason=command.note, changed=changed)
                await self.store.add_version(unit, after, version)
                if fields.restricted != before.fields.restricted:
                    await scope.restrict(unit, KIND, after.id, restricted=fields.restricted)
                return unit.answer(moved(after))

    async def place_fields(self, actor: Actor, document_id: str, command: PlaceFields) -> Moved:
        """Put the fields for number, date, signatures and seals on the pages of an uploaded PDF.

        The places of a rendered document are the typesetter's and are placed again the same way. Raises
        NotFound, Forbidden, Conflict; Conflict ``documents.no_file``; Invalid ``documents.place_*``.
        """
        self.access.require(actor, "documents.draft")
        async with self.answered_before(actor):
            before = await self.begin_act(actor, document_id, command.version, Act.PLACE)
            newest = await self.store.newest_version(self.units.reader, before.id)
            if newest.main is None:
                raise Conflict("documents.no_file")
            flow = before.flow
            faults = rules.check_placements(
                command.placements, newest.main.pages, len(flow.signers), len(flow.sealers)
            )
            if faults:
                raise Invalid.of(faults)
            async with self.units.begin(actor) as unit:
                version = next_version(
                    unit,
                    before,
                    newest.kind,
                    newest.main,
                    attachments=newest.attachments,
                    placements=command.placements,
                )
                after = await self.move(unit, before, Act.PLACE, changed=with_version(before, version))
                await self.store.add_version(unit, after, version)
                return unit.answer(moved(after))

    async def ask_opinions(self, actor: Actor, document_id: str, command: AskOpinions) -> Moved:
        """Ask posts for their opinion: each gets to see the document and a notice.

        Raises NotFound, Forbidden, Conflict; Invalid ``documents.post_vacant`` for each post nobody holds,
        ``documents.due_past``.
        """
        self.access.require(actor, "documents.comment")
        async with self.answered_before(actor):
            before = await self.begin_act(actor, document_id, command.version, Act.ASK)
            holders = {holder.post_id: holder for holder in await self.directory.holders(list(command.posts))}
            faults = [
                Fault("documents.post_vacant", f"/posts/{index}", {"post": post_id})
                for index, post_id in enumerate(command.posts)
                if post_id not in holders
            ]
            if command.due_date is not None and command.due_date < self.today():
                faults.append(Fault("documents.due_past", "/due_date"))
            if faults:
                raise Invalid.of(faults)
            asked = [holders[post_id] for post_id in dict.fromkeys(command.posts)]
            async with self.units.begin(actor) as unit:
                after = await self.move(unit, before, Act.ASK, reason=command.question)
                posts = [(holder.post_id, holder.post_title) for holder in asked]
                await self.store.add_requests(unit, after.id, posts, command.question, command.due_date)
                await scope.grant(
                    unit,
                    KIND,
                    after.id,
                    [Grant(holder.body_id, scope.post(holder.post_id), "opinion") for holder in asked],
                )
                grantees = tuple(scope.post(holder.post_id) for holder in asked)
                self.notify(unit, after, "documents.opinion_asked", grantees)
                return unit.answer(moved(after))

    async def comment(self, actor: Actor, document_id: str, command: AddComment) -> Comment:
        """Give an opinion on the newest version; it stays for ever and changes nothing else.

        Answers every request for an opinion of the actor's post. Raises NotFound, Forbidden; Conflict
        ``documents.not_now`` once it is signed.
        """
        self.access.require(actor, "documents.comment")
        words = command.text.strip()
        if not words:
            raise Invalid("documents.comment_missing", field="/text")
        async with self.answered_before(actor):
            document = await self.begin_act(actor, document_id, None, Act.COMMENT)
        async with self.units.begin(actor) as unit:
            comment = await self.store.add_comment(unit, document, words, command.stance)
            self.record(unit, Act.COMMENT, document, document)
            if actor.post_id != document.author_post:
                grantees = (scope.post(document.author_post),)
                self.notify(unit, document, "documents.opinion_given", grantees)
            return unit.answer(comment)

    async def submit(self, actor: Actor, document_id: str, command: Advance) -> Moved:
        """Submit a draft: it goes to the check of form.

        Everything that would stop it later is told now. Raises NotFound, Forbidden, Conflict; Invalid naming
        all of ``documents.no_file``, ``documents.signer_missing``, ``documents.no_authority``,
        ``documents.post_vacant``, closed recipients, ``documents.place_*``.
        """
        self.access.require(actor, "documents.submit")
        async with self.answered_before(actor):
            before = await self.begin_act(actor, document_id, command.version, Act.SUBMIT)
            await self._require_ready(before)
            async with self.units.begin(actor) as unit:
                reason = rules.require_reason(before.flow, Act.SUBMIT, command.reason)
                return unit.answer(moved(await self.move(unit, before, Act.SUBMIT, reason=reason)))

    async def take_back(self, actor: Actor, document_id: str, command: Advance) -> Moved:
        """Take a submitted document back to mend it, with a reason, as long as nobody has signed."""
        return await self._end_or_back(actor, document_id, command, Act.TAKE_BACK)

    async def withdraw(self, actor: Actor, document_id: str, command: Advance) -> Moved:
        """Give a document up, with a reason, as long as nobody has signed. It stays readable."""
        return await self._end_or_back(actor, document_id, command, Act.WITHDRAW)

    async def _end_or_back(self, actor: Actor, document_id: str, command: Advance, act: Act) -> Moved:
        self.access.require(actor, "documents.withdraw")
        async with self.answered_before(actor):
            before = await self.begin_act(actor, document_id, command.version, act)
            reason = rules.require_reason(before.flow, act, command.reason)
            async with self.units.begin(actor) as unit:
                return unit.answer(moved(await self.move(unit, before, act, reason=reason)))

    def _write_version(
        self,
        unit: Unit,
        base: Document,
        fields: Fields,
        main: FileRef | None,
        attachments: tuple[FileRef, ...],
        note: str,
    ) -> tuple[Document, Version]:
        kind = VersionKind.TEXT if main is None else VersionKind.UPLOADED
        placements = () if main is None else self._default_places(fields, main)
        version = next_version(
            unit, base, kind, main, attachments=attachments, placements=placements, note=note
        )
        return with_version(base, version, fields), version

    def _default_places(self, fields: Fields, main: FileRef) -> tuple[Placement, ...]:
        """Return the profile's places for an uploaded file; each further signer's lie to the left."""
        profile = self.profiles.on(fields.profile, self.today())
        places = default_fields(profile, max(main.pages, 1))
        return places + co_places(places, len(fields.co_issuers))

    async def _require_ready(self, document: Document) -> None:
        """Raise Invalid that names everything that would stop the document on its way."""
        fields, flow, today = document.fields, document.flow, self.today()
        faults: list[Fault] = []
        newest = await self.store.newest_version(self.units.reader, document.id)
        if newest.main is None:
            faults.append(Fault("documents.no_file"))
        else:
            faults += rules.check_placements(
                newest.placements, newest.main.pages, len(flow.signers), len(flow.sealers)
            )
        if not fields.signer.id:
            faults.append(Fault("documents.signer_missing"))
        signers = [(fields.body, fields.signer), *((co.body, co.signer) for co in fields.co_issuers)]
        for body, post in signers:
            if post.id and await self.directory.authority_for(post.id, body.id, today) is None:
                faults.append(Fault("documents.no_authority", "", {"post": post.name, "body": body.name}))
        posts = [post for post in (*fields.chain, *(post for _, post in signers)) if post.id]
        held = {holder.post_id for holder in await self.directory.holders([post.id for post in posts])}
        for post in posts:
            if post.id not in held:
                faults.append(Fault("documents.post_vacant", "", {"post": post.name}))
        if fields.recipients:
            try:
                await self.directory.check_recipients([body.id for body in fields.recipients], today)
            except Invalid as error:
                faults += error.faults
        faults += await self.gate_faults(document)
        if faults:
            raise Invalid.of(faults)


def co_places(places: Sequence[Placement], co_issuers: int) -> tuple[Placement, ...]:
    """Return the places of signature and seal of the co-issuers: to the left of the lead body's."""
    found = []
    for place in places:
        if place.kind.value in ("signature", "seal"):
            for index in range(1, co_issuers + 1):
                x = max(0.0, round(place.x - index * CO_ISSUER_SHIFT_POINTS, 2))
                found.append(
                    Placement(
                        kind=place.kind,
                        page=place.page,
                        x=x,
                        y=place.y,
                        w=place.w,
                        h=place.h,
                        index=index,
                        size=place.size,
                        italic=place.italic,
                    )
                )
    return tuple(found)
