"""Acts on a document: submit, check, approve, return, sign, number, seal, issue, comment, ask, give up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from server.documents.commands import AddComment, Advance, AskOpinions, CheckForm
from server.documents.model import Comment, Stance
from server.documents.views import Moved
from server.kernel.errors import Fault, Invalid
from web.pages.documents import ONE, detail
from web.pages.shared import once
from web.people import posts_held
from web.routes import Body, Call, Handler, Html, NoBody, NoQuery, Redirect, Route

Text = Annotated[str, Meta(max_length=2000)]
Version = Annotated[int, Meta(ge=1, le=2**53)]


class ActForm(Body):
    """An act on the version seen, with a reason where one is needed."""

    version: Version
    reason: Text = ""


class SignForm(Body):
    """Sign, number or seal the version seen."""

    version: Version


class CommentForm(Body):
    """An opinion."""

    text: Annotated[str, Meta(min_length=1, max_length=10000)]
    stance: Stance = Stance.NONE


class AskForm(Body):
    """Whose opinion is asked."""

    version: Version
    posts: Annotated[list[Annotated[str, Meta(min_length=1, max_length=200)]], Meta(max_length=50)] = (
        msgspec.field(default_factory=list)
    )
    question: Text = ""
    due_date: date | None = None


def _advance(verb: str) -> Handler:
    """Return the handler of an act that needs the version and a reason only."""

    async def handle(call: Call[ActForm, NoQuery]) -> Redirect:
        command = Advance(version=call.body.version, reason=call.body.reason)
        act: Callable[..., Awaitable[Moved]] = getattr(call.services.documents, verb)
        await once(act(call.actor, call.path["document_id"], command), Moved)
        return _back(call, f"document.did.{verb}")

    return handle


def _check(passed: bool) -> Handler:
    async def handle(call: Call[ActForm, NoQuery]) -> Redirect:
        command = CheckForm(version=call.body.version, passed=passed, reason=call.body.reason)
        documents = call.services.documents
        await once(documents.check_form(call.actor, call.path["document_id"], command), Moved)
        return _back(call, "document.did.pass_form" if passed else "document.did.send_back")

    return handle


async def sign(call: Call[SignForm, NoQuery]) -> Redirect:
    """Sign as the person of the post."""
    signatures = call.services.signatures
    await once(signatures.sign(call.actor, call.path["document_id"], version=call.body.version), Moved)
    return _back(call, "document.did.sign")


async def number(call: Call[SignForm, NoQuery]) -> Redirect:
    """Take the number and fill in number and date."""
    signatures = call.services.signatures
    moved = await once(
        signatures.number(call.actor, call.path["document_id"], version=call.body.version), Moved
    )
    return Redirect(_path(call), notice="document.did.number", params={"number": moved.number_text})


async def seal(call: Call[SignForm, NoQuery]) -> Redirect:
    """Put the body's seal."""
    signatures = call.services.signatures
    await once(signatures.seal(call.actor, call.path["document_id"], version=call.body.version), Moved)
    return _back(call, "document.did.seal")


async def render(call: Call[SignForm, NoQuery]) -> Redirect:
    """Set the text in the body's form."""
    documents = call.services.documents
    document_id = call.path["document_id"]
    await once(documents.render(call.actor, document_id, version=call.body.version), Moved)
    return _back(call, "document.did.render")


async def comment(call: Call[CommentForm, NoQuery]) -> Redirect:
    """Give an opinion."""
    command = AddComment(text=call.body.text, stance=call.body.stance)
    await once(call.services.documents.comment(call.actor, call.path["document_id"], command), Comment)
    return _back(call, "document.did.comment")


async def ask_page(call: Call[NoBody, NoQuery]) -> Html:
    """Show whose opinion can be asked."""
    view = await call.services.documents.get(call.actor, call.path["document_id"])
    bodies = [view.document.author_body, view.document.body_id]
    people = await posts_held(call.services.organisations, bodies)
    return Html("documents/ask.html", {"place_path": "/du-thao", "document": view.document, "people": people})


async def ask(call: Call[AskForm, NoQuery]) -> Redirect:
    """Ask posts for their opinion."""
    body = call.body
    if not body.posts:
        raise Invalid.of([Fault("web.choose_one", "/posts")])
    command = AskOpinions(
        version=body.version, posts=tuple(body.posts), question=body.question, due_date=body.due_date
    )
    documents = call.services.documents
    await once(documents.ask_opinions(call.actor, call.path["document_id"], command), Moved)
    return _back(call, "document.did.ask")


def _path(call: Call[object, object]) -> str:
    return f"/van-ban/{call.path['document_id']}"


def _back(call: Call[object, object], notice: str) -> Redirect:
    return Redirect(_path(call), notice=notice)


def _act(slug: str, verb: str, handler: Handler, action: str, body: type[Body] = ActForm) -> Route:
    return Route(
        "POST",
        f"{ONE}/{slug}",
        f"pages.document_{verb}",
        handler,
        action,
        verb,
        body,
        page=True,
        again=detail,
    )


PAGES = [
    _act("trinh", "submit", _advance("submit"), "documents.submit"),
    _act("lay-lai", "take_back", _advance("take_back"), "documents.withdraw"),
    _act("huy", "withdraw", _advance("withdraw"), "documents.withdraw"),
    _act("dat-the-thuc", "pass_form", _check(True), "documents.check_form"),
    _act("tra-the-thuc", "return_form", _check(False), "documents.check_form"),
    _act("duyet", "approve", _advance("approve"), "documents.approve"),
    _act("duyet-ky-sau", "approve_to_sign", _advance("approve_to_sign"), "documents.sign"),
    _act("tra-lai", "send_back", _advance("send_back"), "documents.return"),
    _act("bo", "reject", _advance("reject"), "documents.return"),
    _act("phat-hanh", "issue", _advance("issue"), "documents.issue"),
    _act("ky", "sign", sign, "documents.sign", SignForm),
    _act("cap-so", "number", number, "documents.number", SignForm),
    _act("dong-dau", "seal", seal, "documents.seal", SignForm),
    _act("dung-pdf", "render", render, "documents.draft", SignForm),
    _act("gop-y", "comment", comment, "documents.comment", CommentForm),
    Route("GET", ONE + "/xin-y-kien", "pages.ask_form", ask_page, "documents.comment", "Ask", page=True),
    Route(
        "POST",
        ONE + "/xin-y-kien",
        "pages.ask",
        ask,
        "documents.comment",
        "Ask for opinions",
        AskForm,
        page=True,
        again=ask_page,
    ),
]
