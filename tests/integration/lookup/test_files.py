"""A file that somebody brings: what it is, said honestly, whatever it is; and nothing of it is kept."""

from __future__ import annotations

import asyncio
import io
import sqlite3
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pikepdf
import pytest

from server.kernel.actor import Actor, RequestContext
from server.kernel.errors import Invalid, TooLarge, TooMany, Unavailable
from server.lookup.model import Finding, Outcome, Standing
from server.render.model import Field, Kind
from server.signatures.crypto import Order, Step
from server.signatures.model import OwnerKind
from server.signatures.plan import seal_field
from signing.pades.embed import SignatureText, sign_invisibly
from tests.data.pdf_pieces import plain
from tests.integration.lookup.conftest import Desk
from tests.integration.results.conftest import CENTRE, STRANGER


async def stream(data: bytes, size: int = 65536) -> AsyncIterator[bytes]:
    for at in range(0, max(len(data), 1), size):
        yield data[at : at + size]


async def check(desk: Desk, data: bytes, who: Actor = STRANGER) -> Finding:
    return await desk.centre.services.lookup.check(who, stream(data))


def somebody(n: int) -> Actor:
    return replace(STRANGER, request=RequestContext(address=f"198.51.100.{n}"))


async def elsewhere(desk: Desk) -> bytes:
    """Return a file signed by the centre's own seal that no result is."""
    acts = desk.centre.services.results.rooms.acts
    place = Field(kind=Kind.SEAL, page=0, x=100, y=100, w=90, h=90)
    prepared = await acts.prepare(plain(), [place])
    signatures = desk.centre.services.signatures
    key = await signatures.key_of(OwnerKind.BODY, CENTRE, CENTRE)
    order = Order(prepared, desk.centre.services.clock.now(), steps=(Step(key, seal_field(0)),))
    return (await signatures.carry_out(order)).pdf


async def with_more(desk: Desk, pdf: bytes) -> bytes:
    """Return the file with one more signature behind it, by another who may sign."""
    signatures = desk.centre.services.signatures
    key = await signatures.keyring.open(await signatures.key_of(OwnerKind.BODY, "z02-05", "z02-05"))
    now = desk.centre.services.clock.now()
    return await signatures.work(lambda: sign_invisibly(pdf, key.signer, "them", SignatureText(), now))


async def test_the_issued_file_is_told_from_every_other(desk: Desk) -> None:
    files, result = desk.centre.services.files, desk.pension
    pdf = await files.read_bytes(result.digest)
    found = await check(desk, pdf)
    assert (found.outcome, found.digest) == (Outcome.ISSUED, result.digest)
    assert found.result is not None
    assert found.result.standing is Standing.IN_FORCE
    assert found.check is not None
    assert found.check.verdict == "valid"

    found = await check(desk, await with_more(desk, pdf))
    assert found.outcome is Outcome.EXTENDED

    changed = pdf.replace(b"/Reason", b"/Reasen", 1)
    assert changed != pdf
    junk = pdf + b"\n1 0 obj\n<<>>\nendobj\n"
    assert (await check(desk, junk)).outcome in (Outcome.ALTERED, Outcome.UNREADABLE)
    assert (await check(desk, changed)).outcome is Outcome.ALTERED

    stage = await files.read_bytes(result.signed_digest)
    found = await check(desk, stage)
    assert found.outcome is Outcome.UNFINISHED
    assert found.result is not None


async def test_a_page_swapped_under_genuine_signatures_is_altered(desk: Desk) -> None:
    pdf = await desk.centre.services.files.read_bytes(desk.pension.digest)

    def overlaid() -> bytes:
        sink = io.BytesIO()
        with pikepdf.open(io.BytesIO(pdf)) as document:
            document.pages[0].contents_add(b"BT /F1 12 Tf 72 400 Td (900.000) Tj ET")
            document.save(sink)
        return sink.getvalue()

    found = await check(desk, await asyncio.to_thread(overlaid))
    assert found.outcome in (Outcome.ALTERED, Outcome.BROKEN)


async def test_a_revoked_result_is_told_of_its_exact_file_too(desk: Desk) -> None:
    results = desk.centre.services.results
    await results.revoke(
        desk.centre.director, desk.other.id, version=desk.other.version, reason="Hồ sơ không đúng"
    )
    found = await check(desk, await desk.centre.services.files.read_bytes(desk.other.digest))
    assert found.result is not None
    assert (found.outcome, found.result.standing) == (Outcome.ISSUED, Standing.REVOKED)


async def test_files_from_elsewhere_are_told_as_such(desk: Desk) -> None:
    foreign = await elsewhere(desk)
    found = await check(desk, foreign)
    assert (found.outcome, found.result) == (Outcome.ELSEWHERE, None)
    broken = foreign.replace(b"/MediaBox", b"/MediaBux", 1)
    assert (await check(desk, broken)).outcome in (Outcome.BROKEN, Outcome.UNREADABLE)
    found = await check(desk, plain())
    assert (found.outcome, found.check and found.check.signatures) == (Outcome.UNSIGNED, ())


