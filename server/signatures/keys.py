"""The inventory of keys that the server holds."""

from __future__ import annotations

import asyncio

from cryptography.x509.oid import NameOID

from server.certificates.model import OwnerKind as CertificateOwner
from server.kernel.actor import SYSTEM, Actor
from server.kernel.errors import Refused, Unavailable
from server.kernel.page import Page, PageRequest
from server.kernel.record import Subject
from server.signatures.core import SigningCore
from server.signatures.model import KeyRow, KeyState, KeyView, OwnerKind


class Keys(SigningCore):
    """Keys of persons and bodies."""

    async def add_key(
        self,
        actor: Actor,
        kind: OwnerKind,
        owner_id: str,
        *,
        path: str,
        passphrase_path: str,
        image_path: str = "",
    ) -> KeyView:
        """Put a key file (already in the folder of keys) into the inventory and in use for its owner.

        The key is opened first, so one that cannot sign never gets in. The one before is retired. Raises
        Refused ``signatures.key_unreadable``, Conflict ``signatures.key_not_valid``,
        ``signatures.key_outside``.
        """
        if actor.account_id != SYSTEM.account_id:
            self.access.require(actor, "signatures.manage_keys")
        now = self.units.now()
        row = KeyRow(
            "",
            kind,
            owner_id,
            "",
            "",
            "",
            "",
            now,
            now,
            path,
            passphrase_path,
            image_path,
            KeyState.ACTIVE,
            now,
        )
        try:
            opened = await asyncio.to_thread(self.keyring.load, row)
        except Unavailable as error:  # here it is the caller's naming of files that is wrong
            raise Refused("signatures.key_unreadable", field="/path", subject=path) from error
        certificate = opened.signer.identity.certificate
        organ = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
        async with self.units.begin(actor) as unit:
            known = KeyRow(
                id=unit.new_id(),
                owner_kind=kind,
                owner_id=owner_id,
                subject=opened.signer.identity.name,
                organ_id=str(organ[0].value) if organ else "",
                serial=f"{certificate.serial_number:x}",
                issuer=certificate.issuer.rfc4514_string(),
                not_before=certificate.not_valid_before_utc,
                not_after=certificate.not_valid_after_utc,
                path=path,
                passphrase_path=passphrase_path,
                image_path=image_path,
                state=KeyState.ACTIVE,
                added_at=unit.now,
            )
            await self.store.add_key(unit, known)
            await self.certificates.hold(unit, CertificateOwner(kind.value), owner_id, certificate)
            view = view_of(known)
            unit.record(
                "signatures.add_key", Subject("key", known.id), new=view, detail={"serial": known.serial}
            )
            return unit.answer(view)

    async def keys(self, actor: Actor, page: PageRequest) -> Page[KeyView]:
        """Return the inventory, oldest first, without paths."""
        self.access.require(actor, "signatures.manage_keys")
        rows = await self.store.keys(self.units.reader, page.after, page.limit + 1)
        shown = [view_of(row) for row in rows[: page.limit]]
        return Page(shown, shown[-1].id if len(rows) > page.limit else None)


def view_of(row: KeyRow) -> KeyView:
    """Return a key without its paths."""
    return KeyView(
        row.id,
        row.owner_kind,
        row.owner_id,
        row.subject,
        row.organ_id,
        row.serial,
        row.issuer,
        row.not_before,
        row.not_after,
        row.state,
    )
