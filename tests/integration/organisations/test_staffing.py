"""Posts, holdings and authorities on each engine."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from server.kernel.actor import Role
from server.kernel.errors import Conflict, Invalid
from server.organisations.data import PostData, UnitData
from server.organisations.model import HoldingKind, Mode
from server.organisations.service import Organisations
from server.organisations.staffing import NewAuthority, Staffing
from server.unit import Units
from tests.factories.people import ADMINISTRATOR, TODAY

POST = "z02-05.giam-doc"


async def place(
    units: Units,
    staffing: Staffing,
    account: str,
    kind: HoldingKind = HoldingKind.APPOINTED,
    *,
    first: date = TODAY,
    last: date | None = None,
    replacing: bool = False,
) -> tuple[str, ...]:
    async with units.begin(ADMINISTRATOR) as unit:
        moved = await staffing.place(
            unit,
            post_id=POST,
            account_id=account,
            kind=kind,
            valid_from=first,
            valid_to=last,
            basis="Quyết định số 7",
            replacing=replacing,
        )
        return tuple(row.account_id for row in moved.ended)


async def test_a_post_has_one_holder_and_a_stand_in_beside_them(
    installed: Organisations, staffing: Staffing, units: Units
) -> None:
    await place(units, staffing, "first")
    await place(units, staffing, "stand-in", HoldingKind.DELEGATED, last=TODAY + timedelta(days=3))
    with pytest.raises(Invalid) as refused:
        await place(units, staffing, "second")
    assert refused.value.code == "organisations.post_taken"
    assert [holder.account_id for holder in await installed.holders([POST])] == ["first", "stand-in"]
    later = await installed.holders([POST], on=TODAY + timedelta(days=3))
    assert [holder.account_id for holder in later] == ["first"]


async def test_handing_over_ends_the_old_holding_on_the_day_the_new_begins(
    installed: Organisations, staffing: Staffing, units: Units
) -> None:
    await place(units, staffing, "first", first=date(2025, 1, 1))
    assert await place(units, staffing, "second", replacing=True) == ("first",)
    yesterday = await installed.holders([POST], on=TODAY - timedelta(days=1))
    today = await installed.holders([POST], on=TODAY)
    assert [holder.account_id for holder in yesterday] == ["first"]
    assert [holder.account_id for holder in today] == ["second"]


async def test_a_leaver_holds_nothing_from_the_day_on(
    installed: Organisations, staffing: Staffing, units: Units
) -> None:
    await place(units, staffing, "leaver", first=date(2025, 1, 1))
    async with units.begin(ADMINISTRATOR) as unit:
        ended = await staffing.end_holdings(unit, "leaver", TODAY, "Nghỉ hưu")
    assert [row.post_id for row in ended] == [POST]
    assert await installed.holders([POST]) == []


async def test_a_head_signs_in_their_own_right_a_deputy_in_place_of_the_head(
    installed: Organisations,
) -> None:
    head = await installed.authority_for(POST, "z02-05", TODAY)
    deputy = await installed.authority_for("z02-05.pho-giam-doc", "z02-05", TODAY)
    specialist = await installed.authority_for("z02-05.chuyen-vien", "z02-05", TODAY)
    assert head is not None and head.mode is Mode.DIRECT
    assert deputy is not None and (deputy.mode, deputy.for_title) == (Mode.KT, "GIÁM ĐỐC")
    assert specialist is None


async def test_the_chief_of_office_signs_by_order_for_the_committee(installed: Organisations) -> None:
    order = await installed.authority_for("z01-01.chanh-van-phong", "z01", TODAY)
    assert order is not None
    assert (order.mode, order.for_title) == (Mode.TL, "BAN THƯỜNG VỤ")


async def test_a_written_mandate_runs_for_its_days_and_cannot_be_passed_on(
    installed: Organisations, staffing: Staffing
) -> None:
    end = TODAY + timedelta(days=10)
    mandate = NewAuthority(
        post_id="z02-05.chuyen-vien",
        body_id="z02-05",
        mode=Mode.TUQ,
        for_title="GIÁM ĐỐC",
        own_title="CHUYÊN VIÊN",
        granted_by_post_id=POST,
        valid_from=TODAY,
        valid_to=end,
        basis="Giấy ủy quyền số 4",
    )
    await staffing.grant_authority(ADMINISTRATOR, mandate)
    used = await installed.authority_for(mandate.post_id, "z02-05", TODAY)
    assert used is not None and used.mode is Mode.TUQ
    assert await installed.authority_for(mandate.post_id, "z02-05", end) is None
    assert await installed.authority_for(mandate.post_id, "z02-05", TODAY, delegated=True) is None
    onward = NewAuthority(
        post_id="z02-05.truong-phong",
        body_id="z02-05",
        mode=Mode.TUQ,
        for_title="GIÁM ĐỐC",
        granted_by_post_id=mandate.post_id,
        valid_from=TODAY,
        valid_to=end,
        basis="Giấy ủy quyền số 5",
    )
    with pytest.raises(Invalid) as refused:
        await staffing.grant_authority(ADMINISTRATOR, onward)
    assert refused.value.code == "organisations.mandate_passed_on"


async def test_an_ended_authority_signs_no_more(installed: Organisations, staffing: Staffing) -> None:
    own = await installed.authority_for(POST, "z02-05", TODAY)
    assert own is not None
    await staffing.end_authority(ADMINISTRATOR, own.id, on=TODAY, basis="Thôi giữ chức vụ")
    assert await installed.authority_for(POST, "z02-05", TODAY) is None
    assert await installed.authority_for(POST, "z02-05", TODAY - timedelta(days=1)) == own.__class__(
        **{**{name: getattr(own, name) for name in own.__slots__}, "valid_to": TODAY}
    )


async def test_units_nest_and_posts_stand_in_them(installed: Organisations, staffing: Staffing) -> None:
    await staffing.add_unit(ADMINISTRATOR, "z02-05", UnitData(key="to-mot", name="Tổ 1", parent="nghiep-vu"))
    await staffing.add_post(
        ADMINISTRATOR,
        "z02-05",
        PostData(key="to-truong", title="Tổ trưởng", role=Role.HEAD_OF_UNIT, unit="to-mot"),
    )
    assert "z02-05.to-mot" in {unit.id for unit in await installed.units_of("z02-05")}
    with pytest.raises(Conflict) as refused:
        await staffing.add_unit(ADMINISTRATOR, "z02-05", UnitData(key="to-mot", name="Tổ 1"))
    assert refused.value.code == "organisations.key_taken"


async def test_a_post_that_is_held_is_not_abolished(
    installed: Organisations, staffing: Staffing, units: Units
) -> None:
    await place(units, staffing, "first")
    with pytest.raises(Conflict) as refused:
        await staffing.abolish_post(ADMINISTRATOR, POST, on=TODAY, basis="Sắp xếp lại")
    assert refused.value.code == "organisations.post_held"
