"""Printed copies for recipients without the system: the postal book."""

from __future__ import annotations

from collections.abc import Sequence

from server.circulation.commands import Posting
from server.circulation.core import Core
from server.circulation.model_sent import OutsideRecipient
from server.circulation.rules import check_text
from server.kernel.actor import Actor
from server.kernel.errors import Conflict, Fault, Invalid, NotFound
from server.kernel.record import Subject
from server.registers.model import PostalFacts


class Mailing:
    """Posts printed copies."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def post(self, actor: Actor, dispatch_id: str, command: Posting) -> list[OutsideRecipient]:
        """Enter printed copies of a dispatch in the postal book.

        Raises Forbidden; NotFound ``circulation.dispatch_unknown``; Invalid ``circulation.outside_unknown``;
        Conflict ``circulation.posted_already``.
        """
        core = self._core
        core.access.require(actor, "circulation.post")
        note = check_text(command.note, "/note")
        tracking = check_text(command.tracking, "/tracking")
        today = core.today()
        day = command.posted_on or today
        if day > today:
            raise Invalid("circulation.day_future", field="/posted_on")
        seen = core.scope_of(actor)
        async with core.units.begin(actor) as unit:
            header = await core.store.sent_header(unit, seen, dispatch_id)
            if header is None:
                raise NotFound("circulation.dispatch_unknown")
            await core.require_office(actor, header.from_body, reader=unit)
            found = await core.store.lock_outside(unit, seen, dispatch_id, command.recipients)
            _require_postable(command.recipients, found)
            lines = [
                PostalFacts(
                    recipient=one.name,
                    address=one.address,
                    notation=header.number_text,
                    document_id=header.document_id,
                    tracking=tracking,
                    note=note,
                )
                for one in found
            ]
            numbers = await core.books.register_posting(unit, header.from_body, lines, on=day)
            by = {"posted_on": day.isoformat(), "posted_by": actor.name, "tracking": tracking}
            await core.store.posted(
                unit,
                [
                    {**by, "id": one.id, "postal_number": number}
                    for one, number in zip(found, numbers, strict=True)
                ],
            )
            unit.record(
                "circulation.post",
                Subject("dispatch", dispatch_id, header.from_body),
                new=lines,
                detail={"copies": len(lines)},
            )
            posted = [
                OutsideRecipient(one.id, one.name, one.address, day, actor.name, number, tracking)
                for one, number in zip(found, numbers, strict=True)
            ]
            return unit.answer(posted)


def _require_postable(wanted: Sequence[str], found: Sequence[OutsideRecipient]) -> None:
    """Raise unless each copy asked for is of this dispatch and was not posted yet."""
    known = {one.id for one in found}
    faults = [
        Fault("circulation.outside_unknown", f"/recipients/{place}")
        for place, one in enumerate(wanted)
        if one not in known or one in wanted[:place]
    ]
    if faults:
        raise Invalid.of(faults)
    posted = [one for one in found if one.posted_on is not None]
    if posted:
        raise Conflict.of(
            [
                Fault(
                    "circulation.posted_already",
                    "/recipients",
                    {"name": one.name, "number": one.postal_number},
                )
                for one in posted
            ]
        )
