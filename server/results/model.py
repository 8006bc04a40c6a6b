"""What a result is: one signed file for one applicant, made in a batch with others of its procedure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from storage.sql.rows import Json

BATCH = "result_batch"
"""Word of the room for batches, in audit entries and in need to know."""
RESULT = "result"
"""Word of the room for single results in audit entries."""
ROWS_MAX = 500
"""Results of one batch."""


class Source(StrEnum):
    """Where the pages of the results of a batch come from."""

    FORM = "form"
    """Set from the rows by the form of the procedure."""
    FILES = "files"
    """Uploaded PDFs, one for each row; a page with number, signature, seal and QR is put behind each."""


class Stage(StrEnum):
    """What the results of a batch wait for; the one that is least far on decides."""

    DRAFT = "draft"
    """Some are not made yet."""
    TO_SIGN = "to_sign"
    """Some wait for the responsible person."""
    TO_SEAL = "to_seal"
    """Some wait for number, date and seal."""
    ISSUED = "issued"
    """All that were not taken out are issued."""


class State(StrEnum):
    """Where one result stands."""

    NEW = "new"
    """A row; its file is not made yet."""
    MADE = "made"
    """The file is made and waits for the signature."""
    SIGNED = "signed"
    """The responsible person has signed."""
    NUMBERED = "numbered"
    """It has taken its number, which is not on the page yet."""
    ISSUED = "issued"
    """Numbered, sealed, in force."""
    REVOKED = "revoked"
    """Taken back by the body, with a reason."""
    REPLACED = "replaced"
    """Another result stands in its place."""
    DROPPED = "dropped"
    """Taken out of the batch before it was issued."""


PUBLIC = frozenset({State.ISSUED, State.REVOKED, State.REPLACED})
"""States in which the public can find a result: it has been issued once."""


class Work(StrEnum):
    """What is being done with a whole batch in the background."""

    NONE = ""
    """Nothing."""
    MAKE = "make"
    """Files are made."""
    SIGN = "sign"
    """The responsible person's signature is put on."""
    SEAL = "seal"
    """Number, date and seal are put on."""


class Handed(StrEnum):
    """How a result came to the applicant."""

    PRINTED = "printed"
    """A print was given at the counter."""
    LINK = "link"
    """The look-up code or its QR was given; the file is fetched with it."""
    POST = "post"
    """Sent by post."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts or signs, as named then."""

    account_id: str
    """Account."""
    name: str
    """Full name."""
    post_id: str
    """Post acted in."""
    title: str
    """Title of that post."""


@dataclass(frozen=True)
class Batch:
    """Results of one procedure that are made, signed and sealed together."""

    id: str
    """Id."""
    body_id: str
    """Body whose officers prepare it and whose clerk seals it: the one-stop centre."""
    body_name: str
    """Its name."""
    issuer_id: str
    """Body competent for the result: it stands in the heading, and the signer signs for it."""
    issuer_name: str
    """Its name."""
    procedure: str
    """Code of the procedure."""
    procedure_from: date
    """First day of the version of the procedure that applies to the batch for ever."""
    title: str
    """What the officer calls it."""
    source: Source
    """Where the pages come from."""
    signer: Annotated[Person, Json]
    """The responsible person."""
    author: Annotated[Person, Json]
    """Who prepared it."""
    stage: Stage
    """What it waits for."""
    work: Work
    """What is being done with it now."""
    work_id: str
    """Id of that run; "" = none has begun yet."""
    work_by: str
    """The actor of the run as JSON; "" = no run."""
    work_at: datetime | None
    """When the run began."""
    total: int
    """Results in it, dropped ones too."""
    version: int
    """Counts its changes."""
    created_at: datetime
    """When it was made."""
    updated_at: datetime
    """When it last changed."""


