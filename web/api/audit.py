"""The record over JSON: reading it within one's scope, checking it, proving one entry."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from server.audit.model import AuditRow, Proof, VerifyReport
from server.kernel.page import Page
from web.routes import Call, NoBody, NoQuery, PageQuery, Route

BASE = "/api/v1/audit"
Word = Annotated[str, Meta(max_length=100)]


class EntriesQuery(PageQuery):
    """Which entries."""

    subject: Word = ""
    """Id of what was acted on; "" = everything."""
    action: Word = ""
    """Act, such as ``documents.submit``; "" = every act."""
    account: Word = ""
    """Account that acted; "" = everybody."""


async def entries(call: Call[NoBody, EntriesQuery]) -> Page[AuditRow]:
    """Return entries, newest first, as far as the caller may read them."""
    query = call.query
    return await call.services.audit.entries(
        call.actor, query.page, subject_id=query.subject, action=query.action, account_id=query.account
    )


async def verify(call: Call[NoBody, NoQuery]) -> VerifyReport:
    """Check every entry against the signed log."""
    return await call.services.audit.verify()


async def prove(call: Call[NoBody, NoQuery]) -> Proof:
    """Prove that one entry is in the log."""
    return await call.services.audit.prove_visible(call.actor, call.path["entry_id"])


ROUTES = [
    Route(
        "GET",
        f"{BASE}/entries",
        "audit.entries",
        entries,
        "audit.read",
        "Entries of the record, newest first",
        query=EntriesQuery,
        answer=Page[AuditRow],
    ),
    Route(
        "GET",
        f"{BASE}/entries/{{entry_id}}/proof",
        "audit.prove",
        prove,
        "audit.read",
        "Inclusion proof of one entry under the newest signed head",
        answer=Proof,
        errors=("audit.entry_unknown", "audit.not_placed", "audit.no_head"),
    ),
    Route(
        "GET",
        f"{BASE}/verification",
        "audit.verify",
        verify,
        "audit.verify",
        "Check every entry against the log outside the database",
        answer=VerifyReport,
    ),
]
