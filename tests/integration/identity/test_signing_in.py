"""Signing in on each engine: passwords, rests, sessions, posts, what ends them."""

from __future__ import annotations

import asyncio
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

import pytest

from server.identity.limits import Limits
from server.identity.model import ObligedActor
from server.identity.rules import Limit
from server.kernel.actor import Role
from server.kernel.errors import Forbidden, NotFound, TooMany, Unauthenticated
from server.organisations.model import HoldingKind
from storage.sql.protocol import Database, Params, Statement
from tests.factories.people import ADMINISTRATOR, TODAY
from tests.integration.identity.conftest import PASSWORD, REQUEST, Rooms


async def test_a_session_knows_person_post_body_and_role(rooms: Rooms) -> None:
    signed = await rooms.sign_in("Chuyenvien.SYT ")
    actor = await rooms.sessions.resume(signed.token, "", REQUEST)
    assert actor is not None
    assert (actor.name, actor.role) == ("Chuyên viên Sở Y tế", Role.SPECIALIST)
    assert (actor.body_id, actor.body_name) == ("z02-05", "Sở Y tế tỉnh Sông Mẫu")
    assert (actor.post_id, actor.unit_id) == ("z02-05.chuyen-vien", "z02-05.nghiep-vu")
    assert actor.request.session_id == signed.resumed.session_id
    assert actor.request.address == "192.0.2.7"


@dataclass
class _Count:
    n: int


