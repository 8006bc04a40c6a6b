"""What offers of every way share: whose signature is wanted of what, and how a good one is recorded.

An offer is made from a task of ``documents`` and ends in the same record that a key of this server would
have ended in: compare-and-set on state, version and digest. What comes back is proved by
``signing.validate.returned`` before anything is written.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from server.documents.core import moved
from server.documents.views import Moved, SigningTask
from server.files.model import Made
from server.kernel.actor import Actor
from server.kernel.errors import Conflict, LienThongError, NotFound, Refused
from server.kernel.record import Subject
from server.signatures.crypto import Carried
from server.signatures.document_acts import SigningActs
from server.signatures.model import OwnerKind, VerifyRequest
from server.signatures.offers_model import Offer, OfferAct, OfferFault, OfferState, OfferView, Way
from server.signatures.plan import person_field, seal_field
from server.signatures.tokens import TokenInventory
from server.unit import Unit
from signing.errors import UnreadableFile
from signing.validate.returned import Returned, ReturnFault

RETURN_FAULTS = {
    "signing.return_not_offered": "signatures.return_not_offered",
    "signing.return_unsigned": "signatures.return_unsigned",
    "signing.return_many": "signatures.return_many",
    "signing.return_changed": "signatures.return_changed",
    "signing.return_broke_earlier": "signatures.return_broke_earlier",
    "signing.return_not_valid": "signatures.return_not_valid",
}
"""Codes of the proof -> codes that people get words for."""
SHOWN_REASON_MAX = 300


@dataclass(frozen=True, slots=True)
class Wanted:
    """One signature that is wanted."""

    act: OfferAct
    task: SigningTask
    owner_kind: OwnerKind
    owner_id: str
    owner_name: str
    """Its name, for messages."""
    digest: str
    """File to be signed."""
    name: str
    """Name of that file."""
    field: str
    """Prepared field; "" = none."""
    index: int
    """Which attachment; 0 otherwise."""


class OfferSteps(SigningActs, TokenInventory):
    """Steps that both ways take."""

    async def offer(self, actor: Actor, offer_id: str) -> OfferView:
        """Return an offer that the actor made. Raises NotFound ``signatures.offer_unknown``."""
        found = await self.offers.find(self.units.reader, offer_id, actor.account_id)
        if found is None:
            raise NotFound("signatures.offer_unknown")
        return self.offer_view(found)

    def offer_view(self, offer: Offer) -> OfferView:
        """Return an offer as it stands now."""
        return OfferView(
            offer.id,
            offer.act,
            offer.document_id,
            offer.stands_at(self.units.now()),
            offer.expires_at,
            offer.result_digest,
            offer.fault,
        )

    async def wanted(
        self, actor: Actor, document_id: str, act: OfferAct, *, version: int | None, attachment: str = ""
    ) -> Wanted:
        """Check that the actor may have this signed now; return what is wanted.

        Raises what ``documents`` raises at the beginning of the act.
        """
        if act is OfferAct.SIGN:
            task = await self.documents.begin_signing(actor, document_id, version=version)
            field = person_field(task.index)
            return _of_main(act, task, OwnerKind.PERSON, (actor.account_id, actor.name), field)
        if act is OfferAct.SEAL:
            task = await self.documents.begin_sealing(actor, document_id, version=version)
            return _of_main(act, task, OwnerKind.BODY, _body(task), seal_field(task.index))
        task, index = await self.documents.begin_attachment(actor, document_id, attachment, version=version)
        file = task.current.attachments[index]
        return Wanted(act, task, OwnerKind.BODY, *_body(task), file.digest, file.name, "", index)

    async def prepared(self, wanted: Wanted) -> Made | None:
        """Return the stored PDF with its fields; None when it has them already."""
        made = await self.with_fields(wanted.task, await self.files.read_bytes(wanted.digest))
        return None if made is None else await self.stored(made, wanted.task)

    async def readied(self, unit: Unit, wanted: Wanted, prepared: Made | None) -> Wanted:
        """Record the fields put on the pages for this signature; the offer is for the file with fields."""
        if prepared is None:
            return wanted
        task = await self.documents.record_prepared(unit, wanted.task, prepared)
        return replace(wanted, task=task, digest=prepared.info.digest)

    def new_offer(self, unit: Unit, wanted: Wanted, way: Way) -> Offer:
        """Return a new offer to the unit's actor, and leave its audit entry."""
        document = wanted.task.document
        offer = Offer(
            id=unit.new_id(),
            way=way,
            act=wanted.act,
            document_id=document.id,
            row_version=document.version,
            digest=wanted.digest,
            field=wanted.field,
            owner_kind=wanted.owner_kind,
            owner_id=wanted.owner_id,
            account_id=unit.actor.account_id,
            post_id=unit.actor.post_id,
            body_id=wanted.task.body_id,
            actor=without_once(unit.actor),
            get_digest="",
            put_digest="",
            token_id="",
            pending="",
            state=OfferState.OPEN,
            fetched_at=None,
            created_at=unit.now,
            expires_at=unit.now + timedelta(seconds=self.settings.offer_seconds),
            ended_at=None,
            result_digest="",
            fault=None,
        )
        unit.record(
            "signatures.offer",
            Subject("document", document.id, document.body_id),
            detail={"offer": offer.id, "way": way.value, "act": wanted.act.value, "digest": wanted.digest},
        )
        return offer

    def require_open(self, offer: Offer | None) -> Offer:
        """Raise unless an offer can still be used."""
        if offer is None:
            raise NotFound("signatures.offer_unknown")
        state = offer.stands_at(self.units.now())
        if state is OfferState.EXPIRED:
            raise Conflict("signatures.offer_expired")
        if state is not OfferState.OPEN:
            raise Conflict("signatures.offer_used")
        return offer

    @asynccontextmanager
    async def use(self, actor: Actor, offer: Offer) -> AsyncIterator[None]:
        """Use an offer up; whatever the block raises is kept as the reason of its refusal."""
        quiet = without_once(actor)
        async with self.units.begin(quiet) as unit:
            if not await self.offers.taken(unit, offer.id, unit.now):
                raise Conflict("signatures.offer_used")
            unit.record("signatures.take_back", Subject("offer", offer.id, offer.body_id))
        try:
            yield
        except LienThongError as error:
            fault = OfferFault(error.code, dict(error.faults[0].params))
            async with self.units.begin(quiet) as unit:
                await self.offers.end(unit, offer.id, unit.now, OfferState.REFUSED, fault=fault)
                unit.record(
                    "signatures.refuse_return",
                    Subject("document", offer.document_id, offer.body_id),
                    detail={"offer": offer.id, "code": fault.code},
                )
            raise

    async def proved(self, offer: Offer, returned: Path) -> Returned:
        """Return the new signature of what came back for an offer; raises Refused ``signatures.return_*``."""
        async with self.files.spooled(offer.digest) as offered:
            try:
                found = await self.checker.returned(offered, returned, self.units.now())
            except ReturnFault as error:
                code = RETURN_FAULTS[error.code]
                raise Refused(code, reason=str(error)[:SHOWN_REASON_MAX]) from error
            except UnreadableFile as error:
                raise Refused("signatures.return_not_offered", reason=str(error)) from error
        if found.fingerprint not in await self._known_certificates(offer):
            raise Refused("signatures.return_by_another", signer=found.signer)
        return found

    async def settled(
        self, actor: Actor, offer: Offer, wanted: Wanted, made: Made, done: Carried, field: str
    ) -> Moved:
        """Record the proved file as what its act makes of the document, and end the offer, in one unit."""
        async with self.units.begin(actor) as unit:
            if wanted.act is OfferAct.SIGN:
                after = await self.documents.record_signed(unit, wanted.task, made)
            elif wanted.act is OfferAct.SEAL:
                after = await self.documents.record_sealed(unit, wanted.task, made)
            else:
                after = await self.documents.record_attachment(unit, wanted.task, wanted.index, made)
            if wanted.act is not OfferAct.ATTACHMENT:
                level = self.wanted_level(after)
                if wanted.act is OfferAct.SIGN:
                    level = self.person_level(after)
                await self.note_level(unit, after, done, wanted=level, field=field)
            unit.publish("signatures.verify", VerifyRequest(made.info.digest), key=made.info.digest)
            ended = await self.offers.end(
                unit, offer.id, unit.now, OfferState.DONE, result_digest=made.info.digest
            )
            if not ended:
                raise Conflict("signatures.offer_used")
            return unit.answer(moved(after))

    async def _known_certificates(self, offer: Offer) -> set[str]:
        """Return the fingerprints of the certificates of whom the offer is for."""
        rows = await self.tokens_of(offer.owner_kind, offer.owner_id)
        chosen = [row.fingerprint for row in rows if offer.token_id in ("", row.id)]
        return {one for one in chosen if await self.refused(one) is None}

    async def refused(self, fingerprint: str) -> object | None:
        """Tell whether this installation takes no more signatures of a certificate (revocation asked for)."""
        return await self.certificates.refused_here(fingerprint.removeprefix("sha256:"))


def _of_main(act: OfferAct, task: SigningTask, kind: OwnerKind, owner: tuple[str, str], field: str) -> Wanted:
    main = task.current.main
    return Wanted(act, task, kind, *owner, task.digest, main.name if main else "", field, 0)


def _body(task: SigningTask) -> tuple[str, str]:
    """Return id and name of the body that seals."""
    fields = task.document.fields
    body = next((co.body for co in fields.co_issuers if co.body.id == task.body_id), fields.body)
    return body.id, body.name


def without_once(actor: Actor) -> Actor:
    """Return an actor whose units neither keep nor replay an answer."""
    return replace(actor, request=replace(actor.request, once=None))
