"""What ``lienthong doctor`` looks at: configuration, database, objects, ledger, keys, clock."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from server.compose import Services, open_services
from server.kernel.clock import UTC, SystemClock
from server.kernel.errors import LienThongError
from server.settings import Settings
from storage.blobs.protocol import BlobError
from storage.sql.migrate import current, head
from storage.sql.protocol import SqlError

FREE_BYTES = 1 << 30
EARLIEST_YEAR = 2026
"""A clock that shows an earlier year is wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One part that was looked at."""

    part: str
    """Which part."""
    ok: bool
    """Whether it is well."""
    text: str
    """What was found, and what to do when it is not well."""


async def examine(settings: Settings) -> list[Finding]:
    """Look at every part of an installation; opens it as a server would, without background work."""
    findings = [Finding("configuration", True, f"data folder {settings.data}")]
    findings.append(await asyncio.to_thread(_disk, settings.data))
    findings.append(_clock())
    try:
        async with open_services(settings, background=False) as services:
            findings += await _opened(services)
    except LienThongError as error:
        findings.append(Finding("start", False, f"{error.code}: see the documentation of this code"))
    except (SqlError, BlobError, OSError, ValueError) as error:
        findings.append(Finding("start", False, f"{type(error).__name__}: {error}"))
    return findings


async def _opened(services: Services) -> list[Finding]:
    settings = services.settings
    schema = await current(settings.database_url)
    newest = await asyncio.to_thread(head)
    findings = [
        Finding(
            "schema",
            schema == newest,
            f"at {schema}, program {newest}; run «lienthong migrate» if they differ",
        )
    ]
    for part, ok in (await services.ready()).items():
        findings.append(
            Finding(part, ok, "answers" if ok else "does not answer; check its setting and its log")
        )
    depth = await services.jobs.depth()
    text = f"{depth.waiting} messages wait, {depth.dead} were given up; look at table outbox_dead if not 0"
    findings.append(Finding("outbox", depth.dead == 0, text))
    trust = settings.under_data(settings.signing.trust)
    anchors = await asyncio.to_thread(lambda: len(list(trust.glob("*.pem"))) if trust.is_dir() else 0)
    findings += await _authority(services)
    findings.append(Finding("trust", anchors > 0, f"{anchors} anchors in {trust}; put PEM files there if 0"))
    return findings


async def _authority(services: Services) -> list[Finding]:
    """Say which certificates and lists of our own authority end soon."""
    now = services.clock.now()
    return [
        Finding(
            f"pki {part.name}",
            not part.warns(now),
            f"ends {part.ends.isoformat(timespec='seconds')}; «lienthong pki renew» (ocsp, tsa) or "
            "«lienthong pki crl» (lists) before that",
        )
        for part in await services.pki.parts()
    ]


def _disk(folder: Path) -> Finding:
    present = folder if folder.exists() else folder.parent
    free = shutil.disk_usage(present).free
    return Finding(
        "disk", free > FREE_BYTES, f"{free >> 20} MiB free; at least {FREE_BYTES >> 20} are wanted"
    )


def _clock() -> Finding:
    now = SystemClock().now()
    ok = now.tzinfo is UTC and now.year >= EARLIEST_YEAR
    return Finding(
        "clock", ok, f"{now.isoformat(timespec='seconds')}; set the machine's time by NTP if it is wrong"
    )
