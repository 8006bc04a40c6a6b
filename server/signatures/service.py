"""Who signs with which key: the leader's signature, number and date, the seal; keys; verification.

Cryptography never runs inside a unit. A command takes a task from ``documents`` (whose turn, which bytes),
works on the bytes in a thread, stores the result as a blob, and then records it in one unit that compares
the state with what the task saw; so of two who act at once one is told that the document has changed, and
a crash in between leaves an unreferenced blob and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from server.certificates.model import OwnerKind as CertificateOwner
from server.certificates.service import Certificates
from server.documents.core import moved
from server.documents.model import VersionKind
from server.documents.service import Documents
from server.documents.views import Moved, SigningTask
from server.files.model import Made
from server.files.service import Files
from server.identity.access import Access
from server.kernel.actor import SYSTEM, Actor
from server.kernel.errors import Conflict, NotFound, Refused, Unavailable
from server.kernel.page import Page, PageRequest
from server.kernel.record import Subject
from server.registers.profiles import Profiles
from server.settings import Signing as SigningSettings
from server.signatures.checker import Checker
from server.signatures.keyring import Keyring, OpenKey
from server.signatures.model import KeyRow, KeyState, KeyView, OwnerKind, Verification, VerifyRequest
from server.signatures.plan import field_plan, person_field, seal_field, texts
from server.signatures.store import SignatureStore
from server.unit import Units
from signing.errors import FieldFault, KeyFault, SigningError, UnreadableFile
from signing.fonts import TextFont, load_font
from signing.pades.embed import fill_number_and_date, require_valid, seal, sign_person
from signing.pades.prepare import prepare
from signing.validate.report import Report

T = TypeVar("T")
UNPREPARED = frozenset({VersionKind.UPLOADED, VersionKind.RENDERED})
REASON_PERSON = "Ký ban hành"
REASON_SEAL = "Đóng dấu phát hành"


class Signatures:
    """The room's public face."""

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
        self._units = units
        self._access = access
        self._files = files
        self._documents = documents
        self._profiles = profiles
        self._certificates = certificates
        self._settings = settings
        self._store = SignatureStore(units.reader.engine)
        self._keyring = Keyring(keys)
        self._checker = Checker(trust, workers=1, timeout_seconds=settings.timeout_seconds)
        self._faces = (font, italic)
        self._fonts: tuple[TextFont, TextFont] | None = None
        self._gate = asyncio.Semaphore(settings.workers)

    # --- signing ---------------------------------------------------------------------------------

    async def sign(self, actor: Actor, document_id: str, *, version: int | None = None) -> Moved:
        """Sign as the person whose turn it is; a PDF that has no fields yet gets them first.

        Raises what ``documents.begin_signing`` raises, and Conflict ``signatures.no_key``,
        ``signatures.key_not_valid``; Refused ``signatures.cannot_sign``; Unavailable ``signatures.busy``.
        """
        task = await self._documents.begin_signing(actor, document_id, version=version)
        key = await self._key(OwnerKind.PERSON, actor.account_id, actor.name)
        now = self._units.now()
        source = await self._files.read_bytes(task.digest)
        prepared: bytes | None = None
        if task.current.kind in UNPREPARED:
            font, italic = await self._text_fonts()
            plan = field_plan(task.current.placements)
            prepared = await self._work(lambda: prepare(source, plan, font, italic).pdf)
        base = prepared or source
        field = person_field(task.index)
        signed = await self._work(lambda: sign_person(base, key.signer, field, key.image, REASON_PERSON, now))
        made_prepared = await self._stored(prepared, task) if prepared else None
        made = await self._stored(signed, task)
        async with self._units.begin(actor) as unit:
            if made_prepared is not None:
                task = await self._documents.record_prepared(unit, task, made_prepared)
            return unit.answer(moved(await self._documents.record_signed(unit, task, made)))

    async def number(
        self,
        actor: Actor,
        document_id: str,
        *,
        version: int | None = None,
        on: date | None = None,
        number: int | None = None,
        reason: str = "",
    ) -> Moved:
        """Take the number (an act of its own), then fill number and date into their fields.

        When the fill fails after the number was taken, the document stands ``numbered`` and unfilled; the
        same call again goes on from there. Raises what ``documents`` and ``registers`` raise, and as
        ``sign``.
        """
        task = await self._documents.begin_numbering(actor, document_id, version=version)
        if not task.document.number_id:
            async with self._units.begin(actor) as unit:
                task, _ = await self._documents.take_number(unit, task, on=on, number=number, reason=reason)
                # The answer is given by the unit that fills; taking alone is not the end of this act.
        document = task.document
        day = document.document_date
        if day is None:
            raise Conflict("signatures.number_unreadable", number=document.number_text)
        profile = self._profiles.on(document.fields.profile, day)
        values = texts(profile, document.number_text, day)
        source = await self._files.read_bytes(task.digest)
        font, _ = await self._text_fonts()
        filled = await self._work(lambda: fill_number_and_date(source, values, font))
        made = await self._stored(filled, task)
        async with self._units.begin(actor) as unit:
            return unit.answer(moved(await self._documents.record_numbered(unit, task, made)))

    async def seal(self, actor: Actor, document_id: str, *, version: int | None = None) -> Moved:
        """Seal for the body whose turn it is. Raises as ``sign``."""
        task = await self._documents.begin_sealing(actor, document_id, version=version)
        key = await self._key(OwnerKind.BODY, task.body_id, task.body_id)
        now = self._units.now()
        source = await self._files.read_bytes(task.digest)
        field = seal_field(task.index)
        sealed = await self._work(lambda: seal(source, key.signer, field, key.image, now, REASON_SEAL))
        made = await self._stored(sealed, task)
        async with self._units.begin(actor) as unit:
            after = await self._documents.record_sealed(unit, task, made)
            unit.publish("signatures.verify", VerifyRequest(made.info.digest), key=made.info.digest)
            return unit.answer(moved(after))

    # --- keys ------------------------------------------------------------------------------------

    async def add_key(
        self,
        actor: Actor,
        kind: OwnerKind,
        owner_id: str,
        *,
        path: str,
        passphrase_path: str,
        image_path: str = "",
    ) -> KeyView:
        """Put a key file (already in the folder of keys) into the inventory and in use for its owner.

        The key is opened first, so one that cannot sign never gets in. The one before is retired. Raises
        Refused ``signatures.key_unreadable``, Conflict ``signatures.key_not_valid``,
        ``signatures.key_outside``.
        """
        if actor.account_id != SYSTEM.account_id:
            self._access.require(actor, "signatures.manage_keys")
        now = self._units.now()
        row = KeyRow(
            "",
            kind,
            owner_id,
            "",
            "",
            "",
            "",
            now,
            now,
            path,
            passphrase_path,
            image_path,
            KeyState.ACTIVE,
            now,
        )
        try:
            opened = await asyncio.to_thread(self._keyring.load, row)
        except Unavailable as error:  # here it is the caller's naming of files that is wrong
            raise Refused("signatures.key_unreadable", field="/path", subject=path) from error
        certificate = opened.signer.identity.certificate
        organ = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
        async with self._units.begin(actor) as unit:
            known = KeyRow(
                id=unit.new_id(),
                owner_kind=kind,
                owner_id=owner_id,
                subject=opened.signer.identity.name,
                organ_id=str(organ[0].value) if organ else "",
                serial=f"{certificate.serial_number:x}",
                issuer=certificate.issuer.rfc4514_string(),
                not_before=certificate.not_valid_before_utc,
                not_after=certificate.not_valid_after_utc,
                path=path,
                passphrase_path=passphrase_path,
                image_path=image_path,
                state=KeyState.ACTIVE,
                added_at=unit.now,
            )
            await self._store.add_key(unit, known)
            await self._certificates.hold(unit, CertificateOwner(kind.value), owner_id, certificate)
            view = view_of(known)
            unit.record(
                "signatures.add_key", Subject("key", known.id), new=view, detail={"serial": known.serial}
            )
            return unit.answer(view)

    async def keys(self, actor: Actor, page: PageRequest) -> Page[KeyView]:
        """Return the inventory, oldest first, without paths."""
        self._access.require(actor, "signatures.manage_keys")
        rows = await self._store.keys(self._units.reader, page.after, page.limit + 1)
        shown = [view_of(row) for row in rows[: page.limit]]
        return Page(shown, shown[-1].id if len(rows) > page.limit else None)

    async def preflight(self, actor: Actor) -> KeyView | None:
        """Return the key with which the actor would sign; None = none is in use."""
        row = await self._store.active_key(self._units.reader, OwnerKind.PERSON, actor.account_id)
        return view_of(row) if row else None

    # --- verification ----------------------------------------------------------------------------

    async def on_verify(self, message: VerifyRequest, _: str) -> None:
        """Check the signatures of a file once and keep the report (outbox ``signatures.verify``)."""
        if await self._store.verification(self._units.reader, message.digest):
            return
        async with self._files.spooled(message.digest) as path:
            report = await self._checker.check(path, self._units.now())
        async with self._units.begin(SYSTEM) as unit:
            found = Verification(
                digest=message.digest,
                verdict=report.verdict.value,
                signatures=len(report.signatures),
                report=msgspec.json.encode(report.as_json()).decode(),
                verified_at=unit.now,
            )
            await self._store.add_verification(unit, found, unit.now)
            unit.record(
                "signatures.verify",
                Subject("file", message.digest),
                detail={"verdict": found.verdict, "signatures": found.signatures},
            )

    async def verification(self, digest: str) -> Verification:
        """Return what the check of a file found; the caller's room has checked that it may be seen.

        Raises NotFound ``signatures.not_verified`` while the check has not run.
        """
        found = await self._store.verification(self._units.reader, digest)
        if found is None:
            raise NotFound("signatures.not_verified")
        return found

    async def check(self, pdf: bytes) -> Report:
        """Validate a PDF against the trust anchors of this installation."""
        return await self._checker.check(pdf, self._units.now())

    async def close(self) -> None:
        """End the children that check files."""
        await self._checker.close()

    # --- steps -----------------------------------------------------------------------------------

    async def _key(self, kind: OwnerKind, owner_id: str, name: str) -> OpenKey:
        """Pre-flight: the owner's key, opened and valid now."""
        row = await self._store.active_key(self._units.reader, kind, owner_id)
        if row is None:
            raise Conflict("signatures.no_key", owner=name)
        key = await self._keyring.open(row)
        try:
            require_valid(key.signer, self._units.now())
        except KeyFault as error:
            raise Conflict(
                "signatures.key_not_valid", subject=row.subject, until=_day(row.not_after)
            ) from error
        fingerprint = key.signer.identity.certificate.fingerprint(hashes.SHA256()).hex()
        if await self._certificates.refused_here(fingerprint) is not None:
            raise Conflict("signatures.key_revoked", subject=row.subject)
        return key

    async def _text_fonts(self) -> tuple[TextFont, TextFont]:
        """Return the upright and the italic face, read once."""
        if self._fonts is None:
            upright, italic = self._faces
            self._fonts = await asyncio.to_thread(lambda: (load_font(upright), load_font(italic)))
        return self._fonts

    async def _stored(self, pdf: bytes, task: SigningTask) -> Made:
        pages = task.current.main.pages if task.current.main else 0
        return await self._files.store_bytes(pdf, pages=pages)

    async def _work(self, work: Callable[[], T]) -> T:
        """Run cryptography in a thread, a few at a time, within the time limit."""
        try:
            async with asyncio.timeout(self._settings.timeout_seconds), self._gate:
                return await asyncio.to_thread(work)
        except TimeoutError as error:
            raise Unavailable("signatures.busy") from error
        except (FieldFault, UnreadableFile) as error:
            raise Refused("signatures.cannot_sign", reason=str(error)) from error
        except SigningError as error:
            raise Conflict("signatures.failed", reason=str(error)) from error


def view_of(row: KeyRow) -> KeyView:
    """Return a key without its paths."""
    return KeyView(
        row.id,
        row.owner_kind,
        row.owner_id,
        row.subject,
        row.organ_id,
        row.serial,
        row.issuer,
        row.not_before,
        row.not_after,
        row.state,
    )


def _day(instant: datetime) -> str:
    return instant.strftime("%d/%m/%Y")
