"""Checkpoints and signed notes as C2SP writes them."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger.checkpoint import Checkpoint, CheckpointError, NoteKey, sign, verify
from storage.ledger.merkle import EMPTY_ROOT

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = NoteKey("so1.example/audit", PRIVATE.public_key().public_bytes_raw())
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
CHECKPOINT = Checkpoint("so1.example/audit", 42, EMPTY_ROOT)


def test_a_note_is_what_the_specification_says_byte_for_byte() -> None:
    text = "so1.example/audit\n42\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    key_id = hashlib.sha256(b"so1.example/audit\n\x01" + KEY.public_key).digest()[:4]
    line = base64.b64encode(key_id + PRIVATE.sign(text.encode())).decode()
    assert sign(CHECKPOINT, KEY, PRIVATE.sign) == f"{text}\n\u2014 so1.example/audit {line}\n"


def test_a_verifier_key_is_read_back_although_base64_has_a_plus() -> None:
    seeds = (bytes([seed]) * 32 for seed in range(60))
    keys = [
        NoteKey("so1", Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())
        for seed in seeds
    ]
    assert any(str(key).count("+") > 2 for key in keys)
    assert [NoteKey.parse(str(key)) for key in keys] == keys


def test_the_text_is_that_of_the_specification() -> None:
    assert CHECKPOINT.text() == "so1.example/audit\n42\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


@given(
    size=st.integers(0, 2**62),
    root=st.binary(min_size=32, max_size=32),
    extensions=st.lists(st.text(st.characters(categories=("L", "N", "P")), min_size=1), max_size=3),
)
def test_what_was_signed_comes_back(size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint("so1.example/audit", size, root, tuple(extensions))
    assert verify(sign(checkpoint, KEY, PRIVATE.sign), [KEY]) == checkpoint


def test_a_witness_may_add_a_line_of_its_own() -> None:
    note = sign(CHECKPOINT, KEY, PRIVATE.sign)
    witness = NoteKey("witness.example", OTHER.public_key().public_bytes_raw())
    line = sign(CHECKPOINT, witness, OTHER.sign).rpartition("\n\n")[2]
    assert verify(note + line, [KEY]) == verify(note + line, [witness]) == CHECKPOINT


def test_a_changed_text_does_not_hold() -> None:
    note = sign(CHECKPOINT, KEY, PRIVATE.sign).replace("\n42\n", "\n43\n")
    with pytest.raises(CheckpointError, match="does not hold"):
        verify(note, [KEY])


def test_a_signature_with_another_private_key_does_not_hold() -> None:
    with pytest.raises(CheckpointError, match="does not hold"):
        verify(sign(CHECKPOINT, KEY, OTHER.sign), [KEY])


def test_an_unknown_key_is_not_enough() -> None:
    stranger = NoteKey("so1.example/audit", OTHER.public_key().public_bytes_raw())
    with pytest.raises(CheckpointError, match="no known key"):
        verify(sign(CHECKPOINT, stranger, OTHER.sign), [KEY])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n",
        "origin\n1\n",
        "origin\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n٤٢\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n99999999999999999999\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n1\n47DEQpj8HBSa\n",
        "origin\n1\nnot base64\n",
        "origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n",
        "origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n",
        "ori\tgin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(CheckpointError):
        Checkpoint.parse(text)


@given(st.text(max_size=200))
def test_any_text_is_an_answer_or_a_checkpoint_error(text: str) -> None:
    with pytest.raises(CheckpointError):
        verify(text + "\n\n— so1.example/audit AAAA\n", [KEY])


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n"])
def test_a_name_that_would_break_the_line_is_refused(name: str) -> None:
    with pytest.raises(CheckpointError):
        NoteKey(name, KEY.public_key)


@pytest.mark.parametrize(
    "text", ["", "a+b", "so1+00000000+" + str(KEY).split("+", 2)[2], "so1+c74f20a3+AA=="]
)
def test_a_text_that_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(CheckpointError):
        NoteKey.parse(text)


def test_a_checkpoint_that_cannot_be_written_is_refused() -> None:
    for wrong in (
        Checkpoint("", 1, EMPTY_ROOT),
        Checkpoint("o", -1, EMPTY_ROOT),
        Checkpoint("o", 1, b""),
        Checkpoint("o", 1, EMPTY_ROOT, ("",)),
        Checkpoint("o\n", 1, EMPTY_ROOT),
    ):
        with pytest.raises(CheckpointError):
            wrong.text()
