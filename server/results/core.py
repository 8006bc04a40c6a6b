"""What every part of the room stands on: the rooms below, and the steps all acts share."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import msgspec

from server.files.service import Files
from server.identity.access import Access
from server.identity.service import Identity
from server.kernel.actor import Actor, RequestContext
from server.kernel.clock import local_date, text
from server.kernel.errors import Conflict, NotFound
from server.kernel.record import Subject
from server.notifications.model import DELIVER, Item
from server.notifications.model import Batch as Notice
from server.organisations.service import Organisations
from server.registers.profiles import Profiles
from server.registers.service import Registers
from server.render.service import Renderer
from server.results.model import BATCH, RESULT, Batch, Changed, Count, Person, Result, Stage
from server.results.procedures import Procedure, Procedures
from server.results.store import ResultStore
from server.signatures.acts import FileActs
from server.unit import Unit, Units
from storage.sql.protocol import SqlValue

LOOK_UP = "/tra-cuu"
"""Path of the public look-up; the code follows it."""


@dataclass(frozen=True)
class Rooms:
    """The rooms below."""

    units: Units
    access: Access
    files: Files
    directory: Organisations
    identity: Identity
    books: Registers
    profiles: Profiles
    renderer: Renderer
    acts: FileActs
    procedures: Procedures


class Core:
    """The rooms below, and what the acts share."""

    def __init__(self, rooms: Rooms, *, base_url: str) -> None:
        """``base_url`` is the public address of this installation, without a slash at its end."""
        self.rooms = rooms
        self.units = rooms.units
        self.access = rooms.access
        self.files = rooms.files
        self.procedures = rooms.procedures
        self.store = ResultStore(rooms.units.reader.engine)
        self._base_url = base_url.rstrip("/")

    def address(self, code: str) -> str:
        """Return the absolute address at which anybody looks a code up; it stands in the QR."""
        return f"{self._base_url}{LOOK_UP}/{code}"

    def today(self) -> date:
        """Return the day in Viet Nam."""
        return local_date(self.units.now())

    def scope_of(self, actor: Actor) -> Mapping[str, SqlValue]:
        """Return the parameters of the scope predicate."""
        return self.access.scope_params(actor)

    def procedure_of(self, batch: Batch) -> Procedure:
        """Return the version of the procedure with which a batch began."""
        return self.procedures.known(batch.procedure, batch.procedure_from)

    async def load(
        self, actor: Actor, batch_id: str, seen: int | None = None
    ) -> tuple[Batch, tuple[Count, ...]]:
        """Return a batch that the actor may see, with its counts.

        Raises NotFound ``results.unknown_batch``, Conflict ``results.changed``.
        """
        found = await self.store.view(self.units.reader, batch_id, self.scope_of(actor))
        if found is None:
            raise NotFound("results.unknown_batch")
        if seen is not None and found[0].version != seen:
            raise Conflict("results.changed")
        return found

    async def load_result(self, actor: Actor, result_id: str, seen: int | None = None) -> Result:
        """Return a result that the actor may see. Raises NotFound ``results.unknown``, Conflict."""
        found = await self.store.find(self.units.reader, result_id, self.scope_of(actor))
        if found is None:
            raise NotFound("results.unknown")
        if seen is not None and found.version != seen:
            raise Conflict("results.changed")
        return found

    async def write(
        self, unit: Unit, action: str, before: Result, after: Result, **detail: str | int
    ) -> Result:
        """Write a result anew and leave the audit entry. Raises Conflict ``results.changed``."""
        if not await self.store.replace(unit, after):
            raise Conflict("results.changed")
        unit.record(
            action,
            Subject(RESULT, after.id, after.body_id),
            old=before,
            new=after,
            detail={
                "batch": after.batch_id,
                "place": after.n,
                "from": before.state.value,
                "to": after.state.value,
                **detail,
            },
        )
        return replace(after, version=after.version + 1)

    def notify(self, unit: Unit, batch: Batch, stage: Stage, grantees: tuple[str, ...]) -> None:
        """Tell those for whom the batch waits now."""
        items = [
            Item(grantee=one, body_id=batch.body_id, subject_kind=BATCH, subject_id=batch.id)
            for one in dict.fromkeys(grantees)
        ]
        params = {"title": batch.title, "by": unit.actor.name}
        event = f"results.{stage.value}"
        unit.publish(
            DELIVER, Notice(event=event, at=text(unit.now), urgent=False, params=params, items=items)
        )


def person(actor: Actor) -> Person:
    """Return the actor as rows name it."""
    return Person(actor.account_id, actor.name, actor.post_id, actor.post_title)


def changed(batch: Batch) -> Changed:
    """Return the answer to an act on a batch."""
    return Changed(batch.id, batch.version, batch.stage, batch.work)


def kept_actor(actor: Actor) -> str:
    """Return an actor as a run keeps it: who acted, in which post, from where; without its request's key."""
    values = {field.name: getattr(actor, field.name) for field in dataclasses.fields(Actor)}
    values["request"] = dataclasses.replace(actor.request, once=None, session_id="")
    return msgspec.json.encode(Actor(**values)).decode()


def actor_of(kept: str) -> Actor:
    """Return the actor that a run keeps."""
    return msgspec.json.decode(kept, type=Actor)


def own_request(actor: Actor) -> Actor:
    """Return the actor without the Idempotency-Key: for units beside the one that answers."""
    request: RequestContext = dataclasses.replace(actor.request, once=None)
    return dataclasses.replace(actor, request=request)
