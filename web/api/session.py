"""Signing in over JSON, one's own sessions, password, second factor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from server.identity.model import (
    Account,
    AccountDetail,
    HeldPost,
    RecoveryCodes,
    Session,
    TotpSetup,
)
from server.kernel.actor import Channel, RequestContext
from server.kernel.errors import Unauthenticated
from web import cookies
from web.keys import ADDRESS, REQUEST_ID
from web.routes import PUBLIC, SIGNED_IN, Answer, Body, Call, NoBody, NoQuery, Route

BASE = "/api/v1/session"
Id = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:~-]+$")]
Username = Annotated[str, Meta(min_length=1, max_length=100)]
Password = Annotated[str, Meta(min_length=1, max_length=1000)]
Code = Annotated[str, Meta(min_length=1, max_length=50)]


class SignIn(Body):
    """Name and password, and a code when the account has a second factor."""

    username: Username
    """Name to sign in with."""
    password: Password
    """Password."""
    code: Annotated[str, Meta(max_length=50)] = ""
    """TOTP or recovery code."""


class ChoosePost(Body):
    """The post to act in."""

    post_id: Id
    """Post that the account holds today."""


class ChangePassword(Body):
    """A new password for oneself."""

    old: Password
    """The present one."""
    new: Password
    """The new one."""


class Confirmed(Body):
    """The password, once more."""

    password: Password
    """The present one."""


class WithCode(Body):
    """A code of the second factor."""

    code: Code
    """TOTP code."""


class ConfirmedWithCode(Body):
    """Password and code, once more."""

    password: Password
    """The present one."""
    code: Code
    """TOTP or recovery code."""


class AcceptLink(Body):
    """A one-time link and the password to set."""

    token: Annotated[str, Meta(min_length=1, max_length=200)]
    """Secret part of the link."""
    password: Password
    """New password."""


@dataclass(frozen=True, slots=True)
class SessionView:
    """The session as its own program sees it."""

    session_id: str
    """Id."""
    account: Account
    """Whose."""
    posts: tuple[HeldPost, ...]
    """Posts that may be acted in today."""
    post_id: str
    """Post acted in; "" = none."""
    actions: tuple[str, ...]
    """What that post may do."""
    obligations: tuple[str, ...]
    """What must be done before anything else: ``password``, ``totp``."""
    csrf_token: str
    """What unsafe requests of a cookie session carry in ``X-CSRF-Token``; "" for bearer tokens."""
    expires_at: datetime
    """Ends then if nothing is done."""


async def sign_in(call: Call[SignIn, NoQuery]) -> Answer:
    """Begin a session; its token goes into the cookie."""
    request = call.request
    signed = await call.services.sessions.sign_in(
        call.body.username,
        call.body.password,
        code=call.body.code,
        request=_context(call),
        user_agent=request.headers.get("User-Agent", ""),
        previous=cookies.session_token(request),
    )
    detail = await call.services.identity.me(signed.resumed.actor)
    view = SessionView(
        session_id=signed.resumed.session_id,
        account=detail.account,
        posts=detail.posts,
        post_id=signed.resumed.actor.post_id,
        actions=call.services.access.actions_of(signed.resumed.actor),
        obligations=signed.resumed.obligations,
        csrf_token=cookies.forgery_token(signed.token),
        expires_at=signed.resumed.expires_at,
    )
    return Answer(view, session=signed.token)


async def show(call: Call[NoBody, NoQuery]) -> SessionView:
    """Return the session that makes the call."""
    resumed = await call.services.sessions.resumed(call.session, call.actor.post_id)
    if resumed is None:
        raise Unauthenticated("web.signed_out")
    detail: AccountDetail = await call.services.identity.me(call.actor)
    return SessionView(
        session_id=resumed.session_id,
        account=detail.account,
        posts=detail.posts,
        post_id=call.actor.post_id,
        actions=call.services.access.actions_of(call.actor),
        obligations=resumed.obligations,
        csrf_token="" if resumed.machine else cookies.forgery_token(call.session),
        expires_at=resumed.expires_at,
    )


async def sign_out(call: Call[NoBody, NoQuery]) -> Answer:
    """End the session."""
    await call.services.sessions.sign_out(call.actor, call.session)
    return Answer(None, session="")


async def choose_post(call: Call[ChoosePost, NoQuery]) -> HeldPost:
    """Act in another of one's posts from now on."""
    return await call.services.sessions.act_as(call.actor, call.body.post_id)


async def list_sessions(call: Call[NoBody, NoQuery]) -> list[Session]:
    """Return one's own sessions."""
    return await call.services.sessions.sessions_of(call.actor)


async def end_session(call: Call[NoBody, NoQuery]) -> None:
    """End one of one's own sessions."""
    await call.services.sessions.end(call.actor, call.path["session_id"])


async def end_other_sessions(call: Call[NoBody, NoQuery]) -> None:
    """End one's own sessions but this one."""
    await call.services.sessions.end_others(call.actor)


async def change_password(call: Call[ChangePassword, NoQuery]) -> None:
    """Change one's own password."""
    await call.services.identity.change_password(call.actor, call.body.old, call.body.new)


