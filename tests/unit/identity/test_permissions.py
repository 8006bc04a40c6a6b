"""The permission table: what ships, and what the loader refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.identity.access import Access
from server.identity.model import MachineActor, ObligedActor
from server.identity.permissions import PermissionsInvalid, load_permissions
from server.kernel.actor import SYSTEM, Role
from server.kernel.clock import FixedClock
from server.kernel.errors import Forbidden
from server.organisations.model import Post
from tests.conftest import MORNING
from tests.factories.people import TABLE, TODAY, actor

ACCESS = Access(TABLE, FixedClock(MORNING))
HEAD = actor("z02-05.truong-phong", Role.HEAD_OF_UNIT, unit_id="z02-05.nghiep-vu")


def post(unit: str, body: str = "z02-05") -> Post:
    return Post(f"{body}.x", body, unit, "Chuyên viên", Role.SPECIALIST, TODAY, None)


def test_every_action_is_described_in_both_languages() -> None:
    assert len(TABLE.actions) >= 38
    for permission in TABLE.actions:
        assert permission.vi and permission.en and permission.roles


def test_an_administrator_sees_no_content() -> None:
    shown = {permission.action for permission in TABLE.actions if permission.content}
    assert TABLE.of(Role.ADMINISTRATOR).isdisjoint(shown)
    assert {"documents.read", "circulation.read", "registers.read", "files.upload"} <= shown


def test_a_supervisor_only_reads() -> None:
    assert TABLE.of(Role.SUPERVISOR) == {
        "documents.read",
        "circulation.read",
        "registers.read",
        "audit.read",
        "audit.verify",
        "organisations.read",
        "notifications.read",
        "results.read",
    }


def test_numbers_seals_and_sending_are_the_clerks_alone() -> None:
    for action in (
        "documents.number",
        "documents.seal",
        "documents.issue",
        "circulation.send",
        "registers.void",
    ):
        assert TABLE[action].roles == {Role.RECORDS_CLERK}


def test_nobody_without_a_role_may_do_anything() -> None:
    assert not any(ACCESS.allows(SYSTEM, permission.action) for permission in TABLE.actions)


def test_an_unknown_action_is_a_fault_in_the_program() -> None:
    with pytest.raises(KeyError):
        ACCESS.allows(HEAD, "documents.fly")


def test_a_machine_needs_the_role_and_the_scope() -> None:
    machine = MachineActor(
        "a", "Máy", Role.SPECIALIST, scopes=frozenset({"documents.draft", "documents.sign"})
    )
    assert ACCESS.allows(machine, "documents.draft")
    assert not ACCESS.allows(machine, "documents.sign")
    assert not ACCESS.allows(machine, "documents.read")
    assert ACCESS.actions_of(machine) == ("documents.draft",)


@pytest.mark.parametrize(
    ("obligations", "code"),
    [
        (("password", "totp"), "identity.must_change_password"),
        (("totp",), "identity.must_set_up_totp"),
    ],
)
def test_an_obligation_is_told_before_anything_else(obligations: tuple[str, ...], code: str) -> None:
    with pytest.raises(Forbidden) as refused:
        ACCESS.require(ObligedActor("a", "A", None, obligations=obligations), "organisations.read")
    assert refused.value.code == code


def test_a_head_assigns_inside_the_unit_and_below_it() -> None:
    ACCESS.require_assignable(HEAD, [post("z02-05.nghiep-vu"), post("z02-05.to-1")], ["z02-05.to-1"])
    for outside in (post("z02-05.van-phong"), post(""), post("z02-05.nghiep-vu", "z02-04")):
        with pytest.raises(Forbidden) as refused:
            ACCESS.require_assignable(HEAD, [outside])
        assert refused.value.code == "identity.assign_outside"


def test_a_leader_assigns_in_the_whole_body_and_a_specialist_nowhere() -> None:
    leader = actor("z02-05.giam-doc", Role.LEADER)
    ACCESS.require_assignable(leader, [post("z02-05.nghiep-vu"), post("")])
    with pytest.raises(Forbidden):
        ACCESS.require_assignable(leader, [post("", "z02-04")])
    with pytest.raises(Forbidden):
        ACCESS.require_assignable(actor("z02-05.chuyen-vien", Role.SPECIALIST), [post("")])


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ('vi = "a"\nen = "b"\nroles = ["administrator"]\ncontent = true', "no administrator may see"),
        ('vi = ""\nen = "b"\nroles = ["leader"]', "lacks a description"),
        ('vi = "a"\nen = "b"\nroles = ["king"]', "king"),
        ('vi = "a"\nen = "b"\nroles = ["leader"]\nrole = 1', "role"),
    ],
)
def test_a_wrong_table_is_refused_and_says_why(tmp_path: Path, action: str, told: str) -> None:
    path = tmp_path / "permissions.toml"
    path.write_text(f'valid_from = 2025-07-01\n[actions."a.b"]\n{action}\n', encoding="utf-8")
    with pytest.raises(PermissionsInvalid, match=told):
        load_permissions(path)
