"""What other rooms must know when a body closes or its books pass to another clerk (outbox messages).

A closed body keeps its name, code, books and past for ever; from the day of its closing its successor's
clerk keeps what it left, and its successor's posts go on with what was under way. Each room does its part
when the message comes, on the day itself, and may see a message twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

import msgspec

from server.kernel.actor import Role
from server.kernel.clock import UTC, VIETNAM
from server.kernel.errors import Fault
from server.organisations.model import Post

CLOSED = "organisations.closed"
"""Kind of the message whose payload is ``Succession``, due on the day of the closing."""
KEEPER = "organisations.keeper_changed"
"""Kind of the message whose payload is ``KeeperChanged``."""
BATCH = 500
"""Rows that one unit changes, so that it stays short."""


class Succession(msgspec.Struct, frozen=True, kw_only=True):
    """A body that closed and the one that took over."""

    body_id: str
    """Body that closed."""
    name: str
    """Its last name."""
    successor_id: str
    """Body that took over."""
    successor_name: str
    """Its name."""
    on: date
    """First day on which the old one is gone."""
    posts: dict[str, str]
    """Old post -> post of the successor that goes on with its work."""
    other_post: str
    """Post of the successor that gets the open work of posts not named; "" = the successor has none."""

    def post_for(self, old: str) -> str:
        """Return the post that goes on with an old one's open work; "" = nobody."""
        return self.posts.get(old, self.other_post)

    @property
    def reason(self) -> str:
        """Why work passed on, as it is kept beside it."""
        return f"{self.name} kết thúc hoạt động, {self.successor_name} kế thừa"


class KeeperChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The books of a body are kept by another office now."""

    body_id: str
    """Body whose books they are."""
    old_keeper_id: str
    """Body whose clerk kept them."""
    keeper_id: str
    """Body whose clerk keeps them."""


DECIDERS = (Role.CHIEF_OF_OFFICE, Role.LEADER, Role.HEAD_OF_UNIT)
"""Roles that can give work anew, in the order in which they are asked."""


def decider_of(posts: Sequence[Post], on: date) -> str:
    """Return the post that gives out anew what nobody was named for; "" = there is none."""
    there = [one for one in posts if one.valid_from <= on and (one.valid_to is None or on < one.valid_to)]
    for role in DECIDERS:
        for one in there:
            if one.role is role:
                return one.id
    return ""


def succession_faults(
    wanted: Mapping[str, str], old: Sequence[Post], new: Sequence[Post], on: date
) -> list[Fault]:
    """Return what is wrong with a list of posts (old -> new): not of the two bodies, or gone."""
    before = {one.id for one in old}
    after = {one.id for one in new if one.valid_from <= on and (one.valid_to is None or on < one.valid_to)}
    faults = []
    for here, there in wanted.items():
        if here not in before:
            faults.append(Fault("organisations.post_not_of_body", f"/posts/{here}", {"post": here}))
        if there not in after:
            faults.append(Fault("organisations.post_not_of_successor", f"/posts/{here}", {"post": there}))
    return faults


def begins(day: date) -> datetime:
    """Return the instant at which a day begins in Viet Nam."""
    return datetime.combine(day, time(), VIETNAM).astimezone(UTC)
