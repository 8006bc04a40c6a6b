"""From settings to services: opens the stores, ties the rooms together, closes in reverse."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from server import logs
from server.audit.open import make_audit
from server.audit.service import Audit
from server.certificates import trust
from server.certificates.issuing import Issuing
from server.certificates.publisher import PkiPublisher
from server.certificates.requests import CertificateRequests
from server.certificates.service import Certificates
from server.certificates.watching import Watching
from server.circulation.adapters import IssuedDocuments
from server.circulation.service import Circulation
from server.documents.service import Documents
from server.evidence.mapping import EvidenceRules
from server.evidence.service import Evidence
from server.files.guard.model import GuardLimits
from server.files.guard.pool import Guard
from server.files.scanner import ClamdScanner, NoScanner, Scanner
from server.files.service import Files
from server.guide.service import Guide
from server.identity.access import Access
from server.identity.imports import AccountImport
from server.identity.inheriting import Inheriting
from server.identity.limits import Limits
from server.identity.mandates import Mandates
from server.identity.passwords import Cost, Passwords
from server.identity.permissions import PermissionTable, load_permissions
from server.identity.rules import Limit
from server.identity.sealing import Sealer, installation_secret
from server.identity.secondfactor import SecondFactor
from server.identity.service import Identity
from server.identity.sessions import Sessions, SessionSettings
from server.identity.tokens import Tokens
from server.jobs import Jobs
from server.jobs.owner import this_process
from server.kernel.actor import Role
from server.kernel.clock import Clock, SystemClock
from server.kernel.errors import LienThongError
from server.kernel.workdays import WorkingDays
from server.lookup.service import Lookup
from server.notifications.model import DELIVER, Batch
from server.notifications.service import Notifications
from server.organisations.service import Organisations
from server.organisations.staffing import Staffing
from server.organisations.succession import CLOSED, KEEPER, KeeperChanged, Succession
from server.registers.bookforms import BookForms
from server.registers.correcting import CORRECTED, Corrected
from server.registers.profiles import Profiles
from server.registers.service import Registers
from server.render.service import Renderer
from server.results.model import RunRequest
from server.results.procedures import Procedures
from server.results.service import RUN, Results, Rooms
from server.settings import Settings
from server.signatures.acts import FileActs
from server.signatures.bulk import BulkRuns
from server.signatures.bulk_documents import make_bulk
from server.signatures.levels import RAISE, RaiseRequest
from server.signatures.model import VerifyRequest
from server.signatures.service import Signatures
from server.unit import Units
from storage.blobs.open import open_blobs
from storage.blobs.protocol import BlobError, BlobStore
from storage.sql.migrate import migrate
from storage.sql.open import open_database
from storage.sql.protocol import Database, SqlError

SWITCH_SECONDS = 0.001
"""How long a working thread may keep the interpreter from the loop; Python's own 5 ms is a stall here."""
CHECK_SECONDS = 5
PURGE_SECONDS = 3600
PKI_PASSPHRASE = "LIENTHONG_PKI_PASSPHRASE"  # noqa: S105 - the name of a variable
SIGN_SECONDS = 0.25
"""A receipt is signed within a second: at once after a commit that tells somebody, else after this wait."""
TEXT_FACE = "400Regular/Tinos_400Regular.ttf"
ITALIC_FACE = "400Regular_Italic/Tinos_400Regular_Italic.ttf"


@dataclass(frozen=True, slots=True)
class Services:
    """Every room's service, ready for use. The edge gets this and nothing below it."""

    settings: Settings
    clock: Clock
    database: Database
    blobs: BlobStore
    units: Units
    access: Access
    organisations: Organisations
    staffing: Staffing
    identity: Identity
    sessions: Sessions
    second_factor: SecondFactor
    tokens: Tokens
    mandates: Mandates
    account_import: AccountImport
    files: Files
    profiles: Profiles
    guide: Guide
    renderer: Renderer
    registers: Registers
    documents: Documents
    signatures: Signatures
    bulk: BulkRuns
    circulation: Circulation
    results: Results
    lookup: Lookup
    notifications: Notifications
    working_days: WorkingDays
    evidence: Evidence
    audit: Audit
    jobs: Jobs
    scanner: Scanner
    pki: PkiPublisher
    certificates: Certificates
    certificate_requests: CertificateRequests
    issuing: Issuing

    async def ready(self) -> dict[str, bool]:
        """Tell which parts answer: database, objects, ledger, scanner (readiness)."""
        return {
            "database": await _answers(self.jobs.depth()),
            "objects": await _answers(self.blobs.check()),
            "ledger": not self.audit.sequencer.fault,
            "scanner": await _answers(self.scanner.check()),
        }


async def _answers(check: Awaitable[object]) -> bool:
    try:
        await asyncio.wait_for(check, CHECK_SECONDS)
    except (LienThongError, BlobError, SqlError, OSError):
        return False
    return True


