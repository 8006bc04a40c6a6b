"""One result at the officers' desks: its page and facts, the slip, handing over, revoking, replacing."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from server.results.model import Batch, Ended, Handed, State, Work
from web.keys import CATALOGUE
from web.pages.results import PATH, OnVersion
from web.pages.shared import download, once
from web.routes import Body, Call, Download, Handler, Html, NoBody, NoQuery, Redirect, Route

ONE = PATH + "/{result_id}"
Reason = Annotated[str, Meta(min_length=1, max_length=2000)]


class WithReason(OnVersion):
    """An act with its reason."""

    reason: Reason


class HandForm(OnVersion):
    """How a result came to the applicant."""

    how: Handed


class ReplaceForm(WithReason):
    """What stands in the place of a result."""

    by_code: Annotated[str, Meta(min_length=1, max_length=40)]


async def result(call: Call[NoBody, NoQuery]) -> Html:
    """Show one result: its page, its facts, what can be done with it."""
    results = call.services.results
    found = await results.result(call.actor, call.path["result_id"])
    view = await results.batch(call.actor, found.batch_id)
    known = results.procedures.known(view.batch.procedure, view.batch.procedure_from)
    catalogue = call.request.app[CATALOGUE]
    other = await results.by_id(found.replaced_by) if found.replaced_by else None
    return Html(
        "results/detail.html",
        {
            "result": found,
            "batch": view.batch,
            "procedure": known,
            "acts": _acts_on(call, view.batch, found.state, handed=found.handed_at is not None),
            "problem": catalogue.message(call.language, found.problem, found.problem_params)
            if found.problem
            else "",
            "address": results.address(found.code),
            "code": results.shown(found.code),
            "other": other,
            "base": f"{PATH}/{found.id}",
            "place_path": PATH,
        },
    )


def _acts_on(call: Call[NoBody, NoQuery], batch: Batch, state: State, *, handed: bool) -> set[str]:
    """Return what the actor may do with one result now."""

    def may(action: str) -> bool:
        return call.services.access.allows(call.actor, action)

    acts: set[str] = set()
    fresh = state in (State.NEW, State.MADE, State.SIGNED, State.NUMBERED)
    if fresh and batch.work is Work.NONE and may("results.drop"):
        acts.add("drop")
    if state is State.ISSUED and not handed and may("results.hand_over"):
        acts.add("hand_over")
    if state is State.ISSUED and may("results.revoke"):
        acts |= {"revoke", "replace"}
    return acts


async def file(call: Call[NoBody, NoQuery]) -> Download:
    """Send the newest file of a result."""
    view = await call.services.results.open_file(call.actor, call.path["result_id"])
    return download(call.services, view)


async def slip(call: Call[NoBody, NoQuery]) -> Html:
    """Show the slip that the applicant takes home: QR, code, what to do with it."""
    results = call.services.results
    found = await results.result(call.actor, call.path["result_id"])
    view = await results.batch(call.actor, found.batch_id)
    known = results.procedures.known(view.batch.procedure, view.batch.procedure_from)
    return Html(
        "results/slip.html",
        {
            "result": found,
            "batch": view.batch,
            "procedure": known,
            "address": results.address(found.code),
            "code": results.shown(found.code),
            "qr": await results.qr(found.code),
            "base": f"{PATH}/{found.id}",
            "place_path": PATH,
        },
    )


async def drop(call: Call[WithReason, NoQuery]) -> Redirect:
    """Take a result out of its batch."""
    body, results = call.body, call.services.results
    done = results.drop(call.actor, call.path["result_id"], version=body.version, reason=body.reason)
    return _done(await once(done, Ended), "drop")


async def hand_over(call: Call[HandForm, NoQuery]) -> Redirect:
    """Note how a result came to the applicant."""
    body, results = call.body, call.services.results
    done = results.hand_over(call.actor, call.path["result_id"], version=body.version, how=body.how)
    return _done(await once(done, Ended), "hand_over")


async def revoke(call: Call[WithReason, NoQuery]) -> Redirect:
    """Revoke a result."""
    body, results = call.body, call.services.results
    done = results.revoke(call.actor, call.path["result_id"], version=body.version, reason=body.reason)
    return _done(await once(done, Ended), "revoke")


async def replaced(call: Call[ReplaceForm, NoQuery]) -> Redirect:
    """Have another result stand in the place of this one."""
    body, results = call.body, call.services.results
    done = results.replace_with(
        call.actor,
        call.path["result_id"],
        version=body.version,
        by_code=body.by_code,
        reason=body.reason,
    )
    return _done(await once(done, Ended), "replace")


def _done(ended: Ended, act: str) -> Redirect:
    return Redirect(f"{PATH}/{ended.id}", notice=f"results.did.{act}")


def _page(path: str, name: str, act: Handler, action: str, summary: str) -> Route:
    return Route("GET", path, f"pages.{name}", act, action, summary, page=True)


def _act(
    path: str, name: str, act: Handler, action: str, summary: str, body: type[Body], again: Handler
) -> Route:
    return Route("POST", path, f"pages.{name}", act, action, summary, body, page=True, again=again)


PAGES = [
    _page(ONE, "result", result, "results.read", "A result"),
    _page(ONE + "/tep", "result_file", file, "results.read", "File of a result"),
    _page(ONE + "/phieu", "result_slip", slip, "results.read", "Slip of a result"),
    _act(ONE + "/loai", "result_drop", drop, "results.drop", "Take out", WithReason, result),
    _act(ONE + "/tra", "result_hand_over", hand_over, "results.hand_over", "Hand over", HandForm, result),
    _act(ONE + "/thu-hoi", "result_revoke", revoke, "results.revoke", "Revoke", WithReason, result),
    _act(ONE + "/thay-the", "result_replace", replaced, "results.revoke", "Replace", ReplaceForm, result),
]
