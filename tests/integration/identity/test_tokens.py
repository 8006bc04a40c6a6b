"""Machine tokens on each engine: a post, scopes, an end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.identity.model import IssuedToken
from server.kernel.actor import Actor
from server.kernel.errors import Forbidden, Invalid, NotFound
from tests.factories.people import ADMINISTRATOR, TODAY
from tests.integration.identity.conftest import Rooms

POST = "z02-05.van-thu"


async def issue(rooms: Rooms, actor: Actor, *scopes: str, post_id: str = POST, days: int = 30) -> IssuedToken:
    return await rooms.tokens.issue(
        actor,
        post_id=post_id,
        name="Trục liên thông",
        scopes=scopes,
        expires_at=rooms.clock.now() + timedelta(days=days),
    )


async def test_a_token_does_what_its_scopes_name_and_no_more(rooms: Rooms) -> None:
    actor = (await rooms.sign_in("vanthu.syt")).resumed.actor
    issued = await issue(rooms, actor, "circulation.accept", "circulation.read")
    machine = await rooms.sessions.resume(issued.secret)
    assert machine is not None
    assert (machine.account_id, machine.post_id) == (actor.account_id, POST)
    assert rooms.access.allows(machine, "circulation.accept")
    assert rooms.access.allows(actor, "circulation.send")
    assert not rooms.access.allows(machine, "circulation.send")


async def test_a_token_gives_no_scope_that_the_post_has_not(rooms: Rooms) -> None:
    actor = (await rooms.sign_in("vanthu.syt")).resumed.actor
    with pytest.raises(Forbidden):
        await issue(rooms, actor, "documents.sign")
    with pytest.raises(Forbidden):
        await issue(rooms, actor, "documents.read", post_id="z02-05.giam-doc")


async def test_every_fault_of_a_wanted_token_is_named(rooms: Rooms) -> None:
    actor = (await rooms.sign_in("vanthu.syt")).resumed.actor
    with pytest.raises(Invalid) as refused:
        await issue(rooms, actor, "documents.fly", days=400)
    assert [fault.code for fault in refused.value.faults] == ["identity.scope_unknown", "identity.token_life"]


async def test_a_machine_makes_no_tokens_and_changes_no_post(rooms: Rooms) -> None:
    actor = (await rooms.sign_in("vanthu.vptu")).resumed.actor
    issued = await issue(rooms, actor, "documents.read", post_id="z01-01.van-thu")
    machine = await rooms.sessions.resume(issued.secret)
    assert machine is not None
    with pytest.raises(Forbidden) as refused:
        await issue(rooms, machine, "documents.read", post_id="z01-01.van-thu")
    assert refused.value.code == "identity.by_machine"
    with pytest.raises(Forbidden):
        await rooms.sessions.resume(issued.secret, "z01.van-thu")


async def test_a_revoked_or_ended_token_is_nobody(rooms: Rooms) -> None:
    actor = (await rooms.sign_in("vanthu.syt")).resumed.actor
    revoked = await issue(rooms, actor, "documents.read")
    ending = await issue(rooms, actor, "documents.read", days=1)
    await rooms.tokens.revoke(actor, revoked.token.id)
    assert await rooms.sessions.resume(revoked.secret) is None
    with pytest.raises(NotFound):
        await rooms.tokens.revoke(actor, revoked.token.id)
    rooms.clock.advance(timedelta(days=1))
    assert await rooms.sessions.resume(ending.secret) is None
    assert len(await rooms.tokens.tokens_of(actor)) == 2


async def test_a_token_dies_with_the_post_its_account_held(rooms: Rooms) -> None:
    actor = (await rooms.sign_in("vanthu.syt")).resumed.actor
    issued = await issue(rooms, actor, "documents.read")
    await rooms.identity.release(ADMINISTRATOR, actor.account_id, POST, on=TODAY, basis="Chuyển việc")
    assert await rooms.sessions.resume(issued.secret) is None
