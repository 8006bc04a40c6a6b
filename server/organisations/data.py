"""The form in which a tree of bodies is brought in: what ``config/organisations`` holds and APIs take.

A folder of TOML files is read as one tree. To spare sixty copies of the same posts, a body may name a
``template``; ``{label}``, ``{slug}`` and ``{title_line}`` in its texts are filled from the body.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec

from server.kernel.actor import Role
from server.organisations.codes import slug, to_old_form
from server.organisations.model import Bloc, HoldingKind, Mode

Key = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]{0,39}$")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Text = Annotated[str, msgspec.Meta(max_length=500)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base: unknown fields are refused, so a slip in a file is seen."""


class AuthorityData(_Part, frozen=True):
    """Authority to sign of a post."""

    mode: Mode
    """Capacity."""
    body: str = ""
    """Body signed for; "" = the post's own."""
    for_title: Text = ""
    """Line printed after the mode's word."""
    own_title: Text = ""
    """Title of the signer."""
    granted_by: str = ""
    """Id of the post that gave it; "" = by statute."""
    basis: Text = ""
    """Regulation or written mandate."""
    valid_from: date | None = None
    """First day; None = the post's."""
    valid_to: date | None = None
    """First day no longer in force."""


class PersonData(_Part, frozen=True):
    """An account that holds a post. The same username at several posts is one person in several posts."""

    username: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._{}-]{1,63}$")]
    """Name to sign in with."""
    full_name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """Name shown; may be "" where the username was given before."""
    kind: HoldingKind = HoldingKind.APPOINTED
    """How the post is held."""
    valid_from: date | None = None
    """First day; None = the post's."""
    valid_to: date | None = None
    """First day no longer held."""
    basis: Text = ""
    """Decision."""


class PostData(_Part, frozen=True):
    """A post."""

    key: Key
    """Key inside the body; its id is ``<body>.<key>``."""
    title: Name
    """Title."""
    role: Role
    """Role."""
    unit: str = ""
    """Key of its unit; "" = directly under the body."""
    authorities: tuple[AuthorityData, ...] = ()
    """Rights to sign."""
    people: tuple[PersonData, ...] = ()
    """Who holds it."""
    valid_from: date | None = None
    """First day; None = the body's."""
    valid_to: date | None = None
    """Abolished from this day; None = the body's."""


class UnitData(_Part, frozen=True):
    """A unit."""

    key: Key
    """Key inside the body; its id is ``<body>.<key>``."""
    name: Name
    """Name."""
    abbreviation: Annotated[str, msgspec.Meta(max_length=20)] = ""
    """Letters in notations."""
    parent: str = ""
    """Key of the unit above."""
    valid_from: date | None = None
    """First day; None = the body's."""
    valid_to: date | None = None
    """Closed from this day; None = the body's."""


class TemplateData(_Part, frozen=True):
    """Units and posts that bodies of one kind share."""

    units: tuple[UnitData, ...] = ()
    """Units."""
    posts: tuple[PostData, ...] = ()
    """Posts; texts may hold ``{label}``, ``{slug}``, ``{title_line}``."""


class BodyData(_Part, frozen=True):
    """A body."""

    code: Annotated[str, msgspec.Meta(min_length=2, max_length=35)]
    """Identifier, new form; its slug is the id of the body."""
    name: Name
    """Full name."""
    bloc: Bloc
    """First axis."""
    level: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{2,20}$")]
    """Second axis."""
    profile: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{2,20}$")]
    """Format profile."""
    valid_from: date
    """First day."""
    code_old: Annotated[str, msgspec.Meta(max_length=35)] | None = None
    """Identifier, old form; None = mapped from the new one where that can be; "" = it has none."""
    name_en: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """English name."""
    short_name: Annotated[str, msgspec.Meta(max_length=100)] = ""
    """Name in lists; "" = the full name."""
    abbreviation: Annotated[str, msgspec.Meta(max_length=20)] = ""
    """Letters in notations."""
    parent: str = ""
    """Id of the body above."""
    superior_name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """Line above the name in the heading."""
    place: Annotated[str, msgspec.Meta(max_length=50)] = ""
    """Place in the date line."""
    has_seal: bool = True
    """It has a seal of its own."""
    kept_by: str = ""
    """Id of the body whose clerk keeps its books; "" = its own clerk."""
    valid_to: date | None = None
    """Closed from this day."""
    successor: str = ""
    """Id of the body that took over."""
    label: str = ""
    """What templates call it; "" = the short name."""
    slug: str = ""
    """What templates put after the dot of usernames; "" = its id."""
    title_line: str = ""
    """What templates print after TM (the collective body's name in capitals)."""
    template: str = ""
    """Name of the template; "" = none."""
    units: tuple[UnitData, ...] = ()
    """Units beside those of the template."""
    posts: tuple[PostData, ...] = ()
    """Posts beside those of the template."""

    @property
    def id(self) -> str:
        """Id of the body: the slug of its code."""
        return slug(self.code)

    @property
    def old_form(self) -> str:
        """Identifier in the old form, given or mapped; "" = none."""
        return self.code_old if self.code_old is not None else (to_old_form(self.code) or "")


