"""Signing acts on single files for rooms above: prepare, sign, fill, seal; bytes in, bytes out.

The rooms above keep the rows and decide who may; here are the keys, the fields and the cryptography, by the
steps that ``Signatures`` takes for documents. With ``bulk`` the child processes of bulk runs do the work:
for batches, where all cores are wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from server.registers.notation import date_text
from server.registers.profiles import Profile
from server.render.model import Field as Place
from server.signatures.crypto import Order, Step
from server.signatures.model import OwnerKind
from server.signatures.plan import DATE, field_plan, person_field, seal_field, texts
from server.signatures.service import Signatures
from signing.validate.report import Report


class FileActs:
    """Acts on a file that no document of the system owns."""

    def __init__(self, signatures: Signatures, *, bulk: bool = False) -> None:
        """``bulk``: the work goes to child processes, one for each core."""
        self._signatures = signatures
        self._bulk = bulk

    async def prepare(self, pdf: bytes, places: Sequence[Place]) -> bytes:
        """Place the fields for number, date, one person and one seal.

        Raises Refused ``signatures.cannot_sign``, Conflict ``signatures.failed``, Unavailable
        ``signatures.busy``.
        """
        return await self._done(Order(pdf, self._signatures.units.now(), field_plan(places)))

    async def require_key(self, kind: OwnerKind, owner_id: str, name: str) -> None:
        """Pre-flight: raise Conflict ``signatures.no_key``, ``signatures.key_not_valid`` before any work."""
        await self._signatures.key_of(kind, owner_id, name)

    async def sign(self, pdf: bytes, account_id: str, name: str, reason: str) -> bytes:
        """Sign as a person in the first person's field. Raises as ``prepare``, and as ``require_key``."""
        room = self._signatures
        key = await room.key_of(OwnerKind.PERSON, account_id, name)
        step = Step(key, person_field(0), reason=reason)
        return await self._done(Order(pdf, room.units.now(), steps=(step,)))

    async def number_and_seal(
        self, pdf: bytes, body_id: str, name: str, reason: str, profile: Profile, number: str, day: date
    ) -> bytes:
        """Fill number and date and seal for a body: two updates, one after the other.

        ``number`` is the number with its notation; "" = the file bears none, and only the date is filled.
        Raises as ``sign``, and Conflict ``signatures.number_unreadable``.
        """
        room = self._signatures
        key = await room.key_of(OwnerKind.BODY, body_id, name)
        values = texts(profile, number, day) if number else {DATE: date_text(profile, day)}
        step = Step(key, seal_field(0), reason=reason)
        return await self._done(Order(pdf, room.units.now(), values=values, steps=(step,)))

    async def check(self, path: Path) -> Report:
        """Validate a file that lies at a path: the child reads it, it never comes into this process.

        Raises Unavailable ``signatures.no_trust``, ``signatures.busy``.
        """
        room = self._signatures
        return await room.checker.check(path, room.units.now())

    async def _done(self, order: Order) -> bytes:
        return (await self._signatures.carry_out(order, bulk=self._bulk)).pdf
