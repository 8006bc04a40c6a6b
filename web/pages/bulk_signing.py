"""What waits for one's signature or seal, many at once; and how a run goes on."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from server.documents.model import State
from server.documents.service import Filter
from server.documents.views import DocumentRow
from server.kernel.actor import Role
from server.kernel.errors import Invalid
from server.kernel.page import LIMIT_MAX, PageRequest
from server.signatures import bulk_documents
from server.signatures.bulk_model import BulkAsked, RunView
from server.signatures.model import OwnerKind
from web.keys import CATALOGUE
from web.links import address
from web.pages.shared import once
from web.routes import SIGNED_IN, Answer, Body, Call, Html, NoBody, NoQuery, PageQuery, Redirect, Route

PATH = "/cho-ky"
RUN = "/ky-loat/{run_id}"
View = Literal["", "approved", "seal"]
TO_SEAL = (State.SIGNED, State.NUMBERED)


Row: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-z]{26}:[0-9]{1,9}$")]


class WaitingQuery(PageQuery):
    """Which of the chips."""

    loc: View = ""


class ManyForm(Body):
    """The rows chosen: ``id:version``."""

    kind: Literal["documents.sign", "documents.seal"]
    ids: Annotated[
        list[Annotated[str, Meta(pattern=r"^[0-9a-z]{26}:[0-9]{1,9}$")]], Meta(max_length=1000)
    ] = msgspec.field(default_factory=list)


class ItemsQuery(PageQuery):
    """Items of a run."""


async def waiting(call: Call[NoBody, WaitingQuery]) -> Html:
    """Show documents that wait for the signature, the token, or number and seal of the person's post."""
    query, actor = call.query, call.actor
    view: View = query.loc or ("seal" if actor.role is Role.RECORDS_CLERK else "")
    wanted = Filter(kind="waiting", states=TO_SEAL if view == "seal" else (State.TO_SIGN,))
    if view == "approved":
        wanted = Filter(kind="approved")
    page = await call.services.documents.list(actor, wanted, query.page)
    kind = bulk_documents.SEAL if view == "seal" else bulk_documents.SIGN
    allows = call.services.access.allows(actor, kind)
    ways: set[str] = set()
    if view != "seal" and allows:
        ways = await call.services.signatures.ways(OwnerKind.PERSON, actor.account_id)
    return Html(
        "signing/waiting.html",
        {
            "rows": page.items,
            "query": query,
            "view": view,
            "kind": kind,
            "chips": [(one, address(PATH, query, loc=one)) for one in _views(call)],
            "next": page.next,
            "more": address(PATH, query, after=page.next or ""),
            "may_pick": allows and (view == "seal" or "key" in ways),
            "only_token": ways == {"token"},
        },
    )


async def again(call: Call[NoBody, NoQuery]) -> Html:
    """Show the list again with what was wrong."""
    shown: Call[NoBody, WaitingQuery] = Call(
        request=call.request,
        route=call.route,
        services=call.services,
        actor=call.actor,
        path=call.path,
        query=WaitingQuery(),
        body=call.body,
        language=call.language,
        faults=call.faults,
        typed=call.typed,
    )
    return await waiting(shown)


async def start(call: Call[ManyForm, NoQuery]) -> Redirect:
    """Set a run going over the rows chosen."""
    if not call.body.ids:
        raise Invalid("web.choose_one", field="/ids")
    seen = dict(one.split(":") for one in call.body.ids)
    titles = await _titles(call, set(seen))
    asked = [BulkAsked(id_, int(version), titles.get(id_, "")) for id_, version in seen.items()]
    run = await once(call.services.bulk.start_run(call.actor, call.body.kind, asked), RunView)
    return Redirect(f"/ky-loat/{run.id}")


async def run_page(call: Call[NoBody, ItemsQuery]) -> Html:
    """Show how a run goes on: figures, and the outcome of each item."""
    bulk, run_id = call.services.bulk, call.path["run_id"]
    run = await bulk.run(call.actor, run_id)
    page = await bulk.items(call.actor, run_id, PageRequest(call.query.after, LIMIT_MAX))
    catalogue = call.request.app[CATALOGUE]
    outcomes = [
        (
            item,
            catalogue.message(call.language, item.fault.code, item.fault.params) if item.fault else "",
        )
        for item in page.items
    ]
    return Html(
        "signing/run.html",
        {
            "run": run,
            "outcomes": outcomes,
            "next": page.next,
            "more": address(f"/ky-loat/{run_id}", call.query, after=page.next or ""),
            "place_path": PATH,
        },
    )


async def figures(call: Call[NoBody, NoQuery]) -> Answer:
    """Answer the figures of a run, for its page."""
    run = await call.services.bulk.run(call.actor, call.path["run_id"])
    return Answer(run)


async def stop(call: Call[NoBody, NoQuery]) -> Redirect:
    """Stop a run."""
    run = await once(call.services.bulk.stop_run(call.actor, call.path["run_id"]), RunView)
    return Redirect(f"/ky-loat/{run.id}", notice="bulk.stopped")


async def _titles(call: Call[ManyForm, NoQuery], wanted: set[str]) -> dict[str, str]:
    """Return the subjects of the rows chosen, as the list shows them."""
    states = TO_SEAL if call.body.kind == bulk_documents.SEAL else (State.TO_SIGN,)
    found: dict[str, str] = {}
    page = PageRequest(limit=LIMIT_MAX)
    while not wanted <= set(found):
        part = await call.services.documents.list(call.actor, Filter(kind="waiting", states=states), page)
        found |= {row.id: _title(row) for row in part.items}
        if part.next is None:
            break
        page = PageRequest(part.next, LIMIT_MAX)
    return found


def _title(row: DocumentRow) -> str:
    return " ".join(filter(None, (row.type_name, row.number_text, row.subject)))[:300]


def _views(call: Call[NoBody, WaitingQuery]) -> list[View]:
    allows = call.services.access.allows
    views: list[View] = []
    if allows(call.actor, bulk_documents.SIGN):
        views += ["", "approved"]
    if allows(call.actor, bulk_documents.SEAL):
        views.append("seal")
    return views


PAGES = [
    Route(
        "GET",
        PATH,
        "pages.to_sign",
        waiting,
        "documents.read",
        "What waits for one's signature or seal",
        query=WaitingQuery,
        page=True,
    ),
    Route(
        "POST", PATH, "pages.bulk", start, SIGNED_IN, "Sign or seal many", ManyForm, page=True, again=again
    ),
    Route("GET", RUN, "pages.bulk_run", run_page, SIGNED_IN, "Bulk run", query=ItemsQuery, page=True),
    Route("GET", RUN + "/tien-do", "pages.bulk_figures", figures, SIGNED_IN, "Figures of a run", page=True),
    Route("POST", RUN + "/dung", "pages.bulk_stop", stop, SIGNED_IN, "Stop a run", page=True),
]
