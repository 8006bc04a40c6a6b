"""Letters on paper: scanned, entered in the same book with the same numbers, handled as any arrival."""

from __future__ import annotations

from server.circulation.codes import Code
from server.circulation.commands import PaperLetter
from server.circulation.core import Core, acting
from server.circulation.model import FilePart, Standing
from server.circulation.receipts import Receipt, Sealed, event_of, seal
from server.circulation.rows import files_json
from server.circulation.rules import State, paper_faults, priority_of, search_text
from server.files.rules import secrecy
from server.identity import scope
from server.identity.model import Grant
from server.identity.scope import post, role
from server.kernel.actor import Actor, Role
from server.kernel.clock import text
from server.kernel.errors import Invalid
from server.kernel.record import Subject
from server.organisations.model import Body
from server.registers.model import IncomingFacts, IncomingNumber
from server.registers.series import Origin
from server.unit import Unit
from storage.sql.protocol import Params

ACCEPTED = State(Code.ACCEPTED, None)


class PaperIntake:
    """Registers letters that came on paper."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def register_paper(self, actor: Actor, command: PaperLetter) -> Standing:
        """Enter a letter on paper in the incoming book, or a citizen's letter in its own (01 and 03 at once).

        The scans were uploaded before and are held by the clerk's body. Raises Forbidden
        ``circulation.other_office``; Refused ``files.state_secret``; Invalid with all faults:
        ``circulation.scan_missing``, ``circulation.day_future``, ``files.not_held``, ...
        """
        core = self._core
        core.access.require(actor, "circulation.register_paper")
        await core.files.require_not_secret(actor, secrecy(command.secrecy))
        body = await core.directory.body(command.body_id or actor.body_id)
        await core.require_office(actor, body.id)
        faults = paper_faults(command, core.today())
        if faults:
            raise Invalid.of(faults)
        fields = [f"/files/{place}" for place in range(len(command.files))]
        async with core.units.begin(actor) as unit:
            held = await core.files.require_held(unit, actor.body_id, command.files, fields=fields)
            parts = tuple(
                FilePart(one.digest, one.name, one.media_type, one.size_bytes, place == 0)
                for place, one in enumerate(held[digest] for digest in command.files)
            )
            pages = command.pages or (held[command.files[0]].pages if command.files else 0)
            return unit.answer(await self._register(unit, body, command, parts, pages))

    async def _register(
        self, unit: Unit, body: Body, command: PaperLetter, parts: tuple[FilePart, ...], pages: int
    ) -> Standing:
        core, actor = self._core, unit.actor
        arrival_id = unit.new_id()
        day = command.received_on or core.today()
        taken = await core.books.register_incoming(
            unit, body.id, _facts(arrival_id, command, pages), on=day, book=command.book
        )
        receipts = _receipts(unit, arrival_id, body, parts, taken)
        await core.store.add_arrivals(
            unit, [_row(unit, arrival_id, body, command, parts, pages, taken, receipts[-1])]
        )
        await core.store.add_receipts(unit, receipts)
        grantee = post(actor.post_id) if command.restricted else role(body.id, Role.RECORDS_CLERK)
        await scope.grant(unit, "arrival", arrival_id, [Grant(body.id, grantee, "recipient")])
        if command.restricted:
            await scope.restrict(unit, "arrival", arrival_id, restricted=True)
        if parts and body.id != actor.body_id:
            await core.files.share(unit, [part.digest for part in parts], [body.id])
        unit.record(
            "circulation.register_paper",
            Subject("arrival", arrival_id, body.id),
            new=command,
            detail={"incoming": taken.text, "book": command.book.value, "receipt": receipts[-1].digest},
        )
        return Standing(
            id=arrival_id,
            status=Code.ACCEPTED,
            recall=None,
            version=1,
            incoming_text=taken.text,
            due_date=command.due_date,
            at=unit.now,
            receipt_digest=receipts[-1].digest,
        )


def _facts(arrival_id: str, command: PaperLetter, pages: int) -> IncomingFacts:
    """The line of the incoming book."""
    return IncomingFacts(
        author=command.sender_name.strip(),
        subject=command.subject.strip(),
        origin=Origin.PAPER,
        arrival_id=arrival_id,
        author_address=command.sender_address.strip(),
        notation=command.number_text.strip(),
        document_date=command.document_date,
        type_name=command.type_name.strip(),
        urgency=command.urgency.value,
        pages=pages,
        note=command.note.strip(),
    )


def _receipts(
    unit: Unit, arrival_id: str, body: Body, parts: tuple[FilePart, ...], taken: IncomingNumber
) -> list[Sealed]:
    """Receipts 01 and 03, both by the clerk who opened the envelope."""
    sealed: list[Sealed] = []
    for code in (Code.ARRIVED, Code.ACCEPTED):
        sealed.append(
            seal(
                Receipt(
                    id=unit.new_id(),
                    arrival=arrival_id,
                    dispatch="",
                    document="",
                    sequence=len(sealed) + 1,
                    previous=sealed[-1].digest if sealed else "",
                    code=code,
                    event=event_of(code),
                    at=text(unit.now),
                    body=body.id,
                    acting=acting(unit.actor),
                    reason="",
                    incoming=taken.text if code is Code.ACCEPTED else "",
                    digest=parts[0].digest if parts else "",
                )
            )
        )
    return sealed


def _row(
    unit: Unit,
    arrival_id: str,
    body: Body,
    command: PaperLetter,
    parts: tuple[FilePart, ...],
    pages: int,
    taken: IncomingNumber,
    receipt: Sealed,
) -> Params:
    now = text(unit.now)
    return {
        "id": arrival_id,
        "document_id": "",
        "from_body": "",
        "from_code": "",
        "from_name": command.sender_name.strip(),
        "number_text": command.number_text.strip(),
        "document_date": command.document_date.isoformat() if command.document_date else "",
        "type_code": command.type_code.strip(),
        "type_name": command.type_name.strip(),
        "subject": command.subject.strip(),
        "signer": command.signer.strip(),
        "urgency": command.urgency.value,
        "pages": pages,
        "note": command.note.strip(),
        "due_date": command.due_date.isoformat() if command.due_date else "",
        "restricted": int(command.restricted),
        "main_digest": parts[0].digest if parts else "",
        "files": files_json(parts),
        "dispatch_id": "",
        "from_address": command.sender_address.strip(),
        "to_body": body.id,
        "to_code": body.code,
        "to_name": body.name,
        "to_parent": body.parent_id,
        "office": body.keeper_id,
        "origin": Origin.PAPER.value,
        "book": command.book.value,
        "arrived_at": now,
        "status": Code.ACCEPTED.value,
        "priority": priority_of(command.urgency, ACCEPTED),
        "incoming_number": taken.number,
        "incoming_text": taken.text,
        "incoming_series": taken.series_id,
        "incoming_entry": taken.id,
        "incoming_date": taken.date.isoformat(),
        "response_arrival": "",
        "response_document": "",
        "response_number": "",
        "response_date": "",
        "search": search_text([command.number_text, command.subject, command.sender_name, taken.text]),
        "sequence": receipt.receipt.sequence,
        "receipt_digest": receipt.digest,
        "changed_at": now,
        "changed_by": unit.actor.name,
    }
