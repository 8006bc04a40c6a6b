"""Levels of signatures (EN 319 142-1): which is wanted, which was reached, and the rest made up for later.

A time-stamping authority that does not answer stops nobody from signing: the level reached stands beside the
document with the reason, and a job raises it when the authority answers again. A person's signature is taken
to B-T at most; what keeps the file for years (validation data, time-stamp of the whole) comes with the last
seal, and covers every signature before it.
"""

from __future__ import annotations

import msgspec
import structlog

from server.documents.model import Document, State
from server.kernel.actor import SYSTEM
from server.kernel.errors import Invalid, LienThongError, Unavailable
from server.settings import Signing
from server.signatures.core import SigningCore
from server.signatures.crypto import Carried, Order, Raise
from server.signatures.model import LevelView, VerifyRequest
from server.unit import Unit
from signing.model import Level

log = structlog.get_logger("signatures")
RAISE = "signatures.raise"
"""Outbox message: raise the level of a signature."""
ORDER = (Level.B_B, Level.B_T, Level.B_LT, Level.B_LTA)
KEPT = (Level.B_LT, Level.B_LTA)
"""Levels with validation data."""
NOTE = "Bổ sung dấu thời gian"
REASON_MAX = 300


class RaiseRequest(msgspec.Struct, frozen=True):
    """Payload of ``signatures.raise``."""

    document_id: str
    field: str
    """Field of the signature that stayed below."""
    level: str
    """Level wanted."""
    earlier: tuple[str, ...] = ()
    """Signatures before it, whose validation data is to be added too."""


class LevelRules:
    """Which level is wanted of whose documents, from the settings."""

    def __init__(self, settings: Signing) -> None:
        """Read the rules. Raises Invalid ``signatures.level_setting`` naming the line that is none."""
        self._default = _level(settings.level, settings.level)
        self._rules: list[tuple[str, str, Level]] = []
        for line in settings.levels:
            words = line.split()
            if len(words) != 3:
                raise Invalid("signatures.level_setting", line=line)
            self._rules.append((words[0], words[1], _level(words[2], line)))

    def wanted(self, body_id: str, type_code: str) -> Level:
        """Return the level for documents of a type of a body; the first rule that fits counts."""
        for body, kind, level in self._rules:
            if body in ("*", body_id) and kind in ("*", type_code):
                return level
        return self._default


class Levels(SigningCore):
    """Levels wanted and reached."""

    def wanted_level(self, document: Document) -> Level:
        """Return the level wanted of a document's last seal."""
        return LevelRules(self.settings).wanted(document.body_id, document.fields.type_code)

    def person_level(self, document: Document) -> Level:
        """Return the level wanted of a signature that others follow."""
        return min(self.wanted_level(document), Level.B_T, key=ORDER.index)

    async def note_level(
        self,
        unit: Unit,
        after: Document,
        done: Carried,
        *,
        wanted: Level,
        field: str,
        earlier: tuple[str, ...] = (),
    ) -> None:
        """Write the level reached in the unit of the act; what is missing is queued, never dropped."""
        if wanted is Level.B_B:
            return
        await self.levels.add(unit, after, wanted, done.reached, done.shortfall[:REASON_MAX])
        if ORDER.index(done.reached) < ORDER.index(wanted):
            request = RaiseRequest(after.id, field, wanted.value, earlier)
            unit.publish(RAISE, request, key=f"{after.id} {field}")

    async def level_of(self, document_id: str) -> LevelView | None:
        """Return how far the newest signature of a document came; None = nothing above B-B was wanted."""
        return await self.levels.newest(self.units.reader, document_id)

    async def on_raise(self, message: RaiseRequest, _: str) -> None:
        """Raise the level of a signature (outbox ``signatures.raise``); the outbox tries again for a day.

        Raises Unavailable ``signatures.stamps_down`` as long as services do not answer. A signature over
        which others were put in the meantime is left as it is: the time-stamp of a later one covers it.
        """
        document = await self.documents.stampable(message.document_id)
        if document is None:
            return
        wanted = Level(message.level)
        steps = (
            Raise(message.field, min(wanted, Level.B_T, key=ORDER.index)),
            *(Raise(field, Level.B_LT, needed=False) for field in message.earlier if wanted in KEPT),
            Raise(message.field, wanted),
        )
        source = await self.files.read_bytes(document.main_digest)
        try:
            done = await self.carry_out(Order(source, self.units.now(), raises=steps, level=wanted))
        except Unavailable:
            raise
        except LienThongError as error:
            log.info("level.kept", document=document.id, code=error.code)
            return
        if done.pdf != source:
            made = await self.files.store_bytes(done.pdf)
            async with self.units.begin(SYSTEM) as unit:
                after = await self.documents.record_stamped(unit, document, made, NOTE)
                await self.levels.add(unit, after, wanted, done.reached, done.shortfall[:REASON_MAX])
                if after.state in (State.SEALED, State.ISSUED):
                    digest = made.info.digest
                    unit.publish("signatures.verify", VerifyRequest(digest), key=digest)
        if done.reached is not wanted:
            raise Unavailable("signatures.stamps_down", reached=done.reached.value, wanted=wanted.value)


def _level(name: str, line: str) -> Level:
    try:
        return Level(name)
    except ValueError as error:
        raise Invalid("signatures.level_setting", line=line) from error
