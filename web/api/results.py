"""Signed results over JSON: batches and single results."""

from __future__ import annotations

from server.kernel.page import Page
from server.results.model import Attached, BatchRow, BatchView, Changed, Ended, Result, Row
from server.results.procedures import Procedure
from web.api.results_forms import (
    BIG_ROWS_BYTES,
    AttachFile,
    BatchesQuery,
    CreateBatch,
    HandOver,
    OnVersion,
    Replace,
    ResultsQuery,
    WithReason,
)
from web.pages.shared import download
from web.routes import Call, Download, NoBody, NoQuery, Route

BATCHES = "/api/v1/result-batches"
BATCH = BATCHES + "/{batch_id}"
ONE = "/api/v1/results/{result_id}"
ON_BATCH = ("results.unknown_batch", "results.changed", "results.busy")
ON_ONE = ("results.unknown", "results.changed")
KEYS = ("signatures.no_key", "signatures.key_not_valid", "signatures.key_unreadable")


async def procedures(call: Call[NoBody, NoQuery]) -> list[Procedure]:
    """Return the procedures in force."""
    return call.services.results.catalogue()


async def batches(call: Call[NoBody, BatchesQuery]) -> Page[BatchRow]:
    """Return batches, last changed first."""
    return await call.services.results.batches(call.actor, call.query.wanted, call.query.page)


async def batch(call: Call[NoBody, NoQuery]) -> BatchView:
    """Return one batch with its counts."""
    return await call.services.results.batch(call.actor, call.path["batch_id"])


async def results(call: Call[NoBody, ResultsQuery]) -> Page[Result]:
    """Return results of a batch in their order."""
    query = call.query
    batch_id = call.path["batch_id"]
    await call.services.results.batch(call.actor, batch_id)
    return await call.services.results.results(call.actor, batch_id, query.wanted, query.page)


async def create(call: Call[CreateBatch, NoQuery]) -> Changed:
    """Begin a batch."""
    body = call.body
    return await call.services.results.create(
        call.actor,
        procedure=body.procedure,
        title=body.title,
        source=body.source,
        signer_post=body.signer_post,
        rows=[Row(one.holder, one.dossier, one.file_name, one.fields) for one in body.rows],
    )


async def attach(call: Call[AttachFile, NoQuery]) -> Attached:
    """Put an uploaded file to its row."""
    body = call.body
    return await call.services.results.attach(
        call.actor, call.path["batch_id"], name=body.name, digest=body.digest
    )


async def make(call: Call[OnVersion, NoQuery]) -> Changed:
    """Have the files of a batch made."""
    return await call.services.results.make(call.actor, call.path["batch_id"], version=call.body.version)


async def sign(call: Call[OnVersion, NoQuery]) -> Changed:
    """Sign a batch in one act."""
    return await call.services.results.sign(call.actor, call.path["batch_id"], version=call.body.version)


async def seal(call: Call[OnVersion, NoQuery]) -> Changed:
    """Number, seal and issue a batch in one act."""
    return await call.services.results.seal(call.actor, call.path["batch_id"], version=call.body.version)


async def result(call: Call[NoBody, NoQuery]) -> Result:
    """Return one result."""
    return await call.services.results.result(call.actor, call.path["result_id"])


async def file(call: Call[NoBody, NoQuery]) -> Download:
    """Send the newest file of a result."""
    view = await call.services.results.open_file(call.actor, call.path["result_id"])
    return download(call.services, view)


async def drop(call: Call[WithReason, NoQuery]) -> Ended:
    """Take a result out of its batch before it is issued."""
    body = call.body
    return await call.services.results.drop(
        call.actor, call.path["result_id"], version=body.version, reason=body.reason
    )


async def hand_over(call: Call[HandOver, NoQuery]) -> Ended:
    """Note that a result came to the applicant."""
    body = call.body
    return await call.services.results.hand_over(
        call.actor, call.path["result_id"], version=body.version, how=body.how
    )


async def revoke(call: Call[WithReason, NoQuery]) -> Ended:
    """Revoke an issued result."""
    body = call.body
    return await call.services.results.revoke(
        call.actor, call.path["result_id"], version=body.version, reason=body.reason
    )


async def replace(call: Call[Replace, NoQuery]) -> Ended:
    """Have another result stand in the place of an issued one."""
    body = call.body
    return await call.services.results.replace_with(
        call.actor,
        call.path["result_id"],
        version=body.version,
        by_code=body.by_code,
        reason=body.reason,
    )


