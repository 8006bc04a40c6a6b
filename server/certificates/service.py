"""The inventory of certificates: who has which, until when, from whom; what is to be revoked.

A clerk sees and keeps the certificates of the body acted for, an administrator all.
"""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from server.certificates import rules
from server.certificates.model import (
    Certificate,
    CertificateState,
    Keeper,
    OwnerKind,
    Provider,
    Reason,
    Trust,
)
from server.certificates.publisher import PkiPublisher
from server.certificates.store import CertificateStore, Wanted, cursor
from server.certificates.trust import Anchors
from server.identity.access import Access
from server.kernel.actor import Actor, Role
from server.kernel.clock import local_date
from server.kernel.errors import Conflict, Invalid, NotFound, Refused
from server.kernel.page import Page, PageRequest
from server.kernel.record import Subject
from server.unit import Unit, Units
from signing.pki.upkeep import Part

READ, MANAGE = "certificates.read", "certificates.manage"


@dataclass(frozen=True, slots=True)
class NewCertificate:
    """A certificate that came from its provider."""

    pem: str
    owner_kind: OwnerKind
    owner_id: str
    body_id: str
    provider: str
    device: str = ""
    """Serial number or label of the token; "" = not told."""
    keeper: Keeper = Keeper.TOKEN


class Certificates:
    """Use cases of the inventory."""

    def __init__(self, units: Units, access: Access, anchors: Anchors, publisher: PkiPublisher) -> None:
        self.units = units
        self.access = access
        self.anchors = anchors
        self._publisher = publisher
        self._store = CertificateStore(units.reader.engine)

    async def inventory(
        self, actor: Actor, page: PageRequest, *, days: int = 0, state: CertificateState | None = None
    ) -> Page[Certificate]:
        """Return certificates, those that end first before others; ``days`` > 0: ending within them."""
        self.access.require(actor, READ)
        until = self.units.now() + timedelta(days=days) if days else None
        wanted = Wanted(own_body(actor), until, state)
        rows = await self._store.page(self.units.reader, wanted, page.after, page.limit + 1)
        return Page(rows[: page.limit], cursor(rows[page.limit - 1]) if len(rows) > page.limit else None)

    async def certificate(self, actor: Actor, id_: str) -> Certificate:
        """Return one certificate. Raises NotFound ``certificates.unknown``."""
        self.access.require(actor, READ)
        return await self.known(actor, id_)

    async def take(self, actor: Actor, new: NewCertificate) -> Certificate:
        """Take a certificate that its provider issued into the inventory.

        Raises Invalid ``certificates.unreadable``, ``certificates.provider_unknown``; Refused
        ``certificates.untrusted`` (no path to the provider's anchors), ``certificates.ended``; Conflict
        ``certificates.known``; NotFound ``certificates.other_body``.
        """
        self.access.require(actor, MANAGE)
        require_body(actor, new.body_id)
        provider = self.provider(new.provider)
        read = await asyncio.to_thread(self.read, new.pem, provider, self.units.now())
        async with self.units.begin(actor) as unit:
            return unit.answer(await self.add(unit, new, read))

    async def add(self, unit: Unit, new: NewCertificate, read: x509.Certificate) -> Certificate:
        """Write a certificate that was judged, in a unit that is open. Raises Conflict."""
        fingerprint = read.fingerprint(hashes.SHA256()).hex()
        if await self._store.by_fingerprint(unit, fingerprint) is not None:
            raise Conflict("certificates.known")
        made = Certificate(
            id=unit.new_id(),
            owner_kind=new.owner_kind,
            owner_id=new.owner_id,
            body_id=new.body_id,
            subject=rules.common_name(read),
            organ_id=rules.organ_id(read),
            serial=f"{read.serial_number:x}",
            issuer=read.issuer.rfc4514_string(),
            not_before=read.not_valid_before_utc,
            not_after=read.not_valid_after_utc,
            fingerprint=fingerprint,
            pem=new.pem,
            provider=new.provider,
            keeper=new.keeper,
            device=new.device.strip(),
            state=CertificateState.IN_USE,
            reason="",
            state_at=unit.now,
            warned_days=0,
            added_at=unit.now,
        )
        await self._store.insert(unit, made)
        subject = Subject("certificate", made.id, made.body_id)
        detail = {"serial": made.serial, "owner": made.owner_id, "until": made.not_after.isoformat()}
        unit.record("certificates.take", subject, new=made, detail=detail)
        return made

    async def hold(self, unit: Unit, kind: OwnerKind, owner_id: str, read: x509.Certificate) -> None:
        """Take the certificate of a key that this server holds into the inventory, unless it is known.

        Its provider is the one whose anchors it leads to, "" when it leads to none.
        """
        if await self._store.by_fingerprint(unit, read.fingerprint(hashes.SHA256()).hex()) is not None:
            return
        today = local_date(unit.now)
        body_id = owner_id
        if kind is OwnerKind.PERSON:
            body_id = await self._store.home_body(unit, owner_id, today)
        pem = read.public_bytes(Encoding.PEM).decode()
        own = [one for one in self.anchors.providers if rules.in_force(one, today)]
        code = await asyncio.to_thread(self._provider_of, pem, own, unit.now)
        await self.add(unit, NewCertificate(pem, kind, owner_id, body_id, code, keeper=Keeper.SERVER), read)

    def _provider_of(self, pem: str, providers: list[Provider], at: datetime) -> str:
        return next((one.code for one in providers if not self.anchors.fault(pem, one, at)), "")

    async def revoked(self, actor: Actor, id_: str) -> Certificate:
        """Record that the provider revoked a certificate; with our own authority, revoke it.

        Raises NotFound ``certificates.unknown``, Conflict ``certificates.not_asked``, Unavailable
        ``certificates.authority_closed``.
        """
        self.access.require(actor, MANAGE)
        old = await self.known(actor, id_)
        if old.state is not CertificateState.REVOCATION_ASKED:
            raise Conflict("certificates.not_asked")
        if any(one.own and one.code == old.provider for one in self.anchors.providers):
            await self._publisher.revoke(old.serial, old.reason)
        async with self.units.begin(actor) as unit:
            return unit.answer(
                await self.moved(unit, old, CertificateState.REVOKED, old.reason, "certificates.revoked")
            )

    async def moved(
        self, unit: Unit, old: Certificate, state: CertificateState, reason: str, act: str
    ) -> Certificate:
        """Change the state in a unit that is open, recorded as ``act``.

        Raises Conflict ``certificates.changed``.
        """
        if not await self._store.move(unit, old, state, reason):
            raise Conflict("certificates.changed")
        new = dataclasses.replace(old, state=state, reason=reason, state_at=unit.now)
        subject = Subject("certificate", old.id, old.body_id)
        unit.record(act, subject, old=old, new=new, detail={"reason": reason})
        return new

    async def refused_here(self, fingerprint: str) -> Reason | None:
        """Return why a certificate may not sign here any more; None = it may, or is not in the inventory."""
        found = await self._store.by_fingerprint(self.units.reader, fingerprint)
        if found is None or found.state is CertificateState.IN_USE:
            return None
        return Reason(found.reason)

    async def trust(self, actor: Actor) -> tuple[Trust, ...]:
        """Return the providers in force with their anchors."""
        self.access.require(actor, READ)
        return await asyncio.to_thread(self.anchors.told, local_date(self.units.now()))

    async def own_authority(self, actor: Actor) -> tuple[Part, ...]:
        """Return certificates and lists of our own authority with their ends; () = there is none."""
        self.access.require(actor, READ)
        return await self._publisher.parts()

    async def known(self, actor: Actor, id_: str) -> Certificate:
        """Return a certificate that the actor may know of. Raises NotFound ``certificates.unknown``."""
        found = await self._store.certificate(self.units.reader, id_, own_body(actor))
        if found is None:
            raise NotFound("certificates.unknown")
        return found

    def provider(self, code: str) -> Provider:
        """Return the provider in force today. Raises Invalid ``certificates.provider_unknown``."""
        found = rules.provider_on(self.anchors.providers, code, local_date(self.units.now()))
        if found is None:
            raise Invalid("certificates.provider_unknown", field="/provider")
        return found

    def read(self, pem: str, provider: Provider, now: datetime) -> x509.Certificate:
        """Read and judge a certificate (blocking). Raises Invalid, Refused."""
        try:
            read = x509.load_pem_x509_certificate(pem.encode())
        except ValueError as error:
            raise Invalid("certificates.unreadable", field="/pem") from error
        if read.not_valid_after_utc < now:
            raise Refused("certificates.ended", field="/pem", until=f"{read.not_valid_after_utc:%d/%m/%Y}")
        if fault := self.anchors.fault(pem, provider, now):
            raise Refused("certificates.untrusted", field="/pem", reason=fault)
        return read


def own_body(actor: Actor) -> str:
    """Return the body whose rows the actor sees; "" = all."""
    return "" if actor.role is Role.ADMINISTRATOR else actor.body_id


def require_body(actor: Actor, body_id: str) -> None:
    """Raise NotFound ``certificates.other_body`` unless the actor keeps this body's certificates."""
    if own_body(actor) not in ("", body_id):
        raise NotFound("certificates.other_body", field="/body_id")
