"""What every part of the room stands on: the rooms below, keys, threads, and the steps all acts share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives import hashes

from server.certificates.service import Certificates
from server.documents.service import Documents
from server.documents.views import SigningTask
from server.files.model import Made
from server.files.service import Files
from server.identity.access import Access
from server.identity.standing import Standing
from server.kernel.errors import Conflict, Fault, Refused, Unavailable
from server.registers.profiles import Profiles
from server.settings import Signing as SigningSettings
from server.signatures.checker import Checker
from server.signatures.crypto import Carried, Order, Tools
from server.signatures.model import KeyRow, OwnerKind
from server.signatures.pool import SigningPool
from server.signatures.store import SignatureStore
from server.signatures.store_levels import LevelStore
from server.signatures.store_offers import OfferStore
from server.unit import Units
from signing.errors import FieldFault, KeyFault, SigningError, UnreadableFile
from signing.fonts import TextFont
from signing.pades.embed import require_valid

T = TypeVar("T")


class SigningCore:
    """The rooms below, and what the acts share."""

    def __init__(
        self,
        units: Units,
        access: Access,
        files: Files,
        documents: Documents,
        profiles: Profiles,
        certificates: Certificates,
        *,
        settings: SigningSettings,
        keys: Path,
        trust: Path,
        font: Path,
        italic: Path,
    ) -> None:
        self.units = units
        self.access = access
        self.files = files
        self.documents = documents
        self.profiles = profiles
        self.certificates = certificates
        self.settings = settings
        self.store = SignatureStore(units.reader.engine)
        hosts = tuple(settings.service_hosts)
        self.tools = Tools(keys, font, italic, tsa=settings.tsa, hosts=hosts)
        self.levels = LevelStore(units.reader.engine)
        self.keyring = self.tools.keyring
        self.pool = SigningPool(
            keys,
            font,
            italic,
            workers=settings.bulk_workers,
            timeout_seconds=settings.timeout_seconds,
            tsa=settings.tsa,
            hosts=hosts,
        )
        self.checker = Checker(trust, workers=1, timeout_seconds=settings.timeout_seconds)
        self.offers = OfferStore(units.reader.engine)
        self.standing = Standing(units)
        self.judged: dict[str, tuple[datetime, Fault | None]] = {}
        """Certificate -> when it was judged, and what was wrong."""
        self.gate = asyncio.Semaphore(settings.workers)

    async def close(self) -> None:
        """End the children that check files."""
        await self.checker.close()
        await self.pool.close()

    async def key_of(self, kind: OwnerKind, owner_id: str, name: str) -> KeyRow:
        """Return the owner's key, opened and valid now.

        Raises Conflict ``signatures.no_key``, ``signatures.key_not_valid``; Unavailable
        ``signatures.key_unreadable``.
        """
        row = await self.store.active_key(self.units.reader, kind, owner_id)
        if row is None:
            raise Conflict("signatures.no_key", owner=name)
        key = await self.keyring.open(row)
        try:
            require_valid(key.signer, self.units.now())
        except KeyFault as error:
            raise Conflict(
                "signatures.key_not_valid", subject=row.subject, until=_day(row.not_after)
            ) from error
        fingerprint = key.signer.identity.certificate.fingerprint(hashes.SHA256()).hex()
        if await self.certificates.refused_here(fingerprint) is not None:
            raise Conflict("signatures.key_revoked", subject=row.subject)
        return row

    async def text_fonts(self) -> tuple[TextFont, TextFont]:
        """Return the upright and the italic face, read once."""
        return await asyncio.to_thread(self.tools.fonts)

    async def stored(self, pdf: bytes, task: SigningTask) -> Made:
        """Store the bytes that an act made; its rows come in the unit that records it."""
        pages = task.current.main.pages if task.current.main else 0
        return await self.files.store_bytes(pdf, pages=pages)

    async def carry_out(self, order: Order, *, bulk: bool = False) -> Carried:
        """Do an order: in a thread, or in bulk by the child processes. Raises as ``work``."""
        if not bulk:
            return await self.work(partial(self.tools.carry_out, order))
        with _said():
            return await self.pool.carry_out(order)

    async def work(self, work: Callable[[], T]) -> T:
        """Run cryptography in a thread, a few at a time, within the time limit.

        Raises Refused ``signatures.cannot_sign``; Conflict ``signatures.failed``; Unavailable
        ``signatures.busy``.
        """
        try:
            async with asyncio.timeout(self.settings.timeout_seconds), self.gate:
                with _said():
                    return await asyncio.to_thread(work)
        except TimeoutError as error:
            raise Unavailable("signatures.busy") from error


@contextmanager
def _said() -> Iterator[None]:
    """Turn what signing raises into errors that people get words for."""
    try:
        yield
    except (FieldFault, UnreadableFile) as error:
        raise Refused("signatures.cannot_sign", reason=str(error)) from error
    except SigningError as error:
        raise Conflict("signatures.failed", reason=str(error)) from error


async def aside(work: Callable[[], T]) -> T:
    """Run short work that reads files or certificates in a thread."""
    return await asyncio.to_thread(work)


def _day(instant: datetime) -> str:
    return instant.strftime("%d/%m/%Y")
