"""Writing a document: a new draft, the next version, a PDF of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from server.documents.commands import CoIssuerInput, CreateDraft, FieldsInput, FileInput, SaveVersion
from server.documents.model import EDITABLE, Fields, FileRef, Urgency
from server.documents.views import Moved
from server.files.model import Secrecy, StoredFile
from server.kernel.actor import Actor, Role
from server.kernel.errors import Conflict, LienThongError
from server.organisations.model import Body as Organisation
from server.render.model import Block, Paragraph, Run
from web import uploads
from web.links import address
from web.pages.documents import ONE
from web.pages.shared import lines, once
from web.people import Person, posts_held
from web.routes import Body, Call, Html, NoBody, NoQuery, Query, Redirect, Route
from web.schema import form as parse_form

NEW = "/du-thao/moi"
APPROVERS = (Role.HEAD_OF_UNIT, Role.CHIEF_OF_OFFICE, Role.LEADER)
CHAIN_PLACES = 3
Id = Annotated[str, Meta(max_length=200)]
Lines = Annotated[str, Meta(max_length=20000)]


class NewQuery(Query):
    """What the draft starts from."""

    don_vi: Id = ""
    """Body that issues; "" = one's own."""
    tra_loi: Id = ""
    """Arrival it answers."""


class DraftForm(Body):
    """Everything about a document that is not a file."""

    body_id: Annotated[str, Meta(min_length=1, max_length=200)]
    type_code: Annotated[str, Meta(min_length=1, max_length=40)]
    subject: Annotated[str, Meta(min_length=1, max_length=500)]
    secrecy: Secrecy
    urgency: Urgency = Urgency.NORMAL
    restricted: bool = False
    legal_basis: Lines = ""
    addressees: Lines = ""
    text: Annotated[str, Meta(max_length=200_000)] = ""
    keep_text: bool = False
    signer_post: Id = ""
    chain_1: Id = ""
    chain_2: Id = ""
    chain_3: Id = ""
    recipients: Annotated[list[Id], Meta(max_length=2000)] = msgspec.field(default_factory=list)
    outside: Lines = ""
    clerk_post: Id = ""
    reply_to: Id = ""
    note: Annotated[str, Meta(max_length=2000)] = ""
    version: Annotated[int, Meta(ge=0, le=2**53)] = 0
    then: Literal["stay", "render", "upload"] = "stay"


async def new(call: Call[NoBody, NewQuery]) -> Html:
    """Show an empty draft."""
    query = call.query if isinstance(call.query, NewQuery) else NewQuery()
    typed_body = call.typed.get("body_id", [""])[-1]
    body_id = typed_body or query.don_vi or call.actor.body_id
    reply_to = query.tra_loi or call.typed.get("reply_to", [""])[-1]
    context = await _context(call, body_id, reply_to=reply_to)
    context["bodies"] = [
        (body, address(NEW, query, don_vi=body.id)) for body in await _issuers(call, call.actor.body_id)
    ]
    return Html("documents/edit.html", context)


async def create(call: Call[DraftForm, NoQuery]) -> Redirect:
    """Start the document; its PDF may be set in the same act."""
    body = call.body
    command = CreateDraft(fields=fields_of(body, ()), note=body.note)
    moved = await once(call.services.documents.create(call.actor, command), Moved)
    return await _then(call, moved.id, moved.version, body.then)


async def edit(call: Call[NoBody, NoQuery]) -> Html:
    """Show the newest version as a form."""
    view = await call.services.documents.get(call.actor, call.path["document_id"])
    document = view.document
    if document.state not in EDITABLE:
        raise Conflict("documents.not_editable", state=document.state)
    context = await _context(call, document.body_id, document.fields, reply_to=document.fields.reply_to)
    return Html(
        "documents/edit.html", {**context, "place_path": "/du-thao", "document": document, "bodies": []}
    )