ROUTES = [
    Route(
        "GET",
        "/api/v1/result-procedures",
        "results.procedures",
        procedures,
        "results.read",
        "Procedures whose results are signed here",
        answer=list[Procedure],
    ),
    Route(
        "GET",
        BATCHES,
        "results.batches",
        batches,
        "results.read",
        "Batches of results",
        query=BatchesQuery,
        answer=Page[BatchRow],
        errors=("results.cursor",),
    ),
    Route(
        "POST",
        BATCHES,
        "results.create",
        create,
        "results.prepare",
        "Begin a batch of results",
        body=CreateBatch,
        answer=Changed,
        status=201,
        once=True,
        limit_bytes=BIG_ROWS_BYTES,
        errors=(
            "results.procedure_unknown",
            "results.title_missing",
            "results.no_authority",
            "results.post_vacant",
            "results.cell_missing",
            "results.cell_too_long",
            "results.cell_not_date",
            "results.cell_not_number",
            "results.field_unknown",
            "results.file_twice",
            "results.dossier_twice",
        ),
    ),
    Route(
        "GET",
        BATCH,
        "results.batch",
        batch,
        "results.read",
        "One batch with its counts",
        answer=BatchView,
        errors=("results.unknown_batch",),
    ),
    Route(
        "GET",
        BATCH + "/results",
        "results.results",
        results,
        "results.read",
        "Results of a batch",
        query=ResultsQuery,
        answer=Page[Result],
        errors=("results.unknown_batch", "results.cursor"),
    ),
    Route(
        "POST",
        BATCH + "/files",
        "results.attach",
        attach,
        "results.prepare",
        "Put an uploaded file to its row",
        body=AttachFile,
        answer=Attached,
        once=True,
        errors=(*ON_BATCH, "results.no_row_for_file", "files.not_held"),
    ),
    Route(
        "POST",
        BATCH + "/make",
        "results.make",
        make,
        "results.prepare",
        "Have the files of a batch made and put before the signer",
        body=OnVersion,
        answer=Changed,
        once=True,
        errors=(*ON_BATCH, "results.nothing_to_do"),
    ),
    Route(
        "POST",
        BATCH + "/sign",
        "results.sign",
        sign,
        "results.sign",
        "Sign every result of a batch in one act",
        body=OnVersion,
        answer=Changed,
        once=True,
        errors=(*ON_BATCH, *KEYS, "results.nothing_to_do", "results.not_signer"),
    ),
    Route(
        "POST",
        BATCH + "/seal",
        "results.seal",
        seal,
        "results.seal",
        "Number, seal and issue every signed result of a batch in one act",
        body=OnVersion,
        answer=Changed,
        once=True,
        errors=(*ON_BATCH, *KEYS, "results.nothing_to_do", "results.other_body"),
    ),
    Route(
        "GET",
        ONE,
        "results.result",
        result,
        "results.read",
        "One result",
        answer=Result,
        errors=("results.unknown",),
    ),
    Route(
        "GET",
        ONE + "/file",
        "results.file",
        file,
        "results.read",
        "The newest file of a result",
        media=("application/pdf",),
        errors=("results.unknown", "results.no_file"),
    ),
    Route(
        "POST",
        ONE + "/drop",
        "results.drop",
        drop,
        "results.drop",
        "Take a result out of its batch before it is issued",
        body=WithReason,
        answer=Ended,
        once=True,
        errors=(*ON_ONE, "results.busy", "results.issued_already", "results.reason_missing"),
    ),
    Route(
        "POST",
        ONE + "/hand-over",
        "results.hand_over",
        hand_over,
        "results.hand_over",
        "Note that a result came to the applicant",
        body=HandOver,
        answer=Ended,
        once=True,
        errors=(*ON_ONE, "results.not_issued", "results.handed_already"),
    ),
    Route(
        "POST",
        ONE + "/revoke",
        "results.revoke",
        revoke,
        "results.revoke",
        "Revoke an issued result",
        body=WithReason,
        answer=Ended,
        once=True,
        errors=(*ON_ONE, "results.not_issued", "results.reason_missing"),
    ),
    Route(
        "POST",
        ONE + "/replace",
        "results.replace",
        replace,
        "results.revoke",
        "Have another issued result stand in the place of this one",
        body=Replace,
        answer=Ended,
        once=True,
        errors=(
            *ON_ONE,
            "results.not_issued",
            "results.reason_missing",
            "results.replacement_unknown",
        ),
    ),
]
