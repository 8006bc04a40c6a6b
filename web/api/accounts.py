"""Accounts over JSON: making, inviting, stopping, posts, handing over, leaving."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, field

from server.identity.model import (
    Account,
    AccountDetail,
    AccountState,
    HandedOver,
    Left,
    NewAccount,
    OneTimeLink,
)
from server.identity.permissions import Permission
from server.identity.service import MANAGE
from server.kernel.page import Page
from server.organisations.model import Holding, HoldingKind
from web.routes import SIGNED_IN, Body, Call, NoBody, NoQuery, PageQuery, Route

BASE = "/api/v1/accounts"
ONE = BASE + "/{account_id}"
Id = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:~-]+$")]
OptionalId = Annotated[str, Meta(max_length=200, pattern=r"^[A-Za-z0-9._:~-]*$")]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Address = Annotated[str, Meta(max_length=200)]
Basis = Annotated[str, Meta(max_length=500)]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class AccountsQuery(PageQuery):
    """Which accounts."""

    q: Annotated[str, Meta(max_length=200)] = ""
    """Part of name or username; marks and case do not matter."""
    state: AccountState | None = None
    """Only this state."""
    body_id: OptionalId = ""
    """Only those that hold a post in this body today."""


class CreateAccount(Body):
    """A new account."""

    username: Annotated[str, Meta(min_length=2, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]+$")]
    """Name to sign in with; kept in lower case, never given again."""
    full_name: Name
    """Name shown and printed."""
    email: Address = ""
    """Mail."""
    phone: Address = ""
    """Telephone."""


class UpdateAccount(Body):
    """Names and addresses of an account."""

    full_name: Name
    """Name shown and printed."""
    version: Annotated[int, Meta(ge=1, le=2**53)]
    """Version that was seen."""
    email: Address = ""
    """Mail."""
    phone: Address = ""
    """Telephone."""


class WithReason(Body):
    """Why."""

    reason: Reason
    """Kept in the record of acts."""


class Appoint(Body):
    """A post for a person."""

    post_id: Id
    """Post."""
    kind: HoldingKind
    """appointed, acting or delegated."""
    valid_from: date
    """First day."""
    valid_to: date | None = None
    """First day no longer held; a delegation must have one."""
    basis: Basis = ""
    """Decision; acting and delegated must have one."""


class Release(Body):
    """The end of a holding."""

    on: date
    """First day no longer held."""
    basis: Basis
    """Decision."""


class HandOver(Body):
    """A post goes to another person."""

    to_account_id: Id
    """Who gets it."""
    valid_from: date
    """From this day."""
    basis: Basis
    """Decision."""


class Leave(Body):
    """A person leaves."""

    basis: Basis
    """Decision."""
    hand_over: dict[Id, Id] = field(default_factory=dict)
    """Posts that go to others in the same act: post -> account."""


async def list_accounts(call: Call[NoBody, AccountsQuery]) -> Page[Account]:
    """Return accounts by username."""
    query = call.query
    return await call.services.identity.accounts(
        call.actor, query.page, query=query.q, state=query.state, body_id=query.body_id
    )


async def show(call: Call[NoBody, NoQuery]) -> AccountDetail:
    """Return an account with the posts it holds today."""
    return await call.services.identity.account(call.actor, call.path["account_id"])


async def create(call: Call[CreateAccount, NoQuery]) -> Account:
    """Make an account."""
    body = call.body
    new = NewAccount(body.username, body.full_name, body.email, body.phone)
    return await call.services.identity.create(call.actor, new)


async def update(call: Call[UpdateAccount, NoQuery]) -> Account:
    """Change names and addresses."""
    body = call.body
    return await call.services.identity.update(
        call.actor,
        call.path["account_id"],
        full_name=body.full_name,
        email=body.email,
        phone=body.phone,
        version=body.version,
    )


async def invite(call: Call[NoBody, NoQuery]) -> OneTimeLink:
    """Give a one-time link to set a password."""
    return await call.services.identity.invite(call.actor, call.path["account_id"])


async def lock(call: Call[WithReason, NoQuery]) -> Account:
    """Stop an account."""
    return await call.services.identity.lock(call.actor, call.path["account_id"], call.body.reason)


async def unlock(call: Call[WithReason, NoQuery]) -> Account:
    """Let a stopped account work again."""
    return await call.services.identity.unlock(call.actor, call.path["account_id"], call.body.reason)


async def reset_totp(call: Call[WithReason, NoQuery]) -> None:
    """Take a lost second factor away."""
    await call.services.second_factor.reset(call.actor, call.path["account_id"], call.body.reason)


async def appoint(call: Call[Appoint, NoQuery]) -> Holding:
    """Put a person into a post."""
    body = call.body
    return await call.services.identity.appoint(
        call.actor,
        call.path["account_id"],
        body.post_id,
        kind=body.kind,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        basis=body.basis,
    )


async def release(call: Call[Release, NoQuery]) -> None:
    """End what a person holds of a post."""
    await call.services.identity.release(
        call.actor,
        call.path["account_id"],
        call.path["post_id"],
        on=call.body.on,
        basis=call.body.basis,
    )


async def hand_over(call: Call[HandOver, NoQuery]) -> HandedOver:
    """Give a post with its work to another person."""
    body = call.body
    return await call.services.identity.hand_over(
        call.actor, call.path["post_id"], body.to_account_id, valid_from=body.valid_from, basis=body.basis
    )


async def leave(call: Call[Leave, NoQuery]) -> Left:
    """Record that a person leaves today."""
    body = call.body
    return await call.services.identity.leave(
        call.actor, call.path["account_id"], basis=body.basis, hand_over=body.hand_over
    )


async def permissions(call: Call[NoBody, NoQuery]) -> list[Permission]:
    """Return the permission table: role x action, described in both languages."""
    return list(call.services.access.table.actions)


_ON_ONE = ("identity.account_unknown", "identity.account_left")
_HOLDING = (
    "organisations.post_unknown",
    "organisations.post_taken",
    "organisations.post_abolished",
    "organisations.span_empty",
    "organisations.basis_missing",
    "organisations.delegation_open",
)

ROUTES = [
    Route(
        "GET",
        BASE,
        "accounts.list",
        list_accounts,
        MANAGE,
        "Accounts",
        query=AccountsQuery,
        answer=Page[Account],
    ),
    Route(
        "POST",
        BASE,
        "accounts.create",
        create,
        MANAGE,
        "Make an account without a password",
        body=CreateAccount,
        answer=Account,
        status=201,
        once=True,
        errors=("identity.username_taken", "identity.name_missing"),
    ),
    Route(
        "GET",
        ONE,
        "accounts.show",
        show,
        SIGNED_IN,
        "An account and its posts: one's own, or any for an administrator",
        answer=AccountDetail,
        errors=("identity.account_unknown", "identity.not_allowed"),
    ),
    Route(
        "PUT",
        ONE,
        "accounts.update",
        update,
        MANAGE,
        "Change names and addresses",
        body=UpdateAccount,
        answer=Account,
        errors=("identity.account_unknown", "identity.changed_meanwhile", "identity.name_missing"),
    ),
    Route(
        "POST",
        f"{ONE}/invitation",
        "accounts.invite",
        invite,
        MANAGE,
        "Give a one-time link to set a password; a retry gets the answer without the secret",
        answer=OneTimeLink,
        status=201,
        once=True,
        errors=_ON_ONE,
    ),
    Route(
        "POST",
        f"{ONE}/lock",
        "accounts.lock",
        lock,
        MANAGE,
        "Stop an account; its sessions end at once",
        body=WithReason,
        answer=Account,
        once=True,
        errors=(*_ON_ONE, "identity.reason_missing", "identity.last_administrator"),
    ),
    Route(
        "POST",
        f"{ONE}/unlock",
        "accounts.unlock",
        unlock,
        MANAGE,
        "Let a stopped account work again",
        body=WithReason,
        answer=Account,
        once=True,
        errors=("identity.account_unknown", "identity.account_not_locked"),
    ),
    Route(
        "POST",
        f"{ONE}/totp-reset",
        "accounts.reset_totp",
        reset_totp,
        MANAGE,
        "Take a lost second factor away",
        body=WithReason,
        status=204,
        once=True,
        errors=("identity.account_unknown", "identity.reason_missing"),
    ),
    Route(
        "POST",
        f"{ONE}/posts",
        "accounts.appoint",
        appoint,
        MANAGE,
        "Put a person into a post: appointed, acting or delegated",
        body=Appoint,
        answer=Holding,
        status=201,
        once=True,
        errors=(*_ON_ONE, *_HOLDING),
    ),
    Route(
        "POST",
        f"{ONE}/posts/{{post_id}}/release",
        "accounts.release",
        release,
        MANAGE,
        "End what a person holds of a post",
        body=Release,
        status=204,
        once=True,
        errors=("identity.account_unknown", "identity.post_not_held", "identity.last_administrator"),
    ),
    Route(
        "POST",
        f"{ONE}/leave",
        "accounts.leave",
        leave,
        MANAGE,
        "A person leaves: sessions end, tokens are revoked, posts go to others",
        body=Leave,
        answer=Left,
        once=True,
        errors=(*_ON_ONE, *_HOLDING, "identity.basis_missing", "identity.last_administrator"),
    ),
    Route(
        "POST",
        "/api/v1/posts/{post_id}/hand-over",
        "accounts.hand_over",
        hand_over,
        MANAGE,
        "Give a post with all its work to another person",
        body=HandOver,
        answer=HandedOver,
        once=True,
        errors=(*_ON_ONE, *_HOLDING, "identity.basis_missing"),
    ),
    Route(
        "GET",
        "/api/v1/permissions",
        "accounts.permissions",
        permissions,
        SIGNED_IN,
        "The permission table",
        answer=list[Permission],
    ),
]
