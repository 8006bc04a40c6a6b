"""Signing in and out, language and theme."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from server.kernel.actor import Channel, RequestContext
from server.kernel.errors import Unauthenticated
from web import cookies
from web.answers import local, redirect
from web.keys import ADDRESS, REQUEST_ID
from web.routes import PUBLIC, SIGNED_IN, Body, Call, Html, NoBody, NoQuery, Query, Redirect, Route

SIGN_IN = "/dang-nhap"
Back = Annotated[str, Meta(max_length=1000)]


class SignInQuery(Query):
    """Where to go afterwards."""

    ve: Back = ""
    """Local path."""


class SignInForm(Body):
    """Name, password, code."""

    username: Annotated[str, Meta(min_length=1, max_length=100)]
    password: Annotated[str, Meta(min_length=1, max_length=1000)]
    code: Annotated[str, Meta(max_length=50)] = ""
    back: Back = ""


class Preferences(Body):
    """Language or theme."""

    lang: Literal["vi", "en"] | None = None
    theme: Literal["auto", "light", "dark"] | None = None
    back: Back = "/"


async def sign_in_page(call: Call[NoBody, SignInQuery]) -> Html | Redirect:
    """Show the sign-in."""
    query = call.query if isinstance(call.query, SignInQuery) else SignInQuery()
    if call.signed_in and not call.faults:
        return Redirect(local(query.ve or "/"))
    asked = any(fault.code in ("identity.code_needed", "identity.code_wrong") for fault in call.faults)
    return Html("session/sign_in.html", {"back": query.ve, "ask_code": asked})


async def sign_in(call: Call[SignInForm, NoQuery]) -> Redirect:
    """Begin a session."""
    body = call.body
    request = call.request
    context = RequestContext(
        request_id=request[REQUEST_ID], address=request.get(ADDRESS, ""), channel=Channel.WEB
    )
    signed = await call.services.sessions.sign_in(
        body.username,
        body.password,
        code=body.code.replace(" ", ""),
        request=context,
        user_agent=request.headers.get("User-Agent", "")[:200],
        previous=cookies.session_token(request),
    )
    if signed.resumed.obligations:
        return Redirect("/ca-nhan/bao-mat", session=signed.token)
    return Redirect(local(body.back or "/"), session=signed.token)


async def sign_out(call: Call[NoBody, NoQuery]) -> Redirect:
    """End the session; the browser forgets what it kept."""
    if not call.session:
        raise Unauthenticated("web.signed_out")
    await call.services.sessions.sign_out(call.actor, call.session)
    return Redirect(SIGN_IN, notice="sign_in.signed_out", session="")


async def prefer(call: Call[Preferences, NoQuery]) -> object:
    """Keep language and theme in cookies and go back."""
    body = call.body
    response = redirect(call.request, Redirect(body.back, language=body.lang))
    if body.theme is not None:
        cookies.set_theme(call.request, response, body.theme)
    return response


PAGES = [
    Route(
        "GET", SIGN_IN, "pages.sign_in_form", sign_in_page, PUBLIC, "Sign in", query=SignInQuery, page=True
    ),
    Route(
        "POST",
        SIGN_IN,
        "pages.sign_in",
        sign_in,
        PUBLIC,
        "Sign in",
        SignInForm,
        page=True,
        again=sign_in_page,
    ),
    Route("POST", "/dang-xuat", "pages.sign_out", sign_out, SIGNED_IN, "Sign out", page=True),
    Route("POST", "/tuy-chon", "pages.prefer", prefer, PUBLIC, "Language and theme", Preferences, page=True),
]
