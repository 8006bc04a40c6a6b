"""What evidence is: a record in canonical bytes, and the signature over them that is never made twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

FORMAT = 1
"""Version of the fields of a record; a later one may add fields, never change a meaning."""


class Event(StrEnum):
    """What a record is evidence of; the standard's names stand in ``config/evidence/events.toml``."""

    SUBMISSION_ACCEPTANCE = "submission_acceptance"
    """The service took a document over for sending."""
    SUBMISSION_REJECTION = "submission_rejection"
    """It refused to."""
    CONSIGNMENT_NOTIFICATION = "consignment_notification"
    """The recipient was told that a document is there."""
    CONTENT_ACCESS = "content_access"
    """The recipient opened the content for the first time."""
    NOT_RECEIVED = "not_received"
    """Neither accepted nor refused in time."""
    NOT_OPENED = "not_opened"
    """The content was not opened in time."""
    NOT_ANSWERED = "not_answered"
    """Neither finished nor answered by the deadline."""


SILENCE = (Event.NOT_RECEIVED, Event.NOT_OPENED, Event.NOT_ANSWERED)
"""Events that are made of nothing having happened."""


class EvidenceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One record. Every field is text or a whole number, so the canonical form is unique."""

    format: int = FORMAT
    """Version of this layout."""
    id: str
    """Id of the record."""
    event: Event
    """What it is evidence of."""
    at: str
    """Instant at which it was seen, fixed-width RFC 3339 in UTC."""
    body: str
    """Body for which the service says it: the sender's side for a submission, else the recipient's."""
    sender: str
    """Body that sent."""
    recipient: str
    """Body it was sent to; "" = the sending as a whole."""
    document: str
    """Document; "" = it was not taken."""
    dispatch: str
    """Sending; "" = there is none."""
    arrival: str
    """Arrival; "" = the sending as a whole."""
    digest: str
    """``sha256:`` of the main file; "" = unknown."""
    account: str
    """Account that acted; ``system`` for what the service saw by itself."""
    account_name: str
    """Its name."""
    post: str
    """Post acted in; "" = none."""
    reason: str
    """Codes of what was wrong, or the rule by which the term ran; "" = none."""
    due: str
    """Instant at which the term ended; "" = there was none."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The signature over one record or receipt."""

    record_id: str
    """What was signed."""
    serial: str
    """Serial number of the certificate, hex."""
    signature: bytes
    """ECDSA P-256 over SHA-256 of the bytes, DER."""
    signed_at: datetime
    """When."""
    certificate: bytes
    """Certificate of the evidence key, DER."""


@dataclass(frozen=True, slots=True)
class SignedEvidence:
    """A record with its bytes and, once it is signed, its signature."""

    id: str
    """Id of the record."""
    event: str
    """Our word for the event."""
    at: datetime
    """When."""
    arrival_id: str
    """Arrival; "" = the sending as a whole."""
    dispatch_id: str
    """Sending."""
    content: str
    """Canonical JSON; its UTF-8 bytes are what the signature covers."""
    digest: str
    """``sha256:`` + hex of those bytes."""
    signature: Signature | None
    """None = not signed yet (a second or less)."""
