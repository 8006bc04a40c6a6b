"""Bulk runs over JSON: one act signs or seals many, with an outcome for each."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from server.documents.commands import Id
from server.kernel.page import Page
from server.signatures.bulk_model import BulkAsked, ItemView, RunView
from web.routes import SIGNED_IN, Body, Call, NoBody, NoQuery, PageQuery, Route

RUNS = "/api/v1/bulk-runs"
ONE = RUNS + "/{run_id}"
MANY = 10_000


class BulkItemInput(Body):
    """One document."""

    id: Id
    """Document."""
    version: Annotated[int, Meta(ge=0, le=2**53)] = 0
    """Version of the row that the caller saw; 0 = whatever it is."""
    title: Annotated[str, Meta(max_length=300)] = ""
    """What the list of outcomes calls it."""


class StartBulk(Body):
    """Set a run going."""

    kind: Literal["documents.sign", "documents.seal"]
    """Sign as the person; or number, date and seal as the clerk."""
    items: Annotated[list[BulkItemInput], Meta(min_length=1, max_length=MANY)]
    """Documents, in the order in which they are done and numbered."""


async def start(call: Call[StartBulk, NoQuery]) -> RunView:
    """Set a run going; it goes on when the caller leaves."""
    items = [BulkAsked(item.id, item.version, item.title) for item in call.body.items]
    return await call.services.bulk.start_run(call.actor, call.body.kind, items)


async def runs(call: Call[NoBody, PageQuery]) -> Page[RunView]:
    """Return the caller's runs, newest first."""
    return await call.services.bulk.runs(call.actor, call.query.page)


async def run(call: Call[NoBody, NoQuery]) -> RunView:
    """Return a run with its figures."""
    return await call.services.bulk.run(call.actor, call.path["run_id"])


async def items(call: Call[NoBody, PageQuery]) -> Page[ItemView]:
    """Return the outcomes of a run."""
    await call.services.bulk.run(call.actor, call.path["run_id"])
    return await call.services.bulk.items(call.actor, call.path["run_id"], call.query.page)


async def stop(call: Call[NoBody, NoQuery]) -> RunView:
    """Leave what was not begun as it is."""
    return await call.services.bulk.stop_run(call.actor, call.path["run_id"])


ROUTES = [
    Route(
        "POST",
        RUNS,
        "signatures.start_bulk",
        start,
        SIGNED_IN,
        "Sign or seal many documents by one act",
        body=StartBulk,
        answer=RunView,
        status=201,
        once=True,
        errors=("signatures.bulk_empty", "signatures.bulk_many", "signatures.bulk_twice"),
    ),
    Route(
        "GET",
        RUNS,
        "signatures.bulk_runs",
        runs,
        SIGNED_IN,
        "The caller's runs, newest first",
        query=PageQuery,
        answer=Page[RunView],
    ),
    Route(
        "GET",
        ONE,
        "signatures.bulk_run",
        run,
        SIGNED_IN,
        "A run with its figures",
        answer=RunView,
        errors=("signatures.bulk_unknown",),
    ),
    Route(
        "GET",
        f"{ONE}/items",
        "signatures.bulk_items",
        items,
        SIGNED_IN,
        "The outcome of each item of a run",
        query=PageQuery,
        answer=Page[ItemView],
        errors=("signatures.bulk_unknown",),
    ),
    Route(
        "POST",
        f"{ONE}/stop",
        "signatures.stop_bulk",
        stop,
        SIGNED_IN,
        "Stop a run: what was not begun is left as it is",
        answer=RunView,
        once=True,
        errors=("signatures.bulk_unknown",),
    ),
]
