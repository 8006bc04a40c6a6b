"""Requests to the providers of certificates over JSON."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from server.certificates.model import CertificateRequest, NewRequest, OwnerKind, Purpose, RequestState
from server.certificates.rules import LARGEST_PEM
from server.certificates.service import MANAGE, READ
from server.kernel.page import Page
from web.api.certificates import TAKING, Id, Needed, Note, Pem, Short
from web.routes import Body, Call, Content, NoBody, NoQuery, PageQuery, Route

REQUESTS = "/api/v1/certificate-requests"
REQUEST = REQUESTS + "/{request_id}"


class RequestsQuery(PageQuery):
    """Which requests."""

    state: RequestState | None = None
    """In this state."""


class PrepareRequest(Body):
    """A request to a provider."""

    purpose: Purpose
    """A new certificate, or a renewal. A revocation is asked for at the certificate."""
    owner_kind: OwnerKind
    """Person or body."""
    owner_id: Id
    """Account or body."""
    body_id: Id
    """Body that asks."""
    subject: Needed
    """Name to be certified."""
    provider: Needed
    """Code of the provider."""
    organ_id: Short = ""
    """Identifier of the body."""
    certificate_id: Short = ""
    """Certificate to be renewed."""
    csr: Annotated[str, Meta(max_length=LARGEST_PEM)] = ""
    """PKCS#10 request in PEM, made by the token's software; "" = the provider makes the key."""
    note: Note = ""
    """What the provider must know."""


class IssuedFor(Body):
    """What a provider issued for a request."""

    pem: Pem
    """The certificate, PEM."""
    device: Short = ""
    """Serial number or label of the token."""


async def requests(call: Call[NoBody, RequestsQuery]) -> Page[CertificateRequest]:
    """Return requests."""
    return await call.services.certificate_requests.requests(
        call.actor, call.query.page, state=call.query.state
    )


async def request(call: Call[NoBody, NoQuery]) -> CertificateRequest:
    """Return one request."""
    return await call.services.certificate_requests.request(call.actor, call.path["request_id"])


async def prepare(call: Call[PrepareRequest, NoQuery]) -> CertificateRequest:
    """Prepare a request."""
    values = msgspec.structs.asdict(call.body)
    return await call.services.certificate_requests.prepare(call.actor, NewRequest(**values))


async def sent(call: Call[NoBody, NoQuery]) -> CertificateRequest:
    """Record that a request was sent."""
    return await call.services.certificate_requests.sent(call.actor, call.path["request_id"])


async def withdraw(call: Call[NoBody, NoQuery]) -> CertificateRequest:
    """Withdraw a request."""
    return await call.services.certificate_requests.withdraw(call.actor, call.path["request_id"])


async def fulfil(call: Call[IssuedFor, NoQuery]) -> CertificateRequest:
    """Take what was issued for a request."""
    return await call.services.certificate_requests.fulfil(
        call.actor, call.path["request_id"], call.body.pem, call.body.device
    )


async def file(call: Call[NoBody, NoQuery]) -> Content:
    """Return what is to be sent."""
    name, text = await call.services.certificate_requests.file(call.actor, call.path["request_id"])
    media = "application/pkcs10" if name.endswith(".csr") else "text/csv"
    return Content(text.encode(), media, name, inline=False)


ON_REQUEST = ("certificates.request_unknown", "certificates.request_state", "certificates.changed")
ROUTES = [
    Route(
        "GET",
        REQUESTS,
        "certificates.requests",
        requests,
        READ,
        "Requests to providers, the newest first",
        query=RequestsQuery,
        answer=Page[CertificateRequest],
    ),
    Route(
        "POST",
        REQUESTS,
        "certificates.prepare",
        prepare,
        MANAGE,
        "Prepare a request for a certificate or its renewal",
        body=PrepareRequest,
        answer=CertificateRequest,
        status=201,
        once=True,
        errors=(
            "certificates.other_body",
            "certificates.unknown",
            "certificates.provider_unknown",
            "certificates.subject_missing",
            "certificates.certificate_missing",
            "certificates.csr_unreadable",
            "certificates.csr_signature",
            "certificates.key_weak",
            "organisations.body_unknown",
        ),
    ),
    Route(
        "GET",
        REQUEST,
        "certificates.request",
        request,
        READ,
        "One request",
        answer=CertificateRequest,
        errors=("certificates.request_unknown",),
    ),
    Route(
        "GET",
        REQUEST + "/file",
        "certificates.request_file",
        file,
        READ,
        "What is to be sent: the PKCS#10 request, or the sheet of its data",
        media=("application/pkcs10", "text/csv"),
        errors=("certificates.request_unknown",),
    ),
    Route(
        "POST",
        REQUEST + "/sent",
        "certificates.request_sent",
        sent,
        MANAGE,
        "Record that a request was sent",
        answer=CertificateRequest,
        once=True,
        errors=ON_REQUEST,
    ),
    Route(
        "POST",
        REQUEST + "/withdraw",
        "certificates.request_withdrawn",
        withdraw,
        MANAGE,
        "Withdraw a request",
        answer=CertificateRequest,
        once=True,
        errors=ON_REQUEST,
    ),
    Route(
        "POST",
        REQUEST + "/certificate",
        "certificates.request_fulfilled",
        fulfil,
        MANAGE,
        "Take the certificate that was issued for a request into the inventory",
        body=IssuedFor,
        answer=CertificateRequest,
        once=True,
        errors=(*ON_REQUEST, *TAKING, "certificates.other_key"),
    ),
]
