"""What the audit shows and what a verification can find."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from storage.sql.rows import Json

ADMINISTRATION = (
    "account", "body", "unit", "post", "holding", "authority", "mandate", "series", "profile", "session",
    "token", "key", "system",
)  # fmt: skip
"""Kinds of subject an administrator may read the record of; none of them has content."""


@dataclass(frozen=True)
class AuditRow:
    """One entry as an inspector reads it."""

    id: str
    """Id of the entry, sorted by time."""
    at: datetime
    """When."""
    account_id: str
    """Who: the account."""
    account_name: str
    """Who: the name as it was then."""
    post_id: str
    """For which post; "" = none."""
    body_id: str
    """For which body; "" = none."""
    on_behalf: str
    """Delegation used; "" = own post."""
    channel: str
    """Through which door."""
    address: str
    """From which network address."""
    request_id: str
    """In which request."""
    action: str
    """What: ``room.verb``."""
    subject_kind: str
    """To what: its kind."""
    subject_id: str
    """To what: its id."""
    subject_body: str
    """To what: the body it belongs to."""
    old_digest: str
    """Digest of the value before; "" = none."""
    new_digest: str
    """Digest of the value after; "" = none."""
    detail: Annotated[dict[str, str | int], Json]
    """Codes, numbers, states and ids; never contents."""
    position: int | None
    """Place in the tree; None = not placed yet (a second or two)."""


class Fault(StrEnum):
    """What can be wrong with the record."""

    CHANGED = "changed"
    """A row does not give the hash that was logged for it."""
    REMOVED = "removed"
    """The log has a leaf whose row is gone."""
    INSERTED = "inserted"
    """A row exists that never got a leaf in its turn."""
    REORDERED = "reordered"
    """A row stands at another place than it was logged at."""
    HEAD = "head"
    """A signed head does not fit the leaves before it, or its signature is wrong."""
    LEAF = "leaf"
    """The leaf file has another hash than row and tile."""
    TILE = "tile"
    """A tile is gone, cannot be read, or is not what the leaves give."""
    CHECKPOINT = "checkpoint"
    """A published checkpoint, its time-stamp or a cosignature does not fit the leaves."""
    CUT = "cut"
    """The log outside the database is shorter than what was placed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, named so that a person can go and look."""

    fault: Fault
    """What is wrong."""
    position: int | None
    """Place in the tree, if it has one."""
    entry_id: str
    """Entry, if it can be named; "" = none."""
    text: str
    """One plain sentence."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification saw."""

    entries: int
    """Entries placed in the tree."""
    heads: int
    """Signed heads checked."""
    tiles: int
    """Stored tiles checked."""
    checkpoints: int
    """Published checkpoints checked."""
    witnesses: tuple[str, ...]
    """Witnesses that cosigned the newest checkpoint; () = no independent witness."""
    root: str
    """Root of the whole tree, hex; "" = empty."""
    findings: tuple[Finding, ...]
    """Faults, in order of position; () = none. At most 100 are listed."""

    @property
    def ok(self) -> bool:
        """Tell whether nothing was found."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class Proof:
    """Inclusion of one entry under one signed head (RFC 6962 section 2.1.1)."""

    entry_id: str
    """The entry."""
    position: int
    """Its place."""
    leaf_hash: str
    """Hex."""
    salt: str
    """Hex; with it and the entry anybody can compute the leaf hash."""
    entry: dict[str, str]
    """The canonical entry."""
    path: tuple[str, ...]
    """Hashes from leaf to root, hex."""
    checkpoint: str
    """The signed head, C2SP text."""


@dataclass(frozen=True, slots=True)
class Attested:
    """The newest published checkpoint and what others said of it."""

    size: int
    """Entries under it."""
    at: datetime
    """When the node signed it."""
    note: str
    """C2SP text with the signature of the node and every cosignature."""
    signed_note: str
    """The same with the signature of the node alone: what the time-stamp is over."""
    token: bytes
    """RFC 3161 token, DER; b"" = not time-stamped."""
    witnesses: tuple[str, ...]
    """Names of the witnesses that cosigned; () = no independent witness."""
    verifier: str
    """Verifier key of the log."""


@dataclass(frozen=True, slots=True)
class WitnessState:
    """What is known of one witness."""

    name: str
    """Its name."""
    verifier: str
    """Its verifier key."""
    size: int
    """Size it cosigned last; 0 = none."""
    alarm: str
    """``fork`` or ``rollback`` when it refused what the log signed; "" = nothing."""
