"""Results of procedures at the officers' desks: batches, their files, their progress."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from msgspec import Meta

from server.kernel.errors import Invalid, LienThongError
from server.results.model import (
    BatchFilter,
    BatchView,
    Changed,
    ResultFilter,
    Source,
    Stage,
    State,
    Work,
)
from server.results.service import read_rows
from web import uploads_many
from web.api.results_forms import BIG_ROWS_BYTES
from web.keys import CATALOGUE
from web.links import address
from web.pages.shared import once
from web.routes import (
    Answer,
    Body,
    Call,
    Handler,
    Html,
    NoBody,
    NoQuery,
    PageQuery,
    Redirect,
    Route,
)
from web.schema import form as parse_form

PATH = "/ket-qua"
BATCH = PATH + "/lo/{batch_id}"
VIEWS: tuple[Literal["", "draft", "to_sign", "to_seal", "issued"], ...] = (
    "",
    "draft",
    "to_sign",
    "to_seal",
    "issued",
)
STATES = ("", "new", "made", "signed", "numbered", "issued", "revoked", "replaced", "dropped")
Version = Annotated[int, Meta(ge=1, le=2**53)]


class BatchesQuery(PageQuery):
    """Filters of the list."""

    loc: Literal["", "draft", "to_sign", "to_seal", "issued"] = ""
    """Which of the chips."""
    q: Annotated[str, Meta(max_length=200)] = ""
    """Words."""


class BatchQuery(PageQuery):
    """Filters of the results of a batch."""

    loc: Literal["", "new", "made", "signed", "numbered", "issued", "revoked", "replaced", "dropped"] = ""
    """Standing there."""
    loi: bool = False
    """Only those that failed."""
    q: Annotated[str, Meta(max_length=200)] = ""
    """Words."""


class NewForm(Body):
    """A batch to begin."""

    procedure: Annotated[str, Meta(min_length=1, max_length=60)]
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    signer_post: Annotated[str, Meta(min_length=1, max_length=200)]
    rows: Annotated[str, Meta(max_length=1_500_000)]
    source: Source = Source.FORM


class OnVersion(Body):
    """An act on the version seen."""

    version: Version


class FilesForm(Body):
    """Declared before the files."""

    secrecy: Annotated[str, Meta(min_length=1, max_length=20)]


async def batches(call: Call[NoBody, BatchesQuery]) -> Html:
    """Show batches, last changed first."""
    query = call.query
    wanted = BatchFilter(stage=Stage(query.loc) if query.loc else None, q=query.q)
    page = await call.services.results.batches(call.actor, wanted, query.page)
    return Html(
        "results/list.html",
        {
            "rows": page.items,
            "query": query,
            "chips": [(view, address(PATH, query, loc=view)) for view in VIEWS],
            "next": page.next,
            "more": address(PATH, query, after=page.next or ""),
            "names": {one.code: one.name for one in call.services.results.catalogue()},
            "may_prepare": call.services.access.allows(call.actor, "results.prepare"),
        },
    )


async def new_page(call: Call[NoBody, NoQuery]) -> Html:
    """Show the form of a new batch."""
    results = call.services.results
    return Html(
        "results/new.html",
        {"procedures": results.catalogue(), "signers": await results.signers(call.actor), "place_path": PATH},
    )


async def create(call: Call[NewForm, NoQuery]) -> Redirect:
    """Begin a batch out of pasted rows."""
    body, results = call.body, call.services.results
    known = {one.code: one for one in results.catalogue()}
    if body.procedure not in known:
        raise Invalid("results.procedure_unknown", field="/procedure", code=body.procedure)
    done = await once(
        results.create(
            call.actor,
            procedure=body.procedure,
            title=body.title,
            source=body.source,
            signer_post=body.signer_post,
            rows=read_rows(body.rows, known[body.procedure]),
        ),
        Changed,
    )
    return Redirect(f"{PATH}/lo/{done.id}", notice="results.did.create")


async def batch(call: Call[NoBody, BatchQuery]) -> Html:
    """Show one batch: what it waits for, how far it is, each result with its outcome."""
    view = await call.services.results.batch(call.actor, call.path["batch_id"])
    query = call.query if isinstance(call.query, BatchQuery) else BatchQuery()
    wanted = ResultFilter(state=State(query.loc) if query.loc else None, problems=query.loi, q=query.q)
    page = await call.services.results.results(call.actor, view.batch.id, wanted, query.page)
    base = f"{PATH}/lo/{view.batch.id}"
    catalogue = call.request.app[CATALOGUE]
    present = {str(one.state) for one in view.counts}
    shown = [state for state in STATES if not state or state in present]
    return Html(
        "results/batch.html",
        {
            "view": view,
            "batch": view.batch,
            "rows": page.items,
            "problems": {
                one.id: catalogue.message(call.language, one.problem, one.problem_params)
                for one in page.items
                if one.problem
            },
            "query": query,
            "chips": [(state, address(base, query, loc=state, loi="")) for state in shown],
            "counts": {str(one.state): one.n for one in view.counts},
            "failed": address(base, query, loc="", loi="1"),
            "next": page.next,
            "more": address(base, query, after=page.next or ""),
            "base": base,
            "place_path": PATH,
            "todo": _todo(view),
        },
    )


def _todo(view: BatchView) -> int:
    """Return how many results the run under way has to try."""
    states = {
        Work.NONE: (),
        Work.MAKE: (State.NEW,),
        Work.SIGN: (State.MADE,),
        Work.SEAL: (State.SIGNED, State.NUMBERED),
    }[view.batch.work]
    left = sum(one.n - one.tried for one in view.counts if one.state in states)
    return left + view.done


async def progress(call: Call[NoBody, NoQuery]) -> Answer:
    """Answer how far the run under way is; the page asks while it is open."""
    view = await call.services.results.batch(call.actor, call.path["batch_id"])
    return Answer({"work": view.batch.work.value, "done": view.done, "of": _todo(view)})


async def files(call: Call[NoBody, NoQuery]) -> Html:
    """Take in several files and put each to its row; show the outcome of each."""
    view = await call.services.results.batch(call.actor, call.path["batch_id"])
    catalogue = call.request.app[CATALOGUE]
    actor = replace(call.actor, request=replace(call.actor.request, once=None))
    outcomes: list[tuple[str, str]] = []
    async for fields, name, chunks in uploads_many.read(call):
        form = parse_form(fields, FilesForm)
        try:
            stored = await call.services.files.receive(actor, chunks, name=name, secrecy=form.secrecy)
            await call.services.results.attach(actor, view.batch.id, name=stored.name, digest=stored.digest)
            outcomes.append((stored.name, ""))
        except LienThongError as error:
            fault = error.faults[0]
            outcomes.append((name, catalogue.message(call.language, fault.code, fault.params)))
    return Html("results/files.html", {"batch": view.batch, "outcomes": outcomes, "place_path": PATH})


def _run(verb: str) -> Handler:
    async def handle(call: Call[OnVersion, NoQuery]) -> Redirect:
        act = getattr(call.services.results, verb)
        done = await once(act(call.actor, call.path["batch_id"], version=call.body.version), Changed)
        return Redirect(f"{PATH}/lo/{done.id}", notice=f"results.did.{verb}")

    return handle


def _page(path: str, name: str, act: Handler, action: str, summary: str) -> Route:
    return Route("GET", path, f"pages.{name}", act, action, summary, page=True)


def _act(
    path: str, name: str, act: Handler, action: str, summary: str, body: type[Body], again: Handler
) -> Route:
    return Route("POST", path, f"pages.{name}", act, action, summary, body, page=True, again=again)


PAGES = [
    Route("GET", PATH, "pages.results", batches, "results.read", "Batches", query=BatchesQuery, page=True),
    _page(PATH + "/moi", "results_new", new_page, "results.prepare", "New batch"),
    Route(
        "POST",
        PATH + "/moi",
        "pages.results_create",
        create,
        "results.prepare",
        "Begin a batch",
        NewForm,
        page=True,
        again=new_page,
        limit_bytes=BIG_ROWS_BYTES,
    ),
    Route("GET", BATCH, "pages.results_batch", batch, "results.read", "A batch", query=BatchQuery, page=True),
    _page(BATCH + "/tien-do", "results_progress", progress, "results.read", "Progress of a batch"),
    Route(
        "POST",
        BATCH + "/tep",
        "pages.results_files",
        files,
        "results.prepare",
        "Files of a batch",
        upload=True,
        media=("multipart/form-data",),
        page=True,
        again=batch,
    ),
    _act(
        BATCH + "/dung-tep", "results_make", _run("make"), "results.prepare", "Make files", OnVersion, batch
    ),
    _act(BATCH + "/ky", "results_sign", _run("sign"), "results.sign", "Sign a batch", OnVersion, batch),
    _act(BATCH + "/dong-dau", "results_seal", _run("seal"), "results.seal", "Seal a batch", OnVersion, batch),
]