@asynccontextmanager
async def open_services(
    settings: Settings, *, clock: Clock | None = None, background: bool = True
) -> AsyncIterator[Services]:
    """Open everything an installation needs; migrate the database first.

    With ``background`` the outbox and the schedules run. Raises LienThongError, SqlError, BlobError, OSError.
    """
    logs.configure()
    clock = clock or SystemClock()
    sys.setswitchinterval(SWITCH_SECONDS)
    read = await asyncio.to_thread(_read_files, settings)
    secret, font, profiles, forms, days, table, procedures, rules = read
    await migrate(settings.database_url)
    async with AsyncExitStack() as stack:
        database = await open_database(settings.database_url, readers=settings.storage.database_readers)
        stack.push_async_callback(database.close)
        blobs = await _open_blobs(settings, clock)
        stack.push_async_callback(blobs.close)
        units = Units(database, clock)
        access = Access(table, clock)
        organisations, staffing = Organisations(units, access), Staffing(units, access)
        passwords = Passwords(Cost(settings.identity.argon2_memory_kib, settings.identity.argon2_passes))
        stack.push_async_callback(asyncio.to_thread, passwords.close)
        factor = SecondFactor(units, access, passwords, Sealer(secret))
        limits = Limits(database, clock)
        sessions = Sessions(units, passwords, factor, limits, _session_settings(settings))
        stack.push_async_callback(sessions.close)
        identity = Identity(units, access, passwords, staffing)
        notifications = Notifications(units, access)
        guard = Guard(workers=settings.files.guard_workers, limits=_guard_limits(settings))
        stack.push_async_callback(guard.close)
        scanner = _scanner(settings)
        files = Files(
            units,
            blobs,
            guard,
            scanner,
            access,
            spool=settings.under_data("spool"),
            limit_bytes=settings.files.limit_bytes,
        )
        renderer = Renderer(
            settings.under_root(settings.rendering.fonts),
            settings.under_root("config/forms"),
            timeout_seconds=settings.rendering.timeout_seconds,
        )
        stack.push_async_callback(renderer.close)
        registers = Registers(units, access, organisations, profiles, forms, renderer)
        documents = Documents(units, access, files, organisations, identity, registers, profiles, renderer)
        publisher = PkiPublisher(
            settings.under_data(settings.signing.pki) if settings.signing.pki else None,
            clock,
            passphrase=os.environ.get(PKI_PASSPHRASE, "").encode() or None,
        )
        providers = await asyncio.to_thread(trust.load, settings.under_root(settings.province.pki))
        certificates = Certificates(units, access, trust.Anchors(providers, settings.data), publisher)
        signatures = Signatures(
            units,
            access,
            files,
            documents,
            profiles,
            certificates,
            settings=settings.signing,
            keys=settings.under_data(settings.signing.keys),
            trust=settings.under_data(settings.signing.trust),
            font=font,
            italic=settings.under_root(settings.rendering.fonts) / ITALIC_FACE,
        )
        stack.push_async_callback(signatures.close)
        evidence = Evidence(units, organisations, rules, secret, settings.evidence.service)
        documents.add_gate(signatures)
        bulk = make_bulk(units, access, signatures, documents)
        circulation = Circulation(
            units,
            access,
            files,
            IssuedDocuments(documents),
            registers,
            organisations,
            days,
            evidence,
            days,
        )
        acts = FileActs(signatures)
        rooms = Rooms(
            units,
            access,
            files,
            organisations,
            identity,
            registers,
            profiles,
            renderer,
            acts,
            procedures,
        )
        results = Results(rooms, base_url=settings.public_url)
        audit = make_audit(units, blobs, clock, settings)
        stack.push_async_callback(audit.sequencer.close)
        jobs = Jobs(database, clock, settings.jobs, owner=await asyncio.to_thread(this_process))
        services = Services(
            settings=settings,
            clock=clock,
            database=database,
            blobs=blobs,
            units=units,
            access=access,
            organisations=organisations,
            staffing=staffing,
            identity=identity,
            sessions=sessions,
            second_factor=factor,
            tokens=Tokens(units, access),
            mandates=Mandates(units, access, organisations),
            account_import=AccountImport(units, access, passwords, staffing),
            files=files,
            profiles=profiles,
            guide=Guide(units, access),
            renderer=renderer,
            registers=registers,
            documents=documents,
            signatures=signatures,
            bulk=bulk,
            circulation=circulation,
            results=results,
            lookup=Lookup(results, files, acts, signatures, limits, settings.lookup),
            notifications=notifications,
            working_days=days,
            evidence=evidence,
            audit=audit,
            jobs=jobs,
            scanner=scanner,
            pki=publisher,
            certificates=certificates,
            certificate_requests=CertificateRequests(certificates, organisations),
            issuing=Issuing(certificates, publisher, settings.under_data(settings.signing.keys)),
        )
        _wire(services)
        if background:
            await guard.start()
            await jobs.release_dead()
            jobs.start()
            stack.push_async_callback(jobs.stop)
            bulk.start()
            stack.push_async_callback(bulk.stop)
        yield services


