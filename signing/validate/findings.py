"""What is known of one signature so far; filled step by step."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as member
from datetime import datetime

from signing.model import Level
from signing.validate.differences import Difference
from signing.validate.message import Message
from signing.validate.report import (
    Changes,
    Coverage,
    Indication,
    Integrity,
    Revocation,
    SignatureReport,
    SubIndication,
    TimeSource,
)
from signing.validate.timestamps import Token


@dataclass(slots=True)
class Findings:
    """One signature or document time-stamp."""

    field: str
    signer: str | None = None
    organ_id: str | None = None
    signed_at: datetime | None = None
    time_source: TimeSource = TimeSource.CLAIMED
    level: Level | None = None
    integrity: Integrity = Integrity.BROKEN
    covers: Coverage = Coverage.REVISION
    changes: Changes = Changes.NOT_ALLOWED
    sub_indication: SubIndication | None = None
    failed: bool = False
    reason: str = ""
    revocation: Revocation = Revocation.NOT_CHECKED
    end: int = 0
    """Where the signed revision ends; 0 as long as it is not known."""
    proved_at: datetime | None = None
    differences: tuple[Difference, ...] = ()
    pades: bool = False
    """Its form is that of PAdES (ETSI.CAdES.detached)."""
    message: Message | None = None
    token: Token | None = None
    """Set when it is a document time-stamp."""
    stamps: list[Token] = member(default_factory=list)
    """Signature time-stamps over its value."""

    def fail(self, sub: SubIndication, reason: str) -> None:
        """Record a failure; the first one stays."""
        if not self.failed:
            self.failed, self.sub_indication, self.reason = True, sub, reason

    def doubt(self, sub: SubIndication, reason: str) -> None:
        """Record why nothing can be decided; a failure and an earlier doubt stay."""
        if not self.failed and self.sub_indication is None:
            self.sub_indication, self.reason = sub, reason

    def report(self, *, judged: bool) -> SignatureReport:
        """Return the finished report."""
        indication = Indication.TOTAL_PASSED
        if self.failed:
            indication = Indication.TOTAL_FAILED
        elif self.sub_indication is not None:
            indication = Indication.INDETERMINATE
        return SignatureReport(
            field=self.field,
            signer=self.signer,
            organ_id=self.organ_id,
            signed_at=self.signed_at,
            time_source=self.time_source,
            level=self.level,
            indication=indication if judged else None,
            integrity=self.integrity,
            sub_indication=self.sub_indication,
            revocation=self.revocation,
            covers=self.covers,
            changes_after=self.changes,
            reason=self.reason,
            document_time_stamp=self.token is not None,
            revision_end=self.end,
            proved_at=self.proved_at,
            differences=self.differences,
        )
