"""What an import would write: the difference between a tree that is brought in and what is there. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from server.kernel.errors import Fault
from server.organisations import codes
from server.organisations.data import BodyData, PostData, TreeData
from server.organisations.model import Authority, Body, Post, Unit
from server.organisations.rules import authority_faults, parents_fault, span_fault

R = TypeVar("R", Unit, Post, Authority)


@dataclass(frozen=True, slots=True)
class Present:
    """What is there already, each by id."""

    bodies: Mapping[str, Body]
    """Bodies."""
    units: Mapping[str, Unit]
    """Units."""
    posts: Mapping[str, Post]
    """Posts."""
    authorities: Mapping[str, Authority]
    """Authorities."""


@dataclass(slots=True)
class Plan:
    """What has to be written, and what is wrong."""

    new_bodies: list[Body] = field(default_factory=list)
    """Bodies that are not there yet."""
    changed_bodies: list[Body] = field(default_factory=list)
    """Bodies that differ from what is there."""
    new_units: list[Unit] = field(default_factory=list)
    """Units that are not there yet."""
    changed_units: list[Unit] = field(default_factory=list)
    """Units that differ."""
    new_posts: list[Post] = field(default_factory=list)
    """Posts that are not there yet."""
    changed_posts: list[Post] = field(default_factory=list)
    """Posts that differ."""
    new_authorities: list[Authority] = field(default_factory=list)
    """Authorities that are not there yet."""
    changed_authorities: list[Authority] = field(default_factory=list)
    """Authorities that differ."""
    faults: list[Fault] = field(default_factory=list)
    """What forbids the import; nothing is written when there is one."""
    warnings: list[str] = field(default_factory=list)
    """Unusual codes, told and not refused."""

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to write."""
        return not (
            self.new_bodies
            or self.changed_bodies
            or self.new_units
            or self.changed_units
            or self.new_posts
            or self.changed_posts
            or self.new_authorities
            or self.changed_authorities
        )


def plan(tree: TreeData, present: Present) -> Plan:
    """Compare an expanded tree with what is there. Bodies that the tree does not name are left alone."""
    result = Plan()
    wanted: dict[str, Body] = {}
    for index, data in enumerate(tree.bodies):
        body = body_of(data)
        if body.id in wanted:
            result.faults.append(
                Fault("organisations.code_twice", f"/bodies/{index}/code", {"code": data.code})
            )
        wanted[body.id] = body
        result.warnings += [f"{body.id}: {code}" for code in codes.warnings(body.code, body.code_old)]
        if fault := span_fault(body.valid_from, body.valid_to, f"/bodies/{index}/valid_to"):
            result.faults.append(fault)
    _check_links(wanted, present.bodies, result)
    _compare_bodies(wanted, present.bodies, result)
    units = {unit.id: unit for data in tree.bodies for unit in units_of(data)}
    posts = {post.id: post for data in tree.bodies for post in posts_of(data)}
    authorities = {
        authority.id: authority
        for data in tree.bodies
        for post in data.posts
        for authority in authorities_of(data, post)
    }
    _check_inside(units, posts, authorities, present, wanted, result)
    _compare(units, present.units, result.new_units, result.changed_units)
    _compare(posts, present.posts, result.new_posts, result.changed_posts)
    _compare(authorities, present.authorities, result.new_authorities, result.changed_authorities)
    return result


def body_of(data: BodyData) -> Body:
    """Return the body that the data describes, version 1."""
    return Body(
        id=data.id,
        code=data.code,
        code_old=data.old_form,
        name=data.name,
        name_en=data.name_en,
        short_name=data.short_name or data.name,
        abbreviation=data.abbreviation,
        bloc=data.bloc,
        level=data.level,
        parent_id=data.parent,
        superior_name=data.superior_name,
        place=data.place,
        profile=data.profile,
        has_seal=data.has_seal,
        keeps_books=not data.kept_by,
        kept_by_body_id=data.kept_by,
        valid_from=data.valid_from,
        valid_to=data.valid_to,
        successor_id=data.successor,
        version=1,
    )


def units_of(data: BodyData) -> list[Unit]:
    """Return the units that the data describes."""
    return [
        Unit(
            id=f"{data.id}.{unit.key}",
            body_id=data.id,
            parent_id=f"{data.id}.{unit.parent}" if unit.parent else "",
            name=unit.name,
            abbreviation=unit.abbreviation,
            valid_from=unit.valid_from or data.valid_from,
            valid_to=unit.valid_to or data.valid_to,
        )
        for unit in data.units
    ]


