"""The published log: tiles, checkpoints, time-stamps and witnesses; who rewrites it is caught."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.audit.logstore import LogStore
from server.audit.model import Fault
from server.audit.service import Audit
from server.audit.witness_client import WitnessAddress
from server.cli.witness import Server
from server.kernel.clock import FixedClock
from server.kernel.page import PageRequest
from server.kernel.record import Entry, leaf_bytes, leaf_hash
from signing import stamps
from signing.errors import ServiceFault
from signing.local import LocalTimestamper
from signing.pki import ca
from signing.pki.opened import open_pki
from storage.blobs.filesystem import FilesystemBlobStore
from storage.ledger.checkpoint import COSIGNATURE, Checkpoint, NoteKey, split, verify
from storage.ledger.log import LEAVES
from storage.ledger.merkle import verify_consistency, verify_inclusion
from storage.ledger.proof import LogProof
from storage.ledger.witness import Witness
from storage.sql.protocol import Database, Statement
from tests.conftest import MORNING
from tests.factories.ledger import act, log_of

SIZE = 600
FIRST = PageRequest()


class SometimesSilent:
    """An authority of the same process that may fall silent."""

    def __init__(self, pki: Path) -> None:
        ca.init(pki, passphrase=None, now=MORNING - timedelta(days=1))
        self._authority = LocalTimestamper(open_pki(pki))
        self.silent = False

    def stamp(self, digest: bytes, at: datetime) -> bytes:
        if self.silent:
            raise ServiceFault("no answer")
        return self._authority.stamp(digest, at)


async def grown(database: Database, folder: Path, clock: FixedClock, blobs: FilesystemBlobStore) -> Audit:
    """A log of 600 entries in two batches, published."""
    audit = log_of(database, folder / "ledger", clock=clock, blobs=blobs)
    await act(database, clock, SIZE)
    await audit.sequencer.run()
    assert await audit.checkpoints.publish()
    return audit


@pytest.fixture
async def blobs(tmp_path: Path) -> FilesystemBlobStore:
    return await FilesystemBlobStore.open(tmp_path / "objects")


async def sql(database: Database, text: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(Statement("test.tamper", text), {})


async def test_proofs_come_out_of_tiles_and_hold(
    database: Database, clock: FixedClock, tmp_path: Path, blobs: FilesystemBlobStore
) -> None:
    audit = await grown(database, tmp_path, clock, blobs)
    first = await audit.attested()
    assert first is not None
    await act(database, clock, 300)
    await audit.sequencer.run()
    await audit.checkpoints.publish()
    newest = await audit.attested()
    assert newest is not None
    key = NoteKey.parse(newest.verifier)
    old, new = (verify(one.note, [key]) for one in (first, newest))
    path = await audit.consistency(old.size, new.size)
    assert verify_consistency(old.size, new.size, old.root, new.root, path)
    for row in await audit._store.leaves(0, 900):
        if row.position in (0, 255, 256, 599, 600, 899):
            proof = await audit.prove(row.entry_id)
            nodes = [bytes.fromhex(node) for node in proof.path]
            assert verify_inclusion(row.leaf_hash, row.position, new.size, nodes, new.root)
            read = LogProof.parse(await audit.proof_file(row.entry_id))
            leaf = sha256(b"\x00" + read.extra).digest()
            assert read.check(leaf, key, [])[0].size == 900
            assert read.extra == leaf_bytes(Entry(**proof.entry), bytes.fromhex(proof.salt))
    report = await audit.verify()
    assert (report.ok, report.tiles, report.checkpoints, report.witnesses) == (True, 7, 2, ())


async def test_a_checkpoint_is_published_only_when_the_log_has_grown(
    database: Database, clock: FixedClock, tmp_path: Path, blobs: FilesystemBlobStore
) -> None:
    audit = await grown(database, tmp_path, clock, blobs)
    assert not await audit.checkpoints.publish()
    follower = log_of(database, tmp_path / "other", clock=clock, blobs=blobs)
    assert not await follower.checkpoints.publish()
    assert await follower.checkpoints.keep_tiles() == 0


async def test_a_silent_authority_is_asked_again(
    database: Database, clock: FixedClock, tmp_path: Path, blobs: FilesystemBlobStore
) -> None:
    stamper = await asyncio.to_thread(SometimesSilent, tmp_path / "pki")
    audit = log_of(database, tmp_path / "ledger", clock=clock, blobs=blobs, stamper=stamper)
    await act(database, clock, 3)
    await audit.sequencer.run()
    await audit.checkpoints.publish()
    stamper.silent = True
    await audit.checkpoints.attest()
    newest = await audit.attested()
    assert newest is not None
    assert newest.token == b""
    stamper.silent = False
    await audit.checkpoints.attest()
    stamped = await audit.attested()
    assert stamped is not None
    token = stamps.parse(stamped.token)
    assert token.imprint == sha256(stamped.signed_note.encode()).digest()
    assert token.at == clock.now()
    assert (await audit.verify()).ok
    async with database.transaction() as tx:
        other = stamper.stamp(bytes(32), clock.now())
        await tx.execute(Statement("test.swap", "UPDATE audit_checkpoints SET token = :t"), {"t": other})
    (finding,) = (await audit.verify()).findings
    assert (finding.fault, finding.position) == (Fault.CHECKPOINT, 3)


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(data))


async def blob_path(database: Database, tmp_path: Path, level: int, index: int) -> Path:
    (row,) = await LogStore(database).tiles(level, index, index + 1)
    name = row.digest.removeprefix("sha256:")
    (found,) = (tmp_path / "objects").rglob(name)
    return found


@pytest.mark.parametrize(
    ("what", "fault", "position", "named"),
    [
        ("row", Fault.CHANGED, 300, "place 300"),
        ("leaf", Fault.LEAF, 300, "leaves.bin"),
        ("leaf after the last full tile", Fault.LEAF, 590, "leaves.bin"),
        ("tile", Fault.TILE, 256, "tile/0/001"),
        ("partial tile", Fault.TILE, 512, "tile/0/002.p/88"),
        ("upper tile", Fault.TILE, 0, "tile/1/000.p/2"),
        ("tile root", Fault.TILE, 256, "tile/0/001"),
        ("head", Fault.HEAD, None, "signed head 2"),
        ("checkpoint", Fault.CHECKPOINT, 600, "600 leaves"),
    ],
)
async def test_one_bit_flipped_is_named_and_nothing_else(
    database: Database,
    clock: FixedClock,
    tmp_path: Path,
    blobs: FilesystemBlobStore,
    what: str,
    fault: Fault,
    position: int | None,
    named: str,
) -> None:
    audit = await grown(database, tmp_path, clock, blobs)
    ledger = tmp_path / "ledger"
    if what == "row":
        (leaf,) = await audit._store.leaves(300, 1)
        await sql(database, f"UPDATE audit_entries SET action = 'test.donf' WHERE id = '{leaf.entry_id}'")
    elif what.startswith("leaf"):
        flip(ledger / LEAVES, (590 if "after" in what else 300) * 32 + 5)
    elif what == "tile root":
        (row,) = await audit._rows.tiles(0, 1, 2)
        wrong = bytes([row.root[0] ^ 1]) + row.root[1:]
        async with database.transaction() as tx:
            text = "UPDATE audit_tiles SET root = :root WHERE level = 0 AND idx = 1"
            await tx.execute(Statement("test.tamper", text), {"root": wrong})
    elif "tile" in what:
        level, index = {"tile": (0, 1), "partial tile": (0, 2), "upper tile": (1, 0)}[what]
        flip(await blob_path(database, tmp_path, level, index), 40)
    elif what == "head":
        text = (ledger / "heads.txt").read_text()
        at = text.rindex("— ") + 60
        flip(ledger / "heads.txt", len(text[:at].encode()))
    else:
        await sql(database, "UPDATE audit_checkpoints SET note = replace(note, '600', '601')")
    findings = (await audit.verify()).findings
    assert [(f.fault, f.position) for f in findings] == [(fault, position)], findings
    assert named in findings[0].text


@asynccontextmanager
async def witness_at(folder: Path, log: NoteKey) -> AsyncIterator[tuple[Witness, WitnessAddress]]:
    """A witness that answers over HTTP."""
    private = Ed25519PrivateKey.generate()
    key = NoteKey("nhan-chung.example", private.public_key().public_bytes_raw(), COSIGNATURE)
    witness = await asyncio.to_thread(Witness, folder, key, private.sign, [log])
    with Server(("127.0.0.1", 0), witness) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield witness, WitnessAddress.parse(f"http://127.0.0.1:{server.server_address[1]}/ {key}")
        finally:
            await asyncio.to_thread(server.shutdown)
            await asyncio.to_thread(thread.join)


async def watched(
    database: Database, tmp_path: Path, clock: FixedClock, blobs: FilesystemBlobStore, address: WitnessAddress
) -> Audit:
    return log_of(database, tmp_path / "ledger", clock=clock, blobs=blobs, witnesses=[address])


async def test_a_witness_cosigns_and_the_proof_carries_it(
    database: Database, clock: FixedClock, tmp_path: Path, blobs: FilesystemBlobStore
) -> None:
    first = await grown(database, tmp_path, clock, blobs)
    key = NoteKey.parse((tmp_path / "ledger" / "ledger.pub").read_text())
    await first.sequencer.close()
    async with witness_at(tmp_path / "witness", key) as (witness, address):
        audit = await watched(database, tmp_path, clock, blobs, address)
        for count in (0, 300):
            if count:
                await act(database, clock, count)
            await audit.sequencer.run()
            await audit.checkpoints.publish()
            await audit.checkpoints.attest()
        newest = await audit.attested()
        assert newest is not None
        assert newest.witnesses == ("nhan-chung.example",)
        assert await asyncio.to_thread(witness.kept, key.name) == newest.signed_note
        (leaf,) = await audit._store.leaves(700, 1)
        proof = LogProof.parse(await audit.proof_file(leaf.entry_id))
        checkpoint, seen = proof.check(leaf.leaf_hash, key, [address.key])
        assert (checkpoint.size, seen) == (900, ["nhan-chung.example"])
        assert (await audit.verify()).witnesses == ("nhan-chung.example",)
        assert [(w.size, w.alarm) for w in await audit.witnesses()] == [(900, "")]


async def test_an_operator_who_rewrites_and_hashes_everything_anew_is_caught_by_the_witness(
    database: Database, clock: FixedClock, tmp_path: Path, blobs: FilesystemBlobStore
) -> None:
    """He has it all: database, files, objects and the key of the log. The witness has what he signed."""
    honest = await grown(database, tmp_path, clock, blobs)
    await honest.sequencer.close()
    ledger = tmp_path / "ledger"
    key = NoteKey.parse((ledger / "ledger.pub").read_text())
    async with witness_at(tmp_path / "witness", key) as (witness, address):
        audit = await watched(database, tmp_path, clock, blobs, address)
        await audit.sequencer.run()
        await audit.checkpoints.attest()
        await audit.sequencer.close()
        await forge(database, audit)
        for name in ("leaves.bin", "heads.txt", "edge.bin"):
            (ledger / name).unlink()
        shutil.rmtree(tmp_path / "objects" / "sha256")
        forged = await watched(
            database, tmp_path, clock, await FilesystemBlobStore.open(tmp_path / "objects"), address
        )
        await forged.sequencer.run()
        await act(database, clock, 1)
        await forged.sequencer.run()
        await forged.checkpoints.publish()
        assert (await forged.verify()).ok, "on his own machine nothing is to be seen"
        await forged.checkpoints.attest()
        assert [(w.name, w.alarm) for w in await forged.witnesses()] == [("nhan-chung.example", "fork")]
        newest = await forged.attested()
        assert newest is not None
        assert newest.witnesses == ()
        alarm = await asyncio.to_thread(witness.alarms)
        seen, refused = alarm.split("refused:\n")
        for text in (seen.split("seen:\n")[1], refused):
            assert verify(text[:-1], [key])
        entries = (await forged.trail("ledger", FIRST)).items
        assert [(e.action, e.detail["kind"]) for e in entries] == [("audit.witness_alarm", "fork")]


async def forge(database: Database, audit: Audit) -> None:
    """Change one entry and make every trace of it anew."""
    (leaf,) = await audit._store.leaves(42, 1)
    forged = Entry(
        **{**{n: getattr(leaf.entry, n) for n in Entry.__struct_fields__}, "account_name": "Kẻ khác"}
    )
    async with database.transaction() as tx:
        text = "UPDATE audit_entries SET account_name = 'Kẻ khác', leaf_hash = :hash WHERE id = :id"
        await tx.execute(
            Statement("test.forge", text), {"hash": leaf_hash(forged, leaf.salt), "id": leaf.entry_id}
        )
        for table in ("audit_cosignatures", "audit_checkpoints", "audit_tiles", "audit_witnesses"):
            await tx.execute(Statement("test.forge", f"DELETE FROM {table}"), {})


async def test_a_restored_old_state_is_a_rollback(
    database: Database, clock: FixedClock, tmp_path: Path, blobs: FilesystemBlobStore
) -> None:
    audit = await grown(database, tmp_path, clock, blobs)
    key = NoteKey.parse((tmp_path / "ledger" / "ledger.pub").read_text())
    newest = await audit.attested()
    assert newest is not None
    async with witness_at(tmp_path / "witness", key) as (witness, address):
        later = Checkpoint(key.name, 700, bytes(32))
        kept = newest.signed_note.replace("\n600\n", f"\n{later.size}\n")
        await asyncio.to_thread(witness._keep, key.name, kept)
        await audit.sequencer.close()
        again = await watched(database, tmp_path, clock, blobs, address)
        await again.checkpoints.attest()
        assert [w.alarm for w in await again.witnesses()] == ["rollback"]
        assert split(newest.signed_note)[0] in await asyncio.to_thread(witness.alarms)


async def test_a_witness_that_is_gone_holds_nothing_up(
    database: Database, clock: FixedClock, tmp_path: Path, blobs: FilesystemBlobStore
) -> None:
    audit = await grown(database, tmp_path, clock, blobs)
    key = NoteKey.parse((tmp_path / "ledger" / "ledger.pub").read_text())
    async with witness_at(tmp_path / "witness", key) as (_, address):
        pass
    await audit.sequencer.close()
    again = await watched(database, tmp_path, clock, blobs, address)
    await again.checkpoints.attest()
    newest = await again.attested()
    assert newest is not None
    assert newest.witnesses == ()
    clock.advance(timedelta(minutes=1))
    await act(database, clock, 1)
    assert await again.sequencer.run() == 1
