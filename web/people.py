"""Posts that somebody holds today: whom work can be given to, whose opinion can be asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from server.organisations.model import Holder, Post, Unit
from server.organisations.service import Organisations

Person = tuple[Post, Sequence[Holder]]


async def posts_held(organisations: Organisations, bodies: Iterable[str]) -> list[Person]:
    """Return the posts of bodies that somebody holds today, with who holds them."""
    today = organisations.today()
    posts: list[Post] = []
    for body in dict.fromkeys(bodies):
        posts += [
            post
            for post in await organisations.posts_of(body)
            if post.valid_from <= today and (post.valid_to is None or today < post.valid_to)
        ]
    holders: dict[str, list[Holder]] = {}
    for holder in await organisations.holders([post.id for post in posts]):
        holders.setdefault(holder.post_id, []).append(holder)
    return [(post, holders[post.id]) for post in posts if post.id in holders]


def by_unit(people: Sequence[Person], units: Iterable[Unit]) -> list[tuple[str, list[Person]]]:
    """Return posts by unit; those directly under the body first."""
    names = {unit.id: unit.name for unit in units}
    groups: dict[str, list[Person]] = {}
    for person in people:
        groups.setdefault(names.get(person[0].unit_id, ""), []).append(person)
    return sorted(groups.items(), key=lambda group: group[0])
