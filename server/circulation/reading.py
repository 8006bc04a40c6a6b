"""Reading: the inbox, an arrival, what was sent, the files. Each is one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from server.circulation.commands import InboxFilter, SentFilter
from server.circulation.core import Core
from server.circulation.model import ArrivalDetail, ArrivalRow, Counts
from server.circulation.model_sent import DispatchDetail, DispatchRow
from server.circulation.rules import State, in_tree_order
from server.files.model import FileView
from server.kernel.actor import Actor, Role
from server.kernel.errors import Invalid, NotFound
from server.kernel.page import Page, PageRequest
from server.kernel.record import Subject

READ = "circulation.read"
Line = TypeVar("Line", bound=ArrivalRow)


class Reading:
    """What may be seen of arrivals and dispatches."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def inbox(self, actor: Actor, wanted: InboxFilter, page: PageRequest) -> Page[ArrivalRow]:
        """Return arrivals the actor may see: open ones by urgency, then the newest first.

        A supervisor names the body. Raises Forbidden; Invalid ``circulation.cursor``,
        ``circulation.body_missing``.
        """
        core = self._core
        core.access.require(actor, READ)
        _require_body(actor, wanted.body_id)
        today = core.today()
        try:
            found = await core.store.inbox(
                core.units.reader,
                core.scope_of(actor),
                actor,
                wanted,
                page,
                clerk=actor.role is Role.RECORDS_CLERK,
                today=today,
            )
        except ValueError as error:
            raise Invalid("circulation.cursor", field="query:after") from error
        return Page(self._dated(found.items, today), found.next)

    async def arrival(self, actor: Actor, arrival_id: str) -> ArrivalDetail:
        """Return an arrival with its receipts, parts, notes and answers; a supervisor's view is audited.

        Raises Forbidden; NotFound ``circulation.arrival_unknown``.
        """
        core = self._core
        core.access.require(actor, READ)
        found = await core.store.arrival(core.units.reader, core.scope_of(actor), arrival_id)
        if found is None:
            raise NotFound("circulation.arrival_unknown")
        if actor.mandate_id:
            async with core.units.begin(actor) as unit:
                unit.record(
                    "identity.supervised_view",
                    Subject("arrival", found.id, found.to_body),
                    detail={"mandate": actor.mandate_id, "version": found.version},
                )
        return self._dated([found], core.today())[0]

    async def counts(self, actor: Actor) -> Counts:
        """Count what waits for the actor's post. Raises Forbidden."""
        core = self._core
        core.access.require(actor, READ)
        today = core.today()
        return await core.store.counts(
            core.units.reader,
            core.scope_of(actor),
            actor,
            clerk=actor.role is Role.RECORDS_CLERK,
            today=today,
            soon=core.days.add(today, 1),
        )

    async def sent(self, actor: Actor, wanted: SentFilter, page: PageRequest) -> Page[DispatchRow]:
        """Return what the office sent and the actor may see, newest first, with the states of recipients.

        Raises Forbidden; Invalid ``circulation.body_missing``.
        """
        core = self._core
        core.access.require(actor, READ)
        _require_body(actor, wanted.body_id)
        return await core.store.sent(core.units.reader, core.scope_of(actor), actor, wanted, page)

    async def dispatch(self, actor: Actor, dispatch_id: str) -> DispatchDetail:
        """Return a dispatch with every recipient, its state and receipts, in the order of the tree.

        Raises Forbidden; NotFound ``circulation.dispatch_unknown``.
        """
        core = self._core
        core.access.require(actor, READ)
        found = await core.store.dispatch(core.units.reader, core.scope_of(actor), dispatch_id)
        if found is None:
            raise NotFound("circulation.dispatch_unknown")
        return replace(found, tree=in_tree_order(found.tree))

    async def file(self, actor: Actor, arrival_id: str, digest: str) -> FileView:
        """Open a file of an arrival; nothing once the sender got it back.

        A supervisor's view leaves an audit entry. Raises Forbidden; NotFound ``circulation.file_unknown``.
        """
        core = self._core
        core.access.require(actor, READ)
        held = await core.store.arrival_files(core.units.reader, core.scope_of(actor), arrival_id)
        part = next((one for one in held.files if one.digest == digest), None) if held else None
        if held is None or part is None:
            raise NotFound("circulation.file_unknown")
        view = await core.files.open(actor, Subject("arrival", arrival_id, held.body_id), digest, part.name)
        await core.witnessing.opened(actor, arrival_id)
        return view

    def _dated(self, rows: Sequence[Line], today: date) -> list[Line]:
        """Fill in the working days left; nothing counts down any more when the work is done."""
        days = self._core.days
        return [
            replace(row, days_left=days.left(today, row.due_date))
            if row.due_date is not None and State(row.status, None).open
            else row
            for row in rows
        ]


def _require_body(actor: Actor, body_id: str) -> None:
    """A supervisor reads one body at a time. Raises Invalid ``circulation.body_missing``."""
    if actor.mandate_id and not body_id:
        raise Invalid("circulation.body_missing", field="query:body_id")