async def save(call: Call[DraftForm, NoQuery]) -> Redirect:
    """Save the next version; files stay unless the text changed and is set anew."""
    body = call.body
    document_id = call.path["document_id"]
    view = await call.services.documents.get(call.actor, document_id)
    old = view.document.fields
    rendered = view.current.kind == "rendered"
    main = None if rendered or view.current.main is None else _file(view.current.main)
    command = SaveVersion(
        fields=fields_of(body, old.blocks if body.keep_text else (), old),
        main=main,
        attachments=tuple(_file(item) for item in view.current.attachments),
        note=body.note,
        version=body.version,
    )
    moved = await once(call.services.documents.save_version(call.actor, document_id, command), Moved)
    return await _then(call, document_id, moved.version, body.then)


async def upload_page(call: Call[NoBody, NoQuery]) -> Html:
    """Show the form for a PDF of one's own."""
    view = await call.services.documents.get(call.actor, call.path["document_id"])
    return Html(
        "documents/upload.html",
        {"place_path": "/du-thao", "document": view.document, "current": view.current},
    )


class UploadForm(Body):
    """What stands before the file."""

    version: Annotated[int, Meta(ge=1, le=2**53)]
    secrecy: Secrecy
    part: Literal["main", "attachment"] = "main"
    note: Annotated[str, Meta(max_length=2000)] = ""


async def upload(call: Call[NoBody, NoQuery]) -> Redirect:
    """Take a PDF in and make it the main file of the next version, or one more attachment."""
    sent = await uploads.read(call)
    form = parse_form(sent.fields, UploadForm)
    document_id = call.path["document_id"]
    view = await call.services.documents.get(call.actor, document_id)
    if view.document.state not in EDITABLE:
        raise Conflict("documents.not_editable", state=view.document.state)
    stored: StoredFile = await call.services.files.receive(
        call.actor, sent.chunks, name=sent.name, secrecy=form.secrecy.value
    )
    here = FileInput(digest=stored.digest, name=stored.name)
    attachments = tuple(_file(item) for item in view.current.attachments)
    main = None if view.current.main is None else _file(view.current.main)
    command = SaveVersion(
        fields=fields_again(view.document.fields),
        main=here if form.part == "main" else main,
        attachments=attachments if form.part == "main" else (*attachments, here),
        note=form.note,
        version=form.version,
    )
    await call.services.documents.save_version(call.actor, document_id, command)
    return Redirect(f"/van-ban/{document_id}", notice="document.did.upload")


def fields_of(body: DraftForm, blocks: Sequence[Block], old: Fields | None = None) -> FieldsInput:
    """Return a form as the fields of a draft."""
    return FieldsInput(
        body_id=body.body_id,
        type_code=body.type_code,
        subject=body.subject,
        secrecy=body.secrecy,
        urgency=body.urgency,
        restricted=body.restricted,
        recipients=tuple(dict.fromkeys(body.recipients)),
        outside=lines(body.outside),
        legal_basis=lines(body.legal_basis),
        addressees=lines(body.addressees),
        blocks=tuple(blocks) or paragraphs(body.text),
        reply_to=body.reply_to,
        signer_post=body.signer_post,
        chain=tuple(dict.fromkeys(post for post in (body.chain_1, body.chain_2, body.chain_3) if post)),
        co_issuers=_co_issuers(old) if old else (),
        clerk_post=body.clerk_post,
    )


def fields_again(fields: Fields) -> FieldsInput:
    """Return the fields of a version as they are sent again with another file."""
    return FieldsInput(
        body_id=fields.body.id,
        type_code=fields.type_code,
        subject=fields.subject,
        secrecy=Secrecy.NONE,
        urgency=fields.urgency,
        restricted=fields.restricted,
        recipients=tuple(item.id for item in fields.recipients),
        outside=fields.outside,
        legal_basis=fields.legal_basis,
        addressees=fields.addressees,
        blocks=fields.blocks,
        reply_to=fields.reply_to,
        signer_post=fields.signer.id,
        chain=tuple(item.id for item in fields.chain),
        co_issuers=_co_issuers(fields),
        clerk_post=fields.clerk.id if fields.clerk else "",
    )


def paragraphs(text: str) -> tuple[Block, ...]:
    """Return typed text as paragraphs: each line is one."""
    return tuple(Paragraph(runs=(Run(text=line),)) for line in lines(text))


