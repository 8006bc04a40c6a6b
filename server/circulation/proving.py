"""What can be proved of the way of a document: every receipt and record with its signature, XML on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from server.circulation.core import Core
from server.circulation.receipts import Receipt
from server.circulation.store_evidence import ReceiptRow
from server.evidence.model import EvidenceRecord, Signature, SignedEvidence
from server.kernel.clock import text
from server.notifications.model import Batch
from signing.evidence.erds import Erds, Party, erds_xml


class Proving:
    """Evidence of the room."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def notified(self, batch: Batch, message_id: str) -> None:
        """Write that recipients were told; subscribed to the delivery of notices."""
        await self._core.witnessing.notified(batch, message_id)

    async def watch_silence(self) -> int:
        """Write every silence that has become one; return how many."""
        return await self._core.witnessing.watch()

    async def evidence_of_arrival(self, arrival_id: str) -> list[SignedEvidence]:
        """Return everything that was signed about one arrival, oldest first; without a scope."""
        receipts = await self._core.witnessing.rows.receipts_of(arrival_id)
        signatures = await self._core.evidence.signatures([row.id for row in receipts])
        found = [_signed(row, signatures.get(row.id)) for row in receipts]
        return _ordered([*found, *await self._core.evidence.of_arrival(arrival_id)])

    async def evidence_of_document(self, document_id: str) -> list[SignedEvidence]:
        """Return everything that was signed about all sendings of a document, oldest first; without a scope.

        The evidence file is made of it. Receipts of state and records stand side by side; ``event`` of a
        receipt is its status code.
        """
        receipts = await self._core.witnessing.rows.receipts_of_document(document_id)
        signatures = await self._core.evidence.signatures([row.id for row in receipts])
        found = [_signed(row, signatures.get(row.id)) for row in receipts]
        return _ordered([*found, *await self._core.evidence.of_document(document_id)])

    async def evidence_xml(self, document_id: str, evidence: Sequence[SignedEvidence]) -> dict[str, bytes]:
        """Return each piece of evidence of a document as XML of ETSI EN 319 522-3, by id."""
        core = self._core
        arrivals = await self._core.witnessing.rows.arrivals_of_document(document_id)
        sendings = {one.id: one for one in await self._core.witnessing.rows.sendings(document_id)}
        named = {one.to_body for one in arrivals} | {one.from_body for one in arrivals}
        facts = [_facts(one) for one in evidence]
        named |= {body for fact in facts for body in (fact.body, fact.sender, fact.recipient) if body}
        bodies = await core.directory.bodies_by_id(sorted(named))
        parties = {key: Party(body.code, body.name) for key, body in bodies.items()}
        senders = {one.id: one.from_body for one in arrivals}
        found = {}
        for one, fact in zip(evidence, facts, strict=True):
            sent = sendings.get(one.dispatch_id)
            everybody = [a.to_body for a in arrivals if a.dispatch_id == one.dispatch_id]
            recipients = [fact.recipient] if fact.recipient else everybody
            name = core.evidence.rules.events[fact.event]
            signature = one.signature
            found[one.id] = erds_xml(
                Erds(
                    identifier=one.id,
                    event=name.uri,
                    reason=fact.reason,
                    reason_code=fact.code or name.name,
                    event_time=fact.at,
                    submission_time=text(sent.sent_at) if sent else "",
                    policy=core.evidence.rules.policy,
                    issuer=_party(parties, fact.body),
                    certificate=signature.certificate if signature else b"",
                    sender=_party(parties, fact.sender or senders.get(one.arrival_id, "")),
                    recipients=[_party(parties, body) for body in recipients],
                    message=one.dispatch_id,
                    digests=[("main", _raw(fact.digest))] if fact.digest else [],
                    content=one.content.encode(),
                    signature=signature.signature if signature else b"",
                )
            )
        return found


@dataclass(frozen=True, slots=True)
class _Facts:
    """What receipts and records have in common."""

    event: str
    code: str
    at: str
    body: str
    sender: str
    recipient: str
    reason: str
    digest: str


_RECEIPT_EVENTS = {
    "01": "content_consignment",
    "02": "consignment_rejection",
    "03": "content_handover",
    "04": "assigned",
    "05": "in_progress",
    "06": "finished",
    "13": "recall_requested",
    "15": "recall_agreed",
    "16": "recall_refused",
}


def _facts(evidence: SignedEvidence) -> _Facts:
    """Read the bytes that were signed: a record by its event, a receipt by its status code."""
    if evidence.event in _RECEIPT_EVENTS:
        receipt = msgspec.json.decode(evidence.content, type=Receipt)
        event = _RECEIPT_EVENTS[evidence.event]
        recalled = evidence.event == "13"
        recipient = "" if recalled else receipt.body
        sender = receipt.body if recalled else ""
        return _Facts(
            event,
            receipt.code.value,
            receipt.at,
            receipt.body,
            sender,
            recipient,
            receipt.reason,
            receipt.digest,
        )
    record = msgspec.json.decode(evidence.content, type=EvidenceRecord)
    return _Facts(
        record.event.value,
        "",
        record.at,
        record.body,
        record.sender,
        record.recipient,
        record.reason,
        record.digest,
    )


def _signed(row: ReceiptRow, signature: Signature | None) -> SignedEvidence:
    return SignedEvidence(
        row.id, row.code, row.at, row.arrival_id, row.dispatch_id, row.content, row.digest, signature
    )


def _ordered(found: list[SignedEvidence]) -> list[SignedEvidence]:
    return sorted(found, key=lambda one: (one.at, one.id))


def _party(parties: dict[str, Party], body_id: str) -> Party:
    return parties.get(body_id, Party(body_id, ""))


def _raw(digest: str) -> bytes:
    return bytes.fromhex(digest.removeprefix("sha256:"))
