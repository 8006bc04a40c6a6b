"""Administration: accounts and their posts, supervisors' mandates, health. No content of documents."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from server.identity.model import Account, AccountState, Left, Mandate, OneTimeLink
from server.identity.service import NewAccount
from server.kernel.actor import Role
from server.kernel.errors import Fault, Invalid
from server.kernel.page import PageRequest
from server.organisations.model import Holding, HoldingKind
from web.links import address
from web.pages.shared import once
from web.routes import Body, Call, Handler, Html, NoBody, NoQuery, PageQuery, Redirect, Route

ACCOUNTS = "/quan-tri/tai-khoan"
ONE = ACCOUNTS + "/{account_id}"
MANDATES = "/quan-tri/giam-sat"
MANAGE = "identity.manage"
Short = Annotated[str, Meta(max_length=200)]
Needed = Annotated[str, Meta(min_length=1, max_length=200)]
Why = Annotated[str, Meta(min_length=1, max_length=1000)]


class AccountsQuery(PageQuery):
    """Which accounts."""

    q: Short = ""
    """Words of name or username."""
    trang_thai: AccountState | None = None
    """State."""
    don_vi: Short = ""
    """Body in which they hold a post."""


class AccountForm(Body):
    """A new account."""

    username: Annotated[str, Meta(min_length=1, max_length=100)]
    full_name: Needed
    email: Short = ""
    phone: Short = ""


class ReasonForm(Body):
    """Why."""

    reason: Why


class AppointForm(Body, kw_only=True):
    """A post for a person."""

    post_id: Needed
    kind: HoldingKind = HoldingKind.APPOINTED
    valid_from: date
    valid_to: date | None = None
    basis: Annotated[str, Meta(max_length=1000)] = ""


class BasisForm(Body):
    """On which basis a person leaves."""

    basis: Why


class MandateForm(Body, kw_only=True):
    """A supervisor's right to read."""

    account_id: Needed
    bodies: Annotated[list[Needed], Meta(max_length=2000)] = msgspec.field(default_factory=list)
    valid_from: date
    valid_to: date
    basis: Why


class EndForm(Body):
    """Which mandate ends, and why."""

    mandate_id: Needed
    reason: Why


async def accounts(call: Call[NoBody, AccountsQuery]) -> Html:
    """Show accounts by username."""
    query = call.query
    page = await call.services.identity.accounts(
        call.actor, query.page, query=query.q, state=query.trang_thai, body_id=query.don_vi
    )
    return Html(
        "admin/accounts.html",
        {
            "rows": page.items,
            "query": query,
            "states": [state.value for state in AccountState],
            "next": page.next,
            "more": address(ACCOUNTS, query, after=page.next or ""),
        },
    )


async def new_page(call: Call[NoBody, NoQuery]) -> Html:
    """Show the form of a new account."""
    return Html("admin/account_new.html")


async def create(call: Call[AccountForm, NoQuery]) -> Redirect:
    """Make an account."""
    body = call.body
    new = NewAccount(body.username, body.full_name, body.email, body.phone)
    made = await once(call.services.identity.create(call.actor, new), Account)
    return Redirect(f"{ACCOUNTS}/{made.id}", notice="admin.account_made")


async def account(call: Call[NoBody, NoQuery]) -> Html:
    """Show an account with its posts."""
    detail = await call.services.identity.account(call.actor, call.path["account_id"])
    return Html(
        "admin/account.html",
        {
            "detail": detail,
            "account": detail.account,
            "kinds": [kind.value for kind in HoldingKind],
            "today": call.services.organisations.today(),
        },
    )


async def invite(call: Call[NoBody, NoQuery]) -> Html:
    """Give a one-time link, shown this once."""
    link = await once(call.services.identity.invite(call.actor, call.path["account_id"]), OneTimeLink)
    base = call.services.settings.server.base_url.rstrip("/")
    return Html("admin/link.html", {"link": link, "url": f"{base}/moi/{link.token}"})


async def lock(call: Call[ReasonForm, NoQuery]) -> Redirect:
    """Stop an account."""
    await once(call.services.identity.lock(call.actor, call.path["account_id"], call.body.reason), Account)
    return _back(call, "admin.locked")


async def unlock(call: Call[ReasonForm, NoQuery]) -> Redirect:
    """Let it work again."""
    await once(call.services.identity.unlock(call.actor, call.path["account_id"], call.body.reason), Account)
    return _back(call, "admin.unlocked")


async def reset_totp(call: Call[ReasonForm, NoQuery]) -> Redirect:
    """Take a lost second factor away."""
    await call.services.second_factor.reset(call.actor, call.path["account_id"], call.body.reason)
    return _back(call, "admin.totp_reset")


async def appoint(call: Call[AppointForm, NoQuery]) -> Redirect:
    """Put the person into a post."""
    body = call.body
    await once(
        call.services.identity.appoint(
            call.actor,
            call.path["account_id"],
            body.post_id,
            kind=body.kind,
            valid_from=body.valid_from,
            valid_to=body.valid_to,
            basis=body.basis,
        ),
        Holding,
    )
    return _back(call, "admin.appointed")


