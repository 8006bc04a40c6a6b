"""One's own account: posts, password, second factor, sessions, machine tokens."""

from __future__ import annotations

from typing import Annotated

import segno
from msgspec import Meta

from server.identity.model import HeldPost
from server.kernel.errors import Conflict
from web.pages.shared import once
from web.routes import SIGNED_IN, Body, Call, Html, NoBody, NoQuery, Redirect, Route

ME = "/ca-nhan"
SECURITY = "/ca-nhan/bao-mat"
Password = Annotated[str, Meta(min_length=1, max_length=1000)]
Code = Annotated[str, Meta(min_length=1, max_length=50)]


class PostForm(Body):
    """The post to act in."""

    post_id: Annotated[str, Meta(min_length=1, max_length=200)]


class PasswordForm(Body):
    """Old and new password."""

    old: Password
    new: Password
    again: Password


class ConfirmForm(Body):
    """The password, said again."""

    password: Password


class CodeForm(Body):
    """A code of the new second factor."""

    code: Code


class SessionForm(Body):
    """A session to end."""

    session_id: Annotated[str, Meta(min_length=1, max_length=100)]


async def me(call: Call[NoBody, NoQuery]) -> Html:
    """Show one's account and posts."""
    detail = await call.services.identity.me(call.actor)
    sessions = await call.services.sessions.sessions_of(call.actor)
    return Html(
        "account/me.html",
        {"detail": detail, "sessions": sessions, "here": call.actor.request.session_id},
    )


async def act_as(call: Call[PostForm, NoQuery]) -> Redirect:
    """Act in another of one's posts."""
    held = await once(call.services.sessions.act_as(call.actor, call.body.post_id), HeldPost)
    return Redirect("/", notice="account.acting", params={"post": held.post_title, "body": held.body_name})


async def security(call: Call[NoBody, NoQuery]) -> Html:
    """Show password and second factor, and what must be done first."""
    detail = await call.services.identity.me(call.actor)
    return Html("account/security.html", {"detail": detail, "obligations": obligations(call)})


def obligations(call: Call[object, object]) -> tuple[str, ...]:
    """Return what the account must do before anything else."""
    found: tuple[str, ...] = getattr(call.actor, "obligations", ())
    return found


async def change_password(call: Call[PasswordForm, NoQuery]) -> Redirect:
    """Change the password."""
    if call.body.new != call.body.again:
        raise Conflict("web.passwords_differ", field="/again")
    await call.services.identity.change_password(call.actor, call.body.old, call.body.new)
    return Redirect(SECURITY, notice="account.password_changed")


async def totp_begin(call: Call[ConfirmForm, NoQuery]) -> Html:
    """Show a new secret as a QR code, this once."""
    setup = await call.services.second_factor.begin(call.actor, call.body.password)
    return Html(
        "account/totp.html",
        {"setup": setup, "qr": segno.make(setup.uri, error="m").svg_data_uri(scale=5)},
    )


async def totp_page(call: Call[NoBody, NoQuery]) -> Html:
    """Ask for the code again after a wrong one; the secret is not shown a second time."""
    return Html("account/totp.html", {"setup": None, "qr": ""})


async def totp_confirm(call: Call[CodeForm, NoQuery]) -> Html:
    """Put the second factor in force and show the recovery codes, this once."""
    codes = await call.services.second_factor.confirm(call.actor, call.body.code.replace(" ", ""))
    return Html("account/recovery.html", {"codes": codes.codes})


async def end_session(call: Call[SessionForm, NoQuery]) -> Redirect:
    """End one of one's own sessions."""
    await call.services.sessions.end(call.actor, call.body.session_id)
    return Redirect(ME, notice="account.session_ended")


async def end_others(call: Call[NoBody, NoQuery]) -> Redirect:
    """End every other session."""
    await call.services.sessions.end_others(call.actor)
    return Redirect(ME, notice="account.sessions_ended")


PAGES = [
    Route("GET", ME, "pages.me", me, SIGNED_IN, "My account", page=True),
    Route(
        "POST", ME + "/chuc-danh", "pages.act_as", act_as, SIGNED_IN, "Act in", PostForm, page=True, again=me
    ),
    Route("GET", SECURITY, "pages.security", security, SIGNED_IN, "Password and second factor", page=True),
    Route(
        "POST",
        SECURITY + "/mat-khau",
        "pages.password",
        change_password,
        SIGNED_IN,
        "Change password",
        PasswordForm,
        page=True,
        again=security,
    ),
    Route(
        "POST",
        SECURITY + "/hai-lop",
        "pages.totp_begin",
        totp_begin,
        SIGNED_IN,
        "Begin second factor",
        ConfirmForm,
        page=True,
        again=security,
    ),
    Route(
        "POST",
        SECURITY + "/xac-nhan",
        "pages.totp_confirm",
        totp_confirm,
        SIGNED_IN,
        "Confirm second factor",
        CodeForm,
        page=True,
        again=totp_page,
    ),
    Route(
        "POST",
        ME + "/phien",
        "pages.end_session",
        end_session,
        SIGNED_IN,
        "End a session",
        SessionForm,
        page=True,
    ),
    Route("POST", ME + "/phien-khac", "pages.end_others", end_others, SIGNED_IN, "End others", page=True),
]
