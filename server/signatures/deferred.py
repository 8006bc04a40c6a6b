"""Signatures in two requests, for agents that hold a key of their own: digest out, signature value in."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from server.documents.views import Moved
from server.kernel.actor import Actor
from server.kernel.errors import Conflict, Invalid, LienThongError, NotFound
from server.kernel.record import Subject
from server.signatures.crypto import Carried
from server.signatures.document_acts import REASON_PERSON, REASON_SEAL
from server.signatures.offers import OfferSteps, Wanted, without_once
from server.signatures.offers_model import OfferAct, OfferFault, TokenRow, ToSign, Way
from server.signatures.tokens import chain_of
from signing.fonts import TextFont
from signing.keys.protocol import SignerIdentity
from signing.model import Level
from signing.pades.appearance import Appearance, StampImage
from signing.pades.deferred import Pending, begin, finish
from signing.pades.placing import SignatureText
from signing.pades.purpose import Purpose, Request, begin_for
from signing.services import Services


@dataclass(frozen=True, slots=True)
class Asked:
    """One document to be signed by an agent."""

    document_id: str
    version: int
    """Version of the row that the caller saw."""
    attachment: str = ""
    """Digest of the attachment; "" = the document itself."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What came of one of them."""

    document_id: str
    to_sign: ToSign | None
    """What to sign; None = it cannot be signed now."""
    fault: OfferFault | None
    """Why not; None = it can."""


class DeferredSigning(OfferSteps):
    """Offers to agents, and the values they bring back."""

    async def begin_deferred(
        self, actor: Actor, act: OfferAct, asked: Sequence[Asked], *, token_id: str = ""
    ) -> tuple[Begun, ...]:
        """Make an offer for each document: one act of the person, one PIN at the agent, an outcome for each.

        ``token_id`` names the certificate; "" = the only one that the owner has in use.
        """
        async with self.units.begin(actor):
            pass  # a retry gets the stored answer before anything is made
        quiet = without_once(actor)
        begun = []
        for one in asked:
            try:
                begun.append(Begun(one.document_id, await self._begun(quiet, act, one, token_id), None))
            except LienThongError as error:
                fault = OfferFault(error.code, dict(error.faults[0].params))
                begun.append(Begun(one.document_id, None, fault))
        async with self.units.begin(actor) as unit:
            made = sum(1 for one in begun if one.to_sign)
            unit.record(
                "signatures.begin_deferred",
                Subject("body", actor.body_id, actor.body_id),
                detail={"act": act.value, "offers": made, "refused": len(begun) - made},
            )
            return unit.answer(tuple(begun))

    async def complete_deferred(self, actor: Actor, offer_id: str, value: str) -> Moved:
        """Put a signature value (base64) into the document it was begun for, and record the act.

        The offer is used up, right or wrong. Raises NotFound ``signatures.offer_unknown``; Conflict
        ``signatures.offer_used``, ``signatures.offer_expired``, ``documents.changed``; Invalid
        ``signatures.value_unreadable``; Conflict ``signatures.failed`` (not the value of that key over that
        file); Refused ``signatures.return_*``; what the act raises.
        """
        async with self.documents.answered_before(actor):
            found = await self.offers.find(self.units.reader, offer_id, actor.account_id)
            offer = self.require_open(found if found and found.way is Way.DEFERRED else None)
            if offer.post_id != actor.post_id:
                raise NotFound("signatures.offer_unknown")
            raw = _decoded(value)
            base = await self.files.read_bytes(offer.digest)
            now = self.units.now()
            async with self.use(actor, offer):
                done = await self.work(partial(_finished, offer.pending, base, raw, now, self.tools.services))
                signed = done.pdf
                limit = len(base) + self.settings.growth_limit_bytes
                async with self.files.spool(_whole(signed), limit_bytes=limit) as path:
                    await self.proved(offer, path)
                attachment = offer.digest if offer.act is OfferAct.ATTACHMENT else ""
                wanted = await self.wanted(
                    actor, offer.document_id, offer.act, version=offer.row_version, attachment=attachment
                )
                if wanted.digest != offer.digest:
                    raise Conflict("documents.changed", state="", version=offer.row_version)
                made = await self.stored(signed, wanted.task)
                return await self.settled(actor, offer, wanted, made, done, offer.field)

    async def _begun(self, actor: Actor, act: OfferAct, asked: Asked, token_id: str) -> ToSign:
        wanted = await self.wanted(
            actor, asked.document_id, act, version=asked.version, attachment=asked.attachment
        )
        token = await self._token(wanted, token_id)
        source = await self.files.read_bytes(wanted.digest)
        with_fields = await self.with_fields(wanted.task, source) if act is OfferAct.SIGN else None
        image = await self.work(partial(self._image, token))
        now = self.units.now()
        font, _ = await self.text_fonts()
        pending = await self.work(
            partial(
                _pending,
                with_fields or source,
                token,
                wanted,
                image,
                now,
                font,
                self.person_level(wanted.task.document),
            )
        )
        prepared = await self.stored(with_fields, wanted.task) if with_fields else None
        async with self.units.begin(actor) as unit:
            wanted = await self.readied(unit, wanted, prepared)
            offer = replace(
                self.new_offer(unit, wanted, Way.DEFERRED),
                token_id=token.id,
                pending=pending.to_bytes().decode(),
            )
            await self.offers.add(unit, offer)
        return ToSign(
            self.offer_view(offer),
            pending.algorithm.value,
            pending.digest.hex(),
            base64.b64encode(pending.to_be_signed).decode(),
        )

    async def _token(self, wanted: Wanted, token_id: str) -> TokenRow:
        rows = await self.tokens_of(wanted.owner_kind, wanted.owner_id)
        chosen = [row for row in rows if token_id in ("", row.id)]
        if not chosen:
            raise Conflict("signatures.no_token", owner=wanted.owner_name)
        if len(chosen) > 1:
            raise Conflict("signatures.token_choice", count=len(chosen))
        return chosen[0]

    def _image(self, token: TokenRow) -> StampImage | None:
        return StampImage.load(self.keyring.read(token.image_path)) if token.image_path else None


def _pending(
    source: bytes,
    token: TokenRow,
    wanted: Wanted,
    image: StampImage | None,
    now: datetime,
    font: TextFont,
    level: Level,
) -> Pending:
    first, *chain = chain_of(token)
    identity = SignerIdentity.of(first, tuple(chain))
    if wanted.act is OfferAct.ATTACHMENT:
        request = Request(Purpose.ATTACHMENT, number=wanted.task.document.number_text)
        return begin_for(source, identity, request, font, now, level=level)
    words = SignatureText(reason=REASON_PERSON if wanted.act is OfferAct.SIGN else REASON_SEAL)
    look = Appearance(image=image)
    return begin(source, identity, wanted.field, look, words, now, level=level)


def _finished(pending: str, base: bytes, value: bytes, now: datetime, services: Services) -> Carried:
    done = finish(Pending.from_bytes(pending.encode(), base), value, now, services)
    return Carried(done.pdf, None, done.reached, str(done.shortfall) if done.shortfall else "")


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("signatures.value_unreadable", field="/value") from error


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data
