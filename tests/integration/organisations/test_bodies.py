"""Bodies on each engine: importing, looking up, changing, closing, sending to."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from server.kernel.actor import Role
from server.kernel.clock import FixedClock
from server.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from server.kernel.page import PageRequest
from server.organisations.data import BodyData, PostData, TreeData, UnitData
from server.organisations.model import Bloc, Mode
from server.organisations.service import Organisations
from server.unit import Units
from tests.factories.people import ADMINISTRATOR, TODAY, actor

CLERK = actor("z01-01.van-thu", Role.RECORDS_CLERK)
NEW_BODY = BodyData(
    code="Z02.30",
    name="Ban Quản lý Khu kinh tế tỉnh Sông Mẫu",
    short_name="Ban Quản lý Khu kinh tế",
    abbreviation="BQL",
    bloc=Bloc.ADMINISTRATION,
    level="province",
    profile="state",
    parent="z02",
    valid_from=date(2026, 1, 1),
    units=(UnitData(key="van-phong", name="Văn phòng"),),
    posts=(PostData(key="van-thu", title="Văn thư", role=Role.RECORDS_CLERK, unit="van-phong"),),
)


async def test_importing_twice_changes_nothing_the_second_time(
    organisations: Organisations, province: TreeData
) -> None:
    first = await organisations.import_tree(ADMINISTRATOR, province)
    second = await organisations.import_tree(ADMINISTRATOR, province)
    assert first.bodies == len(province.bodies)
    assert first.posts > 300
    assert (second.bodies, second.units, second.posts, second.authorities) == (0, 0, 0, 0)


async def test_only_an_administrator_changes_bodies(organisations: Organisations, province: TreeData) -> None:
    with pytest.raises(Forbidden) as refused:
        await organisations.import_tree(CLERK, province)
    assert refused.value.code == "identity.not_allowed"


async def test_an_import_names_all_its_faults_and_writes_nothing(organisations: Organisations) -> None:
    wrong = TreeData(
        bodies=(
            msgspec.structs.replace(NEW_BODY, parent="nowhere"),
            msgspec.structs.replace(NEW_BODY, code="Z02.31", valid_to=date(2020, 1, 1), parent=""),
        )
    )
    with pytest.raises(Invalid) as refused:
        await organisations.import_tree(ADMINISTRATOR, wrong)
    assert [fault.code for fault in refused.value.faults] == [
        "organisations.span_empty",
        "organisations.link_unknown",
    ]
    assert (await organisations.bodies(PageRequest())).items == []


async def test_a_body_comes_with_all_that_belongs_to_it(installed: Organisations) -> None:
    detail = await installed.detail("z02-05")
    assert detail.body.name == "Sở Y tế tỉnh Sông Mẫu"
    assert detail.body.bloc is Bloc.ADMINISTRATION
    assert [form.name for form in detail.forms] == ["Sở Y tế tỉnh Sông Mẫu"]
    assert [unit.id for unit in detail.units] == ["z02-05.nghiep-vu", "z02-05.van-phong"]
    assert "z02-05.van-thu" in [post.id for post in detail.posts]
    assert {authority.mode for authority in detail.authorities} == {Mode.DIRECT, Mode.KT, Mode.TL}


async def test_an_unknown_body_is_not_found(installed: Organisations) -> None:
    with pytest.raises(NotFound):
        await installed.detail("z99")


async def test_the_list_pages_by_key_through_every_body(installed: Organisations, province: TreeData) -> None:
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        part = await installed.bodies(PageRequest(after=after, limit=7))
        seen += [body.id for body in part.items]
        after = part.next
    assert seen == sorted(body.id for body in province.bodies)


async def test_the_directory_finds_without_marks_and_leaves_closed_bodies_out(
    installed: Organisations,
) -> None:
    found = await installed.directory(PageRequest(), query="so y te")
    assert [entry.id for entry in found.items] == ["z02-05"]
    assert (await installed.directory(PageRequest(), query="kế hoạch và đầu tư")).items == []


async def test_a_code_resolves_in_both_forms_and_after_its_closing(installed: Organisations) -> None:
    assert [body.id for body in await installed.resolve("Z02.05")] == ["z02-05"]
    assert [body.id for body in await installed.resolve("000.00.05.z02")] == ["z02-05"]
    closed = await installed.resolve("Z02.81")
    assert [(body.id, body.successor_id) for body in closed] == [("z02-81", "z02-04")]


async def test_the_tree_of_a_day_has_the_bodies_of_that_day(installed: Organisations) -> None:
    before = {node.id for node in await installed.tree(date(2025, 6, 30))}
    after = {node.id for node in await installed.tree(date(2025, 7, 1))}
    assert "z02-81" in before and "z03-01" not in before
    assert "z02-81" not in after and "z03-01" in after
    today = {node.id: node for node in await installed.tree()}
    assert today["z06-01"].depth == today["z02-05"].depth + 1


async def test_recipients_come_back_in_order(installed: Organisations) -> None:
    bodies = await installed.check_recipients(["z03-02", "z02-05", "z03-01"], TODAY)
    assert [body.id for body in bodies] == ["z03-02", "z02-05", "z03-01"]


async def test_every_wrong_recipient_is_named_with_code_day_and_successor(installed: Organisations) -> None:
    with pytest.raises(Invalid) as refused:
        await installed.check_recipients(["z02-05", "z02-81", "nowhere", "z02-05"], TODAY)
    faults = refused.value.faults
    assert [(fault.code, fault.field) for fault in faults] == [
        ("organisations.recipient_succeeded", "/recipients/1"),
        ("organisations.recipient_unknown", "/recipients/2"),
        ("organisations.recipient_twice", "/recipients/3"),
    ]
    assert faults[0].params["code"] == "Z02.81"
    assert faults[0].params["closed"] == "01/07/2025"
    assert faults[0].params["successor"] == "Z02.04"


async def test_a_new_body_is_in_the_tree_at_once(installed: Organisations) -> None:
    await installed.tree()
    made = await installed.create(ADMINISTRATOR, NEW_BODY)
    assert made.code_old == "000.00.30.Z02"
    assert "z02-30" in {node.id for node in await installed.tree()}
    assert [post.id for post in await installed.posts_of("z02-30")] == ["z02-30.van-thu"]


async def test_a_code_that_is_taken_is_a_conflict(installed: Organisations) -> None:
    with pytest.raises(Conflict) as refused:
        await installed.create(ADMINISTRATOR, msgspec.structs.replace(NEW_BODY, code="Z02.05"))
    assert refused.value.code == "organisations.code_taken"


async def test_a_renamed_body_keeps_its_old_name_in_its_old_days(
    installed: Organisations, clock: FixedClock
) -> None:
    renamed = BodyData(
        code="Z02.50",
        name="Sở Y tế và Dân số tỉnh Sông Mẫu",
        short_name="Sở Y tế và Dân số",
        abbreviation="SYTDS",
        bloc=Bloc.ADMINISTRATION,
        level="province",
        profile="state",
        parent="z02",
        valid_from=date(2010, 1, 1),
    )
    new = await installed.change(
        ADMINISTRATOR, "z02-05", renamed, on=date(2026, 10, 1), basis="Nghị quyết số 12"
    )
    assert (new.id, new.code, new.version) == ("z02-05", "Z02.50", 2)
    assert (await installed.body_on("z02-05", date(2026, 9, 30))).name == "Sở Y tế tỉnh Sông Mẫu"
    assert (await installed.body_on("z02-05", date(2026, 10, 1))).name == "Sở Y tế và Dân số tỉnh Sông Mẫu"
    assert [body.id for body in await installed.resolve("Z02.05")] == ["z02-05"]
    names = {node.id: node.name for node in await installed.tree(date(2026, 9, 30))}
    assert names["z02-05"] == "Sở Y tế tỉnh Sông Mẫu"


async def test_a_change_cannot_be_dated_ahead(installed: Organisations) -> None:
    with pytest.raises(Invalid) as refused:
        await installed.change(ADMINISTRATOR, "z02-05", NEW_BODY, on=date(2027, 1, 1), basis="")
    assert refused.value.code == "organisations.date_in_future"


async def test_a_body_closes_with_all_that_is_in_it(installed: Organisations) -> None:
    await installed.create(ADMINISTRATOR, NEW_BODY)
    closing = await installed.close(
        ADMINISTRATOR, "z02-30", on=TODAY, successor_id="z02-04", basis="Nghị quyết số 15"
    )
    assert (closing.units, closing.posts) == (1, 1)
    with pytest.raises(Invalid) as refused:
        await installed.check_recipients(["z02-30"], TODAY)
    assert refused.value.faults[0].params["successor"] == "Z02.04"
    assert [body.id for body in await installed.resolve("Z02.30")] == ["z02-30"]


async def test_a_body_with_open_ones_below_it_does_not_close(installed: Organisations) -> None:
    with pytest.raises(Conflict) as refused:
        await installed.close(ADMINISTRATOR, "z02-05", on=TODAY)
    assert {fault.code for fault in refused.value.faults} == {"organisations.child_open"}


async def test_a_clerk_acts_for_the_bodies_whose_books_it_keeps(installed: Organisations) -> None:
    assert [body.id for body in await installed.kept_by("z01-01")] == ["z01", "z01-90"]
    assert await installed.may_act_for(CLERK, "z01")
    assert await installed.may_act_for(CLERK, "z01-01")
    assert not await installed.may_act_for(CLERK, "z02")


async def test_every_change_leaves_its_audit_entry(installed: Organisations, units: Units) -> None:
    from storage.sql.protocol import Statement

    class Row(msgspec.Struct):
        action: str
        subject_id: str

    await installed.create(ADMINISTRATOR, NEW_BODY)
    await installed.close(ADMINISTRATOR, "z02-30", on=TODAY)
    rows = await units.reader.fetch(
        Statement("test.audit", "SELECT action, subject_id FROM audit_entries WHERE subject_id = :id"),
        {"id": "z02-30"},
        Row,
    )
    assert sorted(row.action for row in rows) == ["organisations.close", "organisations.import"]
