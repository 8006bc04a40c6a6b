"""Certificates over JSON: inventory, requests to providers, trust anchors, issuing from our own authority."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from server.certificates.issuing import ISSUE, MadeKey, NewKey
from server.certificates.model import (
    Certificate,
    CertificateState,
    OwnerKind,
    Reason,
    Trust,
)
from server.certificates.rules import LARGEST_PEM
from server.certificates.service import MANAGE, READ, NewCertificate
from server.kernel.page import Page
from web.routes import Body, Call, NoBody, NoQuery, PageQuery, Route

BASE = "/api/v1/certificates"
ONE = BASE + "/{certificate_id}"
Id = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:~-]+$")]
Pem = Annotated[str, Meta(min_length=1, max_length=LARGEST_PEM)]
Short = Annotated[str, Meta(max_length=200)]
Needed = Annotated[str, Meta(min_length=1, max_length=200)]
Note = Annotated[str, Meta(max_length=1000)]


class InventoryQuery(PageQuery):
    """Which certificates."""

    days: Annotated[int, Meta(ge=0, le=3650)] = 0
    """Ending within these days; 0 = all."""
    state: CertificateState | None = None
    """In this state."""


class TakeCertificate(Body):
    """A certificate that came from its provider."""

    pem: Pem
    """The certificate, PEM."""
    owner_kind: OwnerKind
    """Person or body."""
    owner_id: Id
    """Account or body."""
    body_id: Id
    """Body that answers for it."""
    provider: Needed
    """Code of the provider."""
    device: Short = ""
    """Serial number or label of the token."""


class AskRevocation(Body):
    """Why a certificate is to be revoked."""

    reason: Reason
    """Reason for the provider."""
    note: Note = ""
    """More for the provider."""


class MakeKey(Body):
    """A key from our own authority."""

    owner_kind: OwnerKind
    """Person or body."""
    owner_id: Id
    """Account or body."""
    body_id: Id
    """Body that answers for it."""
    subject: Needed
    """Name to be certified."""
    organ_id: Short = ""
    """Identifier of the body."""


class OwnPart(msgspec.Struct, frozen=True):
    """A certificate or list of our own authority."""

    name: str
    """``root``, ``issuing``, ``ocsp``, ``tsa``, ``root.crl``, ``issuing.crl``."""
    subject: str
    """Its name."""
    ends: datetime
    """Its end."""


class TrustView(msgspec.Struct, frozen=True):
    """What is trusted today."""

    providers: tuple[Trust, ...]
    """Providers with their anchors and services."""
    own: list[OwnPart]
    """Our own authority; [] = none."""


async def inventory(call: Call[NoBody, InventoryQuery]) -> Page[Certificate]:
    """Return the inventory."""
    query = call.query
    return await call.services.certificates.inventory(
        call.actor, query.page, days=query.days, state=query.state
    )


async def show(call: Call[NoBody, NoQuery]) -> Certificate:
    """Return one certificate."""
    return await call.services.certificates.certificate(call.actor, call.path["certificate_id"])


async def take(call: Call[TakeCertificate, NoQuery]) -> Certificate:
    """Take a certificate into the inventory."""
    body = call.body
    new = NewCertificate(body.pem, body.owner_kind, body.owner_id, body.body_id, body.provider, body.device)
    return await call.services.certificates.take(call.actor, new)


async def ask_revocation(call: Call[AskRevocation, NoQuery]) -> Certificate:
    """Ask for a revocation."""
    return await call.services.certificate_requests.ask_revocation(
        call.actor, call.path["certificate_id"], call.body.reason, call.body.note
    )


async def revoked(call: Call[NoBody, NoQuery]) -> Certificate:
    """Record that a certificate was revoked."""
    return await call.services.certificates.revoked(call.actor, call.path["certificate_id"])


async def trust(call: Call[NoBody, NoQuery]) -> TrustView:
    """Return what is trusted."""
    service = call.services.certificates
    parts = await service.own_authority(call.actor)
    return TrustView(
        await service.trust(call.actor), [OwnPart(one.name, one.subject, one.ends) for one in parts]
    )


async def make_key(call: Call[MakeKey, NoQuery]) -> MadeKey:
    """Make a key with a certificate."""
    body = call.body
    new = NewKey(body.owner_kind, body.owner_id, body.body_id, body.subject, body.organ_id)
    return await call.services.issuing.issue(call.actor, new)


TAKING = (
    "certificates.unreadable",
    "certificates.provider_unknown",
    "certificates.untrusted",
    "certificates.ended",
    "certificates.known",
)
ROUTES = [
    Route(
        "GET",
        BASE,
        "certificates.list",
        inventory,
        READ,
        "Certificates of persons and bodies, those that end first before others",
        query=InventoryQuery,
        answer=Page[Certificate],
    ),
    Route(
        "POST",
        BASE,
        "certificates.take",
        take,
        MANAGE,
        "Take a certificate that its provider issued into the inventory",
        body=TakeCertificate,
        answer=Certificate,
        status=201,
        once=True,
        errors=(*TAKING, "certificates.other_body"),
    ),
    Route(
        "GET",
        ONE,
        "certificates.show",
        show,
        READ,
        "One certificate",
        answer=Certificate,
        errors=("certificates.unknown",),
    ),
    Route(
        "POST",
        ONE + "/revocation",
        "certificates.ask_revocation",
        ask_revocation,
        MANAGE,
        "Ask the provider to revoke a certificate; it signs nothing here any more",
        body=AskRevocation,
        answer=Certificate,
        once=True,
        errors=("certificates.unknown", "certificates.revocation_asked", "certificates.changed"),
    ),
    Route(
        "POST",
        ONE + "/revoked",
        "certificates.revoked",
        revoked,
        MANAGE,
        "Record that a certificate was revoked; with our own authority, revoke it",
        answer=Certificate,
        once=True,
        errors=(
            "certificates.unknown",
            "certificates.not_asked",
            "certificates.changed",
            "certificates.authority_closed",
        ),
    ),
    Route(
        "POST",
        "/api/v1/certificate-keys",
        "certificates.make_key",
        make_key,
        ISSUE,
        "Make a key with a certificate of our own authority (development)",
        body=MakeKey,
        answer=MadeKey,
        status=201,
        once=True,
        errors=("certificates.no_own_provider", "certificates.bad_name", "certificates.authority_closed"),
    ),
    Route(
        "GET",
        "/api/v1/trust-anchors",
        "certificates.trust",
        trust,
        READ,
        "Providers and trust anchors in force, and our own authority",
        answer=TrustView,
    ),
]
