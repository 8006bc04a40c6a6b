"""Rows of tokens and offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from server.kernel.clock import text
from server.signatures.model import OwnerKind
from server.signatures.offers_model import Offer, OfferFault, OfferState, TokenRow
from server.signatures.store import Writer
from storage.sql.protocol import Params, Reader
from storage.sql.statements import Engine, load_all


@dataclass(frozen=True)
class _WayRow:
    way: str


class OfferStore:
    """Reads and writes the rows."""

    def __init__(self, engine: Engine) -> None:
        self._statements = load_all(Path(__file__).parent, engine)

    async def add_token(self, writer: Writer, row: TokenRow) -> None:
        """Write a token; the database refuses a certificate that is known (UniqueViolation)."""
        await writer.execute(
            self._statements["insert_token"],
            {
                "id": row.id,
                "owner_kind": row.owner_kind.value,
                "owner_id": row.owner_id,
                "subject": row.subject,
                "serial": row.serial,
                "issuer": row.issuer,
                "fingerprint": row.fingerprint,
                "certificate": row.certificate,
                "chain": row.chain,
                "image_path": row.image_path,
                "not_before": text(row.not_before),
                "not_after": text(row.not_after),
                "added_at": text(row.added_at),
            },
        )

    async def tokens_of(self, reader: Reader, kind: OwnerKind, owner_id: str) -> Sequence[TokenRow]:
        """Return the tokens in use of an owner, oldest first."""
        params: Params = {"owner_kind": kind.value, "owner_id": owner_id}
        return await reader.fetch(self._statements["tokens_of"], params, TokenRow)

    async def ways(self, reader: Reader, kind: OwnerKind, owner_id: str) -> set[str]:
        """Return how an owner can sign: ``key`` (held here), ``token`` (in its own hands)."""
        params: Params = {"owner_kind": kind.value, "owner_id": owner_id}
        return {row.way for row in await reader.fetch(self._statements["ways_of"], params, _WayRow)}

    async def tokens(self, reader: Reader, after: str, limit: int) -> list[TokenRow]:
        """Return tokens in the order they were added."""
        params: Params = {"after": after, "limit": limit}
        return await reader.fetch(self._statements["list_tokens"], params, TokenRow)

    async def end_token(self, writer: Writer, token_id: str) -> bool:
        """Take a token out of use; False = it was not in use."""
        return await writer.execute(self._statements["end_token"], {"id": token_id}) == 1

    async def add(self, writer: Writer, offer: Offer) -> None:
        """Write a new offer; those made before for the same file and person are over."""
        await writer.execute(
            self._statements["supersede_offers"],
            {
                "document_id": offer.document_id,
                "account_id": offer.account_id,
                "digest": offer.digest,
                "now": text(offer.created_at),
            },
        )
        await writer.execute(
            self._statements["insert_offer"],
            {
                "id": offer.id,
                "way": offer.way.value,
                "act": offer.act.value,
                "document_id": offer.document_id,
                "row_version": offer.row_version,
                "digest": offer.digest,
                "field": offer.field,
                "owner_kind": offer.owner_kind.value,
                "owner_id": offer.owner_id,
                "account_id": offer.account_id,
                "post_id": offer.post_id,
                "body_id": offer.body_id,
                "actor": msgspec.json.encode(offer.actor).decode(),
                "get_digest": offer.get_digest,
                "put_digest": offer.put_digest,
                "token_id": offer.token_id,
                "pending": offer.pending,
                "created_at": text(offer.created_at),
                "expires_at": text(offer.expires_at),
            },
        )

    async def find(self, reader: Reader, offer_id: str, account_id: str) -> Offer | None:
        """Return an offer of an account."""
        params = {"id": offer_id, "account_id": account_id}
        return await reader.fetch_one(self._statements["find_offer"], params, Offer)

    async def to_get(self, reader: Reader, digest: str) -> Offer | None:
        """Return the offer whose download secret has this digest."""
        return await reader.fetch_one(self._statements["find_offer_to_get"], {"digest": digest}, Offer)

    async def to_put(self, reader: Reader, digest: str) -> Offer | None:
        """Return the offer whose upload secret has this digest."""
        return await reader.fetch_one(self._statements["find_offer_to_put"], {"digest": digest}, Offer)

    async def fetched(self, writer: Writer, offer_id: str, now: datetime) -> bool:
        """Use up the download; False = it was used, ended or too late."""
        params = {"id": offer_id, "now": text(now)}
        return await writer.execute(self._statements["fetch_offer"], params) == 1

    async def taken(self, writer: Writer, offer_id: str, now: datetime) -> bool:
        """Use up the return; False = it was used, ended or too late."""
        params = {"id": offer_id, "now": text(now)}
        return await writer.execute(self._statements["take_offer"], params) == 1

    async def end(
        self,
        writer: Writer,
        offer_id: str,
        now: datetime,
        state: OfferState,
        *,
        result_digest: str = "",
        fault: OfferFault | None = None,
    ) -> bool:
        """Write how it ended; False = somebody else ended it."""
        params = {
            "id": offer_id,
            "now": text(now),
            "state": state.value,
            "result_digest": result_digest,
            "fault": msgspec.json.encode(fault).decode(),
        }
        return await writer.execute(self._statements["end_offer"], params) == 1
