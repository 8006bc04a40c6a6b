"""Compares an installation with the journal of its clients: nothing lost, nothing doubled, nothing else.

Every request of the journal was answered in the end, so the rows must be what the answers say, one for one:
a row too many is something done twice, a row too few something lost.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import msgspec

from server.circulation.receipts import Receipt, chain_fault, seal
from server.settings import Settings
from storage.blobs.open import open_blobs
from storage.blobs.protocol import BlobInfo
from storage.sql.open import open_database
from storage.sql.protocol import Database, Statement
from tests.factories.server import LIENTHONG, ROOT
from tests.faults.journal import Line, Person, Sent

ENTRIES: dict[str, tuple[str, ...]] = {
    "files.receive": ("upload",),
    "documents.create": ("create",),
    "documents.save": ("render",),
    "documents.submit": ("submit",),
    "documents.pass_form": ("check",),
    "documents.approve": ("approve",),
    "documents.sign": ("sign",),
    "documents.take_number": ("number",),
    "documents.fill_number": ("number",),
    "documents.seal": ("seal",),
    "documents.issue": ("issue",),
    "documents.reject": ("reject",),
    "documents.hand_in": ("hand_in",),
    "circulation.send": ("send", "hand_in"),
    "circulation.accept": ("accept",),
    "circulation.refuse": ("refuse",),
    "circulation.register_paper": ("paper",),
    "registers.void": ("void", "reject"),
}
"""Audit action -> kinds of requests that leave it, once each."""
PARALLEL = 4
DRAIN_SECONDS = 120


@dataclass(frozen=True)
class Row:
    """A row of two columns and a figure, as the checks below ask for."""

    name: str
    text: str
    figure: int


async def run_each(checks: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """Run checks, a few at a time."""
    gate = asyncio.Semaphore(PARALLEL)

    async def one(check: Callable[[], Awaitable[None]]) -> None:
        async with gate:
            await check()

    async with asyncio.TaskGroup() as group:
        for check in checks:
            group.create_task(one(check))


# --- through the API, while the server runs ------------------------------------------------------------


async def repeats_are_identical(requests: Iterable[Sent]) -> None:
    """Send answered requests again: the same status, the same bytes."""

    def check(sent: Sent) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            again, first = await sent.once(), sent.answer
            assert first is not None
            assert (again.status, again.body) == (first.status, first.body), (
                f"{sent.kind} {sent.path}: first {first.status} {first.body!r}, "
                f"again {again.status} {again.body!r}"
            )

        return work

    await run_each(check(sent) for sent in requests)


async def is_still_there(sent: Sent) -> None:
    """Read back what one request was answered with."""
    said = sent.said
    if sent.kind in ("send", "hand_in"):
        await _dispatch_is_there(sent)
    elif sent.kind in ("accept", "refuse", "paper"):
        arrival = await sent.person.get(f"/arrivals/{said['id']}")
        receipts = [seal(msgspec.convert(one, Receipt)) for one in arrival["receipts"]]
        assert chain_fault([one.content for one in receipts]) == ""
        assert receipts[-1].digest == said["receipt_digest"]
        assert (arrival["incoming_text"], arrival["status"]) == (said["incoming_text"], said["status"])
        await _files_are_there(
            sent.person, f"/arrivals/{said['id']}", [one["digest"] for one in arrival["files"]]
        )
    elif sent.kind in ("take", "void"):
        row = await sent.person.get(f"/numbers/{said['id']}")
        assert row["text"] == said["text"] and row["number"] == said["number"]
        assert row["state"] == "voided" if sent.kind == "void" else row["state"] in ("allocated", "voided")
    elif sent.kind != "upload":
        view = await sent.person.get(f"/documents/{said['id']}")
        document = view["document"]
        assert document["version"] >= said["version"]
        assert said["number_text"] in ("", document["number_text"])
        version = next(one for one in view["versions"] if one["n"] == said["current_n"])
        if said["main_digest"]:
            assert version["main"]["digest"] == said["main_digest"]
            await _files_are_there(sent.person, f"/documents/{said['id']}", [said["main_digest"]])


async def _dispatch_is_there(sent: Sent) -> None:
    said = sent.said
    detail = await sent.person.get(f"/dispatches/{said['id']}")
    assert detail["number_text"] == said["number_text"] and detail["main_digest"] == said["main_digest"]
    answered = Counter((one["body_id"], one["arrival_id"]) for one in said["arrivals"])
    assert Counter((one["body_id"], one["arrival_id"]) for one in detail["tree"]) == answered
    assert set(answered.values()) == {1}
    document = await sent.person.get(f"/documents/{said['document_id']}")
    assert document["document"]["state"] == "issued"
    await _files_are_there(sent.person, f"/documents/{said['document_id']}", [said["main_digest"]])


async def _files_are_there(person: Person, of: str, digests: Iterable[str]) -> None:
    for digest in digests:
        data = await person.download(f"{of}/files/{digest}")
        assert "sha256:" + hashlib.sha256(data).hexdigest() == digest


async def all_is_there(line: Line) -> None:
    """Read back everything that was answered."""

    def check(sent: Sent) -> Callable[[], Awaitable[None]]:
        return lambda: is_still_there(sent)

    await run_each(check(sent) for sent in line.answered)


async def small_check(line: Line, chance: random.Random) -> None:
    """After a restart: some requests are repeated, some answers read back."""
    answered = line.answered
    await repeats_are_identical(chance.sample(answered, min(3, len(answered))))
    for sent in chance.sample(answered, min(2, len(answered))):
        await is_still_there(sent)


async def registers_are_complete(people: Iterable[Person]) -> int:
    """Have each clerk ask whether their series are complete; return how many series were looked at."""
    looked = 0
    for person in people:
        page = await person.get("/series?limit=200")
        for series in page["items"]:
            report = await person.get(f"/series/{series['id']}/complete")
            assert report["missing"] == [], f"{series['name']}: missing {report['missing']}"
            numbers = [one["number"] for one in report["lines"]]
            assert numbers == list(range(series["start_number"], series["start_number"] + len(numbers)))
            looked += 1
    return looked


# --- behind the API --------------------------------------------------------------------------------------


async def rows(database: Database, sql: str) -> list[Row]:
    """Run a query of the columns name, text, figure."""
    return await database.fetch(Statement("oracle", sql), {}, Row)


async def outbox_drains(settings: Settings) -> None:
    """Wait until nothing waits in the outbox; nothing may have been given up."""
    database = await open_database(settings.database_url, readers=1)
    sql = (
        "SELECT 'waiting' AS name, coalesce(max(kind || ' ' || last_error), '') AS text, count(*) AS figure "
        "FROM outbox UNION ALL "
        "SELECT 'dead', coalesce(max(kind || ' ' || last_error), ''), count(*) FROM outbox_dead"
    )
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while any(row.figure for row in await rows(database, sql)):
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"the outbox does not drain: {await rows(database, sql)}") from None
    finally:
        await database.close()


async def rows_agree(settings: Settings, line: Line) -> None:
    """Compare rows with the journal: the same numbers, arrivals, documents, entries, each once."""
    assert not [sent for sent in line.journal if sent.answer is None]
    database = await open_database(settings.database_url, readers=1)
    try:
        await _documents_agree(database, line)
        await _arrivals_agree(database, line)
        await _numbers_agree(database, line)
        await _audit_agrees(database, line)
        await _blobs_agree(database, settings)
    finally:
        await database.close()


async def _documents_agree(database: Database, line: Line) -> None:
    found = await rows(database, "SELECT id AS name, state AS text, current_n AS figure FROM documents")
    known = {sent.said["id"] for sent in line.of("create")} | {
        sent.said["document_id"] for sent in line.of("hand_in")
    }
    assert {row.name for row in found} == known and len(found) == len(known)
    assert len(known) == len(line.of("create", "hand_in"))
    counted = "SELECT document_id AS name, '' AS text, count(*) AS figure FROM document_versions GROUP BY 1"
    versions = {row.name: row.figure for row in await rows(database, counted)}
    assert versions == {row.name: row.figure for row in found}, "versions are not 1, 2, 3 ..."


async def _arrivals_agree(database: Database, line: Line) -> None:
    sent = [one for done in line.of("send", "hand_in") for one in done.said["arrivals"]]
    known = Counter([one["arrival_id"] for one in sent] + [done.said["id"] for done in line.of("paper")])
    found = await rows(database, "SELECT id AS name, incoming_text AS text, sequence AS figure FROM arrivals")
    assert Counter(row.name for row in found) == known
    receipts = await rows(
        database,
        "SELECT arrival_id AS name, '' AS text, count(*) AS figure FROM receipts GROUP BY arrival_id "
        "HAVING min(sequence) = 1 AND max(sequence) = count(*)",
    )
    assert {row.name: row.figure for row in receipts} == {row.name: row.figure for row in found}
    taken = {done.said["id"]: done.said["incoming_text"] for done in line.of("accept", "paper")}
    assert {row.name: row.text for row in found if row.text} == taken
    book = await rows(database, "SELECT arrival_id AS name, text, number AS figure FROM incoming_entries")
    assert Counter((row.name, row.text) for row in book) == Counter(taken.items())


async def _numbers_agree(database: Database, line: Line) -> None:
    numbered = {done.said["id"]: done.said["number_text"] for done in line.of("number")}
    numbered |= {done.said["document_id"]: done.said["number_text"] for done in line.of("hand_in")}
    sql = "SELECT document_id AS name, text, number AS figure FROM series_numbers"
    found = await rows(database, f"{sql} WHERE document_id <> ''")
    assert Counter((row.name, row.text) for row in found) == Counter(numbered.items())
    apart = await rows(database, sql.replace("document_id AS", "id AS") + " WHERE document_id = ''")
    taken = Counter((done.said["id"], done.said["text"]) for done in line.of("take"))
    assert Counter((row.name, row.text) for row in apart) == taken
    voided = await rows(
        database, "SELECT state AS name, '' AS text, count(*) AS figure FROM series_numbers GROUP BY state"
    )
    states = {row.name: row.figure for row in voided}
    assert states.get("voided", 0) == len(line.of("void", "reject"))
    assert states.get("issued", 0) == len(line.of("issue", "hand_in"))


async def _audit_agrees(database: Database, line: Line) -> None:
    sql = "SELECT action AS name, '' AS text, count(*) AS figure FROM audit_entries GROUP BY action"
    entries = {row.name: row.figure for row in await rows(database, sql)}
    wanted = {action: len(line.of(*kinds)) for action, kinds in ENTRIES.items()}
    assert {action: entries.get(action, 0) for action in wanted} == wanted


@dataclass(frozen=True)
class _Object:
    digest: str
    size_bytes: int
    chunk_digests: bytes


async def _blobs_agree(database: Database, settings: Settings) -> None:
    found = await database.fetch(
        Statement("oracle.objects", "SELECT digest, size_bytes, chunk_digests FROM objects"), {}, _Object
    )
    secret = settings.storage.blobs_secret_file
    assert not secret, "the oracle reads directories and open buckets"
    blobs = await open_blobs(settings.blobs_url, spool_directory=settings.under_data("spool"))
    try:
        for row in found:
            info = BlobInfo(row.digest, row.size_bytes, row.chunk_digests)
            data = await blobs.read_bytes(info)  # raises for a missing or damaged one
            assert "sha256:" + hashlib.sha256(data).hexdigest() == row.digest
    finally:
        await blobs.close()


def audit_is_intact(environment: dict[str, str]) -> int:
    """Run ``lienthong audit verify``: exit 0; return how many entries it saw."""
    done = subprocess.run(
        [str(LIENTHONG), "audit", "verify"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return int(done.stdout.split(" entries")[0].split()[-1])
