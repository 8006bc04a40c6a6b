"""The pass of a verification that recomputes: tree, tiles, and every signed text on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.audit.key import PUBLIC
from server.audit.logstore import CheckpointRow, Cosignature, LogStore
from server.audit.model import Fault, Finding
from signing import stamps
from signing.pki.reader import NotDer
from storage.ledger.checkpoint import Checkpoint, CheckpointError, NoteKey, cosignatures, verify
from storage.ledger.log import HEADS, LEAVES, LedgerDamaged, read_heads
from storage.ledger.merkle import HASH_BYTES, Tree
from storage.ledger.tiles import TileBuilder, TileId, hashes, tile_root

PAGE = 500


def note_digest(note: str) -> bytes:
    """Return SHA-256 of a signed note: what its time-stamp is over."""
    return hashlib.sha256(note.encode()).digest()


@dataclass(frozen=True, slots=True)
class Mark:
    """A published checkpoint and its cosignatures."""

    row: CheckpointRow
    cosigned: tuple[Cosignature, ...]


class Marks:
    """The published checkpoints in order of size, read page by page."""

    def __init__(self, rows: LogStore) -> None:
        self._rows = rows
        self._next = 0

    async def up_to(self, size: int) -> list[Mark]:
        """Return those of a size up to ``size`` that were not returned yet."""
        found: list[Mark] = []
        while page := [r for r in await self._rows.checkpoints(self._next, PAGE) if r.size <= size]:
            found += [Mark(row, tuple(await self._rows.cosignatures(row.size))) for row in page]
            self._next = page[-1].size + 1
        return found

    async def beyond(self, size: int) -> list[Mark]:
        """Return one that is larger than ``size``, if there is any: its leaves are missing."""
        rows = await self._rows.checkpoints(max(self._next, size + 1), 1)
        return [Mark(row, ()) for row in rows]


class Walk:
    """The tree as it grows, and the signed texts that speak of it. Blocks: used in threads, one at a time."""

    def __init__(self, folder: Path, size: int) -> None:
        self.findings: list[Finding] = []
        self.heads = 0
        """Signed heads seen."""
        self.checkpoints = 0
        """Published checkpoints seen."""
        self._folder = folder
        self._size = size
        self._tree = Tree()
        self._builder = TileBuilder()
        self._forged = False
        self._key = self._public()
        self._notes = self._read_notes()
        self._head = self._next_head()

    @property
    def root(self) -> bytes:
        """Root over everything so far."""
        return self._tree.root()

    def extend(self, leaves: bytes, marks: Sequence[Mark]) -> list[tuple[TileId, bytes, bytes]]:
        """Add leaves, check heads and checkpoints that end in them; return full tiles with their roots."""
        position = self._tree.size
        end = position + len(leaves) // HASH_BYTES
        waiting = list(marks)
        done = []
        while position < end:
            stop = end
            if self._head is not None and self._head.size < stop:
                stop = max(self._head.size, position)
            if waiting and waiting[0].row.size < stop:
                stop = max(waiting[0].row.size, position)
            part = leaves[: (stop - position) * HASH_BYTES]
            leaves = leaves[len(part) :]
            self._tree.extend(hashes(part))
            done += [(tile, data, tile_root(data)) for tile, data in self._builder.extend(part)]
            position = stop
            while self._head is not None and self._head.size <= position:
                self._check_head(self._head)
                self._head = self._next_head()
            while waiting and waiting[0].row.size <= position:
                self._check_mark(waiting.pop(0))
        return done

    def edge(self) -> list[tuple[TileId, bytes]]:
        """Return the partial tiles above level 0."""
        return [(tile, data) for tile, data in self._builder.edge() if tile.level]

    def finish(self, missing: Sequence[Mark]) -> None:
        """Name heads and checkpoints that speak of leaves which are not there."""
        while self._head is not None and self._head.size > self._size:
            if self._leaves_now() >= self._head.size:
                break
            text = f"the log has {self._size} leaves, a signed head says {self._head.size}"
            self.findings.append(Finding(Fault.CUT, self._size, "", text))
            self._head = self._next_head()
        for mark in missing:
            if self._leaves_now() < mark.row.size:
                text = f"the log has {self._size} leaves, a published checkpoint says {mark.row.size}"
                self.findings.append(Finding(Fault.CUT, self._size, "", text))

    def _leaves_now(self) -> int:
        path = self._folder / LEAVES
        return path.stat().st_size // HASH_BYTES if path.exists() else 0

    def _public(self) -> NoteKey | None:
        try:
            return NoteKey.parse((self._folder / PUBLIC).read_text(encoding="utf-8"))
        except (OSError, CheckpointError) as error:
            if self._size:
                self.findings.append(Finding(Fault.HEAD, None, "", f"{PUBLIC} cannot be read: {error}"))
            return None

    def _read_notes(self) -> Iterator[str]:
        if not (self._folder / HEADS).exists():
            if self._size:
                self.findings.append(Finding(Fault.HEAD, None, "", f"{HEADS} is gone"))
            return
        try:
            yield from read_heads(self._folder)
        except (LedgerDamaged, UnicodeDecodeError) as error:
            self.findings.append(Finding(Fault.HEAD, None, "", f"{HEADS} cannot be read: {error}"))

    def _next_head(self) -> Checkpoint | None:
        """Return the next head that is signed as it should be; name those that are not."""
        for note in self._notes:
            self.heads += 1
            if self._key is None:
                continue
            try:
                return verify(note, [self._key])
            except CheckpointError as error:
                text = f"signed head {self.heads}: {error}"
                self.findings.append(Finding(Fault.HEAD, None, "", text))
        return None

    def _check_head(self, head: Checkpoint) -> None:
        if head.size < self._tree.size:
            text = f"signed head {self.heads} goes backwards"
            self.findings.append(Finding(Fault.HEAD, head.size, "", text))
        elif self._tree.root() != head.root and not self._forged:
            # All that follow are over the same leaves, so the first one says it.
            self._forged = True
            text = f"signed head {self.heads} over {head.size} leaves does not fit them"
            self.findings.append(Finding(Fault.HEAD, head.size, "", text))

    def _check_mark(self, mark: Mark) -> None:
        self.checkpoints += 1
        row = mark.row
        try:
            checkpoint = verify(row.note, [self._key] if self._key else [])
            for one in mark.cosigned:
                if not cosignatures(row.note + one.line, [NoteKey.parse(one.witness)]):
                    raise CheckpointError(f"the line of {one.witness} is not its own")
            if row.token and stamps.parse(row.token).imprint != note_digest(row.note):
                raise CheckpointError("the time-stamp is over something else")
        except (CheckpointError, NotDer) as error:
            self._blame(row.size, str(error))
            return
        if checkpoint.size != row.size or checkpoint.root != self._tree.root():
            self._blame(row.size, "does not fit the leaves")

    def _blame(self, size: int, what: str) -> None:
        text = f"published checkpoint over {size} leaves: {what}"
        self.findings.append(Finding(Fault.CHECKPOINT, size, "", text))
