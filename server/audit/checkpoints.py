"""Publishes the state of the log: checkpoints, their time-stamps, the cosignatures of witnesses.

A checkpoint is published by the node that leads, once a minute and only when the log has grown. Time-stamp
and cosignatures come over the network afterwards, from whichever process has the turn; what fails is tried
again at the next one, so a silent authority or witness never holds up the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from server.audit.logstore import CheckpointRow, LogStore, WitnessRow
from server.audit.sequencer import Sequencer
from server.audit.tiling import Tiles
from server.audit.walk import note_digest
from server.audit.witness_client import WitnessAddress, WitnessSilent, ask
from server.kernel.actor import SYSTEM
from server.kernel.errors import Unavailable
from server.kernel.record import Subject
from server.unit import Units
from signing.errors import ServiceFault
from signing.services import Timestamper
from storage.ledger.checkpoint import Checkpoint, CheckpointError, cosignatures, split
from storage.ledger.merkle import consistency_ranges
from storage.ledger.witness import AddCheckpoint

log = structlog.get_logger("audit")
OK, CONFLICT, UNPROCESSABLE = 200, 409, 422


class Checkpoints:
    """Publishes checkpoints and collects what others say of them."""

    def __init__(
        self,
        units: Units,
        sequencer: Sequencer,
        tiles: Tiles,
        *,
        stamper: Timestamper | None = None,
        witnesses: Sequence[WitnessAddress] = (),
        timeout_seconds: float = 10,
    ) -> None:
        self._units = units
        self._rows = LogStore(units.reader)
        self._sequencer = sequencer
        self._tiles = tiles
        self._stamper = stamper
        self._witnesses = tuple(witnesses)
        self._timeout = timeout_seconds
        self._turn = asyncio.Lock()

    @property
    def witnesses(self) -> tuple[WitnessAddress, ...]:
        """The witnesses that are asked."""
        return self._witnesses

    async def keep_tiles(self) -> int:
        """Store the full tiles that are due, if this process leads; return how many."""
        if await self._sequencer.newest_head() is None:
            return 0
        return await self._tiles.keep((await self._rows.state()).size)

    async def publish(self) -> bool:
        """Publish the newest head as a checkpoint, if this process leads and the log has grown.

        The tiles are stored first, and their root must be the one that was signed. Raises Unavailable
        ``audit.ledger_damaged``, ``audit.tiles_unavailable``, ``audit.rows_missing``.
        """
        async with self._turn:
            note = await self._sequencer.newest_head()
            if note is None:
                return False
            head = Checkpoint.parse(split(note)[0])
            newest = await self._rows.newest()
            if newest is not None and newest.size >= head.size:
                return False
            await self._tiles.keep(head.size)
            await self._tiles.keep_edge(head.size)
            if await self._tiles.root(head.size) != head.root:
                self._sequencer.fault = "audit.ledger_damaged"
                raise Unavailable("audit.ledger_damaged")
            await self._rows.publish(head.size, note, self._units.now())
            return True

    async def attest(self) -> None:
        """Have the newest checkpoint time-stamped and cosigned, as far as that is still to be done."""
        newest = await self._rows.newest()
        if newest is None:
            return
        if self._stamper is not None and not newest.token:
            try:
                stamping = asyncio.to_thread(self._stamper.stamp, note_digest(newest.note), self._units.now())
                token = await asyncio.wait_for(stamping, self._timeout)
                await self._rows.stamp(newest.size, token, self._units.now())
            except (ServiceFault, TimeoutError) as error:
                log.warning("audit.not_stamped", size=newest.size, error=type(error).__name__)
        signed = {one.witness for one in await self._rows.cosignatures(newest.size)}
        for address in self._witnesses:
            if str(address.key) not in signed:
                try:
                    await self._ask(address, newest)
                except (WitnessSilent, Unavailable, CheckpointError) as error:
                    log.warning("audit.witness_silent", witness=address.key.name, error=str(error))

    async def _ask(self, address: WitnessAddress, newest: CheckpointRow) -> None:
        """Ask one witness for its cosignature; it may know another size than we remember."""
        known = await self._rows.witness(str(address.key))
        size = known.size if known else 0
        status, answer = await self._send(address, newest, size)
        if status == CONFLICT and answer.strip().isdecimal() and int(answer) != size:
            size = int(answer)
            if size > newest.size:
                await self._alarm(address, size, "rollback")
                return
            status, answer = await self._send(address, newest, size)
        if status == OK:
            line = self._checked(address, newest, answer)
            row = WitnessRow(str(address.key), newest.size, "", self._units.now())
            await self._rows.keep_witness(row, line)
        elif status in (CONFLICT, UNPROCESSABLE):
            await self._alarm(address, size, "fork")
        else:
            raise WitnessSilent(f"status {status}")

    async def _send(self, address: WitnessAddress, newest: CheckpointRow, size: int) -> tuple[int, str]:
        path = tuple(await self._path(size, newest.size)) if size <= newest.size else ()
        body = AddCheckpoint(size, path, newest.note).text()
        return await asyncio.to_thread(ask, address, body, timeout_seconds=self._timeout)

    async def _path(self, old: int, size: int) -> list[bytes]:
        reader = await self._tiles.reader(consistency_ranges(old, size), size)
        return await asyncio.to_thread(reader.consistency, old)

    def _checked(self, address: WitnessAddress, newest: CheckpointRow, answer: str) -> str:
        """Return the line of the witness, which must hold. Raises WitnessSilent, CheckpointError."""
        for line in answer.splitlines(keepends=True):
            if address.key in cosignatures(newest.note + line, [address.key]):
                return line
        raise WitnessSilent("the answer has no cosignature of its key")

    async def _alarm(self, address: WitnessAddress, size: int, kind: str) -> None:
        """Keep that a witness refused what the log signed; recorded once, shown until it cosigns again."""
        name = str(address.key)
        known = await self._rows.witness(name)
        log.error("audit.witness_alarm", witness=address.key.name, kind=kind, size=size)
        if known is not None and known.alarm == kind:
            return
        await self._rows.keep_witness(WitnessRow(name, size, kind, self._units.now()))
        async with self._units.begin(SYSTEM) as unit:
            detail: dict[str, str | int] = {"witness": address.key.name, "kind": kind, "size": size}
            unit.record("audit.witness_alarm", Subject("system", "ledger"), detail=detail)
