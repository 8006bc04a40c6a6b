"""Bodies and queries of results."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from server.results.model import BatchFilter, Handed, ResultFilter, Source, Stage, State
from web.routes import Body, PageQuery

Text = Annotated[str, Meta(max_length=500)]
Reason = Annotated[str, Meta(min_length=1, max_length=2000)]
Version = Annotated[int, Meta(ge=1, le=2**53)]
BIG_ROWS_BYTES = 2 * 1024 * 1024
"""500 rows of long cells are larger than other bodies."""


class RowBody(Body):
    """One result to be made."""

    holder: Text
    """Name of the applicant as printed."""
    dossier: Text = ""
    """Code of the dossier; "" = none."""
    file_name: Text = ""
    """Name of the file that will be uploaded for it; batches of files only."""
    fields: dict[Annotated[str, Meta(max_length=40)], Text] = msgspec.field(default_factory=dict)
    """Values by key of the procedure's fields."""


class CreateBatch(Body):
    """A batch of results of one procedure."""

    procedure: Annotated[str, Meta(min_length=1, max_length=60)]
    """Code of the procedure."""
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    """What officers call the batch."""
    signer_post: Annotated[str, Meta(min_length=1, max_length=200)]
    """Post of the responsible person; it has authority to sign for its body."""
    rows: Annotated[list[RowBody], Meta(min_length=1, max_length=500)]
    """One for each result."""
    source: Source = Source.FORM
    """Whether files are set from the form or uploaded."""


class AttachFile(Body):
    """A file taken in before, for the row that names it."""

    name: Annotated[str, Meta(min_length=1, max_length=255)]
    """Name of the file, as the row has it."""
    digest: Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")]
    """The file."""


class OnVersion(Body):
    """An act on a batch as the caller saw it."""

    version: Version
    """Version that the caller saw."""


class WithReason(OnVersion):
    """An act on a result with its reason."""

    reason: Reason
    """Why; of a revocation and a replacement the public reads it."""


class HandOver(OnVersion):
    """How the result came to the applicant."""

    how: Handed
    """printed, link or post."""


class Replace(WithReason):
    """Another result stands in the place of this one."""

    by_code: Annotated[str, Meta(min_length=1, max_length=40)]
    """Look-up code of the result that replaces it."""


class Fact(Body):
    """The second fact that opens a file."""

    fact: Annotated[str, Meta(max_length=100)] = ""
    """What the procedure asks for; "" where the result is public."""


class BatchesQuery(PageQuery):
    """Filters of the list of batches."""

    stage: Stage | None = None
    """Waiting for this."""
    q: Annotated[str, Meta(max_length=200)] = ""
    """Words of the title."""

    @property
    def wanted(self) -> BatchFilter:
        """The filter as the service takes it."""
        return BatchFilter(stage=self.stage, q=self.q)


class ResultsQuery(PageQuery):
    """Filters of the results of a batch."""

    state: State | None = None
    """Standing there."""
    problems: bool = False
    """Only those that failed at the last try."""
    q: Annotated[str, Meta(max_length=200)] = ""
    """Words of applicant, dossier, number or code."""

    @property
    def wanted(self) -> ResultFilter:
        """The filter as the service takes it."""
        return ResultFilter(state=self.state, problems=self.problems, q=self.q)
