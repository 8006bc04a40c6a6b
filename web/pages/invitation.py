"""The one-time link: a first or a new password."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from server.kernel.actor import Channel, RequestContext
from server.kernel.errors import Conflict
from web.keys import ADDRESS, REQUEST_ID
from web.routes import PUBLIC, Body, Call, Html, NoBody, NoQuery, Redirect, Route

PATH = "/moi/{token}"
Password = Annotated[str, Meta(min_length=1, max_length=1000)]


class PasswordForm(Body):
    """The password, twice."""

    new: Password
    again: Password


async def page(call: Call[NoBody, NoQuery]) -> Html:
    """Show the form."""
    return Html("session/invitation.html", {"token": call.path["token"]})


async def accept(call: Call[PasswordForm, NoQuery]) -> Redirect:
    """Set the password and lead to the sign-in."""
    if call.body.new != call.body.again:
        raise Conflict("web.passwords_differ", field="/again")
    context = RequestContext(
        request_id=call.request[REQUEST_ID], address=call.request.get(ADDRESS, ""), channel=Channel.WEB
    )
    await call.services.identity.accept_link(call.path["token"], call.body.new, request=context)
    return Redirect("/dang-nhap", notice="sign_in.password_set")


PAGES = [
    Route("GET", PATH, "pages.invitation", page, PUBLIC, "One-time link", page=True),
    Route(
        "POST",
        PATH,
        "pages.invitation_accept",
        accept,
        PUBLIC,
        "Set password",
        PasswordForm,
        page=True,
        again=page,
    ),
]
