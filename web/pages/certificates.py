"""Certificates as the clerk of a body and the administrator keep them: inventory, requests, trust anchors."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from server.certificates.model import (
    Certificate,
    CertificateRequest,
    CertificateState,
    NewRequest,
    OwnerKind,
    Purpose,
    Reason,
    RequestState,
)
from server.certificates.rules import LARGEST_PEM, NEXT, WARNINGS
from server.certificates.service import MANAGE, READ
from web.links import address
from web.pages.shared import once
from web.routes import Body, Call, Content, Handler, Html, NoBody, NoQuery, PageQuery, Redirect, Route

BASE = "/chung-thu"
REQUESTS = BASE + "/yeu-cau"
TRUST = BASE + "/tin-cay"
ONE = BASE + "/{certificate_id}"
REQUEST = REQUESTS + "/{request_id}"
Short = Annotated[str, Meta(max_length=200)]
Needed = Annotated[str, Meta(min_length=1, max_length=200)]
Note = Annotated[str, Meta(max_length=1000)]


class InventoryQuery(PageQuery):
    """Which certificates."""

    trong: Annotated[int, Meta(ge=0, le=3650)] = 0
    """Ending within these days; 0 = all."""


class RequestForm(Body, kw_only=True):
    """A new request."""

    purpose: Purpose = Purpose.ISSUE
    owner_kind: OwnerKind = OwnerKind.PERSON
    owner_id: Needed
    body_id: Needed
    subject: Needed
    provider: Needed
    organ_id: Short = ""
    certificate_id: Short = ""
    csr: Annotated[str, Meta(max_length=LARGEST_PEM)] = ""
    note: Note = ""


class RevocationForm(Body):
    """Why a certificate is to be revoked."""

    reason: Reason
    note: Note = ""


class IssuedForm(Body):
    """What a provider issued."""

    pem: Annotated[str, Meta(min_length=1, max_length=LARGEST_PEM)]
    device: Short = ""


async def inventory(call: Call[NoBody, InventoryQuery]) -> Html:
    """Show certificates, those that end first before others."""
    query = call.query
    page = await call.services.certificates.inventory(call.actor, query.page, days=query.trong)
    now = call.services.clock.now()
    return Html(
        "certificates/list.html",
        {
            "rows": page.items,
            "query": query,
            "spans": sorted(WARNINGS),
            "soon": now + timedelta(days=max(WARNINGS)),
            "next": page.next,
            "more": address(BASE, query, after=page.next or ""),
        },
    )


async def show(call: Call[NoBody, NoQuery]) -> Html:
    """Show one certificate with what can be done."""
    one = await call.services.certificates.certificate(call.actor, call.path["certificate_id"])
    now = call.services.clock.now()
    return Html(
        "certificates/detail.html",
        {
            "one": one,
            "soon": now + timedelta(days=max(WARNINGS)),
            "in_use": one.state is CertificateState.IN_USE,
            "asked": one.state is CertificateState.REVOCATION_ASKED,
            "reasons": [reason.value for reason in Reason],
        },
    )


async def ask_revocation(call: Call[RevocationForm, NoQuery]) -> Redirect:
    """Ask for a revocation."""
    body = call.body
    act = call.services.certificate_requests.ask_revocation(
        call.actor, call.path["certificate_id"], body.reason, body.note
    )
    made = await once(act, Certificate)
    return Redirect(f"{BASE}/{made.id}", notice="cert.asked")


async def revoked(call: Call[NoBody, NoQuery]) -> Redirect:
    """Record a revocation."""
    act = call.services.certificates.revoked(call.actor, call.path["certificate_id"])
    made = await once(act, Certificate)
    return Redirect(f"{BASE}/{made.id}", notice="cert.marked")


async def requests(call: Call[NoBody, PageQuery]) -> Html:
    """Show requests, the newest first, and the form of a new one."""
    return await _requests(call, call.query)


async def requests_again(call: Call[NoBody, NoQuery]) -> Html:
    """Show the form of a new request again, with its faults."""
    return await _requests(call, PageQuery())


async def _requests(call: Call[NoBody, PageQuery] | Call[NoBody, NoQuery], query: PageQuery) -> Html:
    page = await call.services.certificate_requests.requests(call.actor, query.page)
    trust = await call.services.certificates.trust(call.actor)
    providers = [(one.provider.code, getattr(one.provider, call.language)) for one in trust]
    return Html(
        "certificates/requests.html",
        {
            "rows": page.items,
            "providers": providers,
            "own_body": call.actor.body_id,
            "purposes": [Purpose.ISSUE.value, Purpose.RENEW.value],
            "kinds": [kind.value for kind in OwnerKind],
            "next": page.next,
            "more": address(REQUESTS, query, after=page.next or ""),
        },
    )


async def prepare(call: Call[RequestForm, NoQuery]) -> Redirect:
    """Prepare a request."""
    body = call.body
    new = NewRequest(
        body.purpose,
        body.owner_kind,
        body.owner_id,
        body.body_id,
        body.subject,
        body.organ_id,
        body.provider,
        body.certificate_id,
        body.csr.strip(),
        body.note,
    )
    made = await once(call.services.certificate_requests.prepare(call.actor, new), CertificateRequest)
    return Redirect(f"{REQUESTS}/{made.id}", notice="cert.prepared")


async def request(call: Call[NoBody, NoQuery]) -> Html:
    """Show one request with what can be done."""
    one = await call.services.certificate_requests.request(call.actor, call.path["request_id"])
    allowed = NEXT[one.state]
    return Html(
        "certificates/request.html",
        {
            "one": one,
            "may_send": RequestState.SENT in allowed,
            "may_withdraw": RequestState.WITHDRAWN in allowed,
            "may_take": RequestState.DONE in allowed and one.purpose is not Purpose.REVOKE,
        },
    )


async def sent(call: Call[NoBody, NoQuery]) -> Redirect:
    """Record that a request was sent."""
    act = call.services.certificate_requests.sent(call.actor, call.path["request_id"])
    made = await once(act, CertificateRequest)
    return Redirect(f"{REQUESTS}/{made.id}", notice="cert.marked")


async def withdraw(call: Call[NoBody, NoQuery]) -> Redirect:
    """Withdraw a request."""
    act = call.services.certificate_requests.withdraw(call.actor, call.path["request_id"])
    made = await once(act, CertificateRequest)
    return Redirect(f"{REQUESTS}/{made.id}", notice="cert.marked")


async def fulfil(call: Call[IssuedForm, NoQuery]) -> Redirect:
    """Take what was issued."""
    body = call.body
    act = call.services.certificate_requests.fulfil(
        call.actor, call.path["request_id"], body.pem, body.device
    )
    made = await once(act, CertificateRequest)
    return Redirect(f"{BASE}/{made.certificate_id}", notice="cert.taken")


async def file(call: Call[NoBody, NoQuery]) -> Content:
    """Return what is to be sent."""
    name, text = await call.services.certificate_requests.file(call.actor, call.path["request_id"])
    media = "application/pkcs10" if name.endswith(".csr") else "text/csv"
    return Content(text.encode(), media, name, inline=False)


async def trust(call: Call[NoBody, NoQuery]) -> Html:
    """Show providers, anchors, and our own authority."""
    now = call.services.clock.now()
    parts = await call.services.certificates.own_authority(call.actor)
    return Html(
        "certificates/trust.html",
        {
            "rows": await call.services.certificates.trust(call.actor),
            "parts": [(one, one.warns(now)) for one in parts],
        },
    )


def _get(path: str, name: str, handler: Handler, summary: str, query: type[PageQuery] | None = None) -> Route:
    return Route("GET", path, f"pages.{name}", handler, READ, summary, query=query, page=True)


def _post(
    path: str, name: str, handler: Handler, summary: str, body: type[Body] | None, again: Handler
) -> Route:
    return Route(
        "POST",
        path,
        f"pages.{name}",
        handler,
        MANAGE,
        summary,
        body=body,
        status=303,
        once=True,
        page=True,
        again=again,
    )


PAGES = [
    _get(BASE, "certificates", inventory, "Certificates", InventoryQuery),
    _get(TRUST, "trust", trust, "Trust anchors"),
    _get(REQUESTS, "certificate_requests", requests, "Requests to providers", PageQuery),
    _post(REQUESTS, "certificate_prepare", prepare, "Prepare a request", RequestForm, requests_again),
    _get(REQUEST, "certificate_request", request, "A request"),
    Route(
        "GET",
        REQUEST + "/tep",
        "pages.certificate_request_file",
        file,
        READ,
        "What is to be sent",
        media=("application/pkcs10", "text/csv"),
        page=True,
    ),
    _post(REQUEST + "/da-gui", "certificate_sent", sent, "Record as sent", None, request),
    _post(REQUEST + "/rut", "certificate_withdraw", withdraw, "Withdraw", None, request),
    _post(REQUEST + "/nhap", "certificate_take", fulfil, "Take in what was issued", IssuedForm, request),
    _get(ONE, "certificate", show, "A certificate"),
    _post(
        ONE + "/thu-hoi", "certificate_revocation", ask_revocation, "Ask for revocation", RevocationForm, show
    ),
    _post(ONE + "/da-thu-hoi", "certificate_revoked", revoked, "Record as revoked", None, show),
]
