"""A witness of logs: keeps the last checkpoint it saw of each, and cosigns only what continues it.

The protocol is C2SP tlog-witness, ``add-checkpoint``; the transport is the caller's. What a log signed and
what does not continue what it signed before is a fork or a rollback: it is refused and kept, since the two
signed texts together prove it. Everything here blocks.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.ledger.checkpoint import COSIGNATURE, Checkpoint, CheckpointError, NoteKey, cosign, split, verify
from storage.ledger.merkle import HASH_BYTES, verify_consistency

REQUEST_BYTES_MAX = 64 * 1024
PATH_MAX = 63
ALARMS = "alarms.txt"
TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"


class RequestError(Exception):
    """A request cannot be read; says why."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """Body of ``add-checkpoint``."""

    old_size: int
    """Size that the log believes the witness to have."""
    path: tuple[bytes, ...]
    """Consistency proof from that size."""
    note: str
    """The new checkpoint."""

    def text(self) -> str:
        """Return the body."""
        lines = [f"old {self.old_size}", *(base64.b64encode(node).decode() for node in self.path)]
        return "\n".join(lines) + "\n\n" + self.note

    @classmethod
    def parse(cls, body: bytes) -> AddCheckpoint:
        """Read a body. Raises RequestError."""
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise RequestError("not UTF-8") from error
        head, separator, note = text.partition("\n\n")
        first, *rest = head.split("\n")
        size = first.removeprefix("old ")
        if not separator or size == first or not size.isascii() or not size.isdecimal() or len(size) > 19:
            raise RequestError("the body begins with the old size and has a checkpoint behind an empty line")
        if size != "0" and size.startswith("0"):
            raise RequestError(f"not a size: {size}")
        try:
            path = tuple(base64.b64decode(line, validate=True) for line in rest)
        except (binascii.Error, ValueError) as error:
            raise RequestError("the proof is not base64") from error
        if len(path) > PATH_MAX or any(len(node) != HASH_BYTES for node in path):
            raise RequestError("the proof is at most 63 hashes of 32 bytes")
        return cls(int(size), path, note)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the witness answers."""

    status: int
    """HTTP status."""
    body: str
    """Body."""
    media_type: str = TEXT
    """Media type of the body."""


class Witness:
    """One witness over the folder that holds its state."""

    def __init__(
        self, folder: Path, key: NoteKey, signer: Callable[[bytes], bytes], logs: Sequence[NoteKey]
    ) -> None:
        """``logs`` are the verifier keys of the logs it watches; ``key`` is of the type COSIGNATURE."""
        if key.kind != COSIGNATURE:
            raise ValueError("a witness signs cosignatures")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = key
        self._signer = signer
        self._logs = list(logs)
        self._turn = threading.Lock()

    def add_checkpoint(self, body: bytes, now: int) -> Answer:
        """Answer one request; the steps of C2SP tlog-witness in their order. ``now``: seconds since 1970.

        Raises OSError when the state cannot be kept: then nothing was cosigned.
        """
        try:
            request = AddCheckpoint.parse(body)
            text, _ = split(request.note)
            origin = Checkpoint.parse(text).origin
        except (RequestError, CheckpointError) as error:
            return Answer(400, f"{error}\n")
        keys = [key for key in self._logs if key.name == origin]
        if not keys:
            return Answer(404, "this log is not watched here\n")
        try:
            new = verify(request.note, keys)
        except CheckpointError as error:
            return Answer(403, f"{error}\n")
        with self._turn:
            return self._judge(request, new, text, now)

    def _judge(self, request: AddCheckpoint, new: Checkpoint, text: str, now: int) -> Answer:
        if request.old_size > new.size:
            return Answer(400, "the old size is larger than the checkpoint\n")
        kept = self.kept(new.origin)
        seen = self._seen(kept)
        size = seen.size if seen else 0
        if new.size < size:
            self._alarm("rollback", kept, request.note, now)
        if request.old_size != size:
            return Answer(409, f"{size}\n", SIZE)
        if seen is not None and new.size == size and new.root != seen.root:
            self._alarm("fork", kept, request.note, now)
            return Answer(409, f"{size}\n", SIZE)
        if seen is None:
            if request.path:
                return Answer(422, "the proof from nothing is empty\n")
        elif not verify_consistency(size, new.size, seen.root, new.root, request.path):
            self._alarm("fork", kept, request.note, now)
            return Answer(422, "the checkpoint does not continue what was seen before\n")
        self._keep(new.origin, request.note)
        return Answer(200, cosign(text, self._key, self._signer, now))

    def kept(self, origin: str) -> str:
        """Return the last checkpoint that was cosigned for a log; "" = none."""
        path = self._path(origin)
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def alarms(self) -> str:
        """Return what was refused, oldest first; "" = nothing."""
        path = self._folder / ALARMS
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _seen(self, kept: str) -> Checkpoint | None:
        return Checkpoint.parse(split(kept)[0]) if kept else None

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.checkpoint"

    def _keep(self, origin: str, note: str) -> None:
        """Keep a checkpoint, durable before anything is answered."""
        path = self._path(origin)
        spare = path.with_suffix(".new")
        with spare.open("w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        spare.replace(path)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _alarm(self, kind: str, kept: str, note: str, now: int) -> None:
        """Keep both texts: each is signed by the log, so together they prove what it did. Once each."""
        entry = f"{kind}\nseen:\n{kept}\nrefused:\n{note}\n"
        if entry in self.alarms():
            return
        with (self._folder / ALARMS).open("a", encoding="utf-8") as file:
            file.write(f"{now} {entry}")
            file.flush()
            os.fsync(file.fileno())
