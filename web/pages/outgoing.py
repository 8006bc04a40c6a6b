"""Documents sent to bodies: the list, one sending with its recipients, the form of sending, asking back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from server.circulation.commands import Outside, Posting, Reason, Send, SentFilter
from server.circulation.model import Standing
from server.circulation.model_sent import Dispatch, OutsideRecipient
from server.documents.model import State, Urgency
from server.documents.views import DocumentView
from server.kernel.actor import Role
from server.kernel.errors import Conflict, Fault, Invalid
from server.organisations.model import Body as Organisation
from web.links import address
from web.pages.documents import ONE as DOCUMENT
from web.pages.shared import lines, once
from web.recipients import of_recipients
from web.routes import Body, Call, Html, NoBody, NoQuery, PageQuery, Redirect, Route

PATH = "/van-ban-di"
Id = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=4000)]


class SentQuery(PageQuery):
    """Filters of the list."""

    loc: Literal["", "open"] = ""
    """open = somebody has not accepted yet."""
    q: Annotated[str, Meta(max_length=200)] = ""
    """Words."""


class SendForm(Body):
    """To whom, and what is written with it."""

    to: Annotated[list[Id], Meta(max_length=2000)] = msgspec.field(default_factory=list)
    outside: Annotated[str, Meta(max_length=20000)] = ""
    urgency: Urgency | None = None
    due_date: date | None = None
    note: Text = ""
    attention: Annotated[list[Annotated[str, Meta(max_length=401)]], Meta(max_length=2000)] = msgspec.field(
        default_factory=list
    )
    """Restricted only: ``body post`` for each body with more than one clerk."""


class PostForm(Body):
    """Printed copies handed to the post."""

    recipients: Annotated[list[Id], Meta(max_length=200)] = msgspec.field(default_factory=list)
    posted_on: date | None = None
    tracking: Annotated[str, Meta(max_length=500)] = ""


class RecallForm(Body):
    """Ask one recipient for the document back."""

    arrival_id: Id
    reason: Annotated[str, Meta(min_length=1, max_length=4000)]


@dataclass(frozen=True, slots=True)
class Office:
    """A body that gets a restricted document, and its clerks."""

    body: Organisation
    """The body."""
    clerks: tuple[tuple[str, str], ...]
    """Who keeps its books: post, and title with name."""


async def sent(call: Call[NoBody, SentQuery]) -> Html:
    """Show what was sent, newest first."""
    query = call.query
    wanted = SentFilter(open=query.loc == "open", q=query.q)
    page = await call.services.circulation.sent(call.actor, wanted, query.page)
    return Html(
        "outgoing/list.html",
        {
            "rows": page.items,
            "query": query,
            "chips": [(view, address(PATH, query, loc=view)) for view in ("", "open")],
            "next": page.next,
            "more": address(PATH, query, after=page.next or ""),
        },
    )


async def dispatch(call: Call[NoBody, NoQuery]) -> Html:
    """Show one sending: recipients as a tree with their states."""
    found = await call.services.circulation.dispatch(call.actor, call.path["dispatch_id"])
    allows = call.services.access.allows
    return Html(
        "outgoing/detail.html",
        {
            "dispatch": found,
            "branches": of_recipients(found),
            "may_recall": allows(call.actor, "circulation.recall"),
            "may_post": allows(call.actor, "circulation.post"),
            "waiting": [one for one in found.by_post if one.posted_on is None],
        },
    )


async def sendings(call: Call[NoBody, NoQuery]) -> Html:
    """Show the sendings of one document (a piece of its page)."""
    view = await call.services.documents.get(call.actor, call.path["document_id"])
    wanted = SentFilter(document_id=view.document.id)
    found = await call.services.circulation.sent(call.actor, wanted, PageQuery().page)
    return Html(
        "outgoing/sendings.html", {"document": view.document, "rows": found.items, "place_path": PATH}
    )


async def send_page(call: Call[NoBody, NoQuery]) -> Html:
    """Show the form of sending: the planned recipients are chosen already."""
    view = await call.services.documents.get(call.actor, call.path["document_id"])
    document = view.document
    if document.state is not State.ISSUED:
        raise Conflict("documents.not_issued")
    earlier = await call.services.circulation.sent(
        call.actor, SentFilter(document_id=document.id), PageQuery().page
    )
    tree = await call.services.organisations.tree()
    to = call.typed.get("to") or [item.id for item in document.fields.recipients]
    return Html(
        "outgoing/send.html",
        {
            "place_path": PATH,
            "document": document,
            "fields": document.fields,
            "tree": tree,
            "chosen": [item.id for item in document.fields.recipients],
            "earlier": earlier.items,
            "offices": await _clerks(call, to) if document.fields.restricted else [],
        },
    )


async def send(call: Call[SendForm, NoQuery]) -> Redirect:
    """Send."""
    body = call.body
    view = await call.services.documents.get(call.actor, call.path["document_id"])
    outside = outside_of(body.outside)
    if not body.to and not outside:
        raise Invalid.of([Fault("web.choose_one", "/to")])
    command = Send(
        document_id=view.document.id,
        to=tuple(dict.fromkeys(body.to)),
        outside=outside,
        urgency=body.urgency,
        due_date=body.due_date,
        note=body.note,
        attention=await _attention(call, view, body.to),
    )
    done = await once(call.services.circulation.send(call.actor, command), Dispatch)
    return Redirect(f"{PATH}/{done.id}", notice="outgoing.sent", params={"count": len(done.arrivals)})


async def _clerks(call: Call[object, object], to: Sequence[str]) -> list[Office]:
    """Return, for each body, who could get a restricted document there."""
    found: list[Office] = []
    for body_id in dict.fromkeys(to):
        body = await call.services.organisations.body(body_id)
        clerks = await call.services.staffing.role_holders(body.keeper_id, Role.RECORDS_CLERK)
        names = await call.services.identity.names([clerk.account_id for clerk in clerks])
        shown = ((one.post_id, f"{one.post_title} · {names.get(one.account_id, '')}") for one in clerks)
        found.append(Office(body, tuple(shown)))
    return found


async def _attention(call: Call[SendForm, NoQuery], view: DocumentView, to: Sequence[str]) -> dict[str, str]:
    """Return the one clerk of each body who gets a restricted document, as the sender chose.

    A body with one clerk needs no choice. Raises Invalid ``web.choose_clerk`` naming the bodies that do.
    """
    if not view.document.fields.restricted:
        return {}
    chosen = dict(one.split(" ", 1) for one in call.body.attention if " " in one)
    named: dict[str, str] = {}
    faults: list[Fault] = []
    for office in await _clerks(call, to):
        posts = [post for post, _ in office.clerks]
        if chosen.get(office.body.id) in posts:
            named[office.body.id] = chosen[office.body.id]
        elif len(posts) == 1:
            named[office.body.id] = posts[0]
        elif posts:
            faults.append(Fault("web.choose_clerk", "/attention", {"body": office.body.name}))
    if faults:
        raise Invalid.of(faults)
    return named


def outside_of(text: str) -> tuple[Outside, ...]:
    """Return recipients by post: each line is name, then address after the first semicolon.

    Raises Invalid ``web.outside_form`` for a line without an address.
    """
    found: list[Outside] = []
    for line in lines(text):
        name, mark, place = line.partition(";")
        if not mark or not name.strip() or not place.strip():
            raise Invalid("web.outside_form", field="/outside", line=line)
        found.append(Outside(name=name.strip()[:500], address=place.strip()[:500]))
    return tuple(found)


async def recall(call: Call[RecallForm, NoQuery]) -> Redirect:
    """Ask a recipient for the document back: a task for its clerk."""
    command = Reason(reason=call.body.reason)
    await once(call.services.circulation.request_recall(call.actor, call.body.arrival_id, command), Standing)
    return Redirect(f"{PATH}/{call.path['dispatch_id']}", notice="outgoing.recall_asked")


async def post(call: Call[PostForm, NoQuery]) -> Redirect:
    """Enter printed copies in the postal book."""
    body = call.body
    if not body.recipients:
        raise Invalid.of([Fault("web.choose_one", "/recipients")])
    command = Posting(recipients=tuple(body.recipients), posted_on=body.posted_on, tracking=body.tracking)
    dispatch_id = call.path["dispatch_id"]
    await once(call.services.circulation.post(call.actor, dispatch_id, command), list[OutsideRecipient])
    return Redirect(f"{PATH}/{dispatch_id}", notice="outgoing.posted")


PAGES = [
    Route("GET", PATH, "pages.sent", sent, "circulation.read", "Sent", query=SentQuery, page=True),
    Route(
        "GET", PATH + "/{dispatch_id}", "pages.dispatch", dispatch, "circulation.read", "A sending", page=True
    ),
    Route("GET", DOCUMENT + "/da-gui", "pages.sendings", sendings, "circulation.read", "Sendings", page=True),
    Route("GET", DOCUMENT + "/gui", "pages.send_form", send_page, "circulation.send", "Send", page=True),
    Route(
        "POST",
        DOCUMENT + "/gui",
        "pages.send",
        send,
        "circulation.send",
        "Send",
        SendForm,
        page=True,
        again=send_page,
    ),
    Route(
        "POST",
        PATH + "/{dispatch_id}/lay-lai",
        "pages.recall",
        recall,
        "circulation.recall",
        "Ask back",
        RecallForm,
        page=True,
        again=dispatch,
    ),
    Route(
        "POST",
        PATH + "/{dispatch_id}/buu-chinh",
        "pages.post",
        post,
        "circulation.post",
        "Post",
        PostForm,
        page=True,
        again=dispatch,
    ),
]
