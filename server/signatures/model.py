"""Keys that the server holds for persons and bodies, and what a verification found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from signing.model import Level


class OwnerKind(StrEnum):
    """Whose key it is."""

    PERSON = "person"
    """An account: signs as a person, whichever post is acted in."""
    BODY = "body"
    """A body: its seal."""


class KeyState(StrEnum):
    """Whether a key may sign."""

    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True)
class KeyRow:
    """One key of the inventory. The key itself stays in its file."""

    id: str
    """Id of the row."""
    owner_kind: OwnerKind
    """Person or body."""
    owner_id: str
    """Account or body."""
    subject: str
    """Common name in the certificate."""
    organ_id: str
    """Identifier of the body in the certificate; "" = none."""
    serial: str
    """Serial number, lower-case hex."""
    issuer: str
    """Name of the issuer (RFC 4514)."""
    not_before: datetime
    """Start of validity."""
    not_after: datetime
    """End of validity."""
    path: str
    """PKCS#12 file, relative to the folder of keys."""
    passphrase_path: str
    """File with its passphrase (0600), relative to the same folder."""
    image_path: str
    """PNG of the handwritten signature or of the seal, relative; "" = none."""
    state: KeyState
    """Whether it may sign."""
    added_at: datetime
    """When it came into the inventory."""


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as administrators see it: no paths."""

    id: str
    owner_kind: OwnerKind
    owner_id: str
    subject: str
    organ_id: str
    serial: str
    issuer: str
    not_before: datetime
    not_after: datetime
    state: KeyState


@dataclass(frozen=True)
class Verification:
    """What the check of a file's signatures found; made once for each digest."""

    digest: str
    """Digest of the file."""
    verdict: str
    """valid, invalid, indeterminate, unsigned, unreadable (contracts: verify --json)."""
    signatures: int
    """How many signatures it has."""
    report: str
    """The whole report as JSON (contracts: verify --json)."""
    verified_at: datetime
    """When."""


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """Outbox message ``signatures.verify``."""

    digest: str
    """File to be checked."""


@dataclass(frozen=True)
class LevelView:
    """How far the newest signature of a document came."""

    n: int
    """Version of the document's file."""
    wanted: Level
    reached: Level
    reason: str
    """Why it is below; "" = it is not."""
    at: datetime
