"""The record: who changes, removes, inserts, reorders or cuts it is named."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from server.audit.logstore import LogStore
from server.audit.model import Fault
from server.audit.service import Audit
from server.kernel.actor import SYSTEM, Actor, Role
from server.kernel.clock import FixedClock
from server.kernel.errors import Unavailable
from server.kernel.page import PageRequest
from server.kernel.record import Entry, Subject, leaf_hash
from server.unit import Units, UnrecordedWrite
from storage.ledger.checkpoint import NoteKey, verify
from storage.ledger.merkle import verify_inclusion
from storage.sql.protocol import Database, Statement
from tests.conftest import MORNING
from tests.factories.ledger import log_of

CLERK = Actor("clerk", "Văn thư Sở 1", Role.RECORDS_CLERK, body_id="z02-05", post_id="z02-05-vt")


def audit_of(database: Database, folder: Path) -> Audit:
    return log_of(database, folder, clock=FixedClock(MORNING), batch=7)


async def write(database: Database, clock: FixedClock, count: int = 20) -> list[str]:
    """Leave ``count`` entries in units of one; return their ids in order."""
    units, ids = Units(database, clock), []
    for n in range(count):
        async with units.begin(CLERK) as unit:
            unit.record("test.done", Subject("document", f"d{n}", "z02-05"), old={"n": n}, new={"n": n + 1})
            await unit.close()
            ids.append(unit._entries[0].id)
            unit._entries.clear()
    return ids


async def sql(database: Database, text: str, **params: str | int | bytes) -> None:
    async with database.transaction() as tx:
        await tx.execute(Statement("test.tamper", text), params)


async def test_an_untouched_record_is_intact(database: Database, clock: FixedClock, tmp_path: Path) -> None:
    audit = audit_of(database, tmp_path)
    await write(database, clock)
    assert await audit.sequencer.run() == 20
    report = await audit.verify()
    assert (report.ok, report.entries, report.heads) == (True, 20, 3)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("account_name", "Người khác"),
        ("at", "2020-01-01T00:00:00.000000Z"),
        ("detail", "{}x"),
        ("action", "x.y"),
    ],
)
async def test_a_changed_entry_is_named(
    database: Database, clock: FixedClock, tmp_path: Path, column: str, value: str
) -> None:
    audit = audit_of(database, tmp_path)
    ids = await write(database, clock)
    await audit.sequencer.run()
    await sql(database, f"UPDATE audit_entries SET {column} = :value WHERE id = :id", value=value, id=ids[5])
    findings = (await audit.verify()).findings
    assert [(f.fault, f.position, f.entry_id) for f in findings] == [(Fault.CHANGED, 5, ids[5])]


async def test_a_changed_entry_with_its_hash_computed_anew_is_named(
    database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    audit = audit_of(database, tmp_path)
    ids = await write(database, clock)
    await audit.sequencer.run()
    leaf = (await audit._store.leaves(5, 1))[0]
    forged = Entry(
        **{**{n: getattr(leaf.entry, n) for n in Entry.__struct_fields__}, "account_name": "Kẻ khác"}
    )
    await sql(
        database,
        "UPDATE audit_entries SET account_name = 'Kẻ khác', leaf_hash = :hash WHERE id = :id",
        hash=leaf_hash(forged, leaf.salt),
        id=ids[5],
    )
    findings = (await audit.verify()).findings
    assert [(f.fault, f.position, f.entry_id) for f in findings] == [(Fault.CHANGED, 5, ids[5])]


async def test_a_removed_entry_is_named_by_its_place(
    database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    audit = audit_of(database, tmp_path)
    ids = await write(database, clock)
    await audit.sequencer.run()
    await sql(database, "DELETE FROM audit_leaves WHERE entry_id = :id", id=ids[9])
    await sql(database, "DELETE FROM audit_entries WHERE id = :id", id=ids[9])
    findings = (await audit.verify()).findings
    assert [(f.fault, f.position) for f in findings] == [(Fault.REMOVED, 9)]


async def test_a_cut_tail_is_named(database: Database, clock: FixedClock, tmp_path: Path) -> None:
    audit = audit_of(database, tmp_path)
    ids = await write(database, clock)
    await audit.sequencer.run()
    for id_ in ids[17:]:
        await sql(database, "DELETE FROM audit_leaves WHERE entry_id = :id", id=id_)
        await sql(database, "DELETE FROM audit_entries WHERE id = :id", id=id_)
    findings = (await audit.verify()).findings
    assert [(f.fault, f.position) for f in findings] == [(Fault.REMOVED, n) for n in (17, 18, 19)]
    await write(database, clock, 1)
    with pytest.raises(Unavailable, match=r"audit\.rows_missing"):
        await audit.sequencer.run()


async def test_an_inserted_entry_is_named(database: Database, clock: FixedClock, tmp_path: Path) -> None:
    audit = audit_of(database, tmp_path)
    ids = await write(database, clock)
    await audit.sequencer.run()
    columns = [*Entry.__struct_fields__[1:], "salt", "leaf_hash"]
    await sql(
        database,
        f"INSERT INTO audit_entries (id, {', '.join(columns)}) "
        f"SELECT 'forged', {', '.join(columns)} FROM audit_entries WHERE id = :id",
        id=ids[3],
    )
    findings = (await audit.verify()).findings
    assert [(f.fault, f.entry_id) for f in findings] == [(Fault.INSERTED, "forged")]


async def test_reordered_entries_are_named(database: Database, clock: FixedClock, tmp_path: Path) -> None:
    audit = audit_of(database, tmp_path)
    ids = await write(database, clock)
    await audit.sequencer.run()
    await sql(database, "UPDATE audit_leaves SET position = 100 WHERE entry_id = :id", id=ids[2])
    await sql(database, "UPDATE audit_leaves SET position = 2 WHERE entry_id = :id", id=ids[4])
    await sql(database, "UPDATE audit_leaves SET position = 4 WHERE entry_id = :id", id=ids[2])
    findings = (await audit.verify()).findings
    assert [(f.fault, f.position, f.entry_id) for f in findings] == [
        (Fault.REORDERED, 2, ids[4]),
        (Fault.REORDERED, 4, ids[2]),
    ]


async def test_a_full_recompute_of_the_files_without_the_key_is_seen(
    database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    audit = audit_of(database, tmp_path / "honest")
    await write(database, clock)
    await audit.sequencer.run()
    await audit.sequencer.close()
    await sql(database, "UPDATE audit_entries SET account_name = 'Kẻ khác'")
    for leaf in await audit._store.leaves(0, 100):
        await sql(
            database,
            "UPDATE audit_entries SET leaf_hash = :hash WHERE id = :id",
            hash=leaf.computed(),
            id=leaf.entry_id,
        )
    # The key of the installation is known to the rows: another one is refused, unless they are forged, too.
    forger = audit_of(database, tmp_path / "forged")
    with pytest.raises(Unavailable, match=r"audit\.key_differs"):
        await forger.sequencer.run()
    await sql(database, "UPDATE audit_log SET verifier = ''")
    await forger.sequencer.run()
    await forger.sequencer.close()
    for name in ("leaves.bin", "heads.txt"):
        shutil.copy(tmp_path / "forged" / name, tmp_path / "honest" / name)
    report = await audit.verify()
    assert {f.fault for f in report.findings} == {Fault.HEAD}


async def test_a_crash_between_rows_and_files_is_completed(
    database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    audit = audit_of(database, tmp_path)
    await write(database, clock, 5)
    rows = LogStore(database)
    await rows.lead("gone", "", clock.now(), clock.now())
    pending = await audit._store.pending(10)
    async with database.transaction() as tx:
        assert await rows.place(tx, 0, pending, 1, clock.now())
    await audit.sequencer.run()
    report = await audit.verify()
    assert (report.ok, report.entries) == (True, 5)


async def test_a_proof_holds_under_the_signed_head(
    database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    audit = audit_of(database, tmp_path)
    ids = await write(database, clock)
    await audit.sequencer.run()
    proof = await audit.prove(ids[11])
    key = NoteKey.parse((tmp_path / "ledger.pub").read_text())
    head = verify(proof.checkpoint, [key])
    leaf = leaf_hash(Entry(**proof.entry), bytes.fromhex(proof.salt))
    path = [bytes.fromhex(node) for node in proof.path]
    assert leaf.hex() == proof.leaf_hash
    assert verify_inclusion(leaf, proof.position, head.size, path, head.root)


async def test_equal_entries_have_different_leaves(
    database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    audit = audit_of(database, tmp_path)
    await write(database, clock, 2)
    await audit.sequencer.run()
    first, second = await audit._store.leaves(0, 2)
    assert first.salt != second.salt


async def test_a_unit_that_wrote_and_recorded_nothing_is_undone(
    database: Database, clock: FixedClock
) -> None:
    units = Units(database, clock)
    insert = Statement("test.write", "INSERT INTO leases (name, owner, until) VALUES ('x', 'y', 'z')")
    with pytest.raises(UnrecordedWrite):
        async with units.begin(SYSTEM) as unit:
            await unit.execute(insert, {})
    async with database.transaction() as tx:
        assert await tx.execute(Statement("test.delete", "DELETE FROM leases"), {}) == 0


async def test_entries_are_read_by_body_newest_first_and_paged(
    database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    audit = audit_of(database, tmp_path)
    ids = await write(database, clock)
    page = await audit.entries(CLERK, PageRequest(limit=15))
    rest = await audit.entries(CLERK, PageRequest(after=page.next or "", limit=15))
    assert {row.id for row in page.items + rest.items} == set(ids)
    assert rest.next is None
    stranger = Actor("other", "Văn thư Sở 2", Role.RECORDS_CLERK, body_id="z02-06")
    assert (await audit.entries(stranger, PageRequest())).items == []
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", page.items[0].new_digest)