def posts_of(data: BodyData) -> list[Post]:
    """Return the posts that the data describes."""
    return [
        Post(
            id=f"{data.id}.{post.key}",
            body_id=data.id,
            unit_id=f"{data.id}.{post.unit}" if post.unit else "",
            title=post.title,
            role=post.role,
            valid_from=post.valid_from or data.valid_from,
            valid_to=post.valid_to or data.valid_to,
        )
        for post in data.posts
    ]


def authorities_of(data: BodyData, post: PostData) -> list[Authority]:
    """Return the authorities of a post; the id says post, body, mode and first day, so that it is stable."""
    result = []
    for given in post.authorities:
        body_id = given.body or data.id
        first = given.valid_from or post.valid_from or data.valid_from
        result.append(
            Authority(
                id=f"{data.id}.{post.key}~{body_id}~{given.mode.value.lower()}~{first:%Y%m%d}",
                post_id=f"{data.id}.{post.key}",
                body_id=body_id,
                mode=given.mode,
                for_title=given.for_title,
                own_title=given.own_title,
                granted_by_post_id=given.granted_by,
                valid_from=first,
                valid_to=given.valid_to or post.valid_to or data.valid_to,
                basis=given.basis,
            )
        )
    return result


def _check_links(wanted: Mapping[str, Body], present: Mapping[str, Body], result: Plan) -> None:
    everything = {**present, **wanted}
    for body in wanted.values():
        for name, other in (
            ("parent", body.parent_id),
            ("kept_by", body.kept_by_body_id),
            ("successor", body.successor_id),
        ):
            if other and other not in everything:
                result.faults.append(
                    Fault("organisations.link_unknown", f"/bodies/{body.id}/{name}", {"id": other})
                )
        keeper = everything.get(body.kept_by_body_id)
        if keeper is not None and keeper.kept_by_body_id:
            params = {"name": keeper.name}
            result.faults.append(Fault("organisations.keeper_kept", f"/bodies/{body.id}/kept_by", params))
    looped = parents_fault({body.id: body.parent_id for body in everything.values()})
    if looped is not None:
        result.faults.append(Fault("organisations.parent_loop", f"/bodies/{looped}/parent", {"id": looped}))


def _compare_bodies(wanted: Mapping[str, Body], present: Mapping[str, Body], result: Plan) -> None:
    for body in wanted.values():
        there = present.get(body.id)
        if there is None:
            result.new_bodies.append(body)
        elif replace(body, version=there.version) != there:
            result.changed_bodies.append(replace(body, version=there.version))


def _check_inside(
    units: Mapping[str, Unit],
    posts: Mapping[str, Post],
    authorities: Mapping[str, Authority],
    present: Present,
    wanted: Mapping[str, Body],
    result: Plan,
) -> None:
    all_units = {**present.units, **units}
    all_posts = {**present.posts, **posts}
    by_post: dict[str, list[Authority]] = {}
    for authority in {**present.authorities, **authorities}.values():
        by_post.setdefault(authority.post_id, []).append(authority)
    loose: Sequence[tuple[str, str]] = [
        *((f"/units/{unit.id}/parent", unit.parent_id) for unit in units.values()),
        *((f"/posts/{post.id}/unit", post.unit_id) for post in posts.values()),
    ]
    for field_name, unit_id in loose:
        if unit_id and unit_id not in all_units:
            result.faults.append(Fault("organisations.link_unknown", field_name, {"id": unit_id}))
    for authority in authorities.values():
        where = f"/authorities/{authority.id}"
        giver = authority.granted_by_post_id
        if authority.body_id not in wanted and authority.body_id not in present.bodies:
            result.faults.append(Fault("organisations.link_unknown", where, {"id": authority.body_id}))
        if giver and giver not in all_posts:
            result.faults.append(Fault("organisations.link_unknown", where, {"id": giver}))
            continue
        result.faults += [
            Fault(fault.code, where + fault.field, fault.params)
            for fault in authority_faults(authority, by_post.get(giver, []))
        ]


def _compare(wanted: Mapping[str, R], present: Mapping[str, R], new: list[R], changed: list[R]) -> None:
    for key, row in wanted.items():
        there = present.get(key)
        if there is None:
            new.append(row)
        elif there != row:
            changed.append(row)
