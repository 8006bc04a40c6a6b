"""What a notice is. Other rooms publish a ``Batch`` to the outbox under the kind ``DELIVER``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Protocol

import msgspec

from storage.sql.rows import Json

DELIVER: Final = "notifications.deliver"
"""Kind of the outbox message that becomes notices."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One notice to be made."""

    grantee: str
    """For whom: ``post:<id>`` or ``role:<body>:<role>``, as need to know names them."""
    body_id: str
    """Body it concerns."""
    subject_kind: str
    """What it is about: ``arrival``, ``dispatch``, ``document``."""
    subject_id: str
    """Its id."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Notices of one event; the outbox message that the event's own commit leaves behind."""

    event: str
    """``room.what_happened``; its sentence is the word ``notifications.<event>`` of the language files."""
    at: str
    """Instant of the event, fixed-width RFC 3339 in UTC."""
    urgent: bool
    """Shown first and at once."""
    params: dict[str, str]
    """Values that the sentence names: number, sender, subject. Never contents of restricted documents."""
    items: list[Item]
    """Whom it concerns."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as a person sees it."""

    id: str
    """Id, sorted by time."""
    event: str
    """What happened."""
    body_id: str
    """Body it concerns."""
    subject_kind: str
    """What it is about."""
    subject_id: str
    """Its id."""
    params: Annotated[dict[str, str], Json]
    """Values that its sentence names."""
    urgent: bool
    """Shown first and at once."""
    at: datetime
    """When it happened."""
    read_at: datetime | None
    """When this account read it; None = unread."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Figure beside the bell."""

    unread: int
    """Unread notices of the last 14 days; counting stops at 100."""
    urgent: int
    """Of these, urgent ones."""


@dataclass(frozen=True, slots=True)
class Marked:
    """The answer of marking."""

    read: int
    """Notices that were unread before."""


@dataclass(frozen=True, slots=True)
class Made:
    """Notices that were made now, for whoever carries them further."""

    event: str
    """What happened."""
    urgent: bool
    """Shown at once."""
    grantees: tuple[str, ...]
    """For whom, each once."""


class Sender(Protocol):
    """A way to carry notices to people: live pages, later mail and web push."""

    async def send(self, made: Made) -> None:
        """Carry them; must not raise for a person who cannot be reached."""
        ...
