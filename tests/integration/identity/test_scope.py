"""Need to know on each engine: who sees a subject, and who never does."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from server.identity import scope
from server.identity.model import Grant, Mandate
from server.identity.scope import FRAGMENTS, GrantRefused
from server.kernel.actor import Actor, Role
from server.kernel.errors import Conflict, Forbidden, Invalid
from server.kernel.page import PageRequest
from server.kernel.record import Subject
from storage.sql.protocol import Statement
from tests.factories.people import ADMINISTRATOR, TODAY, actor
from tests.integration.identity.conftest import Rooms

# The predicate stands alone here: subjects come from the participants themselves.
VISIBLE = Statement(
    "test.visible",
    "SELECT d.id FROM (SELECT DISTINCT subject_id AS id FROM participants WHERE subject_kind = 'document') d"
    " WHERE " + FRAGMENTS["may_see_document"] + " ORDER BY d.id",
)
SPECIALIST = actor("z02-05.chuyen-vien", Role.SPECIALIST)
CLERK = actor("z02-05.van-thu", Role.RECORDS_CLERK)


@dataclass
class _Id:
    id: str


async def seen_by(rooms: Rooms, who: Actor) -> list[str]:
    rows = await rooms.units.reader.fetch(VISIBLE, rooms.access.scope_params(who), _Id)
    return [row.id for row in rows]


async def grant(rooms: Rooms, subject_id: str, *grantees: str, body_id: str = "z02-05") -> None:
    async with rooms.units.begin(ADMINISTRATOR) as unit:
        grants = [Grant(body_id, grantee, "test") for grantee in grantees]
        await scope.grant(unit, "document", subject_id, grants)
        unit.record("test.grant", Subject("document", subject_id))


async def supervisor(rooms: Rooms, *bodies: str, days: int = 30) -> tuple[Actor, Mandate]:
    account_id = await rooms.account_id("thanhtra")
    mandate = await rooms.mandates.give(
        ADMINISTRATOR,
        account_id=account_id,
        body_ids=bodies,
        valid_from=TODAY,
        valid_to=TODAY + timedelta(days=days),
        basis="Quyết định thanh tra số 21",
    )
    found = await rooms.sessions.resume((await rooms.sign_in("thanhtra")).token)
    assert found is not None
    return found, mandate


async def test_only_the_named_post_sees(rooms: Rooms) -> None:
    await grant(rooms, "d1", scope.post("z02-05.chuyen-vien"))
    assert await seen_by(rooms, SPECIALIST) == ["d1"]
    assert await seen_by(rooms, actor("z02-05.chuyen-vien-2", Role.SPECIALIST)) == []
    assert await seen_by(rooms, actor("z02-05.giam-doc", Role.LEADER)) == []


async def test_a_role_of_a_body_is_that_role_of_that_body(rooms: Rooms) -> None:
    await grant(rooms, "d1", scope.role("z02-05", Role.RECORDS_CLERK))
    assert await seen_by(rooms, CLERK) == ["d1"]
    assert await seen_by(rooms, actor("z03-01.van-thu", Role.RECORDS_CLERK)) == []
    assert await seen_by(rooms, SPECIALIST) == []


async def test_the_clerk_of_the_office_sees_for_the_bodies_whose_books_it_keeps(rooms: Rooms) -> None:
    await grant(rooms, "d1", scope.role("z01", Role.RECORDS_CLERK), body_id="z01")
    await grant(rooms, "d2", scope.role("z01", Role.LEADER), body_id="z01")
    assert await seen_by(rooms, actor("z01-01.van-thu", Role.RECORDS_CLERK)) == ["d1"]
    assert await seen_by(rooms, actor("z01-01.chanh-van-phong", Role.CHIEF_OF_OFFICE)) == []
    assert await seen_by(rooms, actor("z02-01.van-thu", Role.RECORDS_CLERK)) == []


async def test_administrators_nobody_and_the_system_see_nothing(rooms: Rooms) -> None:
    await grant(rooms, "d1", scope.post("z02-05.chuyen-vien"), scope.role("z02-05", Role.RECORDS_CLERK))
    nobody = Actor("", "", None)
    for who in (ADMINISTRATOR, nobody, replace(nobody, account_id="system")):
        assert await seen_by(rooms, who) == []


@pytest.mark.parametrize(
    "grantee",
    ["role:z02-05:administrator", "role:z02-05:supervisor", "post:", "role:z02-05:king", "account:1", ""],
)
async def test_nobody_can_be_named_who_may_not_see_content(rooms: Rooms, grantee: str) -> None:
    with pytest.raises(GrantRefused):
        await grant(rooms, "d1", grantee)


async def test_a_mandate_opens_its_bodies_and_no_others(rooms: Rooms) -> None:
    await grant(rooms, "d1", scope.post("z02-05.chuyen-vien"))
    await grant(rooms, "d2", scope.post("z03-01.chuyen-vien"), body_id="z03-01")
    await grant(rooms, "d3", scope.post("z02-04.chuyen-vien"), body_id="z02-04")
    who, _ = await supervisor(rooms, "z02-05", "z03-01")
    assert await seen_by(rooms, who) == ["d1", "d2"]


async def test_a_restricted_subject_is_invisible_to_mandates_also_after_later_grants(rooms: Rooms) -> None:
    await grant(rooms, "d1", scope.post("z02-05.chuyen-vien"))
    async with rooms.units.begin(ADMINISTRATOR) as unit:
        await scope.restrict(unit, "document", "d1", restricted=True)
        unit.record("test.restrict", Subject("document", "d1"))
    await grant(rooms, "d1", scope.post("z02-05.truong-phong"))
    who, _ = await supervisor(rooms, "z02-05")
    assert await seen_by(rooms, who) == []
    assert await seen_by(rooms, SPECIALIST) == ["d1"]


async def test_two_mandates_in_force_open_the_bodies_of_both(rooms: Rooms) -> None:
    await grant(rooms, "d1", scope.post("z02-05.chuyen-vien"))
    await grant(rooms, "d2", scope.post("z03-01.chuyen-vien"), body_id="z03-01")
    await supervisor(rooms, "z02-05")
    who, _ = await supervisor(rooms, "z03-01")
    assert await seen_by(rooms, who) == ["d1", "d2"]


async def test_a_mandate_ends_by_its_day_and_by_being_ended(rooms: Rooms) -> None:
    await grant(rooms, "d1", scope.post("z02-05.chuyen-vien"))
    who, mandate = await supervisor(rooms, "z02-05")
    await rooms.mandates.end(ADMINISTRATOR, mandate.id, "Kết thúc sớm")
    assert await seen_by(rooms, who) == []
    with pytest.raises(Conflict):
        await rooms.mandates.end(ADMINISTRATOR, mandate.id, "Lần nữa")
    who, _ = await supervisor(rooms, "z02-05", days=1)
    assert await seen_by(rooms, who) == ["d1"]
    rooms.clock.advance(timedelta(days=1))
    assert await seen_by(rooms, who) == []


async def test_a_mandate_needs_bodies_days_a_basis_and_a_supervisor(rooms: Rooms) -> None:
    with pytest.raises(Invalid) as refused:
        await rooms.mandates.give(
            ADMINISTRATOR,
            account_id=ADMINISTRATOR.account_id,
            body_ids=("z99",),
            valid_from=TODAY,
            valid_to=TODAY,
            basis=" ",
        )
    assert {fault.code for fault in refused.value.faults} == {
        "identity.mandate_empty",
        "identity.basis_missing",
        "organisations.body_unknown",
        "identity.mandate_self",
    }
    with pytest.raises(Conflict) as conflict:
        await rooms.mandates.give(
            ADMINISTRATOR,
            account_id=await rooms.account_id("vanthu.syt"),
            body_ids=("z02-05",),
            valid_from=TODAY,
            valid_to=TODAY + timedelta(days=1),
            basis="Quyết định số 1",
        )
    assert conflict.value.code == "identity.not_supervisor"


async def test_every_view_of_a_supervisor_leaves_an_entry_and_nobody_elses_does(rooms: Rooms) -> None:
    who, mandate = await supervisor(rooms, "z02-05")
    await rooms.mandates.viewed(who, Subject("document", "d1", "z02-05"))
    await rooms.mandates.viewed(SPECIALIST, Subject("document", "d1", "z02-05"))
    rows = await rooms.units.reader.fetch(
        Statement(
            "test.views", "SELECT detail AS id FROM audit_entries WHERE action = 'identity.supervised_view'"
        ),
        {},
        _Id,
    )
    assert [row.id for row in rows] == [f'{{"mandate":"{mandate.id}"}}']


async def test_a_supervisor_sees_ones_own_mandates_only(rooms: Rooms) -> None:
    who, mandate = await supervisor(rooms, "z02-05")
    mine = await rooms.mandates.mandates(who, PageRequest(), account_id=who.account_id)
    assert [each.id for each in mine.items] == [mandate.id]
    with pytest.raises(Forbidden):
        await rooms.mandates.mandates(who, PageRequest())


async def test_scope_equals_the_rule_for_every_actor_and_subject(rooms: Rooms) -> None:
    """Compare the predicate with the rule, spelled out, over every combination of a small world."""
    posts = ["z02-05.chuyen-vien", "z02-05.van-thu", "z03-01.chuyen-vien", "z01-01.van-thu"]
    roles = {post: Role.RECORDS_CLERK if "van-thu" in post else Role.SPECIALIST for post in posts}
    grantees = [scope.post(post) for post in posts] + [
        scope.role(body, Role.RECORDS_CLERK) for body in ("z02-05", "z01", "z01-01", "z03-01")
    ]
    subjects = {f"d{index:03}": chosen for index, chosen in enumerate(itertools.combinations(grantees, 2))}
    for subject_id, chosen in subjects.items():
        await grant(rooms, subject_id, *chosen)
    for post in posts:
        who = actor(post, roles[post])
        own = {who.post_grantee, who.role_grantee}
        if post == "z01-01.van-thu":
            own |= {scope.role(body, Role.RECORDS_CLERK) for body in ("z01", "z01-90")}
        expected = sorted(subject for subject, chosen in subjects.items() if own & set(chosen))
        assert await seen_by(rooms, who) == expected
