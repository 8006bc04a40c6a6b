"""Documents on their way out: lists of drafts, one document with its whole way, its files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta

from server.circulation.commands import SentFilter
from server.circulation.model_sent import DispatchRow
from server.documents.model import Act, State
from server.documents.service import Filter
from server.documents.states import ListKind
from server.documents.views import DocumentView
from server.kernel.errors import NotFound
from server.signatures.model import OwnerKind
from web.links import address
from web.pages.shared import PrimaryAct, download
from web.routes import Call, Download, Html, NoBody, NoQuery, PageQuery, Redirect, Route
from web.timeline import of_document

DRAFTS = "/du-thao"
ONE = "/van-ban/{document_id}"
View = Literal["", "waiting", "mine", "asked", "returned", "to_number", "to_seal", "issued", "withdrawn"]
VIEWS: tuple[View, ...] = (
    "",
    "waiting",
    "mine",
    "asked",
    "returned",
    "to_number",
    "to_seal",
    "issued",
    "withdrawn",
)
KINDS: dict[str, ListKind] = {"waiting": "waiting", "mine": "mine", "asked": "asked"}
STATES: dict[str, tuple[State, ...]] = {
    "returned": (State.RETURNED,),
    "to_number": (State.SIGNED,),
    "to_seal": (State.NUMBERED, State.SEALED),
    "issued": (State.ISSUED,),
    "withdrawn": (State.WITHDRAWN,),
}
OPEN = tuple(state for state in State if state not in (State.ISSUED, State.WITHDRAWN))
EXPECTED = (
    Act.SIGN,
    Act.APPROVE,
    Act.PASS_FORM,
    Act.TAKE_NUMBER,
    Act.FILL_NUMBER,
    Act.SEAL,
    Act.ISSUE,
    Act.SUBMIT,
)
"""Acts that move a document on, in the order in which one of them is the primary one."""

PRESSED = {
    "sign": ("ky", "sign", "pen"),
    "approve": ("duyet", "approve", "check"),
    "pass_form": ("dat-the-thuc", "pass_form", "check"),
    "take_number": ("cap-so", "number", "number"),
    "fill_number": ("cap-so", "number", "number"),
    "seal": ("dong-dau", "seal", "seal"),
    "issue": ("phat-hanh", "issue", "check"),
    "submit": ("trinh", "submit", "up"),
}
"""Act that one press of a button does -> id of its form, last part of its word, icon."""


class DraftsQuery(PageQuery):
    """Filters of the list."""

    loc: View = ""
    """Which of the chips."""
    q: Annotated[str, Meta(max_length=200)] = ""
    """Words."""


async def drafts(call: Call[NoBody, DraftsQuery]) -> Html:
    """Show documents in preparation, last changed first."""
    query = call.query
    states = STATES.get(query.loc, OPEN if not query.loc else ())
    wanted = Filter(kind=KINDS.get(query.loc, "all"), states=states, q=query.q)
    page = await call.services.documents.list(call.actor, wanted, query.page)
    return Html(
        "documents/list.html",
        {
            "rows": page.items,
            "query": query,
            "chips": [(view, address(DRAFTS, query, loc=view)) for view in VIEWS],
            "next": page.next,
            "more": address(DRAFTS, query, after=page.next or ""),
            "may_draft": call.services.access.allows(call.actor, "documents.draft"),
        },
    )


async def detail(call: Call[NoBody, NoQuery]) -> Html | Redirect:
    """Show a document: page image first, facts and the expected act beside it, opinions and way below.

    Books name whatever bears a number as a document; a result of a procedure has a page of its own.
    """
    document_id = call.path["document_id"]
    try:
        view = await call.services.documents.get(call.actor, document_id)
    except NotFound:
        if call.services.access.allows(call.actor, "results.read"):
            found = await call.services.results.result(call.actor, document_id)
            return Redirect(f"/ket-qua/{found.id}")
        raise
    return Html("documents/detail.html", await context(call, view))


async def context(call: Call[NoBody, NoQuery], view: DocumentView) -> dict[str, object]:
    """Return what the page of a document shows."""
    document = view.document
    acts = {act.value for act in view.acts}
    expected = [act.value for act in EXPECTED if act in view.acts]
    if document.main_digest == "":
        expected = [act for act in expected if act not in ("submit", "sign")]
    allows = call.services.access.allows
    may_send = document.state is State.ISSUED and allows(call.actor, "circulation.send")
    sendings: Sequence[DispatchRow] = ()
    if may_send:
        wanted = SentFilter(document_id=document.id)
        sendings = (await call.services.circulation.sent(call.actor, wanted, PageQuery().page)).items
    ways = await _ways(call, view)
    primary = expected[0] if expected else "send" if may_send and not sendings else ""
    return {
        "view": view,
        "document": document,
        "fields": document.fields,
        "current": view.current,
        "acts": acts,
        "some_act": bool(acts - {"comment", "ask", "place"}),
        "primary": primary,
        "primary_act": primary_act(primary, f"/van-ban/{document.id}", by_token=ways == {"token"}),
        "may_send": may_send,
        "by_key": "key" in ways or "token" not in ways,
        "by_token": "token" in ways,
        "sendings": sendings,
        "may_audit": allows(call.actor, "audit.read"),
        "stations": of_document(view),
        "place_path": "/van-ban-di" if document.state is State.ISSUED else DRAFTS,
    }


async def _ways(call: Call[NoBody, NoQuery], view: DocumentView) -> set[str]:
    """Return how the signature or seal that is expected now can be put; empty when none is."""
    signatures = call.services.signatures
    if Act.SIGN in view.acts:
        return await signatures.ways(OwnerKind.PERSON, call.actor.account_id)
    if Act.SEAL in view.acts:
        fields, index = view.document.fields, view.document.sealed_count
        body = fields.body if index == 0 else fields.co_issuers[index - 1].body
        return await signatures.ways(OwnerKind.BODY, body.id)
    return set()


def primary_act(verb: str, base: str, *, by_token: bool = False) -> PrimaryAct | None:
    """Return the expected act of a document for the bar of a phone; None when nothing is expected."""
    if verb == "send":
        return PrimaryAct("document.act.send", "send", link=f"{base}/gui")
    if verb not in PRESSED:
        return None
    if by_token and verb in ("sign", "seal"):
        return PrimaryAct("token.open", "key", link=f"{base}/ky-so")
    form, word, icon = PRESSED[verb]
    return PrimaryAct(f"document.act.{word}", icon, form=form)


async def file(call: Call[NoBody, NoQuery]) -> Download:
    """Send a file of a document."""
    view = await call.services.documents.open_file(call.actor, call.path["document_id"], call.path["digest"])
    return download(call.services, view)


PAGES = [
    Route("GET", DRAFTS, "pages.drafts", drafts, "documents.read", "Drafts", query=DraftsQuery, page=True),
    Route("GET", ONE, "pages.document", detail, "documents.read", "Document", page=True),
    Route("GET", ONE + "/tep/{digest}", "pages.document_file", file, "documents.read", "A file", page=True),
]
