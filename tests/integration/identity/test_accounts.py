"""Accounts on each engine: making, inviting, passwords, handing over, leaving, the first administrator."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.identity.model import AccountState, NewAccount
from server.kernel.actor import Role
from server.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from server.kernel.page import PageRequest
from server.organisations.data import TreeData
from server.organisations.model import HoldingKind
from tests.factories.people import ADMINISTRATOR, TODAY, actor
from tests.integration.identity.conftest import PASSWORD, REQUEST, Rooms

NEW = NewAccount(username="Chuyenvien9.SYT", full_name="Chuyên viên 9 Sở Y tế")
FRESH = "một mật khẩu khác hẳn"


async def test_importing_people_twice_changes_nothing_the_second_time(
    rooms: Rooms, province: TreeData
) -> None:
    again = await rooms.imports.import_accounts(ADMINISTRATOR, province, password=PASSWORD)
    assert (again.accounts, again.holdings) == (0, 0)


async def test_the_demo_supervisor_comes_with_a_mandate_once(rooms: Rooms, province: TreeData) -> None:
    first = await rooms.imports.import_accounts(ADMINISTRATOR, province)
    again = await rooms.imports.import_accounts(ADMINISTRATOR, province)
    assert (first.mandates, again.mandates) == (1, 0)
    given = await rooms.mandates.mandates(
        actor("z02-13.giam-sat", Role.SUPERVISOR, account_id=await rooms.account_id("thanhtra")),
        PageRequest(),
        account_id=await rooms.account_id("thanhtra"),
    )
    assert [mandate.body_ids for mandate in given.items] == [("z02-05", "z03-01")]


async def test_an_account_is_made_invited_and_signs_in_with_its_own_password(rooms: Rooms) -> None:
    account = await rooms.identity.create(ADMINISTRATOR, NEW)
    assert (account.username, account.state) == ("chuyenvien9.syt", AccountState.INVITED)
    link = await rooms.identity.invite(ADMINISTRATOR, account.id)
    active = await rooms.identity.accept_link(link.token, FRESH, request=REQUEST)
    assert active.state is AccountState.ACTIVE
    signed = await rooms.sessions.sign_in(account.username, FRESH, request=REQUEST)
    assert signed.resumed.actor.role is None


async def test_a_link_works_once_and_only_the_newest(rooms: Rooms) -> None:
    account = await rooms.identity.create(ADMINISTRATOR, NEW)
    old = await rooms.identity.invite(ADMINISTRATOR, account.id)
    new = await rooms.identity.invite(ADMINISTRATOR, account.id)
    with pytest.raises(Unauthenticated):
        await rooms.identity.accept_link(old.token, FRESH, request=REQUEST)
    await rooms.identity.accept_link(new.token, FRESH, request=REQUEST)
    with pytest.raises(Unauthenticated) as refused:
        await rooms.identity.accept_link(new.token, FRESH, request=REQUEST)
    assert refused.value.code == "identity.link_worthless"


async def test_a_link_is_worthless_after_its_time(rooms: Rooms) -> None:
    account = await rooms.identity.create(ADMINISTRATOR, NEW)
    link = await rooms.identity.invite(ADMINISTRATOR, account.id)
    rooms.clock.advance(timedelta(days=7))
    with pytest.raises(Unauthenticated):
        await rooms.identity.accept_link(link.token, FRESH, request=REQUEST)


async def test_a_username_is_never_given_twice(rooms: Rooms) -> None:
    await rooms.identity.create(ADMINISTRATOR, NEW)
    with pytest.raises(Conflict) as refused:
        await rooms.identity.create(ADMINISTRATOR, NEW)
    assert refused.value.code == "identity.username_taken"


async def test_only_administrators_manage_accounts(rooms: Rooms) -> None:
    leader = actor("z02-05.giam-doc", Role.LEADER)
    with pytest.raises(Forbidden):
        await rooms.identity.create(leader, NEW)
    with pytest.raises(Forbidden):
        await rooms.identity.accounts(leader, PageRequest())


async def test_changing_ones_password_ends_ones_other_sessions(rooms: Rooms) -> None:
    mine, other = await rooms.sign_in("vanthu.syt"), await rooms.sign_in("vanthu.syt")
    with pytest.raises(Unauthenticated):
        await rooms.identity.change_password(mine.resumed.actor, "sai mật khẩu", FRESH)
    with pytest.raises(Invalid) as refused:
        await rooms.identity.change_password(mine.resumed.actor, PASSWORD, "ngắn")
    assert refused.value.code == "identity.password_short"
    await rooms.identity.change_password(mine.resumed.actor, PASSWORD, FRESH)
    assert await rooms.sessions.resume(mine.token) is not None
    assert await rooms.sessions.resume(other.token) is None
    await rooms.sessions.sign_in("vanthu.syt", FRESH, request=REQUEST)


async def test_names_change_with_a_version_and_a_stale_one_is_a_conflict(rooms: Rooms) -> None:
    account = await rooms.identity.create(ADMINISTRATOR, NEW)
    changed = await rooms.identity.update(
        ADMINISTRATOR, account.id, full_name="Chuyên viên Y", email="", phone="", version=account.version
    )
    assert changed.full_name == "Chuyên viên Y"
    with pytest.raises(Conflict) as refused:
        await rooms.identity.update(
            ADMINISTRATOR, account.id, full_name="Z", email="", phone="", version=account.version
        )
    assert refused.value.code == "identity.changed_meanwhile"


async def test_accounts_are_found_by_body_and_by_name_without_marks(rooms: Rooms) -> None:
    of_body = await rooms.identity.accounts(ADMINISTRATOR, PageRequest(limit=3), body_id="z02-05")
    assert [account.username for account in of_body.items] == [
        "chanhvp.syt",
        "chuyenvien.syt",
        "chuyenvien2.syt",
    ]
    assert of_body.next == "chuyenvien2.syt"
    found = await rooms.identity.accounts(ADMINISTRATOR, PageRequest(), query="van thu so y te")
    assert [account.username for account in found.items] == ["vanthu.syt"]


async def test_the_work_of_a_post_goes_to_another_person_on_the_day(rooms: Rooms) -> None:
    old, new = await rooms.sign_in("chuyenvien.syt"), await rooms.sign_in("chuyenvien2.syt")
    handed = await rooms.identity.hand_over(
        ADMINISTRATOR,
        "z02-05.chuyen-vien",
        new.resumed.actor.account_id,
        valid_from=TODAY,
        basis="Quyết định điều động số 8",
    )
    assert handed.from_account_ids == (old.resumed.actor.account_id,)
    now_acting = await rooms.sessions.resume(new.token, "z02-05.chuyen-vien")
    assert now_acting is not None and now_acting.post_id == "z02-05.chuyen-vien"
    without = await rooms.sessions.resume(old.token)
    assert without is not None and without.role is None


async def test_a_leaver_loses_everything_at_once_and_the_post_goes_on(rooms: Rooms) -> None:
    leaver, heir = await rooms.sign_in("chuyenvien.syt"), await rooms.sign_in("chuyenvien2.syt")
    issued = await rooms.tokens.issue(
        leaver.resumed.actor,
        post_id="z02-05.chuyen-vien",
        name="Máy quét",
        scopes=("files.upload",),
        expires_at=rooms.clock.now() + timedelta(days=30),
    )
    left = await rooms.identity.leave(
        ADMINISTRATOR,
        leaver.resumed.actor.account_id,
        basis="Quyết định nghỉ hưu số 9",
        hand_over={"z02-05.chuyen-vien": heir.resumed.actor.account_id},
    )
    assert (left.sessions_ended, left.tokens_revoked, left.holdings_ended) == (1, 1, 1)
    assert left.left_vacant == ()
    assert await rooms.sessions.resume(leaver.token) is None
    assert await rooms.sessions.resume(issued.secret) is None
    with pytest.raises(Unauthenticated):
        await rooms.sign_in("chuyenvien.syt")
    assert await rooms.sessions.resume(heir.token, "z02-05.chuyen-vien") is not None
    names = await rooms.identity.names([left.account_id])
    assert names[left.account_id] == "Chuyên viên Sở Y tế"


async def test_posts_that_nobody_gets_are_named_when_somebody_leaves(rooms: Rooms) -> None:
    clerk = await rooms.account_id("vanthu.vptu")
    left = await rooms.identity.leave(ADMINISTRATOR, clerk, basis="Nghỉ hưu")
    assert left.left_vacant == ("z01-01.van-thu", "z01-90.van-thu", "z01.van-thu")


async def test_the_last_administrator_cannot_leave_or_be_locked(rooms: Rooms) -> None:
    administrator = await rooms.account_id("quantri")
    with pytest.raises(Conflict) as refused:
        await rooms.identity.leave(ADMINISTRATOR, administrator, basis="Nghỉ hưu")
    assert refused.value.code == "identity.last_administrator"
    with pytest.raises(Conflict):
        await rooms.identity.lock(ADMINISTRATOR, administrator, "Thử")


async def test_whoever_left_gets_no_post(rooms: Rooms) -> None:
    clerk = await rooms.account_id("vanthu.xa1")
    await rooms.identity.leave(ADMINISTRATOR, clerk, basis="Nghỉ hưu")
    with pytest.raises(Conflict) as refused:
        await rooms.identity.appoint(
            ADMINISTRATOR, clerk, "z03-02.van-thu", kind=HoldingKind.APPOINTED, valid_from=TODAY
        )
    assert refused.value.code == "identity.account_left"


async def test_releasing_a_post_that_is_not_held_is_not_found(rooms: Rooms) -> None:
    clerk = await rooms.account_id("vanthu.xa1")
    with pytest.raises(NotFound):
        await rooms.identity.release(ADMINISTRATOR, clerk, "z02-05.van-thu", on=TODAY, basis="Nhầm")


async def test_an_empty_installation_gets_its_first_administrator_once(empty: Rooms) -> None:
    post = await empty.staffing.administrator_post()
    link = await empty.identity.create_first_administrator("QuanTri", "Quản trị hệ thống", post)
    await empty.identity.accept_link(link.token, FRESH, request=REQUEST)
    signed = await empty.sessions.sign_in("quantri", FRESH, request=REQUEST)
    assert signed.resumed.obligations == ("totp",)
    with pytest.raises(Conflict) as refused:
        await empty.identity.create_first_administrator("khac", "Người khác", post)
    assert refused.value.code == "identity.administrator_present"
    assert (await empty.organisations.directory(PageRequest())).items == []
    assert await empty.staffing.administrator_post() == post