@dataclass(frozen=True)
class Result:
    """One result."""

    id: str
    """Id."""
    batch_id: str
    """Its batch."""
    body_id: str
    """Body that seals it."""
    n: int
    """Place in the batch, from 1."""
    code: str
    """Look-up code without hyphens."""
    state: State
    """Where it stands."""
    dossier: str
    """Code of the dossier it answers; "" = not given."""
    holder: str
    """Name of the applicant as printed."""
    fields: Annotated[dict[str, str], Json]
    """Everything else the row said, by key of the procedure's fields."""
    second: str
    """The second fact that opens the file, normalised; "" = the procedure asks for none."""
    file_name: str
    """Name of the uploaded file that belongs to the row; "" = set from a form."""
    source_digest: str
    """The uploaded file; "" = none yet."""
    made_digest: str
    """The file before any signature; "" = not made."""
    signed_digest: str
    """The file with the person's signature only; "" = not signed."""
    digest: str
    """The issued file; "" = not issued."""
    size_bytes: int
    """Length of the issued file; 0 = not issued."""
    pages: int
    """Pages."""
    signed_at: datetime | None
    """When the person signed."""
    number_id: str
    """Number in the register; "" = none."""
    number_text: str
    """Number and notation; "" = none."""
    number_date: date | None
    """Date of issue printed beside it."""
    issued_at: datetime | None
    """When it was sealed."""
    sealed_by: str
    """Name of the clerk who sealed; "" = nobody yet."""
    problem: str
    """Code of what went wrong at the last try; "" = nothing."""
    problem_params: Annotated[dict[str, str | int], Json]
    """Parameters of that message."""
    tried: str
    """Run that last tried it."""
    handed_at: datetime | None
    """When it came to the applicant; None = not yet."""
    handed_how: str
    """How: printed, link, post; "" = not yet."""
    ended_at: datetime | None
    """When it was revoked, replaced or dropped."""
    ended_reason: str
    """Why."""
    ended_by: str
    """Who."""
    replaced_by: str
    """Id of the result that stands in its place; "" = none."""
    version: int
    """Counts its changes."""


@dataclass(frozen=True, slots=True)
class Row:
    """What an officer gives for one result."""

    holder: str
    """Name of the applicant."""
    dossier: str = ""
    """Code of the dossier."""
    file_name: str = ""
    """Name of the file that is uploaded for it (batches of uploads)."""
    fields: dict[str, str] = field(default_factory=dict)
    """By key of the procedure's fields."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many results of a batch stand somewhere."""

    state: State
    """Where."""
    n: int
    """How many."""
    problems: int
    """How many of them failed at the last try."""
    tried: int
    """How many of them the present run has tried."""


@dataclass(frozen=True)
class BatchRow:
    """A line of the list of batches."""

    id: str
    """Id."""
    title: str
    """Title."""
    procedure: str
    """Code of the procedure."""
    body_name: str
    """Body."""
    signer: Annotated[Person, Json]
    """The responsible person."""
    stage: Stage
    """What it waits for."""
    work: Work
    """What is being done."""
    total: int
    """Results."""
    issued: int
    """Issued so far."""
    problems: int
    """Failed at the last try."""
    updated_at: datetime
    """When it last changed."""


@dataclass(frozen=True)
class BatchView:
    """A batch with its counts and what the actor may do now."""

    batch: Batch
    """The batch."""
    counts: tuple[Count, ...]
    """By state."""
    procedure_vi: str
    """Name of the procedure."""
    procedure_en: str
    """In English."""
    acts: tuple[str, ...]
    """What the actor may do now: attach, make, sign, seal, drop, hand_over, revoke, replace."""

    def count(self, *states: State) -> int:
        """Return how many results stand in these states."""
        return sum(one.n for one in self.counts if one.state in states)

    @property
    def problems(self) -> int:
        """How many failed at the last try."""
        return sum(one.problems for one in self.counts)

    @property
    def done(self) -> int:
        """How many the run under way has tried."""
        return sum(one.tried for one in self.counts)


@dataclass(frozen=True, slots=True)
class Changed:
    """The answer to an act on a batch."""

    id: str
    """The batch."""
    version: int
    """Its version now."""
    stage: Stage
    """What it waits for."""
    work: Work
    """What is being done with it now."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The answer to an act on one result."""

    id: str
    """The result."""
    code: str
    """Its code as printed."""
    state: State
    """Where it stands now."""
    version: int
    """Its version now."""


@dataclass(frozen=True, slots=True)
class Attached:
    """The answer to an uploaded file that was put to its row."""

    id: str
    """The result."""
    n: int
    """Its place in the batch."""
    file_name: str
    """Name of the file."""
    digest: str
    """The file."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Outbox message ``results.run``: go on with what is being done with a batch."""

    batch_id: str
    """The batch."""
    work_id: str
    """The run that is meant; another run by now means that this one is over."""
    part: int
    """Counts the messages of the run, so that each is its own."""


@dataclass(frozen=True, slots=True)
class BatchFilter:
    """Which batches are wanted."""

    stage: Stage | None = None
    """Waiting for this; None = all."""
    q: str = ""
    """Words of the title."""


@dataclass(frozen=True, slots=True)
class ResultFilter:
    """Which results of a batch are wanted."""

    state: State | None = None
    """Standing there; None = all."""
    problems: bool = False
    """Only those that failed at the last try."""
    q: str = ""
    """Words of applicant, dossier, number or code."""