async def accept_link(call: Call[AcceptLink, NoQuery]) -> Account:
    """Set a password by a one-time link."""
    return await call.services.identity.accept_link(
        call.body.token, call.body.password, request=_context(call)
    )


async def begin_totp(call: Call[Confirmed, NoQuery]) -> TotpSetup:
    """Make a second factor; it counts when confirmed."""
    return await call.services.second_factor.begin(call.actor, call.body.password)


async def confirm_totp(call: Call[WithCode, NoQuery]) -> RecoveryCodes:
    """Put the second factor in force by a code of it."""
    return await call.services.second_factor.confirm(call.actor, call.body.code)


async def remove_totp(call: Call[ConfirmedWithCode, NoQuery]) -> None:
    """Take one's own second factor away."""
    await call.services.second_factor.remove(call.actor, call.body.password, call.body.code)


async def renew_codes(call: Call[ConfirmedWithCode, NoQuery]) -> RecoveryCodes:
    """Replace one's recovery codes."""
    body = call.body
    return await call.services.second_factor.renew_recovery_codes(call.actor, body.password, body.code)


def _context(call: Call[SignIn, NoQuery] | Call[AcceptLink, NoQuery]) -> RequestContext:
    request = call.request
    return RequestContext(
        request_id=request[REQUEST_ID], address=request.get(ADDRESS, ""), channel=Channel.API
    )


_SECRET = ("identity.password_wrong", "identity.by_machine", "identity.busy")
_STRENGTH = ("identity.password_short", "identity.password_long", "identity.password_weak")
_CODE = ("identity.code_wrong", "identity.totp_absent")

_SESSION = [
    Route(
        "POST",
        BASE,
        "session.sign_in",
        sign_in,
        PUBLIC,
        "Sign in; the answer sets the session cookie",
        body=SignIn,
        answer=SessionView,
        status=201,
        errors=(
            "identity.sign_in_refused",
            "identity.account_locked",
            "identity.code_needed",
            "identity.code_wrong",
            "identity.too_many",
            "identity.busy",
        ),
    ),
    Route(
        "GET", BASE, "session.show", show, SIGNED_IN, "The session that makes the call", answer=SessionView
    ),
    Route(
        "DELETE",
        BASE,
        "session.sign_out",
        sign_out,
        SIGNED_IN,
        "Sign out",
        status=204,
        errors=("identity.by_machine",),
    ),
    Route(
        "PUT",
        f"{BASE}/post",
        "session.choose_post",
        choose_post,
        SIGNED_IN,
        "Act in another of one's posts",
        body=ChoosePost,
        answer=HeldPost,
        errors=("identity.post_not_held", "identity.session_unknown", "identity.by_machine"),
    ),
    Route(
        "PUT",
        f"{BASE}/password",
        "session.change_password",
        change_password,
        SIGNED_IN,
        "Change one's own password; one's other sessions end",
        body=ChangePassword,
        status=204,
        errors=(*_SECRET, *_STRENGTH),
    ),
    Route(
        "GET",
        "/api/v1/sessions",
        "session.list",
        list_sessions,
        SIGNED_IN,
        "One's own sessions",
        answer=list[Session],
    ),
    Route(
        "DELETE",
        "/api/v1/sessions",
        "session.end_others",
        end_other_sessions,
        SIGNED_IN,
        "End one's other sessions",
        status=204,
        errors=("identity.by_machine",),
    ),
    Route(
        "DELETE",
        "/api/v1/sessions/{session_id}",
        "session.end",
        end_session,
        SIGNED_IN,
        "End one of one's own sessions",
        status=204,
        errors=("identity.session_unknown", "identity.by_machine"),
    ),
    Route(
        "POST",
        "/api/v1/invitations",
        "session.accept_link",
        accept_link,
        PUBLIC,
        "Set a password by a one-time link",
        body=AcceptLink,
        answer=Account,
        errors=("identity.link_worthless", "identity.busy", *_STRENGTH),
    ),
]

_FACTOR = [
    Route(
        "POST",
        f"{BASE}/totp",
        "session.begin_totp",
        begin_totp,
        SIGNED_IN,
        "Begin to set up a second factor; the secret is shown this once",
        body=Confirmed,
        answer=TotpSetup,
        errors=(*_SECRET, "identity.totp_present"),
    ),
    Route(
        "PUT",
        f"{BASE}/totp",
        "session.confirm_totp",
        confirm_totp,
        SIGNED_IN,
        "Put the second factor in force; the recovery codes are shown this once",
        body=WithCode,
        answer=RecoveryCodes,
        errors=("identity.totp_not_begun", "identity.code_wrong"),
    ),
    Route(
        "POST",
        f"{BASE}/totp/removal",
        "session.remove_totp",
        remove_totp,
        SIGNED_IN,
        "Take one's own second factor away",
        body=ConfirmedWithCode,
        status=204,
        errors=(*_SECRET, *_CODE),
    ),
    Route(
        "POST",
        f"{BASE}/recovery-codes",
        "session.renew_codes",
        renew_codes,
        SIGNED_IN,
        "Replace one's recovery codes; shown this once",
        body=ConfirmedWithCode,
        answer=RecoveryCodes,
        errors=(*_SECRET, *_CODE),
    ),
]

ROUTES = [*_SESSION, *_FACTOR]
