"""Keys and certificates from our own authority, for installations that develop or test."""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from server.certificates.model import Certificate, Keeper, OwnerKind
from server.certificates.publisher import PkiPublisher
from server.certificates.service import Certificates, NewCertificate
from server.kernel.actor import Actor
from server.kernel.errors import Invalid
from signing.errors import PkiFault
from signing.pki.ca import CertificateRequest
from signing.pki.profiles import KeyType, Kind

ISSUE: Final = "certificates.issue"
_UNSAFE: Final = re.compile(r"[^a-z0-9-]")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to be made."""

    owner_kind: OwnerKind
    owner_id: str
    body_id: str
    subject: str
    """Name to be certified."""
    organ_id: str
    """Identifier of the body."""


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key that was made; its files lie in the folder of keys."""

    certificate: Certificate
    path: str
    """PKCS#12 file, relative to the folder of keys."""
    passphrase_path: str
    """File with its passphrase, relative likewise."""


class Issuing:
    """Issues from the authority of this installation."""

    def __init__(self, certificates: Certificates, publisher: PkiPublisher, keys: Path) -> None:
        self._certificates = certificates
        self._publisher = publisher
        self._keys = keys

    async def issue(self, actor: Actor, new: NewKey) -> MadeKey:
        """Make a key with a certificate of our own authority and take it into the inventory.

        Raises Invalid ``certificates.no_own_provider``, ``certificates.bad_name``; Unavailable
        ``certificates.authority_closed``.
        """
        self._certificates.access.require(actor, ISSUE)
        provider = next((one for one in self._certificates.anchors.providers if one.own), None)
        if provider is None:
            raise Invalid("certificates.no_own_provider")
        passphrase = secrets.token_urlsafe(24)
        kind = Kind.PERSON if new.owner_kind is OwnerKind.PERSON else Kind.ORGANISATION
        asked = CertificateRequest(kind, new.subject, new.organ_id or None, KeyType.RSA2048)
        try:
            issued = await self._publisher.issue(asked, passphrase.encode())
        except PkiFault as error:
            raise Invalid("certificates.bad_name", field="/subject") from error
        name = f"{new.owner_kind.value}-{_UNSAFE.sub('-', new.owner_id.lower())[:60]}-{issued.serial[:12]}"
        await asyncio.to_thread(self._write, name, issued.pkcs12, passphrase.encode())
        pem = issued.certificate.public_bytes(Encoding.PEM).decode()
        taken = NewCertificate(
            pem, new.owner_kind, new.owner_id, new.body_id, provider.code, keeper=Keeper.SERVER
        )
        async with self._certificates.units.begin(actor) as unit:
            made = await self._certificates.add(unit, taken, issued.certificate)
            return unit.answer(MadeKey(made, f"{name}.p12", f"{name}.pass"))

    def _write(self, name: str, pkcs12: bytes, passphrase: bytes) -> None:
        self._keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        for ending, data in (("p12", pkcs12), ("pass", passphrase)):
            path = self._keys / f"{name}.{ending}"
            path.touch(mode=0o600)
            path.write_bytes(data)
