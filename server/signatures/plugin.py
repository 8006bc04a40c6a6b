"""The official's own token behind the browser: the VGCA Sign Service (standards 6.3).

The page asks for an offer, hands its parameters to the plugin on this machine, and the plugin fetches the
file from one address and posts the signed one to another. Both addresses carry a secret of 256 bits, work
once, end soon, and are bound to person, post, document, version and act. Nothing that the page or the
plugin says is believed: the file that comes back is proved, then the document moves on.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, time

from server.documents.views import Moved
from server.files.model import FileView, Made
from server.kernel.actor import Actor
from server.kernel.clock import VIETNAM
from server.kernel.errors import Conflict
from server.kernel.record import Subject
from server.signatures.crypto import Carried
from server.signatures.offers import OfferSteps, Wanted, without_once
from server.signatures.offers_model import OfferAct, OfferView, PluginOffer, Way
from signing.model import Level

SECRET_BYTES = 32


class PluginSigning(OfferSteps):
    """Offers to the plugin, and what it brings back."""

    async def offer_to_plugin(
        self,
        actor: Actor,
        document_id: str,
        act: OfferAct,
        *,
        version: int | None = None,
        attachment: str = "",
    ) -> PluginOffer:
        """Offer a document, or one attachment, to the actor's plugin for one signature.

        A PDF that has no fields yet gets them first. Offers made before for the same act are over. Raises
        what the act raises at its beginning; Conflict ``signatures.no_token``.
        """
        wanted = await self.wanted(actor, document_id, act, version=version, attachment=attachment)
        if not await self.tokens_of(wanted.owner_kind, wanted.owner_id):
            raise Conflict("signatures.no_token", owner=wanted.owner_name)
        prepared = await self.prepared(wanted) if act is OfferAct.SIGN else None
        get_secret, put_secret = secrets.token_urlsafe(SECRET_BYTES), secrets.token_urlsafe(SECRET_BYTES)
        async with self.units.begin(without_once(actor)) as unit:
            wanted = await self.readied(unit, wanted, prepared)
            offer = self.new_offer(unit, wanted, Way.PLUGIN)
            offer = replace(offer, get_digest=_digest(get_secret), put_digest=_digest(put_secret))
            await self.offers.add(unit, offer)
        return _parameters(self.offer_view(offer), wanted, get_secret, put_secret)

    async def fetch_offered(self, secret: str) -> FileView:
        """Hand out the offered file, once.

        Raises NotFound ``signatures.offer_unknown``; Conflict ``signatures.offer_used``,
        ``signatures.offer_expired``, ``documents.changed``.
        """
        offer = self.require_open(await self.offers.to_get(self.units.reader, _digest(secret)))
        document = await self.documents.load(offer.actor, offer.document_id, offer.row_version)
        async with self.units.begin(offer.actor) as unit:
            if not await self.offers.fetched(unit, offer.id, unit.now):
                raise Conflict("signatures.offer_used")
            unit.record(
                "signatures.fetch_offer",
                Subject("document", document.id, document.body_id),
                detail={"offer": offer.id, "digest": offer.digest},
            )
        return FileView(await self.files.info(offer.digest), f"{offer.id}.pdf", "application/pdf")

    async def take_from_plugin(self, secret: str, name: str, chunks: AsyncIterator[bytes]) -> Moved:
        """Take the signed file back, prove it, and record it as the act of the one who asked.

        The offer is used up by what arrives whole, right or wrong; a line that breaks leaves it open. Raises
        as ``fetch_offered``; Refused ``signatures.return_*`` and what the guard finds; Forbidden
        ``identity.acts_no_more``; what the act raises.
        """
        offer = self.require_open(await self.offers.to_put(self.units.reader, _digest(secret)))
        limit = (await self.files.info(offer.digest)).size_bytes + self.settings.growth_limit_bytes
        async with self.files.spool(chunks, limit_bytes=limit) as path, self.use(offer.actor, offer):
            await self.standing.require(offer.actor)
            found = await self.proved(offer, path)
            stored, info = await self.files.take_in(path, name or "van-ban.pdf")
            wanted = await self.wanted(
                offer.actor,
                offer.document_id,
                offer.act,
                version=offer.row_version,
                attachment=offer.digest if offer.act is OfferAct.ATTACHMENT else "",
            )
            if wanted.digest != offer.digest:
                raise Conflict("documents.changed", state="", version=offer.row_version)
            reached = found.signature.level or Level.B_B
            done = Carried(b"", None, reached, "signed elsewhere")
            made = Made(info, pages=stored.pages)
            return await self.settled(offer.actor, offer, wanted, made, done, found.field)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _parameters(offer: OfferView, wanted: Wanted, get_secret: str, put_secret: str) -> PluginOffer:
    """Return what each operation of the plugin takes (standards 6.3)."""
    document = wanted.task.document
    number = "" if wanted.act is OfferAct.SIGN else document.number_text
    issued_at = ""
    if wanted.act is OfferAct.SEAL and document.document_date is not None:
        issued_at = datetime.combine(document.document_date, time(), tzinfo=VIETNAM).isoformat()
    metadata = (("DocumentId", document.id),) if wanted.act is OfferAct.ATTACHMENT else ()
    return PluginOffer(
        offer, wanted.act.operation, get_secret, put_secret, number, issued_at, wanted.name, metadata
    )
