"""What an office prints beside the document: slip, stamp cover, control sheet, delivery note (PDF/A)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from server.circulation import slips
from server.circulation.model import ArrivalDetail
from server.kernel.errors import Conflict
from server.organisations.model import Body
from server.render.model import Rendered
from web.routes import Call, Content, Handler, NoBody, NoQuery, Query, Route

ARRIVAL = "/van-ban-den/{arrival_id}"


class DeliveryQuery(Query):
    """Which recipient."""

    nguoi_nhan: Annotated[str, Meta(max_length=200)] = ""
    """A recipient by post; "" = the first."""


async def incoming_slip(call: Call[NoBody, NoQuery]) -> Content:
    """Print the phiếu giải quyết văn bản đến."""
    arrival, body = await _arrival(call)
    made = slips.incoming_slip(arrival, body)
    return _content(await call.services.renderer.incoming_slip(made, at=call.services.clock.now()), "phieu")


async def arrival_stamp(call: Call[NoBody, NoQuery]) -> Content:
    """Print the cover with the stamp ĐẾN."""
    arrival, body = await _arrival(call)
    made = slips.arrival_stamp(arrival, body)
    return _content(await call.services.renderer.arrival_stamp(made, at=call.services.clock.now()), "dau-den")


async def control_sheet(call: Call[NoBody, NoQuery]) -> Content:
    """Print the control sheet."""
    arrival, body = await _arrival(call)
    made = slips.control_sheet(arrival, body)
    return _content(await call.services.renderer.sheet(made, at=call.services.clock.now()), "kiem-soat")


async def delivery_note(call: Call[NoBody, DeliveryQuery]) -> Content:
    """Print the note that goes with a printed copy by post. Raises Conflict ``web.nothing_by_post``."""
    dispatch = await call.services.circulation.dispatch(call.actor, call.path["dispatch_id"])
    wanted = call.query.nguoi_nhan
    recipient = next((one for one in dispatch.by_post if wanted in ("", one.id)), None)
    if recipient is None:
        raise Conflict("web.nothing_by_post")
    body = await call.services.organisations.body(dispatch.from_body)
    made = slips.delivery_note(dispatch, recipient, body)
    return _content(await call.services.renderer.sheet(made, at=call.services.clock.now()), "phieu-gui")


async def _arrival(call: Call[NoBody, NoQuery]) -> tuple[ArrivalDetail, Body]:
    """Return an arrival that stands in the book, with its body. Raises Conflict ``web.not_in_book``."""
    arrival = await call.services.circulation.arrival(call.actor, call.path["arrival_id"])
    if not arrival.incoming_text:
        raise Conflict("web.not_in_book")
    return arrival, await call.services.organisations.body(arrival.to_body)


def _content(rendered: Rendered, name: str) -> Content:
    return Content(rendered.pdf, "application/pdf", f"{name}.pdf")


def _print(path: str, name: str, handler: Handler, summary: str, query: type[Query] | None = None) -> Route:
    return Route(
        "GET", path, f"pages.print_{name}", handler, "circulation.read", summary, query=query, page=True
    )


PAGES = [
    _print(ARRIVAL + "/phieu", "slip", incoming_slip, "Slip of an arrival"),
    _print(ARRIVAL + "/dau-den", "stamp", arrival_stamp, "Stamp cover of an arrival"),
    _print(ARRIVAL + "/kiem-soat", "control", control_sheet, "Control sheet of an arrival"),
    _print("/van-ban-di/{dispatch_id}/phieu-gui", "delivery", delivery_note, "Delivery note", DeliveryQuery),
]
