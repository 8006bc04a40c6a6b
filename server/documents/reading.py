"""Reading: lists, one document, its timeline, one version, figures, files. One statement each."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from server.documents import rules
from server.documents.core import KIND, Core
from server.documents.model import Act, Document, State, Step
from server.documents.states import ListKind
from server.documents.views import Counts, DocumentRow, DocumentView, Turn, VersionView
from server.files.model import FileView
from server.kernel.actor import Actor
from server.kernel.errors import NotFound
from server.kernel.page import Page, PageRequest
from server.kernel.record import Subject

PERMISSION = {
    Act.SAVE: "documents.draft",
    Act.PLACE: "documents.draft",
    Act.ASK: "documents.comment",
    Act.COMMENT: "documents.comment",
    Act.SUBMIT: "documents.submit",
    Act.PASS_FORM: "documents.check_form",
    Act.RETURN_FORM: "documents.check_form",
    Act.APPROVE: "documents.approve",
    Act.SEND_BACK: "documents.return",
    Act.TAKE_BACK: "documents.withdraw",
    Act.PREPARE: "documents.sign",
    Act.APPROVE_TO_SIGN: "documents.sign",
    Act.SIGN: "documents.sign",
    Act.TAKE_NUMBER: "documents.number",
    Act.FILL_NUMBER: "documents.number",
    Act.SEAL_ATTACHMENT: "documents.seal",
    Act.SEAL: "documents.seal",
    Act.ISSUE: "documents.issue",
    Act.REJECT: "documents.return",
    Act.WITHDRAW: "documents.withdraw",
}
"""Which permission each act of the table needs."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What part of the documents is wanted."""

    kind: ListKind = "all"
    """all; waiting = for my act; mine = drafted by my post; asked = my opinion is wanted;
    approved = I approved as the signer and have still to sign."""
    states: tuple[State, ...] = ()
    """States; empty = every state."""
    q: str = ""
    """Words of subject, type or number, without marks and case; "" = all."""


class Reading(Core):
    """Queries. Need to know is a predicate in each statement."""

    async def list(self, actor: Actor, wanted: Filter, page: PageRequest) -> Page[DocumentRow]:
        """Return one part of a list, last changed first. Raises Forbidden, Invalid ``documents.cursor``."""
        self.access.require(actor, "documents.read")
        return await self.store.rows(
            self.units.reader,
            wanted.kind,
            self.scope_of(actor),
            post_id=actor.post_id,
            states=wanted.states,
            q=wanted.q,
            page=page,
        )

    async def get(self, actor: Actor, document_id: str) -> DocumentView:
        """Return a document with versions, steps, requests and comments.

        Raises Forbidden; NotFound ``documents.unknown`` also when the actor may not see it.
        """
        self.access.require(actor, "documents.read")
        row = await self.store.view(self.units.reader, document_id, self.scope_of(actor))
        if row is None:
            raise NotFound("documents.unknown")
        document = row.document
        await self._note_supervisor(actor, document)
        return DocumentView(
            document=document,
            turn=turn_of(document, actor),
            acts=self.acts(actor, document),
            versions=row.versions,
            steps=row.steps,
            requests=row.requests,
            comments=row.comments,
        )

    async def events(self, actor: Actor, document_id: str, page: PageRequest) -> Page[Step]:
        """Return the timeline, oldest first. Raises NotFound ``documents.unknown``.

        Every document was at least begun, so an empty first part means that there is none for the actor.
        """
        self.access.require(actor, "documents.read")
        steps = await self.store.steps(self.units.reader, document_id, self.scope_of(actor), page)
        if not steps.items and not page.after:
            raise NotFound("documents.unknown", id=document_id)
        return steps

    async def version(self, actor: Actor, document_id: str, n: int) -> VersionView:
        """Return one version with its fields as they were. Raises NotFound ``documents.version_unknown``."""
        self.access.require(actor, "documents.read")
        found = await self.store.version(self.units.reader, document_id, n, self.scope_of(actor))
        if found is None:
            raise NotFound("documents.version_unknown", n=n)
        if actor.mandate_id:
            await self._note_supervisor(actor, await self.load(actor, document_id))
        return VersionView(*found)

    async def counts(self, actor: Actor) -> Counts:
        """Return the figures of the home page of the actor's post."""
        self.access.require(actor, "documents.read")
        waiting: dict[State, int] = {}
        mine: dict[State, int] = {}
        asked = 0
        for row in await self.store.counts(self.units.reader, self.scope_of(actor), actor.post_id):
            if row.what == "waiting":
                waiting[row.state] = row.n
            elif row.what == "mine":
                mine[row.state] = row.n
            else:
                asked = row.n
        return Counts(waiting, mine, asked)

    async def replies_to(self, actor: Actor, arrival_id: str) -> Sequence[DocumentRow]:
        """Return the documents that answer an arrival, as far as the actor may see them."""
        self.access.require(actor, "documents.read")
        return await self.store.replies_to(self.units.reader, arrival_id, self.scope_of(actor))

    async def open_file(self, actor: Actor, document_id: str, digest: str) -> FileView:
        """Open a file of any version of a document for reading; a supervisor's view is audited.

        Raises Forbidden; NotFound ``documents.file_unknown``.
        """
        self.access.require(actor, "documents.read")
        row = await self.store.file(self.units.reader, document_id, digest, self.scope_of(actor))
        if row is None:
            raise NotFound("documents.file_unknown")
        files = ((row.main,) if row.main else ()) + row.attachments
        name = next((file.name for file in files if file.digest == digest), None)
        if name is None:
            raise NotFound("documents.file_unknown")
        return await self.files.open(actor, Subject(KIND, row.id, row.body_id), digest, name)

    def acts(self, actor: Actor, document: Document) -> tuple[Act, ...]:
        """Return what the actor may do now: by the state table, the turn and the permission table."""
        return tuple(
            act for act in rules.acts_for(document.flow, actor) if self.access.allows(actor, PERMISSION[act])
        )

    async def _note_supervisor(self, actor: Actor, document: Document) -> None:
        """Leave an audit entry of a supervisor's view of content."""
        if actor.mandate_id:
            async with self.units.begin(actor) as unit:
                unit.record(
                    "identity.supervised_view",
                    Subject(KIND, document.id, document.body_id),
                    detail={"mandate": actor.mandate_id, "version": document.current_n},
                )


def turn_of(document: Document, actor: Actor) -> Turn:
    """Return whose turn it is, as shown."""
    kind, _, rest = document.turn.partition(":")
    mine = rules.holds_turn(document.flow, actor)
    if kind == "role":
        return Turn(document.turn, "", rest.rpartition(":")[2], mine)
    fields = document.fields
    titles = {document.author_post: document.author_title, fields.signer.id: fields.signer.name}
    titles |= {post.id: post.name for post in fields.chain}
    titles |= {co.signer.id: co.signer.name for co in fields.co_issuers}
    if fields.clerk is not None:
        titles[fields.clerk.id] = fields.clerk.name
    return Turn(document.turn, titles.get(rest, ""), "", mine)
