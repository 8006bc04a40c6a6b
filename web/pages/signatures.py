"""What the signatures of a file proved and what they did not, in one sentence each."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from server.kernel.errors import NotFound
from server.signatures.model import Verification
from web.pages.documents import ONE as DOCUMENT
from web.pages.incoming import PATH as ARRIVALS
from web.routes import Call, Html, NoBody, NoQuery, Route

ARRIVAL = ARRIVALS + "/{arrival_id}"


class Signed(msgspec.Struct, frozen=True):
    """One signature of the report (contracts: verify --json); what a page does not show is left out."""

    signer: str = ""
    signed_at: str | None = None
    time_source: str = ""
    level: str | None = None
    indication: str | None = None
    sub_indication: str | None = None
    integrity: str = ""
    revocation: str = ""
    covers: str = ""
    changes_after: str = ""


class Report(msgspec.Struct, frozen=True):
    """A report of one file."""

    verdict: str
    reason: str | None = None
    signatures: list[Signed] = msgspec.field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shown:
    """A report as a page shows it."""

    report: Report
    found: Verification


async def _shown(call: Call[NoBody, NoQuery], digest: str) -> Shown | None:
    """Return the report of a file; None while the check has not run or there is no file."""
    if not digest:
        return None
    try:
        found = await call.services.signatures.verification(digest)
    except NotFound:
        return None
    return Shown(msgspec.json.decode(found.report, type=Report), found)


async def of_document(call: Call[NoBody, NoQuery]) -> Html:
    """Show what the signatures of a document's newest file proved."""
    view = await call.services.documents.get(call.actor, call.path["document_id"])
    shown = await _shown(call, view.document.main_digest)
    back = f"/van-ban/{view.document.id}"
    return Html(
        "signatures.html",
        {
            "shown": shown,
            "back": back,
            "title": view.document.fields.subject,
            "place_path": "/du-thao",
            "level": await call.services.signatures.level_of(view.document.id),
        },
    )


async def of_arrival(call: Call[NoBody, NoQuery]) -> Html:
    """Show what the signatures of a document that came proved."""
    arrival = await call.services.circulation.arrival(call.actor, call.path["arrival_id"])
    shown = await _shown(call, arrival.main_digest)
    back = f"{ARRIVALS}/{arrival.id}"
    return Html("signatures.html", {"shown": shown, "back": back, "title": arrival.subject, "level": None})


PAGES = [
    Route(
        "GET",
        DOCUMENT + "/chu-ky",
        "pages.document_signatures",
        of_document,
        "documents.read",
        "Signatures",
        page=True,
    ),
    Route(
        "GET",
        ARRIVAL + "/chu-ky",
        "pages.arrival_signatures",
        of_arrival,
        "circulation.read",
        "Signatures",
        page=True,
    ),
]
