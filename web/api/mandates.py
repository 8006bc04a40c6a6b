"""Supervisors' mandates over JSON."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from server.identity.mandates import MANDATES
from server.identity.model import Mandate
from server.kernel.page import Page
from web.routes import SIGNED_IN, Body, Call, NoBody, NoQuery, PageQuery, Route

BASE = "/api/v1/mandates"
Id = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:~-]+$")]


class MandatesQuery(PageQuery):
    """Whose mandates."""

    account_id: Annotated[str, Meta(max_length=200, pattern=r"^[A-Za-z0-9._:~-]*$")] = ""
    """Supervisor; "" = all (administrators only)."""


class GiveMandate(Body):
    """A mandate to be recorded."""

    account_id: Id
    """Supervisor."""
    body_ids: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=2000)]
    """Bodies that may be read."""
    valid_from: date
    """First day."""
    valid_to: date
    """First day no longer in force."""
    basis: Annotated[str, Meta(min_length=1, max_length=500)]
    """Decision or inspection plan."""


class EndMandate(Body):
    """The early end of a mandate."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    """Why."""


async def list_mandates(call: Call[NoBody, MandatesQuery]) -> Page[Mandate]:
    """Return mandates, the newest first."""
    query = call.query
    return await call.services.mandates.mandates(call.actor, query.page, account_id=query.account_id)


async def give(call: Call[GiveMandate, NoQuery]) -> Mandate:
    """Record a mandate."""
    body = call.body
    return await call.services.mandates.give(
        call.actor,
        account_id=body.account_id,
        body_ids=body.body_ids,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        basis=body.basis,
    )


async def end(call: Call[EndMandate, NoQuery]) -> Mandate:
    """End a mandate before its day."""
    return await call.services.mandates.end(call.actor, call.path["mandate_id"], call.body.reason)


ROUTES = [
    Route(
        "GET",
        BASE,
        "mandates.list",
        list_mandates,
        SIGNED_IN,
        "Mandates: one's own, or all for an administrator",
        query=MandatesQuery,
        answer=Page[Mandate],
        errors=("identity.not_allowed",),
    ),
    Route(
        "POST",
        BASE,
        "mandates.give",
        give,
        MANDATES,
        "Record a supervisor's mandate",
        body=GiveMandate,
        answer=Mandate,
        status=201,
        once=True,
        errors=(
            "identity.mandate_without_bodies",
            "identity.mandate_body_twice",
            "identity.mandate_empty",
            "identity.mandate_self",
            "identity.basis_missing",
            "identity.account_unknown",
            "identity.not_supervisor",
            "organisations.body_unknown",
        ),
    ),
    Route(
        "POST",
        BASE + "/{mandate_id}/end",
        "mandates.end",
        end,
        MANDATES,
        "End a mandate before its day",
        body=EndMandate,
        answer=Mandate,
        once=True,
        errors=("identity.mandate_unknown", "identity.mandate_ended", "identity.reason_missing"),
    ),
]
