"""The province for load: as large as asked, whole, and the same for the same seed."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.kernel.actor import Role
from server.organisations.generate import generate
from server.organisations.importing import Present, plan
from server.organisations.model import Bloc


def test_it_has_the_size_of_a_real_province() -> None:
    tree = generate()
    names = [person.username for body in tree.bodies for post in body.posts for person in post.people]
    assert len(tree.bodies) == 1000
    assert len(names) == len(set(names)) == 20_000
    assert {body.bloc for body in tree.bodies} == set(Bloc)


@settings(max_examples=25, deadline=None)
@given(st.integers(10, 150), st.integers(0, 500), st.integers(0, 2**31))
def test_any_size_is_whole_and_repeatable(bodies: int, more: int, seed: int) -> None:
    accounts = bodies * 5 + more
    tree = generate(bodies=bodies, accounts=accounts, seed=seed)
    planned = plan(tree, Present({}, {}, {}, {}))
    assert planned.faults == []
    assert planned.warnings == []
    assert len(tree.bodies) == bodies
    assert sum(len(post.people) for body in tree.bodies for post in body.posts) == accounts
    assert all(Role.RECORDS_CLERK in {post.role for post in body.posts} for body in tree.bodies)
    again = generate(bodies=bodies, accounts=accounts, seed=seed)
    assert msgspec.json.encode(again) == msgspec.json.encode(tree)


def test_too_few_accounts_are_refused() -> None:
    with pytest.raises(ValueError, match="five accounts"):
        generate(bodies=10, accounts=49)