class _CountingReader:
    """Counts statements on their way to the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.engine = database.engine
        self.statements: list[str] = []

    async def fetch_one(self, statement: Statement, params: Params, into: type[object]) -> object:
        self.statements.append(statement.name)
        return await self._database.fetch_one(statement, params, into)


async def test_resuming_takes_one_statement(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    token = (await rooms.sign_in("vanthu.vptu")).token
    counting = _CountingReader(rooms.units.reader)
    monkeypatch.setattr(rooms.units, "_database", counting)
    assert await rooms.sessions.resume(token, "z01.van-thu") is not None
    assert counting.statements == ["identity.resume"]


async def test_the_row_holds_no_token(rooms: Rooms) -> None:
    token = (await rooms.sign_in("vanthu.syt")).token
    assert await rooms.sessions.resume(token[:-1]) is None
    assert await rooms.sessions.resume("lts_" + "A" * 43) is None
    assert await rooms.sessions.resume("") is None


@pytest.mark.parametrize(
    ("username", "password"), [("vanthu.syt", "sai mật khẩu rồi"), ("khong.ai", PASSWORD)]
)
async def test_a_wrong_name_and_a_wrong_password_sound_the_same(
    rooms: Rooms, username: str, password: str
) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await rooms.sessions.sign_in(username, password, request=REQUEST)
    assert refused.value.code == "identity.sign_in_refused"


async def test_marks_typed_in_another_form_are_the_same_password(rooms: Rooms) -> None:
    decomposed = unicodedata.normalize("NFD", PASSWORD)
    assert decomposed != PASSWORD
    await rooms.sessions.sign_in("vanthu.syt", decomposed, request=REQUEST)


async def test_five_wrong_passwords_rest_the_account_even_after_a_restart(rooms: Rooms) -> None:
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await rooms.sessions.sign_in("vanthu.syt", "sai mật khẩu", request=REQUEST)
    restarted = Limits(rooms.units.reader, rooms.clock)
    rooms.sessions._limits = restarted
    with pytest.raises(TooMany) as refused:
        await rooms.sign_in("vanthu.syt")
    assert refused.value.faults[0].params["retry_after_seconds"] == 900
    rooms.clock.advance(timedelta(seconds=900))
    await rooms.sign_in("vanthu.syt")


async def test_many_guesses_at_once_get_no_more_attempts(rooms: Rooms) -> None:
    async def guess() -> str:
        try:
            await rooms.sessions.sign_in("vanthu.syt", "sai mật khẩu", request=REQUEST)
        except (Unauthenticated, TooMany) as error:
            return error.code
        return "in"

    answers = await asyncio.gather(*(guess() for _ in range(20)))
    assert answers.count("identity.sign_in_refused") == 5
    assert answers.count("identity.too_many") == 15


async def test_a_success_forgets_the_wrong_attempts_before_it(rooms: Rooms) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(Unauthenticated):
                await rooms.sessions.sign_in("vanthu.syt", "sai mật khẩu", request=REQUEST)
        await rooms.sign_in("vanthu.syt")


async def test_an_address_that_tries_everybody_rests(rooms: Rooms) -> None:
    refused = 0
    for index in range(35):
        try:
            await rooms.sessions.sign_in(f"ai.do.{index}", "sai mật khẩu", request=REQUEST)
        except TooMany:
            refused += 1
        except Unauthenticated:
            pass
    assert refused == 5


async def test_an_office_behind_one_address_signs_in_all_day(rooms: Rooms) -> None:
    for _ in range(40):
        await rooms.sign_in("vanthu.syt")


async def test_limits_keep_their_keys_apart(rooms: Rooms) -> None:
    limit = Limit(attempts=1, window_seconds=60, rest_seconds=60)
    assert await rooms.limits.charge({"a": limit}) == ("a",)
    assert await rooms.limits.charge({"b": limit}) == ("b",)
    with pytest.raises(TooMany):
        await rooms.limits.charge({"a": limit, "c": limit})
    assert await rooms.limits.charge({"c": limit}) == ("c",)


async def test_a_session_ends_when_nobody_acts_for_an_hour(rooms: Rooms) -> None:
    token = (await rooms.sign_in("vanthu.syt")).token
    rooms.clock.advance(timedelta(minutes=59))
    assert await rooms.sessions.resume(token) is not None
    await rooms.sessions.flush_seen()
    rooms.clock.advance(timedelta(minutes=59))
    assert await rooms.sessions.resume(token) is not None
    await rooms.sessions.flush_seen()
    rooms.clock.advance(timedelta(minutes=61))
    assert await rooms.sessions.resume(token) is None


async def test_a_session_ends_after_half_a_day_whoever_acts(rooms: Rooms) -> None:
    token = (await rooms.sign_in("vanthu.syt")).token
    for _ in range(23):
        rooms.clock.advance(timedelta(minutes=31))
        await rooms.sessions.resume(token)
        await rooms.sessions.flush_seen()
    rooms.clock.advance(timedelta(minutes=10))
    assert await rooms.sessions.resume(token) is None


async def test_an_open_page_that_only_asks_does_not_keep_a_session_alive(rooms: Rooms) -> None:
    token = (await rooms.sign_in("vanthu.syt")).token
    for _ in range(2):
        rooms.clock.advance(timedelta(minutes=29))
        assert await rooms.sessions.resume(token, touch=False) is not None
        await rooms.sessions.flush_seen()
    rooms.clock.advance(timedelta(minutes=3))
    assert await rooms.sessions.resume(token, touch=False) is None


async def test_acts_within_a_minute_write_nothing(rooms: Rooms) -> None:
    token = (await rooms.sign_in("vanthu.syt")).token
    rooms.clock.advance(timedelta(seconds=59))
    await rooms.sessions.resume(token)
    assert rooms.sessions._seen == {}


async def test_signing_in_again_ends_the_session_the_browser_came_with(rooms: Rooms) -> None:
    first = (await rooms.sign_in("vanthu.syt")).token
    second = (await rooms.sign_in("vanthu.syt", previous=first)).token
    assert await rooms.sessions.resume(first) is None
    assert await rooms.sessions.resume(second) is not None


async def test_one_sees_and_ends_ones_own_sessions_and_nobody_elses(rooms: Rooms) -> None:
    mine = await rooms.sign_in("vanthu.syt")
    other = await rooms.sign_in("vanthu.syt")
    stranger = await rooms.sign_in("vanthu.xa1")
    actor = mine.resumed.actor
    assert len(await rooms.sessions.sessions_of(actor)) == 2
    with pytest.raises(NotFound):
        await rooms.sessions.end(actor, stranger.resumed.session_id)
    assert await rooms.sessions.end_others(actor) == 1
    assert await rooms.sessions.resume(other.token) is None
    await rooms.sessions.sign_out(actor, mine.token)
    assert await rooms.sessions.resume(mine.token) is None


async def test_one_person_acts_in_one_of_several_posts(rooms: Rooms) -> None:
    signed = await rooms.sign_in("vanthu.vptu")
    assert signed.resumed.actor.post_id == "z01-01.van-thu"
    asked = await rooms.sessions.resume(signed.token, "z01-90.van-thu")
    assert asked is not None and asked.body_id == "z01-90"
    await rooms.sessions.act_as(signed.resumed.actor, "z01.van-thu")
    chosen = await rooms.sessions.resume(signed.token)
    assert chosen is not None and chosen.post_id == "z01.van-thu"


async def test_nobody_acts_in_a_post_they_do_not_hold(rooms: Rooms) -> None:
    signed = await rooms.sign_in("chuyenvien.syt")
    with pytest.raises(Forbidden) as refused:
        await rooms.sessions.resume(signed.token, "z02-05.giam-doc")
    assert refused.value.code == "identity.post_not_held"
    with pytest.raises(Forbidden):
        await rooms.sessions.act_as(signed.resumed.actor, "z02-05.giam-doc")


async def test_a_delegation_opens_the_post_for_its_days_only(rooms: Rooms) -> None:
    signed = await rooms.sign_in("phogiamdoc.syt")
    await rooms.identity.appoint(
        ADMINISTRATOR,
        signed.resumed.actor.account_id,
        "z02-05.giam-doc",
        kind=HoldingKind.DELEGATED,
        valid_from=TODAY,
        valid_to=TODAY + timedelta(days=1),
        basis="Giấy ủy quyền số 5",
    )
    acting = await rooms.sessions.resume(signed.token, "z02-05.giam-doc")
    assert acting is not None
    assert acting.on_behalf and acting.role is Role.LEADER
    default = await rooms.sessions.resume(signed.token)
    assert default is not None and default.post_id == "z02-05.pho-giam-doc"
    await rooms.sessions.act_as(signed.resumed.actor, "z02-05.giam-doc")
    rooms.clock.advance(timedelta(hours=11))
    await rooms.sessions.flush_seen()
    again = await rooms.sign_in("phogiamdoc.syt")
    with pytest.raises(Forbidden):
        await rooms.sessions.resume(again.token, "z02-05.giam-doc")


async def test_an_administrator_without_second_factor_may_do_nothing_but_set_it_up(rooms: Rooms) -> None:
    actor = (await rooms.sign_in("quantri")).resumed.actor
    assert isinstance(actor, ObligedActor)
    assert actor.obligations == ("totp",)
    with pytest.raises(Forbidden) as refused:
        rooms.access.require(actor, "identity.manage")
    assert refused.value.code == "identity.must_set_up_totp"


async def test_a_locked_account_is_told_only_to_who_knows_the_password(rooms: Rooms) -> None:
    signed = await rooms.sign_in("vanthu.syt")
    await rooms.identity.lock(ADMINISTRATOR, signed.resumed.actor.account_id, "Nghi lộ mật khẩu")
    assert await rooms.sessions.resume(signed.token) is None
    with pytest.raises(Forbidden) as refused:
        await rooms.sign_in("vanthu.syt")
    assert refused.value.code == "identity.account_locked"
    with pytest.raises(Unauthenticated):
        await rooms.sessions.sign_in("vanthu.syt", "sai mật khẩu", request=REQUEST)
    await rooms.identity.unlock(ADMINISTRATOR, signed.resumed.actor.account_id, "Đã đổi mật khẩu")
    await rooms.sign_in("vanthu.syt")


async def test_what_ended_by_itself_is_deleted_by_the_schedule(rooms: Rooms) -> None:
    await rooms.sign_in("vanthu.syt")
    rooms.clock.advance(timedelta(days=3))
    await rooms.sessions.purge()
    count = await rooms.units.reader.fetch_one(
        Statement(
            "test.count", "SELECT (SELECT COUNT(*) FROM sessions) + (SELECT COUNT(*) FROM rate_limits) AS n"
        ),
        {},
        _Count,
    )
    assert count is not None and count.n == 0
