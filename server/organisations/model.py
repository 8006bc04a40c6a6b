"""What an organisation is: bodies, units, posts, holdings, authorities to sign.

All spans are half-open: ``valid_from`` is the first day, ``valid_to`` the first day on which it no longer
holds ("closed from 01/07/2025"); None = open. Days are those of Viet Nam.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from server.kernel.actor import Role


class Bloc(StrEnum):
    """The first axis of a body: to which part of the political system it belongs."""

    PARTY = "party"
    """Party committees and their bodies."""
    ADMINISTRATION = "administration"
    """People's committees and their departments."""
    COUNCIL = "council"
    """People's councils, their committees and the office that serves them."""
    FRONT = "front"
    """Fatherland Front and mass organisations."""
    PUBLIC_UNIT = "public_unit"
    """Public service units: hospitals, schools, centres."""
    CENTRAL = "central"
    """Central agencies on the spot: tax, statistics, treasury."""


class Mode(StrEnum):
    """In which capacity a post signs (Decree 30/2020, Article 13; the printed words are the profile's)."""

    DIRECT = "direct"
    """In its own right: nothing is printed before the title."""
    TM = "TM"
    """Thay mặt: on behalf of a collective body (T/M in party documents)."""
    KT = "KT"
    """Ký thay: a deputy in the head's place (K/T)."""
    TL = "TL"
    """Thừa lệnh: by order of the head (T/L)."""
    TUQ = "TUQ"
    """Thừa ủy quyền: by a written mandate that cannot be passed on."""
    Q = "Q"
    """Quyền: acting head."""


class HoldingKind(StrEnum):
    """How a person came to a post."""

    APPOINTED = "appointed"
    """Holds it in their own right."""
    ACTING = "acting"
    """Fills it until somebody is appointed (quyền, phụ trách)."""
    DELEGATED = "delegated"
    """Stands in for the holder for named days; the holder keeps the post."""


@dataclass(frozen=True, slots=True)
class Body:
    """One body as it is (or was, when it is closed)."""

    id: str
    """Stable key: the slug of its first code (``z02-05``)."""
    code: str
    """Identifier of QĐ 20/2020 (``Z02.05``)."""
    code_old: str
    """Identifier of QCVN 102:2016 (``000.00.05.Z02``); "" = it has none."""
    name: str
    """Full name in Vietnamese, as it stands in its documents."""
    name_en: str
    """Full name in English."""
    short_name: str
    """Name in lists (``Sở Y tế``)."""
    abbreviation: str
    """Letters in the notation of its documents (``SYT``, ``TU``)."""
    bloc: Bloc
    """First axis."""
    level: str
    """Second axis: central, province, commune, unit, installation; data may bring others."""
    parent_id: str
    """Body above it in the tree; "" = top."""
    superior_name: str
    """Line above its name in the heading of its documents; "" = none."""
    place: str
    """Place in the date line (``Sông Mẫu, ngày ...``)."""
    profile: str
    """Format profile of its documents: party or state."""
    has_seal: bool
    """It has a seal of its own."""
    keeps_books: bool
    """Its own clerk keeps its books."""
    kept_by_body_id: str
    """Body whose clerk keeps its books when it does not; "" = its own."""
    valid_from: date
    """First day."""
    valid_to: date | None
    """Closed from this day; None = open."""
    successor_id: str
    """Body that took over when it closed; "" = none."""
    version: int
    """Counts its changes."""

    @property
    def keeper_id(self) -> str:
        """Body whose records clerk keeps this body's books."""
        return self.kept_by_body_id or self.id

    def open_on(self, day: date) -> bool:
        """Tell whether it exists on that day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class BodyForm:
    """How a body was called, coded and placed in one span of its life."""

    body_id: str
    """The body."""
    valid_from: date
    """First day of this form."""
    valid_to: date | None
    """First day of the next form, or of its closing; None = the present one."""
    code: str
    """Identifier of QĐ 20/2020 then."""
    code_old: str
    """Identifier of QCVN 102:2016 then; "" = none."""
    name: str
    """Full name then."""
    name_en: str
    """English name then."""
    short_name: str
    """Name in lists then."""
    abbreviation: str
    """Letters in notations then."""
    parent_id: str
    """Body above it then; "" = top."""
    superior_name: str
    """Line above its name then."""
    place: str
    """Place in the date line then."""
    basis: str
    """Decision that made this form; "" = not recorded."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit inside a body: office, division, section; of any depth."""

    id: str
    """``<body>.<key>``."""
    body_id: str
    """Its body."""
    parent_id: str
    """Unit above it; "" = directly under the body."""
    name: str
    """Name."""
    abbreviation: str
    """Letters after the body's in a công văn's notation (``UBND-VX``); "" = none."""
    valid_from: date
    """First day."""
    valid_to: date | None
    """Closed from this day; None = open."""


