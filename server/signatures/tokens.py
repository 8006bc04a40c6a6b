"""Certificates whose keys lie in the hands of their owners: tokens, smart cards, agents of other systems.

A signature that comes from outside counts as somebody's only when its certificate stands here under that
person or body: a name in a certificate proves nothing of an account.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from server.kernel.actor import SYSTEM, Actor
from server.kernel.errors import Conflict, NotFound, Refused
from server.kernel.page import Page, PageRequest
from server.kernel.record import Subject
from server.signatures.core import SigningCore, aside
from server.signatures.model import OwnerKind
from server.signatures.offers_model import TokenRow, TokenState, TokenView
from signing.errors import KeyFault
from signing.keys.protocol import default_algorithm
from storage.sql.protocol import UniqueViolation

CERTIFICATES_MAX_BYTES = 64 * 1024


class TokenInventory(SigningCore):
    """Tokens of persons and bodies."""

    async def add_token(
        self, actor: Actor, kind: OwnerKind, owner_id: str, certificates: str, *, image_path: str = ""
    ) -> TokenView:
        """Register the certificate of a token: PEM, the owner's first, then its issuers.

        ``image_path`` is a PNG in the folder of keys, for signatures that this system draws (deferred API).
        Raises Forbidden; Refused ``signatures.certificate_unreadable``, ``signatures.certificate_unfit``;
        Conflict ``signatures.token_known``.
        """
        if actor.account_id != SYSTEM.account_id:
            self.access.require(actor, "signatures.manage_keys")
        chain = await aside(partial(_certificates, certificates))
        first = chain[0]
        der = first.public_bytes(Encoding.DER)
        names = first.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        try:
            async with self.units.begin(actor) as unit:
                row = TokenRow(
                    id=unit.new_id(),
                    owner_kind=kind,
                    owner_id=owner_id,
                    subject=str(names[0].value) if names else first.subject.rfc4514_string(),
                    serial=f"{first.serial_number:x}",
                    issuer=first.issuer.rfc4514_string(),
                    fingerprint="sha256:" + hashlib.sha256(der).hexdigest(),
                    certificate=der,
                    chain=b"".join(one.public_bytes(Encoding.DER) for one in chain[1:]),
                    image_path=image_path,
                    not_before=first.not_valid_before_utc,
                    not_after=first.not_valid_after_utc,
                    state=TokenState.ACTIVE,
                    added_at=unit.now,
                )
                await self.offers.add_token(unit, row)
                view = token_view(row)
                unit.record(
                    "signatures.add_token", Subject("token", row.id), new=view, detail={"serial": row.serial}
                )
                return unit.answer(view)
        except UniqueViolation as error:
            raise Conflict("signatures.token_known", subject=_name(first)) from error

    async def end_token(self, actor: Actor, token_id: str) -> None:
        """Take no more signatures of a token (lost, handed over).

        Raises NotFound ``signatures.token_unknown``.
        """
        self.access.require(actor, "signatures.manage_keys")
        async with self.units.begin(actor) as unit:
            if not await self.offers.end_token(unit, token_id):
                raise NotFound("signatures.token_unknown")
            unit.record("signatures.end_token", Subject("token", token_id))
            unit.answer(None)

    async def tokens(self, actor: Actor, page: PageRequest) -> Page[TokenView]:
        """Return the inventory of tokens, oldest first."""
        self.access.require(actor, "signatures.manage_keys")
        rows = await self.offers.tokens(self.units.reader, page.after, page.limit + 1)
        shown = [token_view(row) for row in rows[: page.limit]]
        return Page(shown, shown[-1].id if len(rows) > page.limit else None)

    async def tokens_of(self, kind: OwnerKind, owner_id: str) -> Sequence[TokenRow]:
        """Return the tokens in use of an owner; for services above."""
        return await self.offers.tokens_of(self.units.reader, kind, owner_id)


def chain_of(row: TokenRow) -> tuple[x509.Certificate, ...]:
    """Return the certificate of a token and the issuers registered with it."""
    return (x509.load_der_x509_certificate(row.certificate), *_sequence(row.chain))


def chain_ders(row: TokenRow) -> tuple[bytes, ...]:
    """Return the DER of the issuers registered with a token."""
    return tuple(one.public_bytes(Encoding.DER) for one in _sequence(row.chain))


def token_view(row: TokenRow) -> TokenView:
    """Return a token without its certificate."""
    return TokenView(
        row.id,
        row.owner_kind,
        row.owner_id,
        row.subject,
        row.serial,
        row.issuer,
        row.fingerprint,
        row.not_before,
        row.not_after,
        row.state,
    )


def _sequence(ders: bytes) -> list[x509.Certificate]:
    """Return certificates that stand one after the other (each begins with its own length)."""
    found = []
    while ders:
        size = 4 + int.from_bytes(ders[2:4], "big")  # a certificate is longer than 255 bytes, so 30 82 nn nn
        found.append(x509.load_der_x509_certificate(ders[:size]))
        ders = ders[size:]
    return found


def _certificates(pem: str) -> list[x509.Certificate]:
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise Refused("signatures.certificate_unreadable", field="/certificates") from error
    try:
        default_algorithm(found[0])
    except KeyFault as error:
        raise Refused(
            "signatures.certificate_unfit", field="/certificates", subject=_name(found[0])
        ) from error
    return found


def _name(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()[:200]
