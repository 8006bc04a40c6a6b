"""TOTP, recovery codes, and losing them, on each engine."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest

from server.identity.model import ObligedActor
from server.kernel.actor import Actor, Role
from server.kernel.errors import Conflict, Forbidden, Invalid, TooMany, Unauthenticated
from tests.factories.people import ADMINISTRATOR
from tests.integration.identity.conftest import PASSWORD, Rooms


async def set_up(rooms: Rooms, username: str) -> tuple[Actor, str, tuple[str, ...]]:
    """Set a second factor up; return the actor, the secret and the recovery codes, a minute later."""
    actor = (await rooms.sign_in(username)).resumed.actor
    setup = await rooms.factor.begin(actor, PASSWORD)
    codes = await rooms.factor.confirm(actor, code_of(rooms, setup.secret))
    rooms.clock.advance(timedelta(minutes=1))
    return actor, setup.secret, codes.codes


def code_of(rooms: Rooms, secret: str) -> str:
    return pyotp.TOTP(secret).at(rooms.clock.now())


async def test_with_a_second_factor_the_administrator_may_work(rooms: Rooms) -> None:
    actor, secret, _ = await set_up(rooms, "quantri")
    assert isinstance(actor, ObligedActor)
    signed = await rooms.sign_in("quantri", code=code_of(rooms, secret))
    assert signed.resumed.obligations == ()
    assert signed.resumed.actor.role is Role.ADMINISTRATOR
    rooms.access.require(signed.resumed.actor, "identity.manage")


async def test_the_password_alone_is_not_enough_and_asking_for_the_code_is_no_wrong_attempt(
    rooms: Rooms,
) -> None:
    _, secret, _ = await set_up(rooms, "vanthu.syt")
    for _ in range(8):
        with pytest.raises(Unauthenticated) as refused:
            await rooms.sign_in("vanthu.syt")
        assert refused.value.code == "identity.code_needed"
    await rooms.sign_in("vanthu.syt", code=code_of(rooms, secret))


async def test_a_code_works_once(rooms: Rooms) -> None:
    _, secret, _ = await set_up(rooms, "vanthu.syt")
    code = code_of(rooms, secret)
    await rooms.sign_in("vanthu.syt", code=code)
    with pytest.raises(Unauthenticated) as refused:
        await rooms.sign_in("vanthu.syt", code=code)
    assert refused.value.code == "identity.code_wrong"


async def test_the_code_that_confirmed_the_secret_signs_nobody_in(rooms: Rooms) -> None:
    actor = (await rooms.sign_in("vanthu.syt")).resumed.actor
    setup = await rooms.factor.begin(actor, PASSWORD)
    code = code_of(rooms, setup.secret)
    await rooms.factor.confirm(actor, code)
    with pytest.raises(Unauthenticated):
        await rooms.sign_in("vanthu.syt", code=code)


async def test_a_code_of_a_minute_ago_is_too_old(rooms: Rooms) -> None:
    _, secret, _ = await set_up(rooms, "vanthu.syt")
    code = code_of(rooms, secret)
    rooms.clock.advance(timedelta(seconds=61))
    with pytest.raises(Unauthenticated):
        await rooms.sign_in("vanthu.syt", code=code)


async def test_guessing_codes_rests_the_account(rooms: Rooms) -> None:
    _, secret, _ = await set_up(rooms, "vanthu.syt")
    good = code_of(rooms, secret)
    wrong = "000000" if good != "000000" else "111111"
    codes = []
    for _ in range(6):
        with pytest.raises((Unauthenticated, TooMany)) as refused:
            await rooms.sign_in("vanthu.syt", code=wrong)
        codes.append(str(refused.value))
    assert codes == ["identity.code_wrong"] * 5 + ["identity.too_many"]


async def test_a_recovery_code_works_once(rooms: Rooms) -> None:
    _, _, codes = await set_up(rooms, "vanthu.syt")
    assert len(set(codes)) == 10
    await rooms.sign_in("vanthu.syt", code=codes[3].upper())
    with pytest.raises(Unauthenticated):
        await rooms.sign_in("vanthu.syt", code=codes[3])
    await rooms.sign_in("vanthu.syt", code=codes[4])


async def test_the_secret_counts_only_when_confirmed(rooms: Rooms) -> None:
    actor = (await rooms.sign_in("vanthu.syt")).resumed.actor
    await rooms.factor.begin(actor, PASSWORD)
    with pytest.raises(Invalid):
        await rooms.factor.confirm(actor, "000 00")
    await rooms.sign_in("vanthu.syt")


async def test_a_lost_factor_is_taken_away_with_a_reason_and_every_session_ends(rooms: Rooms) -> None:
    actor, _, _ = await set_up(rooms, "vanthu.syt")
    with pytest.raises(Invalid) as refused:
        await rooms.factor.reset(ADMINISTRATOR, actor.account_id, " ")
    assert refused.value.code == "identity.reason_missing"
    with pytest.raises(Forbidden):
        await rooms.factor.reset(actor, actor.account_id, "Mất điện thoại")
    await rooms.factor.reset(ADMINISTRATOR, actor.account_id, "Mất điện thoại")
    assert await rooms.sessions.sessions_of(actor) == []
    await rooms.sign_in("vanthu.syt")


async def test_taking_ones_own_factor_away_needs_password_and_code(rooms: Rooms) -> None:
    actor, secret, _ = await set_up(rooms, "vanthu.syt")
    with pytest.raises(Unauthenticated):
        await rooms.factor.remove(actor, "sai mật khẩu", code_of(rooms, secret))
    await rooms.factor.remove(actor, PASSWORD, code_of(rooms, secret))
    with pytest.raises(Conflict):
        await rooms.factor.remove(actor, PASSWORD, code_of(rooms, secret))


async def test_new_recovery_codes_make_the_old_ones_worthless(rooms: Rooms) -> None:
    actor, secret, old = await set_up(rooms, "vanthu.syt")
    new = await rooms.factor.renew_recovery_codes(actor, PASSWORD, code_of(rooms, secret))
    with pytest.raises(Unauthenticated):
        await rooms.sign_in("vanthu.syt", code=old[0])
    await rooms.sign_in("vanthu.syt", code=new.codes[0])
