"""A witness cosigns what continues the log it saw, and keeps the proof of what does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.ledger.checkpoint import (
    COSIGNATURE,
    Checkpoint,
    CheckpointError,
    NoteKey,
    cosignatures,
    sign,
)
from storage.ledger.merkle import consistency_proof, inclusion_proof, leaf_hash, root
from storage.ledger.proof import LogProof, ProofError
from storage.ledger.witness import AddCheckpoint, RequestError, Witness

LOG = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOG_KEY = NoteKey("so1.example/audit", LOG.public_key().public_bytes_raw())
SEAL = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
KEY = NoteKey("nhan-chung.example", SEAL.public_key().public_bytes_raw(), COSIGNATURE)
LEAVES = [leaf_hash(str(n).encode()) for n in range(40)]
OTHERS = [*LEAVES[:5], *(leaf_hash(b"forged" + str(n).encode()) for n in range(40))]
NOW = 1_790_000_000


def note(leaves: list[bytes], signer: Ed25519PrivateKey = LOG, origin: str = "so1.example/audit") -> str:
    return sign(
        Checkpoint(origin, len(leaves), root(leaves)), NoteKey(origin, LOG_KEY.public_key), signer.sign
    )


def body(old: int, leaves: list[bytes]) -> bytes:
    path = tuple(consistency_proof(leaves, old)) if old <= len(leaves) else ()
    return AddCheckpoint(old, path, note(leaves)).text().encode()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(tmp_path, KEY, SEAL.sign, [LOG_KEY])


def test_a_log_that_grows_is_cosigned(witness: Witness) -> None:
    for old, size in [(0, 3), (3, 3), (3, 20), (20, 40)]:
        answer = witness.add_checkpoint(body(old, LEAVES[:size]), NOW)
        assert answer.status == 200, answer
        assert cosignatures(note(LEAVES[:size]) + answer.body, [KEY]) == {KEY: NOW}
    assert witness.alarms() == ""


def test_what_was_seen_survives_a_restart(witness: Witness, tmp_path: Path) -> None:
    witness.add_checkpoint(body(0, LEAVES[:7]), NOW)
    again = Witness(tmp_path, KEY, SEAL.sign, [LOG_KEY])
    answer = again.add_checkpoint(body(0, LEAVES[:9]), NOW)
    assert (answer.status, answer.body, answer.media_type) == (409, "7\n", "text/x.tlog.size")


def test_a_fork_is_refused_and_both_texts_are_kept(witness: Witness) -> None:
    witness.add_checkpoint(body(0, LEAVES[:20]), NOW)
    for forged in (OTHERS[:20], OTHERS[:30]):
        answer = witness.add_checkpoint(body(20, forged), NOW)
        assert answer.status in (409, 422)
        assert note(forged) in witness.alarms()
    assert note(LEAVES[:20]) in witness.alarms()
    assert witness.kept(LOG_KEY.name) == note(LEAVES[:20])


def test_a_rollback_is_refused_and_kept(witness: Witness) -> None:
    witness.add_checkpoint(body(0, LEAVES[:20]), NOW)
    answer = witness.add_checkpoint(body(10, LEAVES[:10]), NOW)
    assert (answer.status, answer.body) == (409, "20\n")
    assert witness.alarms().startswith(f"{NOW} rollback")


def test_an_alarm_is_kept_once(witness: Witness) -> None:
    witness.add_checkpoint(body(0, LEAVES[:20]), NOW)
    witness.add_checkpoint(body(20, OTHERS[:30]), NOW)
    once = witness.alarms()
    witness.add_checkpoint(body(20, OTHERS[:30]), NOW + 60)
    assert witness.alarms() == once


def test_unknown_logs_and_wrong_keys_are_refused(witness: Witness) -> None:
    other = AddCheckpoint(0, (), note(LEAVES[:3], origin="so2.example/audit")).text().encode()
    assert witness.add_checkpoint(other, NOW).status == 404
    stranger = AddCheckpoint(0, (), note(LEAVES[:3], SEAL)).text().encode()
    assert witness.add_checkpoint(stranger, NOW).status == 403
    assert witness.add_checkpoint(body(9, LEAVES[:3]), NOW).status == 400
    assert witness.alarms() == ""


@settings(max_examples=80, deadline=None)
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_what_is_no_request_is_400(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    watcher = Witness(tmp_path_factory.mktemp("w"), KEY, SEAL.sign, [LOG_KEY])
    assert watcher.add_checkpoint(data, NOW).status == 400
    with pytest.raises(RequestError):
        AddCheckpoint.parse(b"old 01\n\n" + data)


@pytest.mark.parametrize("flip", [4, 60, 70])
def test_a_cosignature_with_a_bit_flipped_does_not_hold(witness: Witness, flip: int) -> None:
    line = witness.add_checkpoint(body(0, LEAVES[:3]), NOW).body
    broken = line[: -3 - flip] + ("A" if line[-3 - flip] != "A" else "B") + line[-2 - flip :]
    try:
        assert KEY not in cosignatures(note(LEAVES[:3]) + broken, [KEY])
    except CheckpointError:
        return


def test_the_key_of_a_witness_is_no_key_of_a_log() -> None:
    assert NoteKey.parse(str(KEY)) == KEY
    assert KEY.key_id != NoteKey(KEY.name, KEY.public_key).key_id


def test_a_proof_file_says_what_it_proves(witness: Witness) -> None:
    cosigned = note(LEAVES[:20]) + witness.add_checkpoint(body(0, LEAVES[:20]), NOW).body
    proof = LogProof(7, tuple(inclusion_proof(LEAVES[:20], 7)), cosigned, b"7")
    read = LogProof.parse(proof.text())
    assert read == proof
    checkpoint, seen = read.check(leaf_hash(read.extra), LOG_KEY, [KEY])
    assert (checkpoint.size, seen) == (20, ["nhan-chung.example"])
    with pytest.raises(ProofError, match="path"):
        read.check(leaf_hash(b"8"), LOG_KEY, [KEY])


@given(text=st.text(max_size=300))
def test_what_is_no_proof_is_refused(text: str) -> None:
    for one in (text, "c2sp.org/tlog-proof@v1\n" + text):
        try:
            LogProof.parse(one)
        except ProofError:
            continue
        assert one.startswith("c2sp.org/tlog-proof@v1\nindex ") or "extra" in one
