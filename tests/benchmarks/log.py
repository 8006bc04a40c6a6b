"""The log of acts: leaves into the tree, entries into database, files and tree, proofs out of ten million.

``python -m tests.benchmarks log``. The floor of the database is the same rows (entries and places) by bare
sqlite3 in batches of the same size with one commit each: no queue, no hashes, no files, no signature.
Processor time of the whole process, ours and the floor in turn.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from server.audit.logstore import LogStore, TileRow
from server.audit.tiling import Tiles
from server.kernel.clock import SystemClock
from server.kernel.record import Entry, leaf_hash
from storage.blobs.filesystem import FilesystemBlobStore
from storage.ledger.merkle import Tree, inclusion_ranges, verify_inclusion
from storage.ledger.tiles import WIDTH, TileBuilder, TileId, hashes, needed, partial_tiles, tile_root
from storage.sql.migrate import migrate
from storage.sql.open import open_database
from storage.sql.protocol import Params, Statement
from storage.sql.statements import Statements, load
from tests.benchmarks.figures import ROOT, WORK, Figure, middle, notes, spread
from tests.factories.ledger import log_of

LEAVES: Final = 1_000_000
ARCHIVE: Final = 10_000_000
PROOFS: Final = 200
BATCH: Final = 2_000
ENTRIES: Final = 30_000
ROUNDS: Final = 5
PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"


def measure() -> list[Figure]:
    """Measure all of it."""
    logging.disable(logging.WARNING)
    WORK.mkdir(parents=True, exist_ok=True)
    found = [in_memory()]
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        found += asyncio.run(with_database(Path(folder)))
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        found += asyncio.run(proofs(Path(folder)))
    return found


def in_memory() -> Figure:
    """Leaves appended to the tree, with the root of each batch."""
    leaves = [hashlib.sha256(n.to_bytes(8, "big")).digest() for n in range(LEAVES)]
    rates = []
    for _ in range(ROUNDS):
        tree, start = Tree(), time.process_time()
        for first in range(0, LEAVES, BATCH):
            tree.extend(leaves[first : first + BATCH])
            tree.root()
        rates.append(LEAVES / (time.process_time() - start))
    rate = middle(rates)
    note = notes(f"batches of {BATCH}, a root each", spread(rates))
    return Figure(
        "log: tree in memory", rate, "leaves/s CPU", target=">= 200000", met=rate >= 200_000, note=note
    )


def rows_of(first: int, count: int) -> list[Params]:
    """Entries as a unit writes them."""
    found: list[Params] = []
    for n in range(first, first + count):
        name = f"{n:026}"
        entry = Entry(
            id=f"{n:020}", at="2026-11-22T07:00:00.000000Z", account_id="vanthu.syt",
            account_name="Văn thư Sở Y tế",
            post_id="z02-05-vt", body_id="z02-05", on_behalf="", channel="api", address="10.1.2.3",
            request_id=f"{n:032x}", action="circulation.accept", subject_kind="arrival",
            subject_id=name,
            subject_body="z02-05", old_digest="sha256:" + "a" * 64, new_digest="sha256:" + "b" * 64,
            detail='{"code":"03","receipt":"sha256:' + "c" * 64 + '","sequence":2}',
        )  # fmt: skip
        salt = secrets.token_bytes(16)
        found.append({**msgspec.structs.asdict(entry), "salt": salt, "leaf_hash": leaf_hash(entry, salt)})
    return found


async def with_database(folder: Path) -> list[Figure]:
    """Entries written, placed, hashed into the tree and signed, against the rows alone."""
    template = folder / "template.db"
    await migrate(f"sqlite:///{template}")
    statements = load(ROOT / "server" / "unit.sql", "sqlite")
    parts = [rows_of(first, BATCH) for first in range(0, ENTRIES, BATCH)]
    ours, floors = [], []
    for turn in range(ROUNDS):
        path = folder / f"{turn}.db"
        path.write_bytes(template.read_bytes())
        start = seconds()
        bare(path, statements["insert_audit_entry"], parts)
        floors.append(since(start))
        path = folder / f"{turn}-log.db"
        path.write_bytes(template.read_bytes())
        start = seconds()
        await logged(path, folder / f"{turn}-ledger", statements, parts)
        ours.append(since(start))
    figures = []
    for index, unit in ((0, "entries/s CPU"), (1, "entries/s")):
        ratios = [floor[index] / one[index] for one, floor in zip(ours, floors, strict=True)]
        value, floor = (middle(ENTRIES / one[index] for one in some) for some in (ours, floors))
        ratio = middle(ratios)
        met = ratio >= 0.6 if index == 0 else None
        target = ">= 0.6 of the rows alone" if index == 0 else ""
        figures.append(
            Figure(
                "log: with SQLite",
                value,
                unit,
                floor,
                ratio,
                target,
                met,
                notes(f"batches of {BATCH}", spread(ratios)),
            )
        )
    return figures


def seconds() -> tuple[float, float]:
    """Return processor and wall seconds so far."""
    return time.process_time(), time.perf_counter()


def since(start: tuple[float, float]) -> tuple[float, float]:
    """Return processor and wall seconds since then."""
    now = seconds()
    return now[0] - start[0], now[1] - start[1]


def bare(path: Path, insert: Statement, parts: Sequence[list[Params]]) -> None:
    """The same rows, plainly."""
    connection = sqlite3.connect(path)
    connection.executescript(PRAGMAS)
    place = "INSERT INTO audit_leaves (position, entry_id, fence) VALUES (?, ?, 1)"
    position = 0
    for rows in parts:
        connection.executemany(insert.text, rows)
        connection.executemany(place, [(position + n, row["id"]) for n, row in enumerate(rows)])
        connection.commit()
        position += len(rows)
    connection.close()


async def logged(path: Path, folder: Path, statements: Statements, parts: Sequence[list[Params]]) -> None:
    """The rows through the port, queue and all, then their places, hashes and signed heads."""
    insert, pending = statements["insert_audit_entry"], statements["insert_audit_pending"]
    database = await open_database(f"sqlite:///{path}", readers=1)
    audit = log_of(database, folder, clock=SystemClock(), batch=BATCH)
    for rows in parts:
        async with database.transaction() as tx:
            await tx.execute_all([(insert, rows), (pending, [{"entry_id": row["id"]} for row in rows])])
        assert await audit.sequencer.run() == len(rows)
    await audit.sequencer.close()
    await database.close()


def archive() -> Iterator[bytes]:
    """Ten million leaf hashes in blocks of whole tiles."""
    for first in range(0, ARCHIVE, WIDTH * 100):
        count = min(WIDTH * 100, ARCHIVE - first)
        yield b"".join(hashlib.sha256(n.to_bytes(8, "big")).digest() for n in range(first, first + count))


async def proofs(folder: Path) -> list[Figure]:
    """Inclusion proofs at ten million entries: rows of all tiles, objects of those that are read."""
    url = f"sqlite:///{folder / 'log.db'}"
    await migrate(url)
    database = await open_database(url, readers=1)
    blobs = await FilesystemBlobStore.open(folder / "objects")
    rows, tree = LogStore(database), Tree()
    wanted = [secrets.randbelow(ARCHIVE) for _ in range(PROOFS)]
    read: set[TileId] = set()
    for index in wanted:
        read |= needed(inclusion_ranges(index, ARCHIVE), ARCHIVE)
    await keep_archive(rows, blobs, tree, read)
    tiles = Tiles(database, blobs)
    times = []
    for index in wanted:
        start = time.perf_counter()
        reader = await tiles.reader(inclusion_ranges(index, ARCHIVE), ARCHIVE)
        path = reader.inclusion(index)
        times.append((time.perf_counter() - start) * 1000)
        leaf = hashlib.sha256(index.to_bytes(8, "big")).digest()
        assert verify_inclusion(leaf, index, ARCHIVE, path, tree.root())
    await blobs.close()
    await database.close()
    value = middle(times)
    note = notes(f"{PROOFS} random entries, 95 % within {sorted(times)[int(PROOFS * 0.95)]:.2f} ms")
    return [Figure("log: proof at 10 million", value, "ms", target="< 2 ms", met=value < 2, note=note)]


async def keep_archive(rows: LogStore, blobs: FilesystemBlobStore, tree: Tree, read: set[TileId]) -> None:
    """Write a row for every full tile, and the object of each that will be read."""
    builder, kept = TileBuilder(), list[TileRow]()
    for block in archive():
        tree.extend(hashes(block))
        for tile, data in builder.extend(block):
            digest = (await blobs.put_bytes(data)).digest if tile in read else "sha256:" + "0" * 64
            kept.append(TileRow(tile.level, tile.index, WIDTH, digest, tile_root(data)))
    for tile, data in builder.edge():
        assert tile in partial_tiles(ARCHIVE)
        kept.append(TileRow(tile.level, tile.index, tile.width, (await blobs.put_bytes(data)).digest, b""))
    for first in range(0, len(kept), BATCH):
        await rows.keep_tiles(kept[first : first + BATCH])
