"""One's own machine tokens over JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from server.identity.model import IssuedToken, MachineToken
from web.routes import SIGNED_IN, Body, Call, NoBody, NoQuery, Route

Id = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:~-]+$")]


class NewToken(Body):
    """A machine token to be made."""

    post_id: Id
    """Post it acts in."""
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    """What it is for."""
    scopes: Annotated[tuple[Annotated[str, Meta(max_length=100)], ...], Meta(min_length=1, max_length=100)]
    """Actions it may do."""
    expires_at: Annotated[datetime, Meta(tz=True)]
    """Its end, at most 366 days away."""


async def list_tokens(call: Call[NoBody, NoQuery]) -> list[MachineToken]:
    """Return one's own machine tokens."""
    return await call.services.tokens.tokens_of(call.actor)


async def issue_token(call: Call[NewToken, NoQuery]) -> IssuedToken:
    """Make a machine token; its secret is in this answer and nowhere else."""
    body = call.body
    return await call.services.tokens.issue(
        call.actor, post_id=body.post_id, name=body.name, scopes=body.scopes, expires_at=body.expires_at
    )


async def revoke_token(call: Call[NoBody, NoQuery]) -> None:
    """Revoke one of one's own machine tokens."""
    await call.services.tokens.revoke(call.actor, call.path["token_id"])


ROUTES = [
    Route(
        "GET",
        "/api/v1/tokens",
        "tokens.list",
        list_tokens,
        SIGNED_IN,
        "One's own machine tokens",
        answer=list[MachineToken],
    ),
    Route(
        "POST",
        "/api/v1/tokens",
        "tokens.issue",
        issue_token,
        SIGNED_IN,
        "Make a machine token; a retry gets the answer without the secret",
        body=NewToken,
        answer=IssuedToken,
        status=201,
        once=True,
        errors=(
            "identity.token_unnamed",
            "identity.scope_missing",
            "identity.scope_unknown",
            "identity.token_life",
            "identity.post_not_held",
            "identity.not_allowed",
            "identity.by_machine",
        ),
    ),
    Route(
        "DELETE",
        "/api/v1/tokens/{token_id}",
        "tokens.revoke",
        revoke_token,
        SIGNED_IN,
        "Revoke one of one's own machine tokens",
        status=204,
        errors=("identity.token_unknown", "identity.by_machine"),
    ),
]
