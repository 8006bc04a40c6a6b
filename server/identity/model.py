"""What identity keeps: accounts, sessions, tokens, mandates, grants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from server.kernel.actor import Actor, Role
from server.organisations.model import HoldingKind


class AccountState(StrEnum):
    """Where an account is in its life."""

    INVITED = "invited"
    """Made, has no password yet."""
    ACTIVE = "active"
    """May sign in."""
    LOCKED = "locked"
    """Stopped by an administrator until unlocked; not the short rest after wrong passwords."""
    LEFT = "left"
    """The person has gone; the name stays for history, nothing works any more."""


class LinkPurpose(StrEnum):
    """What a one-time link is for."""

    INVITATION = "invitation"
    """First password of a new account."""
    RESET = "reset"
    """A new password after the old one was lost."""


@dataclass(frozen=True, slots=True)
class MachineActor(Actor):
    """An actor that came with a machine token: it may do only what the scopes name."""

    scopes: frozenset[str] = frozenset()
    """Actions of the permission table."""


@dataclass(frozen=True, slots=True)
class ObligedActor(Actor):
    """An actor that must do something before anything else; it has no role until then."""

    obligations: tuple[str, ...] = ()
    """``password``: change it; ``totp``: set up a second factor."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account, without its secrets."""

    id: str
    """Id."""
    username: str
    """Name to sign in with; lower case; never used again for another person."""
    full_name: str
    """Name shown and printed."""
    email: str
    """Mail; "" = none."""
    phone: str
    """Telephone; "" = none."""
    state: AccountState
    """State."""
    must_change_password: bool
    """The password was set by somebody else and must be changed first."""
    has_password: bool
    """A password is set."""
    totp_enabled: bool
    """A second factor is set up."""
    created_at: datetime
    """Made at."""
    version: int
    """Counts its changes."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that is being made."""

    username: str
    """Name to sign in with; kept in lower case."""
    full_name: str
    """Name shown and printed."""
    email: str = ""
    """Mail."""
    phone: str = ""
    """Telephone."""


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A post that an account may act in today."""

    post_id: str
    """Post."""
    post_title: str
    """Its title."""
    role: Role
    """Its role."""
    body_id: str
    """Its body."""
    body_name: str
    """Name of the body."""
    unit_id: str
    """Its unit; "" = directly under the body."""
    kind: HoldingKind
    """How it is held."""
    valid_to: date | None
    """Last day + 1; None = open."""


@dataclass(frozen=True, slots=True)
class AccountDetail:
    """An account with the posts it may act in today."""

    account: Account
    """The account."""
    posts: tuple[HeldPost, ...]
    """Posts, own ones first."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """Who stands behind a session cookie or a bearer token."""

    actor: Actor
    """The actor, in the post chosen; an ``ObligedActor`` without a role while an obligation is open."""
    session_id: str
    """Session or token."""
    expires_at: datetime
    """When it ends at the latest."""
    obligations: tuple[str, ...]
    """What must be done before anything else: ``password`` (change it), ``totp`` (set it up)."""
    machine: bool
    """It is a machine token."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Answer of a sign-in. The token goes into the cookie and nowhere else."""

    token: str
    """Session token: 256 random bits; the server keeps only its SHA-256."""
    resumed: Resumed
    """The session as it begins."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session in the list of one's own sessions."""

    id: str
    """Id."""
    created_at: datetime
    """Signed in at."""
    last_seen_at: datetime
    """Last act, to the minute."""
    expires_at: datetime
    """Ends at the latest."""
    address: str
    """Network address of the sign-in."""
    user_agent: str
    """What the browser calls itself."""


@dataclass(frozen=True, slots=True)
class TotpSetup:
    """A new second factor, shown once; it counts only after a code of it was entered."""

    secret: str
    """Base32 secret."""
    uri: str
    """``otpauth://`` address for the QR code."""


@dataclass(frozen=True, slots=True)
class RecoveryCodes:
    """Codes that each replace one TOTP code, shown once."""

    codes: tuple[str, ...]
    """The codes."""


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """A way to set a password once, shown once to whoever passes it on."""

    account_id: str
    """Account."""
    username: str
    """Its name to sign in with."""
    token: str
    """Secret part of the link."""
    expires_at: datetime
    """Worthless after this instant."""


@dataclass(frozen=True, slots=True)
class MachineToken:
    """A machine token in a list, without its secret."""

    id: str
    """Id."""
    account_id: str
    """Account it acts for."""
    post_id: str
    """Post it acts in."""
    name: str
    """What it is for."""
    scopes: tuple[str, ...]
    """Actions it may do."""
    created_at: datetime
    """Made at."""
    expires_at: datetime
    """Ends at."""
    revoked_at: datetime | None
    """Revoked at; None = in force until it ends."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new machine token; its secret is shown once."""

    token: MachineToken
    """What is kept."""
    secret: str
    """What the machine sends as bearer."""


@dataclass(frozen=True, slots=True)
class Mandate:
    """A supervisor's right to read, with bodies, dates and basis."""

    id: str
    """Id."""
    account_id: str
    """Supervisor."""
    body_ids: tuple[str, ...]
    """Bodies whose unrestricted documents may be read."""
    valid_from: date
    """First day."""
    valid_to: date
    """First day no longer in force."""
    basis: str
    """Decision or inspection plan."""
    ended_at: datetime | None
    """Ended early at; None = it runs to its date."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One way in to a subject."""

    body_id: str
    """Body in which the subject is handled; what a mandate names."""
    grantee: str
    """``post:<id>`` or ``role:<body>:<role>``."""
    reason: str
    """Why: drafter, approver, recipient, assigned, ..."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A post's work went to another person: answer of the act."""

    post_id: str
    """Post."""
    from_account_ids: tuple[str, ...]
    """Who held it; empty when it was vacant."""
    to_account_id: str
    """Who holds it now."""
    valid_from: date
    """From this day."""


@dataclass(frozen=True, slots=True)
class Left:
    """A person has left: answer of the act."""

    account_id: str
    """Account."""
    sessions_ended: int
    """Sessions ended at once."""
    tokens_revoked: int
    """Machine tokens revoked."""
    holdings_ended: int
    """Posts no longer held."""
    handed_over: tuple[HandedOver, ...]
    """Posts that went to others in the same act."""
    left_vacant: tuple[str, ...]
    """Posts that nobody holds now."""