def bomb() -> bytes:
    """A page whose content is 192 MiB of nothing, deflated to some kilobytes."""
    sink = io.BytesIO()
    squeezed = zlib.compressobj(9)
    data = b"".join(squeezed.compress(bytes(1 << 20)) for _ in range(192)) + squeezed.flush()
    with pikepdf.new() as document:
        document.add_blank_page()
        content = pikepdf.Stream(document, data)
        content["/Filter"] = pikepdf.Name("/FlateDecode")
        document.pages[0]["/Contents"] = document.make_indirect(content)
        document.save(sink, compress_streams=False)
    return sink.getvalue()


HOSTILE = {
    "empty": b"",
    "text": b"hello",
    "zip": b"PK\x03\x04" + bytes(100),
    "program": b"\x7fELF" + bytes(100),
    "only a head": b"%PDF-1.7\n",
    "no end": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n",
    "loop": b"%PDF-1.7\n1 0 obj\n1 0 R\nendobj\ntrailer\n<< /Root 1 0 R /Prev 9 >>\nstartxref\n9\n%%EOF\n",
    "codes without end": b"%PDF-1.7\n" + b"/tra-cuu/22222222222222222 " * 2000 + b"\n%%EOF\n",
}
SAFE = (Outcome.UNREADABLE, Outcome.UNSIGNED, Outcome.BROKEN)


@pytest.mark.parametrize("name", sorted(HOSTILE))
async def test_hostile_bytes_get_an_answer_and_never_a_good_one(desk: Desk, name: str) -> None:
    found = await check(desk, HOSTILE[name])
    assert found.outcome in SAFE
    assert found.problem or found.check is not None


async def test_a_bomb_ends_in_a_child_within_its_limits(desk: Desk) -> None:
    data = await asyncio.to_thread(bomb)
    async with asyncio.timeout(60):
        found = await check(desk, data)
    assert found.outcome in SAFE


async def test_nothing_of_a_file_is_kept(desk: Desk) -> None:
    settings = desk.centre.services.settings

    def traces() -> tuple[int, ...]:
        spool = list(settings.under_data("spool").iterdir())
        with sqlite3.connect(settings.data / "lienthong.db") as rows:
            tables = ("objects", "object_holdings", "verifications", "audit_entries", "outbox")
            counts = [rows.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables]
        rows.close()
        return (len(spool), *counts)

    before = await asyncio.to_thread(traces)
    big = plain() + b"%" + bytes(600_000)
    for data in (plain(), big, b"hello", await elsewhere(desk)):
        await check(desk, data)
    assert await asyncio.to_thread(traces) == before


def limited(desk: Desk, **changes: int) -> None:
    """Set limits of the look-up for a test."""
    lookup = desk.centre.services.lookup
    lookup._settings = msgspec.structs.replace(lookup._settings, **changes)


async def test_a_file_longer_than_the_limit_is_refused_while_it_comes(desk: Desk) -> None:
    limited(desk, file_limit_bytes=300_000)
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 65536
            yield bytes(65536)

    with pytest.raises(TooLarge):
        await desk.centre.services.lookup.check(STRANGER, endless())
    assert taken < 1_000_000


async def test_an_address_brings_so_many_files_and_no_more(desk: Desk) -> None:
    limited(desk, file_attempts=3)
    for _ in range(3):
        await check(desk, b"hello")
    with pytest.raises(TooMany):
        await check(desk, b"hello")
    assert (await check(desk, b"hello", somebody(1))).outcome is Outcome.UNREADABLE


async def test_many_at_once_and_slow_lines_hold_nobody_up(desk: Desk) -> None:
    limited(desk, files_per_address=2, files_waiting=5, upload_seconds=1)
    lookup = desk.centre.services.lookup
    opened = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"%PDF-1.7\n"
        await opened.wait()

    async def bring(n: int) -> str:
        try:
            await lookup.check(somebody(n), slow())
        except (Unavailable, Invalid) as error:
            return error.code
        return ""

    crowd = [asyncio.create_task(bring(n)) for n in (1, 1, 1, 2, 2, 3, 3)]
    await asyncio.sleep(0.3)
    answers = [task.result() for task in crowd if task.done()]
    assert answers == ["lookup.busy"] * 2  # the third of one address, and the sixth of all
    said = await asyncio.gather(*crowd)
    assert sorted(said) == ["lookup.busy"] * 2 + ["lookup.too_slow"] * 5
    assert (await check(desk, plain(), somebody(9))).outcome is Outcome.UNSIGNED
    assert not list(Path(desk.centre.services.settings.under_data("spool")).iterdir())
