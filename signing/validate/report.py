"""What validation says, in the words of ETSI EN 319 102-1 (5.1.3), and its JSON form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from signing.model import Level
from signing.validate.differences import Difference


class Verdict(StrEnum):
    """The answer for one file."""

    VALID = "valid"
    INVALID = "invalid"
    INDETERMINATE = "indeterminate"
    UNSIGNED = "unsigned"
    UNREADABLE = "unreadable"


class Indication(StrEnum):
    """Status indication of one signature (EN 319 102-1, table 5)."""

    TOTAL_PASSED = "TOTAL_PASSED"
    TOTAL_FAILED = "TOTAL_FAILED"
    INDETERMINATE = "INDETERMINATE"


class SubIndication(StrEnum):
    """Sub-indications (EN 319 102-1, table 6), those that are given here."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    NOT_YET_VALID = "NOT_YET_VALID"
    TRY_LATER = "TRY_LATER"
    GENERIC = "GENERIC"


class Integrity(StrEnum):
    """Whether the signed bytes are those that were signed."""

    INTACT = "intact"
    BROKEN = "broken"


class Revocation(StrEnum):
    """What is known of the revocation of the signer's certificate and its issuers."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """A list of the issuer was given but cannot answer: too old, not signed by it."""
    NOT_CHECKED = "not_checked"
    """No list of the issuer was given, or trust was not judged."""


class Coverage(StrEnum):
    """How much of the file the signature covers."""

    WHOLE_FILE = "whole_file"
    REVISION = "revision"


class Changes(StrEnum):
    """What happened to the file after the signature."""

    NONE = "none"
    ALLOWED = "allowed"
    NOT_ALLOWED = "not_allowed"


class TimeSource(StrEnum):
    """Where the time of signing comes from."""

    TIMESTAMP = "timestamp"
    CLAIMED = "claimed"


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """One signature, judged alone."""

    field: str
    signer: str | None
    """Common name (a body's full name where that was cut); None when no certificate was found."""
    organ_id: str | None
    """organizationIdentifier of the subject."""
    signed_at: datetime | None
    time_source: TimeSource
    level: Level | None
    """None when it is not PAdES."""
    indication: Indication | None
    """None when trust was not judged."""
    integrity: Integrity
    sub_indication: SubIndication | None
    revocation: Revocation
    covers: Coverage
    changes_after: Changes
    reason: str = ""
    """One sentence for a person; not part of the JSON of the contract."""
    document_time_stamp: bool = False
    """It is no signature of anybody but a time-stamp of the whole document."""
    revision_end: int = 0
    """The signature saw the first so many bytes of the file; 0 when that cannot be told."""
    proved_at: datetime | None = None
    """Trusted time at which the signature is known to have existed; None when nothing proves one."""
    differences: tuple[Difference, ...] = ()
    """What was changed after it."""

    @property
    def sound(self) -> bool:
        """Intact, and followed by nothing but allowed changes."""
        broken = (SubIndication.FORMAT_FAILURE, SubIndication.HASH_FAILURE, SubIndication.SIG_CRYPTO_FAILURE)
        intact = self.integrity is Integrity.INTACT and self.sub_indication not in broken
        return intact and self.changes_after is not Changes.NOT_ALLOWED

    def as_detail(self) -> dict[str, object]:
        """Return the object of the contract with what a page of a signature shows besides."""
        proved = self.proved_at
        return {
            **self.as_json(),
            "reason": self.reason,
            "document_time_stamp": self.document_time_stamp,
            "revision_end": self.revision_end,
            "proved_at": proved.astimezone(UTC).isoformat().replace("+00:00", "Z") if proved else None,
            "differences": [difference.as_json() for difference in self.differences],
        }

    def as_json(self) -> dict[str, str | None]:
        """Return the object of the contract."""
        instant = self.signed_at
        return {
            "field": self.field,
            "signer": self.signer,
            "organ_id": self.organ_id,
            "signed_at": instant.astimezone(UTC).isoformat().replace("+00:00", "Z") if instant else None,
            "time_source": self.time_source.value,
            "level": self.level.value if self.level else None,
            "indication": self.indication.value if self.indication else None,
            "integrity": self.integrity.value,
            "sub_indication": self.sub_indication.value if self.sub_indication else None,
            "revocation": self.revocation.value,
            "covers": self.covers.value,
            "changes_after": self.changes_after.value,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """One file."""

    verdict: Verdict
    reason: str
    """One sentence: why, and what was not checked."""
    signatures: tuple[SignatureReport, ...] = ()
    file: str = ""
    """Path as the caller named it; empty when validated from memory."""

    def as_json(self) -> dict[str, object]:
        """Return the object of the contract."""
        return {
            "file": self.file,
            "verdict": self.verdict.value,
            "reason": self.reason,
            "signatures": [signature.as_json() for signature in self.signatures],
        }

    def as_detail(self) -> dict[str, object]:
        """Return :meth:`as_json` with what a page shows besides (see :meth:`SignatureReport.as_detail`)."""
        return self.as_json() | {"signatures": [signature.as_detail() for signature in self.signatures]}
