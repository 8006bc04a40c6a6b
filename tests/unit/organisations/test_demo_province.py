"""The province that ships: whole, of all blocs, and enough people in it for the path of a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.kernel.actor import Role
from server.organisations.data import BodyData, TreeData, read_tree
from server.organisations.folding import fold, like
from server.organisations.importing import Present, plan
from server.organisations.model import Bloc

DEMO = Path(__file__).resolve().parents[3] / "config" / "organisations" / "demo"


@pytest.fixture(scope="module")
def province() -> TreeData:
    return read_tree(DEMO)


def test_the_province_imports_without_fault_or_warning(province: TreeData) -> None:
    planned = plan(province, Present({}, {}, {}, {}))
    assert planned.faults == []
    assert planned.warnings == []


def test_it_has_all_six_blocs_and_about_sixty_bodies(province: TreeData) -> None:
    assert {body.bloc for body in province.bodies} == set(Bloc)
    assert 55 <= len(province.bodies) <= 70


def test_every_code_stands_under_the_unused_letter(province: TreeData) -> None:
    assert all(body.code.startswith("Z") for body in province.bodies)


def test_every_department_and_commune_has_the_people_that_handling_needs(province: TreeData) -> None:
    needed = {Role.RECORDS_CLERK, Role.LEADER, Role.HEAD_OF_UNIT, Role.SPECIALIST}
    for body in province.bodies:
        if body.valid_to is None and not body.kept_by:
            held = {post.role for post in body.posts if post.people}
            assert needed <= held, body.id


def test_one_clerk_keeps_the_books_of_the_committee_its_office_and_a_board(province: TreeData) -> None:
    bodies = [
        body.id
        for body in province.bodies
        for post in body.posts
        if any(person.username == "vanthu.vptu" for person in post.people)
    ]
    assert bodies == ["z01", "z01-01", "z01-90"]


@pytest.mark.parametrize(
    "username",
    [
        "bithu.tu",
        "chanhvp.vptu",
        "chuyenvien.vptu",
        "vanthu.vptu",
        "giamdoc.syt",
        "vanthu.syt",
        "chuyenvien.syt",
        "vanthu.xa1",
        "chutich.xa1",
        "chuyenvien.xa1",
        "vanthu.xa2",
        "quantri",
        "thanhtra",
        "quay1.hcc",
    ],
)
def test_the_accounts_of_the_path_are_there_and_named_by_function(province: TreeData, username: str) -> None:
    names = {
        person.full_name
        for body in province.bodies
        for post in body.posts
        for person in post.people
        if person.username == username and person.full_name
    }
    assert len(names) == 1


def test_predecessors_closed_on_the_day_of_the_merger_and_name_their_successor(province: TreeData) -> None:
    closed: list[BodyData] = [body for body in province.bodies if body.valid_to is not None]
    assert len(closed) >= 4
    known = {body.id for body in province.bodies if body.valid_to is None}
    assert all(body.successor in known for body in closed)
    assert {f"{body.valid_to}" for body in closed} == {"2025-07-01"}


def test_search_ignores_marks_and_case() -> None:
    assert fold("Sở  Y TẾ tỉnh Đồng") == "so y te tinh dong"
    assert like("50%_\\") == "%50\\%\\_\\\\%"
