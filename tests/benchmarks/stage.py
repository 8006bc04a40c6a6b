"""The installation that benchmarks run on: the demo province on SQLite, a machine token, signed files."""

from __future__ import annotations

import asyncio
import io
import random
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

import pikepdf

from server.compose import open_services
from server.demo.province import build_province
from signing.fonts import TextFont, load_font
from signing.keys.software import SoftwareSigner
from signing.pades.embed import fill_number_and_date, seal, sign_person
from signing.pades.prepare import prepare
from signing.pki import ca
from signing.pki.profiles import Kind
from tests.benchmarks.figures import WORK
from tests.factories.province import CHEAP, PASSWORD, settings_of, sign_in
from tests.factories.server import Client, ServerProcess
from tests.unit.signing import samples

SENDER: Final = "z01"
"""The body that sends."""
CLERK: Final = "vanthu.vptu"
"""Its clerk; the clerk's post there has the id below."""
SENDER_POST: Final = "z01.van-thu"
RECIPIENTS: Final = ("z02-05", "z03-01", "z03-02", "z02-01", "z02-02")
"""Five bodies with clerks of their own."""
RECEIVER: Final = "vanthu.syt"
"""Clerk of the first recipient."""
SCOPES: Final = (
    "files.upload",
    "documents.hand_in",
    "documents.read",
    "circulation.send",
    "circulation.read",
    "registers.allocate",
)
Keys: TypeAlias = tuple[SoftwareSigner, SoftwareSigner]
"""Of a person, of a body."""
FILE_BYTES: Final = 100 * 1024


@dataclass(frozen=True, slots=True)
class Stage:
    """A built installation, copied for each round and never opened itself."""

    folder: Path
    """Its data folder."""
    token: str
    """Bearer token of the sender's clerk."""

    def copy(self, name: str) -> Path:
        """Return a fresh copy of the data folder."""
        target = WORK / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.folder, target)
        return target


@cache
def base() -> Stage:
    """Build the province and the token, once a run, in an empty folder."""
    folder = WORK / "base"
    shutil.rmtree(WORK, ignore_errors=True)
    folder.mkdir(parents=True)
    asyncio.run(_build(folder))
    with ServerProcess(folder, environment=CHEAP) as server:
        token = asyncio.run(_token(server.url))
        server.stop()
    return Stage(folder, token)


async def _build(folder: Path) -> None:
    async with open_services(settings_of(folder), background=False) as services:
        await build_province(
            services, password=PASSWORD, base_url="http://127.0.0.1/pki", keys_of=(SENDER, RECIPIENTS[0])
        )
        await services.audit.sequencer.run()


async def _token(url: str) -> str:
    async with Client(url) as client:
        await sign_in(client, CLERK)
        return await issue_token(client, SENDER_POST)


async def issue_token(client: Client, post_id: str) -> str:
    """Make a machine token for a post of the account that is signed in."""
    issued = await client.post(
        "/api/v1/tokens",
        {
            "post_id": post_id,
            "name": "benchmark",
            "scopes": list(SCOPES),
            "expires_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
        },
    )
    return str(issued["secret"])


def signed_files(stage: Stage, count: int) -> list[Path]:
    """Make ``count`` different PDFs of 100 KB, each signed by a person and sealed by the body.

    Those made before in this run are taken again.
    """
    folder = WORK / "pdfs"
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{number:05}.pdf" for number in range(count)]
    missing = [number for number, path in enumerate(paths) if not path.exists()]
    if missing:
        keys, font = _keys(stage.folder / "pki"), load_font(samples.FONT.read_bytes())
        overhead = len(_signed(keys, font, 0, 0))
        for number in missing:
            paths[number].write_bytes(_signed(keys, font, number, max(0, FILE_BYTES - overhead)))
    return paths


@cache
def _keys(pki: Path) -> Keys:
    authority = ca.open_authority(pki, passphrase=None)
    return samples.key_for(authority, "Phó Bí thư"), samples.key_for(authority, "Tỉnh ủy", Kind.ORGANISATION)


def _signed(keys: Keys, font: TextFont, number: int, padding: int) -> bytes:
    """Sign as a person, fill in the number, seal as the body."""
    source = padded(samples.letter(), padding, number)
    prepared = prepare(source, samples.plan(co_issuer=False), font).pdf
    person = sign_person(prepared, keys[0], "person", samples.BLUE, "Ký ban hành", samples.NOW)
    return seal(
        fill_number_and_date(person, {**samples.VALUES, "number": str(number)}),
        keys[1],
        "seal",
        samples.RED,
        samples.NOW,
    )


def padded(pdf: bytes, padding: int, number: int) -> bytes:
    """Add an image-like stream of random bytes, so that a letter has the size of a scan."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        noise = random.Random(number).randbytes(padding)
        document.Root.BenchFilling = document.make_stream(noise)
        out = io.BytesIO()
        document.save(out, deterministic_id=True)
        return out.getvalue()
