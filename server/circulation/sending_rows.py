"""The rows of a sending, made from the document and the recipients. Pure but for fresh ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.circulation.codes import Code
from server.circulation.commands import Addressees
from server.circulation.core import SYSTEM_ACTING
from server.circulation.ports import Issued
from server.circulation.receipts import Receipt, Sealed, event_of, seal
from server.circulation.rows import Asked, files_json
from server.circulation.rules import State, priority_of, search_text
from server.identity.model import Grant
from server.identity.scope import post, role
from server.kernel.actor import Role
from server.kernel.clock import text
from server.organisations.model import Body
from server.registers.series import Book, Origin
from server.unit import Unit
from storage.sql.protocol import Params, SqlValue

NEW = State(Code.ARRIVED, None)
"""Every arrival begins so."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A sending whose recipients have been checked."""

    sender: Body
    recipients: tuple[Body, ...]
    addressees: Addressees
    note: str
    asked: Asked | None
    """The arrival that the document answers."""


def header(issued: Issued, plan: Plan) -> dict[str, SqlValue]:
    """The copy of the header that dispatch and arrivals keep."""
    addressees = plan.addressees
    return {
        "document_id": issued.document_id,
        "from_body": issued.body_id,
        "from_code": plan.sender.code,
        "from_name": plan.sender.name,
        "number_text": issued.number_text,
        "document_date": issued.document_date.isoformat(),
        "type_code": issued.type_code,
        "type_name": issued.type_name,
        "subject": issued.subject,
        "signer": issued.signer,
        "urgency": (addressees.urgency or issued.urgency).value,
        "pages": issued.pages,
        "note": plan.note,
        "due_date": addressees.due_date.isoformat() if addressees.due_date else "",
        "restricted": int(issued.restricted),
        "main_digest": issued.main_digest,
        "files": files_json(issued.files),
    }


def dispatch_row(
    unit: Unit, dispatch_id: str, issued: Issued, plan: Plan, header: Mapping[str, SqlValue]
) -> Params:
    """The row of the dispatch."""
    actor = unit.actor
    return {
        **header,
        "id": dispatch_id,
        "office": plan.sender.keeper_id,
        "reply_to": plan.asked.id if plan.asked else "",
        "sent_at": text(unit.now),
        "sent_by": actor.account_id,
        "sent_by_name": actor.name,
        "sent_post": actor.post_id,
        "sent_post_title": actor.post_title,
        "recipients": len(plan.recipients),
        "outside": len(plan.addressees.outside),
        "search": search_text([issued.number_text, issued.subject]),
    }


def arrival_row(
    issued: Issued,
    plan: Plan,
    header: Mapping[str, SqlValue],
    body: Body,
    receipt: Sealed,
    now: str,
) -> Params:
    """The row of one arrival; ``receipt`` is its 01."""
    asked = plan.asked if plan.asked is not None and plan.asked.from_body == body.id else None
    return {
        **header,
        "id": receipt.receipt.arrival,
        "dispatch_id": receipt.receipt.dispatch,
        "from_address": "",
        "to_body": body.id,
        "to_code": body.code,
        "to_name": body.name,
        "to_parent": body.parent_id,
        "office": body.keeper_id,
        "origin": Origin.ELECTRONIC.value,
        "book": Book.INCOMING.value,
        "arrived_at": now,
        "status": Code.ARRIVED.value,
        "priority": priority_of(plan.addressees.urgency or issued.urgency, NEW),
        "incoming_number": 0,
        "incoming_text": "",
        "incoming_series": "",
        "incoming_entry": "",
        "incoming_date": "",
        "response_arrival": asked.id if asked else "",
        "response_document": asked.document_id if asked else "",
        "response_number": asked.number_text if asked else "",
        "response_date": asked.document_date.isoformat() if asked and asked.document_date else "",
        "search": search_text([issued.number_text, issued.subject, plan.sender.name]),
        "sequence": receipt.receipt.sequence,
        "receipt_digest": receipt.digest,
        "changed_at": now,
        "changed_by": SYSTEM_ACTING.name,
    }


def receipt_01(unit: Unit, issued: Issued, dispatch_id: str, body: Body) -> Sealed:
    """Receipt of arrival, given by the recipient's system in the same commit that delivers."""
    return seal(
        Receipt(
            id=unit.new_id(),
            arrival=unit.new_id(),
            dispatch=dispatch_id,
            document=issued.document_id,
            sequence=1,
            previous="",
            code=Code.ARRIVED,
            event=event_of(Code.ARRIVED),
            at=text(unit.now),
            body=body.id,
            acting=SYSTEM_ACTING,
            reason="",
            incoming="",
            digest=issued.main_digest,
        )
    )


def grants_of(plan: Plan, sealed: Sequence[Sealed]) -> list[tuple[str, Grant]]:
    """Who sees each arrival: the clerks of the body, or of a restricted one the clerk named."""
    grants = []
    for body, receipt in zip(plan.recipients, sealed, strict=True):
        named = plan.addressees.attention.get(body.id)
        grantee = post(named) if named else role(body.id, Role.RECORDS_CLERK)
        grants.append((receipt.receipt.arrival, Grant(body.id, grantee, "recipient")))
    return grants