@dataclass(frozen=True, slots=True)
class Post:
    """A desk with a role. Need to know names posts, so work stays when the person goes."""

    id: str
    """``<body>.<key>``."""
    body_id: str
    """Its body."""
    unit_id: str
    """Its unit; "" = directly under the body."""
    title: str
    """Title as printed and shown."""
    role: Role
    """What it may do."""
    valid_from: date
    """First day."""
    valid_to: date | None
    """Abolished from this day; None = open."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A person in a post for a span of days."""

    id: str
    """Id."""
    post_id: str
    """The post."""
    account_id: str
    """The person's account."""
    kind: HoldingKind
    """How they came to it."""
    valid_from: date
    """First day."""
    valid_to: date | None
    """First day no longer held; None = open. A delegation always has one."""
    basis: str
    """Decision or letter; never "" for acting and delegated."""

    def holds_on(self, day: date) -> bool:
        """Tell whether the person holds the post on that day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Authority:
    """A post's right to sign for a body in one capacity, with dates."""

    id: str
    """Id."""
    post_id: str
    """Post that signs."""
    body_id: str
    """Body signed for."""
    mode: Mode
    """Capacity."""
    for_title: str
    """Line printed after the mode's word: ``ỦY BAN NHÂN DÂN``, ``CHỦ TỊCH``; "" for direct."""
    own_title: str
    """Title of the signer below it: ``PHÓ CHỦ TỊCH``; "" = none is printed."""
    granted_by_post_id: str
    """Post that gave it (TUQ, TL); "" = by statute or working regulation."""
    valid_from: date
    """First day."""
    valid_to: date | None
    """First day no longer in force; None = open. A TUQ always has one."""
    basis: str
    """Regulation or written mandate; never "" for TUQ."""

    def in_force_on(self, day: date) -> bool:
        """Tell whether it may be used on that day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who sits at a post today."""

    post_id: str
    """Post."""
    post_title: str
    """Its title."""
    role: Role
    """Its role."""
    body_id: str
    """Its body."""
    unit_id: str
    """Its unit; "" = directly under the body."""
    account_id: str
    """Person."""
    kind: HoldingKind
    """How they hold it."""


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """A body that documents can be sent to today."""

    id: str
    """Body."""
    code: str
    """Identifier."""
    name: str
    """Full name."""
    name_en: str
    """English name."""
    short_name: str
    """Name in lists."""
    bloc: Bloc
    """First axis."""
    level: str
    """Second axis."""
    parent_id: str
    """Body above."""


@dataclass(frozen=True, slots=True)
class Node:
    """A body in the tree of one day."""

    id: str
    """Body."""
    code: str
    """Identifier on that day."""
    name: str
    """Name on that day."""
    name_en: str
    """English name on that day."""
    short_name: str
    """Name in lists on that day."""
    bloc: Bloc
    """First axis."""
    level: str
    """Second axis."""
    parent_id: str
    """Body above on that day; "" = top."""
    depth: int
    """Steps from the top, 0 = top."""


@dataclass(frozen=True, slots=True)
class BodyDetail:
    """A body with what belongs to it, from one statement."""

    body: Body
    """The body."""
    forms: tuple[BodyForm, ...]
    """Its names, codes and places through time, oldest first."""
    units: tuple[Unit, ...]
    """Its units, closed ones too."""
    posts: tuple[Post, ...]
    """Its posts, abolished ones too."""
    authorities: tuple[Authority, ...]
    """Who signs for it, past ones too."""


@dataclass(frozen=True, slots=True)
class Closing:
    """A body was closed: answer of the act."""

    body: Body
    """The closed body."""
    units: int
    """Units closed with it."""
    posts: int
    """Posts abolished with it."""
    holdings: int
    """Holdings ended with it."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import changed; all zero on a second run with the same data."""

    bodies: int
    """Bodies written."""
    units: int
    """Units written."""
    posts: int
    """Posts written."""
    authorities: int
    """Authorities written."""
    warnings: tuple[str, ...]
    """Codes that look unusual: told, not refused (``<body id>: <code of the warning>``)."""
