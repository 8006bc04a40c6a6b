"""Signing acts on single files for rooms above: prepare, sign, fill, seal; bytes in, bytes out.

The rooms above keep the rows and decide who may; here are the keys, the fields and the cryptography, off the
loop and a few at a time, through the steps that ``Signatures`` takes for documents (this file is of the same
room and uses them as they are).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from server.registers.notation import date_text
from server.registers.profiles import Profile
from server.render.model import Field as Place
from server.signatures.model import OwnerKind
from server.signatures.plan import DATE, field_plan, person_field, seal_field, texts
from server.signatures.service import Signatures
from signing.pades.embed import fill_number_and_date, seal, sign_person
from signing.pades.prepare import prepare
from signing.validate.report import Report


class FileActs:
    """Acts on a file that no document of the system owns."""

    def __init__(self, signatures: Signatures) -> None:
        self._signatures = signatures

    async def prepare(self, pdf: bytes, places: Sequence[Place]) -> bytes:
        """Place the fields for number, date, one person and one seal.

        Raises Refused ``signatures.cannot_sign``, Conflict ``signatures.failed``, Unavailable
        ``signatures.busy``.
        """
        room = self._signatures
        font, italic = await room._text_fonts()
        plan = field_plan(places)
        return (await room._work(lambda: prepare(pdf, plan, font, italic))).pdf

    async def require_key(self, kind: OwnerKind, owner_id: str, name: str) -> None:
        """Pre-flight: raise Conflict ``signatures.no_key``, ``signatures.key_not_valid`` before any work."""
        await self._signatures._key(kind, owner_id, name)

    async def sign(self, pdf: bytes, account_id: str, name: str, reason: str) -> bytes:
        """Sign as a person in the first person's field. Raises as ``prepare``, and as ``require_key``."""
        room = self._signatures
        key = await room._key(OwnerKind.PERSON, account_id, name)
        now = room._units.now()
        return await room._work(lambda: sign_person(pdf, key.signer, person_field(0), key.image, reason, now))

    async def number_and_seal(
        self, pdf: bytes, body_id: str, name: str, reason: str, profile: Profile, number: str, day: date
    ) -> bytes:
        """Fill number and date and seal for a body: two updates, one after the other.

        ``number`` is the number with its notation; "" = the file bears none, and only the date is filled.
        Raises as ``sign``, and Conflict ``signatures.number_unreadable``.
        """
        room = self._signatures
        key = await room._key(OwnerKind.BODY, body_id, name)
        font, _ = await room._text_fonts()
        now = room._units.now()
        values = texts(profile, number, day) if number else {DATE: date_text(profile, day)}
        return await room._work(
            lambda: seal(
                fill_number_and_date(pdf, values, font), key.signer, seal_field(0), key.image, now, reason
            )
        )

    async def check(self, path: Path) -> Report:
        """Validate a file that lies at a path: the child reads it, it never comes into this process.

        Raises Unavailable ``signatures.no_trust``, ``signatures.busy``.
        """
        room = self._signatures
        return await room._checker.check(path, room._units.now())