async def leave(call: Call[BasisForm, NoQuery]) -> Redirect:
    """The person leaves today."""
    identity = call.services.identity
    await once(identity.leave(call.actor, call.path["account_id"], basis=call.body.basis), Left)
    return _back(call, "admin.left")


def _back(call: Call[object, object], notice: str) -> Redirect:
    return Redirect(f"{ACCOUNTS}/{call.path['account_id']}", notice=notice)


async def mandates(call: Call[NoBody, NoQuery]) -> Html:
    """Show mandates and the form of a new one."""
    services = call.services
    page = await services.mandates.mandates(call.actor, PageRequest())
    names = await services.identity.names(list({item.account_id for item in page.items}))
    bodies = await services.organisations.bodies_by_id(
        list({body for item in page.items for body in item.body_ids})
    )
    supervisors = await _supervisors(call)
    return Html(
        "admin/mandates.html",
        {
            "rows": page.items,
            "names": names,
            "bodies": bodies,
            "supervisors": supervisors,
            "tree": await services.organisations.tree(),
            "today": services.organisations.today(),
        },
    )


async def _supervisors(call: Call[NoBody, NoQuery]) -> list[tuple[str, str]]:
    """Return accounts that hold a supervisor's post anywhere today."""
    services = call.services
    found: dict[str, str] = {}
    for node in await services.organisations.tree():
        if node.depth > 1:
            continue
        for holder in await services.staffing.role_holders(node.id, Role.SUPERVISOR):
            found[holder.account_id] = holder.post_title
    names = await services.identity.names(list(found))
    return [(account_id, f"{names.get(account_id, '')} ({title})") for account_id, title in found.items()]


async def give(call: Call[MandateForm, NoQuery]) -> Redirect:
    """Record a mandate."""
    body = call.body
    if not body.bodies:
        raise Invalid.of([Fault("web.choose_one", "/bodies")])
    await once(
        call.services.mandates.give(
            call.actor,
            account_id=body.account_id,
            body_ids=tuple(body.bodies),
            valid_from=body.valid_from,
            valid_to=body.valid_to,
            basis=body.basis,
        ),
        Mandate,
    )
    return Redirect(MANDATES, notice="admin.mandate_given")


async def end(call: Call[EndForm, NoQuery]) -> Redirect:
    """End a mandate early."""
    await once(call.services.mandates.end(call.actor, call.body.mandate_id, call.body.reason), Mandate)
    return Redirect(MANDATES, notice="admin.mandate_ended")


async def health(call: Call[NoBody, NoQuery]) -> Html:
    """Show which parts answer and how far the deliveries are."""
    services = call.services
    parts = await services.ready()
    return Html("admin/health.html", {"parts": parts, "settings": services.settings})


def _on_account(slug: str, name: str, handler: Handler, body: type[Body] | None, summary: str) -> Route:
    return Route(
        "POST",
        f"{ONE}/{slug}",
        f"pages.account_{name}",
        handler,
        MANAGE,
        summary,
        body,
        page=True,
        again=account,
    )


PAGES = [
    Route("GET", ACCOUNTS, "pages.accounts", accounts, MANAGE, "Accounts", query=AccountsQuery, page=True),
    Route("GET", ACCOUNTS + "/moi", "pages.account_new", new_page, MANAGE, "New account", page=True),
    Route(
        "POST",
        ACCOUNTS + "/moi",
        "pages.account_create",
        create,
        MANAGE,
        "Make an account",
        AccountForm,
        page=True,
        again=new_page,
    ),
    Route("GET", ONE, "pages.account", account, MANAGE, "An account", page=True),
    _on_account("lien-ket", "invite", invite, None, "Give a one-time link"),
    _on_account("khoa", "lock", lock, ReasonForm, "Lock"),
    _on_account("mo-khoa", "unlock", unlock, ReasonForm, "Unlock"),
    _on_account("bo-hai-lop", "totp_reset", reset_totp, ReasonForm, "Reset the second factor"),
    _on_account("chuc-danh", "appoint", appoint, AppointForm, "Appoint"),
    _on_account("nghi", "leave", leave, BasisForm, "Leave"),
    Route("GET", MANDATES, "pages.mandates", mandates, "identity.mandates", "Mandates", page=True),
    Route(
        "POST",
        MANDATES,
        "pages.mandate_give",
        give,
        "identity.mandates",
        "Record a mandate",
        MandateForm,
        page=True,
        again=mandates,
    ),
    Route(
        "POST",
        MANDATES + "/ket-thuc",
        "pages.mandate_end",
        end,
        "identity.mandates",
        "End a mandate",
        EndForm,
        page=True,
        again=mandates,
    ),
    Route("GET", "/quan-tri/suc-khoe", "pages.health", health, "audit.verify", "Health", page=True),
]
