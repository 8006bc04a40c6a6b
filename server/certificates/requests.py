"""Requests to a provider: a key to be certified, renewed or revoked; files to be sent; what came back."""

from __future__ import annotations

import asyncio

from server.certificates import rules
from server.certificates.model import (
    Certificate,
    CertificateRequest,
    CertificateState,
    NewRequest,
    Purpose,
    Reason,
    RequestState,
)
from server.certificates.service import (
    MANAGE,
    READ,
    Certificates,
    NewCertificate,
    own_body,
    require_body,
)
from server.certificates.store import CertificateStore
from server.kernel.actor import SYSTEM, Actor
from server.kernel.clock import text
from server.kernel.errors import Conflict, Invalid, NotFound
from server.kernel.page import Page, PageRequest
from server.kernel.record import Subject
from server.notifications.model import DELIVER, Batch, Item
from server.organisations.service import Organisations
from server.unit import Unit


class CertificateRequests:
    """Use cases of requests."""

    def __init__(self, certificates: Certificates, organisations: Organisations) -> None:
        self._certificates = certificates
        self._organisations = organisations
        self._units = certificates.units
        self._access = certificates.access
        self._store = CertificateStore(self._units.reader.engine)

    async def requests(
        self, actor: Actor, page: PageRequest, *, state: RequestState | None = None
    ) -> Page[CertificateRequest]:
        """Return requests, the newest first."""
        self._access.require(actor, READ)
        rows = await self._store.requests(
            self._units.reader, body_id=own_body(actor), state=state, after=page.after, limit=page.limit + 1
        )
        return Page(rows[: page.limit], rows[page.limit - 1].id if len(rows) > page.limit else None)

    async def request(self, actor: Actor, id_: str) -> CertificateRequest:
        """Return one request. Raises NotFound ``certificates.request_unknown``."""
        self._access.require(actor, READ)
        return await self._known(actor, id_)

    async def prepare(self, actor: Actor, new: NewRequest) -> CertificateRequest:
        """Prepare a request for a certificate, or for its renewal.

        Raises Invalid with every fault; NotFound ``certificates.other_body``, ``certificates.unknown``,
        ``organisations.body_unknown``.
        """
        self._access.require(actor, MANAGE)
        require_body(actor, new.body_id)
        provider = next((p for p in self._certificates.anchors.providers if p.code == new.provider), None)
        if faults := await asyncio.to_thread(rules.request_faults, new, provider):
            raise Invalid.of(faults)
        await self._organisations.body(new.body_id)
        if new.certificate_id:
            await self._certificates.known(actor, new.certificate_id)
        async with self._units.begin(actor) as unit:
            return unit.answer(await self._write(unit, actor, new))

    async def ask_revocation(
        self, actor: Actor, certificate_id: str, reason: Reason, note: str
    ) -> Certificate:
        """Ask for a revocation: from now on the certificate signs nothing here, and a request is prepared.

        Raises NotFound ``certificates.unknown``, Conflict ``certificates.revocation_asked``.
        """
        if actor.account_id != SYSTEM.account_id:
            self._access.require(actor, MANAGE)
            old = await self._certificates.known(actor, certificate_id)
        else:
            found = await self._store.certificate(self._units.reader, certificate_id)
            if found is None:
                raise NotFound("certificates.unknown")
            old = found
        if old.state is not CertificateState.IN_USE:
            raise Conflict("certificates.revocation_asked")
        async with self._units.begin(actor) as unit:
            state = CertificateState.REVOCATION_ASKED
            moved = await self._certificates.moved(
                unit, old, state, reason.value, "certificates.revocation_asked"
            )
            words = f"{reason.value}: {note.strip()}" if note.strip() else reason.value
            await self._write(unit, actor, revocation_of(old, words))
            params = {"subject": old.subject, "reason": reason.value}
            unit.publish(DELIVER, told("certificates.revocation_asked", text(unit.now), old, params))
            return unit.answer(moved)

    async def sent(self, actor: Actor, id_: str) -> CertificateRequest:
        """Record that a request was sent. Raises NotFound, Conflict ``certificates.request_state``."""
        return await self._move(actor, id_, RequestState.SENT, "certificates.request_sent")

    async def withdraw(self, actor: Actor, id_: str) -> CertificateRequest:
        """Withdraw a request. Raises NotFound, Conflict ``certificates.request_state``."""
        return await self._move(actor, id_, RequestState.WITHDRAWN, "certificates.request_withdrawn")

    async def fulfil(self, actor: Actor, id_: str, pem: str, device: str) -> CertificateRequest:
        """Take the certificate that a provider issued for a request into the inventory, and close it.

        Raises what ``Certificates.take`` raises, NotFound ``certificates.request_unknown``, Conflict
        ``certificates.request_state``, ``certificates.other_key`` (not the key of the request that was sent).
        """
        self._access.require(actor, MANAGE)
        old = await self._known(actor, id_)
        if old.purpose is Purpose.REVOKE or RequestState.DONE not in rules.NEXT[old.state]:
            raise Conflict("certificates.request_state")
        provider = self._certificates.provider(old.provider)
        read = await asyncio.to_thread(self._certificates.read, pem, provider, self._units.now())
        if old.csr and not rules.same_key(read, old.csr):
            raise Conflict("certificates.other_key", field="/pem")
        new = NewCertificate(pem, old.owner_kind, old.owner_id, old.body_id, old.provider, device)
        async with self._units.begin(actor) as unit:
            made = await self._certificates.add(unit, new, read)
            return unit.answer(
                await self._moved(unit, old, RequestState.DONE, made.id, "certificates.request_done")
            )

    async def file(self, actor: Actor, id_: str) -> tuple[str, str]:
        """Return name and text of what is to be sent: the PKCS#10 request, or the sheet of its data."""
        self._access.require(actor, READ)
        found = await self._known(actor, id_)
        if found.csr:
            return f"{found.id}.csr", found.csr
        body = await self._organisations.body(found.body_id)
        about = (
            await self._store.certificate(self._units.reader, found.certificate_id)
            if found.certificate_id
            else None
        )
        serial = about.serial if about is not None else ""
        return f"{found.id}.csv", rules.sheet(found, body=body.name, serial=serial)

    async def _known(self, actor: Actor, id_: str) -> CertificateRequest:
        found = await self._store.request(self._units.reader, id_, own_body(actor))
        if found is None:
            raise NotFound("certificates.request_unknown")
        return found

    async def _write(self, unit: Unit, actor: Actor, new: NewRequest) -> CertificateRequest:
        id_ = unit.new_id()
        await self._store.insert_request(unit, id_, new, actor.name)
        made = CertificateRequest(
            id=id_,
            purpose=new.purpose,
            owner_kind=new.owner_kind,
            owner_id=new.owner_id,
            body_id=new.body_id,
            subject=new.subject,
            organ_id=new.organ_id,
            provider=new.provider,
            certificate_id=new.certificate_id,
            csr=new.csr,
            note=new.note,
            state=RequestState.PREPARED,
            version=1,
            made_at=unit.now,
            made_by=actor.name,
            closed_at=None,
        )
        detail = {"purpose": new.purpose.value, "owner": new.owner_id}
        unit.record(
            "certificates.prepare", Subject("certificate_request", id_, new.body_id), new=made, detail=detail
        )
        return made

    async def _move(self, actor: Actor, id_: str, state: RequestState, act: str) -> CertificateRequest:
        self._access.require(actor, MANAGE)
        old = await self._known(actor, id_)
        if state not in rules.NEXT[old.state]:
            raise Conflict("certificates.request_state")
        async with self._units.begin(actor) as unit:
            return unit.answer(await self._moved(unit, old, state, old.certificate_id, act))

    async def _moved(
        self, unit: Unit, old: CertificateRequest, state: RequestState, certificate_id: str, act: str
    ) -> CertificateRequest:
        if not await self._store.move_request(unit, old, state, certificate_id):
            raise Conflict("certificates.changed")
        new = await self._store.request(unit, old.id)
        if new is None:
            raise NotFound("certificates.request_unknown")
        unit.record(act, Subject("certificate_request", old.id, old.body_id), old=old, new=new)
        return new


def revocation_of(old: Certificate, note: str) -> NewRequest:
    """Return the request that asks for a certificate's revocation."""
    return NewRequest(
        Purpose.REVOKE,
        old.owner_kind,
        old.owner_id,
        old.body_id,
        old.subject,
        old.organ_id,
        old.provider,
        old.id,
        note=note,
    )


def told(event: str, at: str, about: Certificate, params: dict[str, str]) -> Batch:
    """Return the notice of an event to the clerk of a certificate's body."""
    item = Item(
        grantee=f"role:{about.body_id}:records_clerk",
        body_id=about.body_id,
        subject_kind="certificate",
        subject_id=about.id,
    )
    return Batch(event=event, at=at, urgent=True, params=params, items=[item])