class MandateData(_Part, frozen=True):
    """A supervisor's mandate."""

    username: str
    """Supervisor."""
    bodies: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    """Ids of the bodies that may be read."""
    valid_from: date
    """First day."""
    valid_to: date
    """First day no longer in force."""
    basis: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    """Decision or inspection plan."""


class TreeData(_Part, frozen=True):
    """A whole tree, or a part of one."""

    bodies: tuple[BodyData, ...] = ()
    """Bodies; a parent may stand after its children."""
    templates: dict[str, TemplateData] = {}
    """Templates by name."""
    mandates: tuple[MandateData, ...] = ()
    """Supervisors' mandates; they come in with the accounts."""

    def expanded(self) -> TreeData:
        """Return the tree with every template filled in; raises ValueError for an unknown template."""
        bodies = tuple(_expand(body, self.templates) for body in self.bodies)
        return TreeData(bodies=bodies, mandates=self.mandates)


def _expand(body: BodyData, templates: dict[str, TemplateData]) -> BodyData:
    if not body.template:
        return body
    if body.template not in templates:
        raise ValueError(f"{body.id}: no template {body.template}")
    template = templates[body.template]
    words = {
        "label": body.label or body.short_name or body.name,
        "slug": body.slug or body.id,
        "title_line": body.title_line,
        "body": body.id,
    }
    own = {post.key for post in body.posts}
    posts = [_fill_post(post, words) for post in template.posts if post.key not in own]
    return msgspec.structs.replace(
        body,
        template="",
        units=template.units + body.units,
        posts=(*posts, *body.posts),
    )


def _filled(text: str, words: dict[str, str]) -> str:
    # Not str.format: what is brought in may hold any braces.
    for word, value in words.items():
        text = text.replace("{" + word + "}", value)
    return text


def _fill_post(post: PostData, words: dict[str, str]) -> PostData:
    return msgspec.structs.replace(
        post,
        title=_filled(post.title, words),
        authorities=tuple(
            msgspec.structs.replace(
                authority,
                for_title=_filled(authority.for_title, words),
                own_title=_filled(authority.own_title, words),
                granted_by=_filled(authority.granted_by, words),
            )
            for authority in post.authorities
        ),
        people=tuple(
            msgspec.structs.replace(
                person,
                username=_filled(person.username, words),
                full_name=_filled(person.full_name, words),
            )
            for person in post.people
        ),
    )


def read_tree(path: Path) -> TreeData:
    """Read one TOML file, or all of a folder (and below) as one tree, templates filled in.

    Raises ValueError that names the file and what is wrong, OSError.
    """
    files: Sequence[Path] = sorted(path.rglob("*.toml")) if path.is_dir() else [path]
    bodies: list[BodyData] = []
    templates: dict[str, TemplateData] = {}
    mandates: list[MandateData] = []
    for file in files:
        try:
            part = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), TreeData)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise ValueError(f"{file.name}: {error}") from error
        bodies.extend(part.bodies)
        templates.update(part.templates)
        mandates.extend(part.mandates)
    return TreeData(bodies=tuple(bodies), templates=templates, mandates=tuple(mandates)).expanded()
