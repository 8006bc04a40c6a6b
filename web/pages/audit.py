"""The record of acts: for inspectors, per document or account; and its check."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from server.kernel.errors import LienThongError
from web.keys import CATALOGUE
from web.links import address
from web.record import acts, line
from web.routes import Call, Html, NoBody, NoQuery, PageQuery, Route

PATH = "/nhat-ky"
Short = Annotated[str, Meta(max_length=200)]


class AuditQuery(PageQuery):
    """Which entries."""

    doi_tuong: Short = ""
    """Subject."""
    viec: Short = ""
    """Action."""
    nguoi: Short = ""
    """Account."""


async def entries(call: Call[NoBody, AuditQuery]) -> Html:
    """Show entries, newest first."""
    query = call.query
    page = await call.services.audit.entries(
        call.actor, query.page, subject_id=query.doi_tuong, action=query.viec, account_id=query.nguoi
    )
    catalogue = call.request.app[CATALOGUE]
    return Html(
        "audit/list.html",
        {
            "rows": [line(catalogue, call.language, row) for row in page.items],
            "acts": acts(catalogue, call.language),
            "query": query,
            "next": page.next,
            "more": address(PATH, query, after=page.next or ""),
            "may_verify": call.services.access.allows(call.actor, "audit.verify"),
        },
    )


async def verify(call: Call[NoBody, NoQuery]) -> Html:
    """Check every entry against the log outside the database and show what was found."""
    report = await call.services.audit.verify()
    try:
        head = await call.services.audit.checkpoint()
    except LienThongError:
        head = ""
    return Html("audit/verify.html", {"report": report, "head": head})


PAGES = [
    Route("GET", PATH, "pages.audit", entries, "audit.read", "Record of acts", query=AuditQuery, page=True),
    Route(
        "POST",
        PATH + "/kiem-tra",
        "pages.audit_verify",
        verify,
        "audit.verify",
        "Check the record",
        page=True,
    ),
]