def _wire(services: Services) -> None:
    """Tie subscribers to the outbox and schedules to the clock."""
    jobs, audit = services.jobs, services.settings.audit
    jobs.subscribe(RAISE, RaiseRequest, services.signatures.on_raise, lane="slow")
    jobs.subscribe("signatures.verify", VerifyRequest, services.signatures.on_verify, lane="slow")
    jobs.subscribe(CORRECTED, Corrected, services.circulation.on_corrected)
    jobs.subscribe(CLOSED, Succession, services.organisations.on_closed)
    for heir in (Inheriting(services.units), services.registers, services.documents, services.circulation):
        jobs.subscribe(CLOSED, Succession, heir.on_closed)
    for room in (services.registers, services.documents, services.circulation):
        jobs.subscribe(KEEPER, KeeperChanged, room.on_keeper_changed)
    jobs.subscribe(RUN, RunRequest, services.results.on_run, lane="slow")
    jobs.subscribe(DELIVER, Batch, services.notifications.deliver)
    jobs.subscribe(DELIVER, Batch, services.circulation.notified)

    async def sequence() -> None:
        await services.audit.sequencer.run()

    async def tile() -> None:
        await services.audit.checkpoints.keep_tiles()

    async def publish() -> None:
        await services.audit.checkpoints.publish()

    jobs.every("audit.sequence", audit.sequence_seconds, sequence)
    # These two follow the sequencer in its own process; a process that does not lead does nothing.
    jobs.every("audit.tiles", audit.tiles_seconds, tile, leased=False)
    jobs.every("audit.publish", audit.checkpoint_seconds, publish, leased=False)
    jobs.every("audit.attest", audit.checkpoint_seconds, services.audit.checkpoints.attest)

    async def sign() -> None:
        await services.evidence.sign_due()

    async def watch() -> None:
        await services.circulation.watch_silence()

    # Every process signs what it finds: a signature that is there stays, so none is made twice.
    jobs.every("evidence.sign", SIGN_SECONDS, sign, leased=False, prompt=True)
    jobs.every("evidence.silence", services.settings.evidence.silence_seconds, watch)
    jobs.every("identity.purge", PURGE_SECONDS, services.sessions.purge)
    jobs.every("pki.keep", PURGE_SECONDS, services.pki.keep)
    watching = Watching(services.units, services.certificate_requests)
    jobs.every("certificates.warn", PURGE_SECONDS, watching.warn)
    jobs.every("certificates.follow", PURGE_SECONDS, watching.follow)
    jobs.every("files.sweep", PURGE_SECONDS, services.files.sweep)
    services.units.after_publish(jobs.wake)


def _read_files(
    settings: Settings,
) -> tuple[bytes, Path, Profiles, BookForms, WorkingDays, PermissionTable, Procedures, EvidenceRules]:
    """Read what lies in files (blocking), making folders and the installation's secret at the first start."""
    settings.data.mkdir(parents=True, exist_ok=True)
    settings.under_data("spool").mkdir(exist_ok=True)
    province = settings.province
    return (
        installation_secret(settings.under_data("installation.secret")),
        settings.under_root(settings.rendering.fonts) / TEXT_FACE,
        Profiles.load(settings.under_root(province.profiles)),
        BookForms.load(settings.under_root(province.book_forms)),
        WorkingDays.read(settings.under_root(province.calendar).read_bytes()),
        load_permissions(settings.under_root(province.permissions)),
        Procedures.load(settings.under_root(province.procedures)),
        EvidenceRules.load(settings.under_root(settings.evidence.rules)),
    )


async def _open_blobs(settings: Settings, clock: Clock) -> BlobStore:
    secret = settings.storage.blobs_secret_file
    return await open_blobs(
        settings.blobs_url,
        secret_file=Path(secret) if secret else None,
        spool_directory=settings.under_data("spool"),
        ensure_bucket=True,
        now=clock.now(),
    )


def _session_settings(settings: Settings) -> SessionSettings:
    identity = settings.identity
    return SessionSettings(
        idle=timedelta(seconds=identity.session_idle_seconds),
        absolute=timedelta(seconds=identity.session_absolute_seconds),
        account_limit=Limit(identity.lockout_failures, identity.lockout_seconds, identity.lockout_seconds),
        address_limit=Limit(
            identity.address_attempts, identity.address_window_seconds, identity.address_window_seconds
        ),
        totp_required=frozenset(Role(name) for name in identity.totp_required_roles),
    )


def _guard_limits(settings: Settings) -> GuardLimits:
    files = settings.files
    return GuardLimits(max_pages=files.pages_limit, timeout_seconds=float(files.guard_timeout_seconds))


def _scanner(settings: Settings) -> Scanner:
    address = settings.files.scanner
    if not address:
        return NoScanner()
    return ClamdScanner(address, fail_closed=settings.files.scanner_fail_closed)
