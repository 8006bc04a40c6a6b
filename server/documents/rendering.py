"""From the fields to a PDF in the form of the body's profile."""

from __future__ import annotations

from server.documents.core import Core, moved, next_version, with_version
from server.documents.model import Act, Document, FileRef, VersionKind
from server.documents.views import Moved
from server.files.rules import clean_name
from server.kernel.actor import Actor
from server.kernel.errors import Fault, Invalid
from server.organisations.model import Authority
from server.registers.forms import Facts, Heading, Signer, document_form
from server.render.model import DocumentForm, Paragraph, Run

NAME_LETTERS_MAX = 120
"""Letters of the subject that go into the name of a rendered file."""


class Rendering(Core):
    """Command that sets the author's text."""

    async def render(self, actor: Actor, document_id: str, *, version: int) -> Moved:
        """Set the text of the newest version in the body's form; the PDF becomes the next version.

        Places for number, date, signatures and seals come from the typesetter. Nothing is held while it
        works. Raises NotFound, Forbidden, Conflict; Invalid ``documents.text_missing``,
        ``documents.signer_missing``, ``documents.no_authority``, ``render.failed``; Unavailable.
        """
        self.access.require(actor, "documents.draft")
        async with self.answered_before(actor):
            before = await self.begin_act(actor, document_id, version, Act.SAVE)
            form = await self._form(before)
            newest = await self.store.newest_version(self.units.reader, before.id)
            rendered = await self.renderer.document(form, at=self.units.now())
            name = file_name(before)
            made = await self.files.store_bytes(rendered.pdf, pages=rendered.pages, name=name)
            async with self.units.begin(actor) as unit:
                held = await self.files.keep(unit, made, actor.body_id)
                next_one = next_version(
                    unit,
                    before,
                    VersionKind.RENDERED,
                    FileRef(held.digest, name, held.size_bytes, rendered.pages),
                    attachments=newest.attachments,
                    placements=rendered.fields,
                )
                after = await self.move(unit, before, Act.SAVE, changed=with_version(before, next_one))
                await self.store.add_version(unit, after, next_one)
                return unit.answer(moved(after))

    async def _form(self, document: Document) -> DocumentForm:
        fields, today = document.fields, self.today()
        if not fields.blocks:
            raise Invalid("documents.text_missing", field="/fields/blocks")
        body = await self.directory.body(fields.body.id)
        signers = await self._signers(document)
        profile = self.profiles.on(fields.profile, today)
        recipients = [*(named.name for named in fields.recipients), *fields.outside]
        letter = profile.type_of(fields.type_code).letter
        addressees = list(fields.addressees or recipients) if letter else list(fields.addressees)
        facts = Facts(
            type_code=fields.type_code,
            subject=fields.subject,
            blocks=(*_basis(fields.legal_basis), *fields.blocks),
            signers=signers,
            # A letter's addressees stand above the text: below it they are "Như trên".
            recipients=["Như trên"] if letter and not fields.addressees else recipients,
            addressees=addressees,
            urgency=fields.urgency.value,
            year=today.year,
        )
        heading = Heading(
            body=body.name,
            abbreviation=body.abbreviation,
            place=body.place,
            superior=body.superior_name,
            unit=fields.unit,
        )
        return document_form(profile, heading, facts)

    async def _signers(self, document: Document) -> list[Signer]:
        fields = document.fields
        pairs = [(fields.body, fields.signer), *((co.body, co.signer) for co in fields.co_issuers)]
        if not fields.signer.id:
            raise Invalid("documents.signer_missing", field="/fields/signer_post")
        holders = await self.directory.holders([post.id for _, post in pairs])
        accounts = {holder.post_id: holder.account_id for holder in reversed(holders)}
        names = await self.names.names(sorted(set(accounts.values())))
        signers, faults = [], []
        for body, post in pairs:
            authority = await self.directory.authority_for(post.id, body.id, self.today())
            name = names.get(accounts.get(post.id, ""), "")
            if authority is None:
                faults.append(Fault("documents.no_authority", "", {"post": post.name, "body": body.name}))
            elif not name:
                faults.append(Fault("documents.post_vacant", "", {"post": post.name}))
            else:
                signers.append(_signer(name, post.name, authority))
        if faults:
            raise Invalid.of(faults)
        return signers


def _signer(name: str, title: str, authority: Authority) -> Signer:
    # Always with a place for a seal: a body without one of its own is sealed by the office that serves it.
    return Signer(
        name=name,
        own_title=authority.own_title or title,
        mode=authority.mode.value,
        for_title=authority.for_title,
    )


def _basis(lines: tuple[str, ...]) -> tuple[Paragraph, ...]:
    """Return the legal basis (căn cứ) as it stands above the text: italic, one paragraph each."""
    return tuple(Paragraph(runs=(Run(text=line, italic=True),)) for line in lines)


def file_name(document: Document) -> str:
    """Return the name of a file made for a document: type and subject."""
    fields = document.fields
    return clean_name(f"{fields.type_name} {fields.subject[:NAME_LETTERS_MAX]}".replace("/", "-") + ".pdf")


def numbered_name(document: Document) -> str:
    """Return the name of the issued file: number and notation first."""
    return clean_name(f"{document.number_text} {file_name(document)}".replace("/", "-"))
