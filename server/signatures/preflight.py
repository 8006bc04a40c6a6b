"""Pre-flight: what would stop the signatures and seals of a document is told before anybody signs.

Asked when a document is submitted and again when it comes to its signer. For each signer and sealer: is
there a key or a token, is its certificate valid long enough, does it lead to an anchor that is trusted here,
is it revoked. Each fault names whose certificate, what is wrong and what to do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.serialization import Encoding

from server.documents.model import Document
from server.kernel.actor import Actor
from server.kernel.errors import Fault, LienThongError
from server.signatures.core import SigningCore
from server.signatures.keys import view_of
from server.signatures.levels import LevelRules
from server.signatures.model import KeyView, OwnerKind
from server.signatures.tokens import chain_ders
from signing.model import Level
from signing.validate.report import Indication, Revocation, SubIndication

FRESH = timedelta(seconds=60)
"""How long an answer about one certificate is good for: a bulk submit asks the same again and again."""
KEPT_MAX = 1000
REASONS = {
    SubIndication.NO_CERTIFICATE_CHAIN_FOUND: "signatures.ready_untrusted",
    SubIndication.CHAIN_CONSTRAINTS_FAILURE: "signatures.ready_unfit",
    SubIndication.TRY_LATER: "signatures.ready_unchecked",
}
"""What a chain that does not hold means -> words; any other is ``ready_untrusted``."""


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate that somebody could sign with."""

    fingerprint: str
    subject: str
    der: bytes
    chain: tuple[bytes, ...]
    not_before: datetime
    not_after: datetime


class Preflight(SigningCore):
    """The gate before a document is accepted for signing (``server.documents.ports.Gate``)."""

    async def faults(self, document: Document) -> list[Fault]:
        """Return everything that would stop its signatures or seals; empty = nothing."""
        fields = document.fields
        found: list[Fault] = []
        posts = [fields.signer, *(co.signer for co in fields.co_issuers)]
        holders = await self.documents.directory.holders([post.id for post in posts if post.id])
        for post in posts:
            accounts = [holder.account_id for holder in holders if holder.post_id == post.id]
            if accounts:
                found += await self._of_any(OwnerKind.PERSON, accounts, post.name)
        for body in (fields.body, *(co.body for co in fields.co_issuers)):
            found += await self._of_any(OwnerKind.BODY, [body.id], body.name)
        if (
            not self.settings.tsa
            and LevelRules(self.settings).wanted(document.body_id, fields.type_code) is not Level.B_B
        ):
            found.append(Fault("signatures.ready_no_tsa"))
        return found

    async def preflight(self, actor: Actor) -> KeyView | None:
        """Return the key with which the actor would sign; None = none is in use."""
        row = await self.store.active_key(self.units.reader, OwnerKind.PERSON, actor.account_id)
        return view_of(row) if row else None

    async def ways(self, kind: OwnerKind, owner_id: str) -> set[str]:
        """Return how an owner can sign: ``key`` (held here), ``token`` (in its own hands)."""
        return await self.offers.ways(self.units.reader, kind, owner_id)

    async def _of_any(self, kind: OwnerKind, owner_ids: list[str], name: str) -> list[Fault]:
        """Return what is wrong when none of the owners could sign; a post may have several holders."""
        first: list[Fault] = []
        for owner_id in owner_ids:
            faults = await self._of_owner(kind, owner_id, name)
            if not faults:
                return []
            first = first or faults
        return first

    async def _of_owner(self, kind: OwnerKind, owner_id: str, name: str) -> list[Fault]:
        held: list[Held] = []
        row = await self.store.active_key(self.units.reader, kind, owner_id)
        if row is not None:
            try:
                identity = (await self.keyring.open(row)).signer.identity
            except LienThongError as error:
                return list(error.faults)
            der = identity.certificate.public_bytes(Encoding.DER)
            chain = tuple(one.public_bytes(Encoding.DER) for one in identity.chain)
            held.append(Held(row.id, row.subject, der, chain, row.not_before, row.not_after))
        for token in await self.offers.tokens_of(self.units.reader, kind, owner_id):
            held.append(
                Held(
                    token.fingerprint,
                    token.subject,
                    token.certificate,
                    chain_ders(token),
                    token.not_before,
                    token.not_after,
                )
            )
        if not held:
            return [Fault("signatures.ready_no_key", "", {"owner": name})]
        faults = [await self._of_certificate(one, name) for one in held]
        return [] if None in faults else [fault for fault in faults if fault is not None][:1]

    async def _of_certificate(self, held: Held, name: str) -> Fault | None:
        now = self.units.now()
        known = self.judged.get(held.fingerprint)
        if known is not None and now - known[0] < FRESH:
            return known[1]
        fault = await self._judged(held, name, now)
        if len(self.judged) >= KEPT_MAX:
            self.judged.clear()
        self.judged[held.fingerprint] = (now, fault)
        return fault

    async def _judged(self, held: Held, name: str, now: datetime) -> Fault | None:
        params: dict[str, str | int] = {"owner": name, "subject": held.subject}
        days = self.settings.valid_days
        if now < held.not_before or now + timedelta(days=days) > held.not_after:
            until = held.not_after.strftime("%d/%m/%Y")
            return Fault("signatures.ready_ends", "", {**params, "until": until, "days": days})
        try:
            chain = await self.checker.certificate(held.der, held.chain, now)
        except LienThongError as error:
            return error.faults[0]
        stopped = await self.certificates.refused_here(hashlib.sha256(held.der).hexdigest())
        if chain.revocation is Revocation.REVOKED or stopped is not None:
            return Fault("signatures.ready_revoked", "", params)
        if chain.indication is Indication.TOTAL_PASSED:
            return None
        code = REASONS.get(chain.sub_indication) if chain.sub_indication else None
        return Fault(code or "signatures.ready_untrusted", "", params)
