"""The path of a document as a line with stations, and the same as a table for readers and printing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from server.circulation.codes import Code
from server.circulation.model import ArrivalDetail
from server.documents.model import Act, State
from server.documents.views import DocumentView

Mark = Literal["passed", "now", "ahead", "bad"]
WIDTH = 960
MARGIN = 70
PATH = (
    State.DRAFT,
    State.FORM_CHECK,
    State.APPROVAL,
    State.TO_SIGN,
    State.SIGNED,
    State.NUMBERED,
    State.SEALED,
    State.ISSUED,
)
"""Stations of a document; ``approval`` is left out when nobody approves."""


@dataclass(frozen=True, slots=True)
class Station:
    """One station."""

    word: str
    """Key of its name."""
    mark: Mark
    """Behind, here, ahead, or ended badly."""
    at: datetime | None = None
    """When it was reached; None = not yet, or not known."""
    who: str = ""
    """Who brought it there."""
    x: int = 0
    """Place on the line, of ``WIDTH``."""


def _placed(stations: Sequence[Station]) -> list[Station]:
    span = WIDTH - 2 * MARGIN
    gaps = max(1, len(stations) - 1)
    return [replace(station, x=MARGIN + span * index // gaps) for index, station in enumerate(stations)]


def of_document(view: DocumentView) -> list[Station]:
    """Return the line of a document: the newest round, from its steps."""
    document = view.document
    reached: dict[State, tuple[datetime, str]] = {State.DRAFT: (document.created_at, document.author_name)}
    for step in view.steps:
        if step.round == document.round or step.act is Act.SUBMIT:
            reached[step.to_state] = (step.at, step.account_name)
    path = [state for state in PATH if state is not State.APPROVAL or document.fields.chain]
    present = document.state
    if present is State.RETURNED:
        path = [State.DRAFT, State.RETURNED, *path[1:]]
    if present is State.WITHDRAWN:
        passed = [state for state in path if state in reached]
        path = [*passed, State.WITHDRAWN]
    here = path.index(present)
    stations = []
    for index, state in enumerate(path):
        at, who = reached.get(state, (None, ""))
        mark: Mark = "passed" if index < here or (state is State.ISSUED and index == here) else "ahead"
        if index == here and mark == "ahead":
            mark = "bad" if state is State.WITHDRAWN else "now"
        known = index <= here
        stations.append(
            Station(f"document.station.{state}", mark, at if known else None, who if known else "")
        )
    return _placed(stations)


def of_arrival(detail: ArrivalDetail) -> list[Station]:
    """Return the line of an arrival, from its receipts."""
    reached = {
        receipt.code: (datetime.fromisoformat(receipt.at), receipt.acting.name) for receipt in detail.receipts
    }
    path = [Code.ARRIVED, Code.ACCEPTED, Code.ASSIGNED, Code.IN_PROGRESS, Code.FINISHED]
    if detail.status in (Code.REFUSED, Code.RECALL_AGREED):
        path = [code for code in path if code in reached]
        path.append(detail.status)
    here = path.index(detail.status)
    stations = []
    for index, code in enumerate(path):
        at, who = reached.get(code, (None, ""))
        mark: Mark = "passed" if index < here else "ahead"
        if index == here:
            ended = code in (Code.REFUSED, Code.RECALL_AGREED)
            mark = "bad" if ended else "passed" if code is Code.FINISHED else "now"
        stations.append(Station(f"arrival.state.{code}", mark, at, who))
    return _placed(stations)
