"""From what a caller sent to the fields of a document: every name looked up, all faults told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from server.documents import rules
from server.documents.commands import FieldsInput, FileInput
from server.documents.core import Core, serves
from server.documents.model import CoIssuer, Fields, FileRef, Named
from server.files import rules as file_rules
from server.files.model import HeldFile
from server.kernel.actor import Actor, Role
from server.kernel.errors import Fault, Invalid, LienThongError, NotFound
from server.organisations.model import Body, Holder
from storage.sql.protocol import Reader

NOBODY = Named("", "")
"""A post that is not named yet."""


@dataclass(slots=True)
class Faults:
    """Collects what is wrong, so that the caller hears everything at once."""

    at: str
    """Pointer of the fields in the request: ``/fields``, or "" when they stand at the top."""
    found: list[Fault] = field(default_factory=list)

    def add(self, code: str, where: str, **params: str | int) -> None:
        """Add one fault at a pointer under the fields."""
        self.found.append(Fault(code, self.at + where, params))

    def take(self, error: LienThongError, where: str) -> None:
        """Add the faults of an error raised below."""
        for fault in error.faults:
            pointer = fault.field if fault.field.startswith("/") else where
            self.found.append(replace(fault, field=self.at + pointer))

    def done(self) -> None:
        """Raise Invalid that names all faults, if there are any."""
        if self.found:
            raise Invalid.of(self.found)


async def resolve(
    core: Core, actor: Actor, given: FieldsInput, *, at: str = "/fields"
) -> tuple[Fields, Body]:
    """Return the fields with every name written down, and the issuing body.

    Raises Refused ``files.state_secret``; Invalid naming all of: ``documents.other_body``,
    ``documents.subject_missing``,
    ``organisations.*`` for closed or unknown recipients, ``registers.type_unknown``,
    ``documents.post_vacant``, ``documents.chain_outside``, ``documents.chain_twice``,
    ``documents.signer_in_chain``, ``documents.signer_twice``, ``documents.co_issuer_twice``,
    ``documents.clerk_missing``.
    """
    await core.files.require_not_secret(actor, given.secrecy)
    today = core.today()
    faults = Faults(at)
    body = await _body(core, given.body_id, "/body_id", faults)
    if body is None:
        raise Invalid.of(faults.found)
    if not serves(actor, body):
        faults.add("documents.other_body", "/body_id", body=body.name)
    subject = " ".join(given.subject.split())
    if not subject:
        faults.add("documents.subject_missing", "/subject")
    type_name = _type_name(core, body, given.type_code, today, faults)
    recipients = await _recipients(core, given.recipients, today, faults)
    posts = await _posts(core, given)
    co_issuers = await _co_issuers(core, given, body, posts, faults)
    chain = tuple(
        Named(post_id, _title(posts, post_id, f"/chain/{index}", faults))
        for index, post_id in enumerate(given.chain)
    )
    _check_chain(given, body, actor, posts, co_issuers, faults)
    signer = _named(posts, given.signer_post, "/signer_post", faults)
    clerk = _clerk(given, body, posts, faults)
    faults.done()
    fields = Fields(
        body=Named(body.id, body.name),
        profile=body.profile,
        type_code=given.type_code,
        type_name=type_name,
        subject=subject,
        urgency=given.urgency,
        restricted=given.restricted,
        recipients=recipients,
        outside=_lines(given.outside),
        legal_basis=_lines(given.legal_basis),
        blocks=given.blocks,
        addressees=_lines(given.addressees),
        unit=await _unit_letters(core, actor, body),
        reply_to=given.reply_to,
        signer=signer,
        chain=chain,
        co_issuers=co_issuers,
        clerk=clerk,
    )
    return fields, body


async def held_files(
    core: Core,
    tx: Reader,
    body_id: str,
    main: FileInput | None,
    attachments: Sequence[FileInput],
) -> tuple[FileRef | None, tuple[FileRef, ...]]:
    """Return the files of a version; one statement.

    Raises Invalid with ``files.not_held`` for each file that the body does not hold, or
    ``documents.file_twice``.
    """
    given = [(item, f"/attachments/{index}") for index, item in enumerate(attachments)]
    if main is not None:
        given.insert(0, (main, "/main"))
    digests = [item.digest for item, _ in given]
    twice = [
        Fault("documents.file_twice", where)
        for index, (item, where) in enumerate(given)
        if item.digest in digests[:index]
    ]
    if twice:
        raise Invalid.of(twice)
    if not given:
        return None, ()
    held = await core.files.require_held(
        tx, body_id, digests, fields=[f"{where}/digest" for _, where in given]
    )
    refs = [_ref(item, held[item.digest]) for item, _ in given]
    return (refs[0], tuple(refs[1:])) if main is not None else (None, tuple(refs))


def _lines(given: Sequence[str]) -> tuple[str, ...]:
    """Return lines with single blanks, without empty ones."""
    return tuple(filter(None, (" ".join(line.split()) for line in given)))


def _ref(item: FileInput, held: HeldFile) -> FileRef:
    name = file_rules.clean_name(item.name or held.name or "van-ban.pdf")
    return FileRef(held.digest, name, held.size_bytes, held.pages)


async def _body(core: Core, body_id: str, where: str, faults: Faults) -> Body | None:
    try:
        body = await core.directory.body(body_id)
    except (NotFound, Invalid) as error:
        faults.take(error, where)
        return None
    if not body.open_on(core.today()):
        faults.add("documents.body_closed", where, body=body.name)
    return body


def _type_name(core: Core, body: Body, type_code: str, today: date, faults: Faults) -> str:
    try:
        return core.profiles.on(body.profile, today).type_of(type_code).name
    except Invalid as error:
        faults.take(error, "/type_code")
        return ""


async def _recipients(core: Core, ids: Sequence[str], today: date, faults: Faults) -> tuple[Named, ...]:
    for index, body_id in enumerate(ids):
        if body_id in ids[:index]:
            faults.add("documents.recipient_twice", f"/recipients/{index}")
    if not ids:
        return ()
    try:
        bodies = await core.directory.check_recipients(list(dict.fromkeys(ids)), today)
    except Invalid as error:
        faults.take(error, "/recipients")
        return ()
    return tuple(Named(body.id, body.name) for body in bodies)


async def _posts(core: Core, given: FieldsInput) -> Mapping[str, Holder]:
    ids = {*given.chain, given.signer_post, given.clerk_post, *(co.signer_post for co in given.co_issuers)}
    ids.discard("")
    if not ids:
        return {}
    return {holder.post_id: holder for holder in await core.directory.holders(sorted(ids))}


def _title(posts: Mapping[str, Holder], post_id: str, where: str, faults: Faults) -> str:
    holder = posts.get(post_id)
    if holder is None:
        faults.add("documents.post_vacant", where, post=post_id)
        return ""
    return holder.post_title


def _named(posts: Mapping[str, Holder], post_id: str, where: str, faults: Faults) -> Named:
    return Named(post_id, _title(posts, post_id, where, faults)) if post_id else NOBODY


async def _co_issuers(
    core: Core, given: FieldsInput, lead: Body, posts: Mapping[str, Holder], faults: Faults
) -> tuple[CoIssuer, ...]:
    found: list[CoIssuer] = []
    for index, co in enumerate(given.co_issuers):
        where = f"/co_issuers/{index}"
        if co.body_id == lead.id or any(known.body.id == co.body_id for known in found):
            faults.add("documents.co_issuer_twice", f"{where}/body_id")
        body = await _body(core, co.body_id, f"{where}/body_id", faults)
        signer = _named(posts, co.signer_post, f"{where}/signer_post", faults)
        if body is not None:
            found.append(CoIssuer(Named(body.id, body.name), signer, body.keeper_id))
    return tuple(found)


def _check_chain(
    given: FieldsInput,
    body: Body,
    actor: Actor,
    posts: Mapping[str, Holder],
    co_issuers: Sequence[CoIssuer],
    faults: Faults,
) -> None:
    signers = [post for post in (given.signer_post, *(co.signer_post for co in given.co_issuers)) if post]
    for fault in rules.check_chain(given.chain, signers):
        faults.add(fault.code, fault.field, **fault.params)
    # Approving opens a draft to a post: only the bodies that make the document together may be named.
    inside = {body.id, body.keeper_id, actor.body_id}
    inside |= {place for co in co_issuers for place in (co.body.id, co.office)}
    for index, post_id in enumerate(given.chain):
        holder = posts.get(post_id)
        if holder is not None and holder.body_id not in inside:
            faults.add("documents.chain_outside", f"/chain/{index}", post=holder.post_title)


def _clerk(given: FieldsInput, body: Body, posts: Mapping[str, Holder], faults: Faults) -> Named | None:
    if not given.restricted:
        return None
    holder = posts.get(given.clerk_post)
    offices = (body.id, body.keeper_id)
    if holder is None or holder.role is not Role.RECORDS_CLERK or holder.body_id not in offices:
        faults.add("documents.clerk_missing", "/clerk_post")
        return None
    return Named(holder.post_id, holder.post_title)


async def _unit_letters(core: Core, actor: Actor, body: Body) -> str:
    """Return the letters of the drafting unit in a letter's notation (``UBND-VX``); "" = none.

    The unit counts only when it belongs to the issuing body or to the office that serves it.
    """
    if not actor.unit_id or actor.body_id not in (body.id, body.keeper_id):
        return ""
    for unit in await core.directory.units_of(actor.body_id):
        if unit.id == actor.unit_id:
            return unit.abbreviation
    return ""
