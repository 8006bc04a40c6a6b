"""What the public learns: about a code, and about a file that somebody brings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Standing(StrEnum):
    """Whether an issued result is in force."""

    IN_FORCE = "in_force"
    REVOKED = "revoked"
    REPLACED = "replaced"


class Outcome(StrEnum):
    """What a file turned out to be."""

    ISSUED = "issued"
    """Byte for byte the result that was issued."""
    EXTENDED = "extended"
    """The issued result, followed by later additions that its signatures allow and that check out."""
    UNFINISHED = "unfinished"
    """A stage of a result before it was issued: not sealed, so not the result."""
    ALTERED = "altered"
    """It bears the code of an issued result, or begins as one does, but is not that file."""
    ELSEWHERE = "elsewhere"
    """Not issued here; every signature in it checks out."""
    BROKEN = "broken"
    """Not issued here; a signature in it does not check out."""
    UNCERTAIN = "uncertain"
    """Not issued here; its signatures can be neither proven nor refuted with what is known here."""
    UNSIGNED = "unsigned"
    """Not issued here, and nobody signed it."""
    UNREADABLE = "unreadable"
    """Not a PDF that can be judged safely."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages."""

    vi: str
    """Vietnamese."""
    en: str
    """English."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """The result that stands in the place of another."""

    code: str
    """Its code as printed."""
    number_text: str
    """Its number and notation; "" = none."""
    number_date: date | None
    """Its date."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature, as the check of the file found it."""

    signer: str
    """Name in the certificate; "" = no certificate was found."""
    organ_id: str
    """Identifier of the body in the certificate; "" = none."""
    signed_at: datetime | None
    """Time of signing; None = it names none."""
    time_source: str
    """timestamp or claimed."""
    level: str
    """PAdES level; "" = not PAdES."""
    indication: str
    """TOTAL_PASSED, TOTAL_FAILED, INDETERMINATE (EN 319 102-1); "" = not judged."""
    sub_indication: str
    """Why, in the standard's words; "" = passed."""
    integrity: str
    """intact or broken."""
    revocation: str
    """good, revoked, unknown or not_checked."""
    covers: str
    """whole_file or revision."""
    changes_after: str
    """none, allowed or not_allowed."""


@dataclass(frozen=True, slots=True)
class Check:
    """What the check of the signatures of a file found."""

    verdict: str
    """valid, invalid, indeterminate, unsigned, unreadable."""
    signatures: tuple[Signature, ...]
    """Each signature."""
    checked_at: datetime
    """When."""


@dataclass(frozen=True, slots=True)
class PublicResult:
    """What anybody with the code may know of a result: what is needed to rely on it, and no more."""

    code: str
    """Code as printed."""
    standing: Standing
    """Whether it is in force."""
    procedure: Words
    """Name of the procedure."""
    result: Words
    """What the result is."""
    holder: str
    """Applicant: the name of a person is masked, that of an organisation whole."""
    body: str
    """Body competent for the result."""
    sealed_by: str
    """Body whose seal it bears."""
    signer: str
    """Who signed."""
    signer_title: str
    """In which post."""
    signed_at: datetime | None
    """When the person signed."""
    issued_at: datetime | None
    """When it was sealed."""
    number_text: str
    """Number and notation; "" = it bears none."""
    number_date: date | None
    """Date printed on it."""
    pages: int
    """Pages of the issued file."""
    digest: str
    """``sha256:`` + hex of the issued file."""
    size_bytes: int
    """Its length."""
    ended_at: datetime | None
    """When it was revoked or replaced; None = in force."""
    ended_reason: str
    """Why; "" = in force."""
    replacement: Replacement | None
    """What stands in its place; None = nothing."""
    file: str
    """Who may fetch the file: ``open`` or ``second_fact``."""
    second: Words | None
    """The second fact that is asked for; None = none is."""
    check: Check | None
    """What the check of the issued file found; None = it has not run yet."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a file turned out to be."""

    outcome: Outcome
    """In one word."""
    digest: str
    """``sha256:`` + hex of the file; "" when it could not be taken in."""
    result: PublicResult | None
    """The result that it is, is a stage of, or bears the code of; None = none."""
    check: Check | None
    """What the check of its signatures found; None = it was not needed or not possible."""
    problem: str
    """Code of why it cannot be judged; "" = it could be."""
    problem_params: dict[str, str | int]
    """Parameters of that message."""
