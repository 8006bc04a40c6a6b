"""Where number, date, signatures and seals go on a PDF of one's own: before the first signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import msgspec
from msgspec import Meta

from server.documents.commands import PlaceFields
from server.documents.model import Act, Fields, Placement
from server.documents.views import Moved
from server.kernel.errors import Conflict, Fault, Invalid
from web.pages.documents import ONE
from web.pages.shared import once
from web.routes import Body, Call, Html, NoBody, NoQuery, Redirect, Route

POINTS_PER_MM = 72 / 25.4
"""PDF counts in points of 1/72 inch (ISO 32000-1 8.3.2.3); people measure in millimetres."""
Millimetres = Annotated[float, Meta(ge=0, le=2000)]


class PlaceForm(Body):
    """The fields, one entry of each list for each; measures in millimetres from the lower left corner."""

    version: Annotated[int, Meta(ge=1, le=2**53)]
    page: Annotated[list[Annotated[int, Meta(ge=1, le=100_000)]], Meta(max_length=100)] = msgspec.field(
        default_factory=list
    )
    x: Annotated[list[Millimetres], Meta(max_length=100)] = msgspec.field(default_factory=list)
    y: Annotated[list[Millimetres], Meta(max_length=100)] = msgspec.field(default_factory=list)
    w: Annotated[list[Millimetres], Meta(max_length=100)] = msgspec.field(default_factory=list)
    h: Annotated[list[Millimetres], Meta(max_length=100)] = msgspec.field(default_factory=list)


def millimetres(points: float) -> str:
    """Return a measure as the form shows it."""
    return f"{points / POINTS_PER_MM:.1f}"


async def place_page(call: Call[NoBody, NoQuery]) -> Html:
    """Show the page image with the fields on it, and the same as numbers."""
    view = await call.services.documents.get(call.actor, call.path["document_id"])
    document, current = view.document, view.current
    if Act.PLACE not in view.acts:
        raise Conflict("documents.not_editable", state=document.state)
    if current.main is None:
        raise Conflict("documents.no_file")
    return Html(
        "documents/place.html",
        {
            "place_path": "/du-thao",
            "document": document,
            "main": current.main,
            "spots": [
                {
                    "kind": place.kind.value,
                    "whose": whose(place, document.fields),
                    "page": place.page + 1,
                    **{name: millimetres(getattr(place, name)) for name in ("x", "y", "w", "h")},
                }
                for place in current.placements
            ],
        },
    )


def whose(place: Placement, fields: Fields) -> str:
    """Return who signs or seals in a field; "" for number and date."""
    kind = place.kind.value
    if kind not in ("signature", "seal"):
        return ""
    pairs = [(fields.signer, fields.body), *((one.signer, one.body) for one in fields.co_issuers)]
    if place.index >= len(pairs):
        return ""
    signer, body = pairs[place.index]
    return signer.name if kind == "signature" else body.name


async def place(call: Call[PlaceForm, NoQuery]) -> Redirect:
    """Put the fields where the form says; what a field is for stays as it was."""
    document_id = call.path["document_id"]
    form = call.body
    view = await call.services.documents.get(call.actor, document_id)
    placements = moved_to(view.current.placements, form)
    command = PlaceFields(version=form.version, placements=placements)
    try:
        await once(call.services.documents.place_fields(call.actor, document_id, command), Moved)
    except Invalid as error:
        raise Invalid.of([replace(fault, field=_row(fault.field)) for fault in error.faults]) from error
    return Redirect(f"/van-ban/{document_id}", notice="document.did.place")


def moved_to(old: Sequence[Placement], form: PlaceForm) -> tuple[Placement, ...]:
    """Return the fields at their new places. Raises Invalid ``web.fields_differ`` when some are missing."""
    if any(len(column) != len(old) for column in (form.page, form.x, form.y, form.w, form.h)):
        raise Invalid.of([Fault("web.fields_differ")])
    return tuple(
        msgspec.structs.replace(
            spot,
            page=form.page[at] - 1,
            x=_points(form.x[at], spot.x),
            y=_points(form.y[at], spot.y),
            w=_points(form.w[at], spot.w),
            h=_points(form.h[at], spot.h),
        )
        for at, spot in enumerate(old)
    )


def _points(given: float, old: float) -> float:
    """Return millimetres as points; what was not touched stays to the last digit."""
    return old if millimetres(old) == f"{given:.1f}" else round(given * POINTS_PER_MM, 2)


def _row(field: str) -> str:
    head, _, index = field.rpartition("/")
    return f"/spot-{index}" if head == "/placements" else field


PAGES = [
    Route("GET", ONE + "/vi-tri", "pages.place_form", place_page, "documents.draft", "Fields", page=True),
    Route(
        "POST",
        ONE + "/vi-tri",
        "pages.place",
        place,
        "documents.draft",
        "Place the fields",
        PlaceForm,
        page=True,
        again=place_page,
    ),
]
