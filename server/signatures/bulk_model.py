"""Bulk: one act of a person signs or seals hundreds of files; each has an outcome of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Protocol

from server.kernel.actor import Actor
from server.signatures.offers_model import OfferFault
from server.unit import Unit
from storage.sql.rows import Json


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    DONE = "done"
    """Every item has its outcome."""
    STOPPED = "stopped"
    """Stopped by its owner; what was not begun was left as it was."""


class ItemState(StrEnum):
    """Where an item stands."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    """A worker is at it; after ``claimed_until`` another may take it."""
    DONE = "done"
    FAILED = "failed"
    """It could not be done; ``fault`` says why, and the others went on."""
    LEFT = "left"
    """The run was stopped before it was begun."""


@dataclass(frozen=True, slots=True)
class BulkAsked:
    """One thing that is to be signed or sealed."""

    subject_id: str
    """Id in its room."""
    version: int
    """Version of its row that the person saw; 0 = none."""
    title: str = ""
    """What the list of outcomes calls it."""


@dataclass(frozen=True)
class BulkRun:
    """A run: what one act set going."""

    id: str
    kind: str
    """Which work: the name under which a room registered it."""
    account_id: str
    post_id: str
    body_id: str
    actor: Annotated[Actor, Json]
    """Who acts in every item."""
    state: RunState
    total: int
    """Items."""
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class BulkItem:
    """One item of a run."""

    run_id: str
    n: int
    """Place in the run, from 1."""
    subject_id: str
    title: str
    version: int
    """Version of the subject's row as the run last left or saw it; 0 = none."""
    state: ItemState
    claimed_by: str
    claimed_until: str
    attempts: int
    """How often it was claimed."""
    result: str
    """Digest of the signed file, or what the work says; "" until done."""
    fault: Annotated[OfferFault | None, Json]
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item as its owner sees it."""

    n: int
    subject_id: str
    title: str
    state: ItemState
    result: str
    fault: OfferFault | None


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with its figures."""

    id: str
    kind: str
    state: RunState
    total: int
    done: int
    failed: int
    created_at: datetime
    ended_at: datetime | None


class Note(Protocol):
    """How the work of an item writes its progress into its own units.

    Called in every unit that the work commits; a worker that has lost its claim gets Conflict
    ``signatures.bulk_lost``, and its unit is undone: so an item counts once, whoever did it.
    """

    async def __call__(self, unit: Unit, *, version: int = 0, result: str = "", last: bool = True) -> None:
        """``version`` of the subject after this unit; ``result`` and ``last`` when the item is done."""
        ...


class BulkWork(Protocol):
    """What a room does for one item; registered under a kind."""

    permission: str
    """Permission that the act needs."""

    async def run(self, actor: Actor, item: BulkItem, note: Note) -> None:
        """Do the whole item. May be called again after a crash: it goes on from what was recorded.

        Raises LienThongError: Unavailable is tried again, anything else is the outcome of the item.
        """
        ...
