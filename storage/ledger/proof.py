"""Proof files: one leaf is in the log under a checkpoint, to be checked offline (C2SP tlog-proof). Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from storage.ledger.checkpoint import Checkpoint, CheckpointError, NoteKey, cosignatures, verify
from storage.ledger.merkle import HASH_BYTES, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
PATH_MAX = 63


class ProofError(Exception):
    """The text is no proof; says why."""


@dataclass(frozen=True, slots=True)
class LogProof:
    """One proof."""

    index: int
    """Place of the leaf, from 0."""
    path: tuple[bytes, ...]
    """Hashes from the leaf's sibling to the root's child."""
    note: str
    """Signed checkpoint with whatever cosignatures it has."""
    extra: bytes = b""
    """What the leaf was made of, or anything else; nothing vouches for it by itself."""

    def text(self) -> str:
        """Return the text of the file (``.tlog-proof``)."""
        lines = [HEADER]
        if self.extra:
            lines.append(f"extra {base64.b64encode(self.extra).decode()}")
        lines += [f"index {self.index}", *(base64.b64encode(node).decode() for node in self.path)]
        return "\n".join(lines) + "\n\n" + self.note

    @classmethod
    def parse(cls, text: str) -> LogProof:
        """Read a proof file. Raises ProofError."""
        head, separator, note = text.partition("\n\n")
        lines = head.split("\n")
        if not separator or not lines or lines.pop(0) != HEADER:
            raise ProofError("the first line is not that of a proof, or the checkpoint is missing")
        extra = b""
        if lines and lines[0].startswith("extra "):
            extra = _bytes(lines.pop(0).removeprefix("extra "))
        if not lines or not lines[0].startswith("index "):
            raise ProofError("the index is missing")
        index = lines.pop(0).removeprefix("index ")
        if not index.isascii() or not index.isdecimal() or (index != "0" and index.startswith("0")):
            raise ProofError(f"not an index: {index[:40]}")
        path = tuple(_bytes(line) for line in lines)
        if len(path) > PATH_MAX or len(index) > 19 or any(len(node) != HASH_BYTES for node in path):
            raise ProofError("a path is at most 63 hashes of 32 bytes")
        return cls(int(index), path, note, extra)

    def check(self, leaf: bytes, log: NoteKey, witnesses: Sequence[NoteKey]) -> tuple[Checkpoint, list[str]]:
        """Return the checkpoint that the leaf is under, and the names of the witnesses that cosigned it.

        ``leaf`` is the hash of the leaf, made by the caller from what is to be proved. Raises ProofError.
        """
        try:
            checkpoint = verify(self.note, [log])
            seen = cosignatures(self.note, witnesses)
        except CheckpointError as error:
            raise ProofError(str(error)) from error
        if checkpoint.origin != log.name:
            raise ProofError(f"the checkpoint is of {checkpoint.origin}")
        if not verify_inclusion(leaf, self.index, checkpoint.size, self.path, checkpoint.root):
            raise ProofError("the path does not lead from the leaf to the root")
        return checkpoint, [key.name for key in seen]


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofError("not base64") from error