def typed_text(blocks: Sequence[Block]) -> str | None:
    """Return paragraphs as text; None when there is more than plain paragraphs (kept as they are then)."""
    result: list[str] = []
    for block in blocks:
        if not isinstance(block, Paragraph) or any(run.bold or run.italic for run in block.runs):
            return None
        result.append("".join(run.text for run in block.runs))
    return "\n".join(result)


def _co_issuers(fields: Fields) -> tuple[CoIssuerInput, ...]:
    return tuple(
        CoIssuerInput(body_id=item.body.id, signer_post=item.signer.id) for item in fields.co_issuers
    )


def _file(file: FileRef) -> FileInput:
    return FileInput(digest=file.digest, name=file.name)


def _fresh(actor: Actor) -> Actor:
    """Return the actor without the Idempotency-Key: the key belongs to the first act of a form."""
    return replace(actor, request=replace(actor.request, once=None))


async def _then(call: Call[DraftForm, NoQuery], document_id: str, version: int, then: str) -> Redirect:
    path = f"/van-ban/{document_id}"
    if then == "upload":
        return Redirect(f"{path}/tai-len", notice="document.did.save")
    if then == "render":
        try:
            await call.services.documents.render(_fresh(call.actor), document_id, version=version)
        except LienThongError:
            return Redirect(path, notice="document.did.save_not_rendered")
        return Redirect(path, notice="document.did.render")
    return Redirect(path, notice="document.did.save")


async def _issuers(call: Call[NoBody, NewQuery], body_id: str) -> list[Organisation]:
    organisations = call.services.organisations
    return [await organisations.body(body_id), *await organisations.kept_by(body_id)]


async def _context(
    call: Call[NoBody, NewQuery] | Call[NoBody, NoQuery],
    body_id: str,
    fields: Fields | None = None,
    *,
    reply_to: str = "",
) -> dict[str, object]:
    """Return what the form offers: types of the body's profile, who may sign, who approves, to whom."""
    services = call.services
    organisations = services.organisations
    body = await organisations.body(body_id)
    today = organisations.today()
    profile = services.registers.profiles.on(body.profile, today)
    people = await posts_held(organisations, [call.actor.body_id, body_id])
    signing = {
        item.post_id for item in await organisations.authorities_of(body_id) if item.in_force_on(today)
    }
    arrival = None
    if reply_to:
        arrival = await services.circulation.arrival(call.actor, reply_to)
    text = typed_text(fields.blocks) if fields else ""
    chosen = [item.id for item in fields.recipients] if fields else []
    if arrival is not None and not chosen and arrival.from_body:
        chosen = [arrival.from_body]
    return {
        "body": body,
        "fields": fields,
        "types": [(item.code, item.name) for item in profile.types if not item.copy],
        "signers": [(post.id, _label(person)) for person in people if (post := person[0]).id in signing],
        "approvers": [(person[0].id, _label(person)) for person in people if person[0].role in APPROVERS],
        "clerks": [
            (person[0].id, _label(person)) for person in people if person[0].role is Role.RECORDS_CLERK
        ],
        "tree": await organisations.tree(),
        "chosen": chosen,
        "chain": ([item.id for item in fields.chain] if fields else []) + [""] * CHAIN_PLACES,
        "text": text,
        "reply": arrival,
        "document": None,
        "today": today,
    }


def _label(person: Person) -> str:
    return person[0].title


PAGES = [
    Route("GET", NEW, "pages.draft_new", new, "documents.draft", "New draft", query=NewQuery, page=True),
    Route(
        "POST",
        NEW,
        "pages.draft_create",
        create,
        "documents.draft",
        "Create",
        DraftForm,
        page=True,
        again=new,
    ),
    Route("GET", ONE + "/sua", "pages.draft_edit", edit, "documents.draft", "Edit", page=True),
    Route(
        "POST",
        ONE + "/sua",
        "pages.draft_save",
        save,
        "documents.draft",
        "Save",
        DraftForm,
        page=True,
        again=edit,
    ),
    Route("GET", ONE + "/tai-len", "pages.upload_form", upload_page, "documents.draft", "Upload", page=True),
    Route(
        "POST",
        ONE + "/tai-len",
        "pages.upload",
        upload,
        "documents.draft",
        "Upload a PDF",
        upload=True,
        media=("multipart/form-data",),
        page=True,
        again=upload_page,
    ),
]
