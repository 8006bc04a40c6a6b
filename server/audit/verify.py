"""Compares the rows with the log outside the database, leaf by leaf, and names what does not fit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from server.audit.model import Fault, Finding, VerifyReport
from server.audit.sequencer import PUBLIC
from server.audit.store import AuditStore, Leaf
from storage.ledger.checkpoint import CheckpointError, NoteKey, verify
from storage.ledger.log import HEADS, LEAVES, LedgerDamaged, read_heads, read_leaves
from storage.ledger.merkle import HASH_BYTES, Tree

BATCH = 2_000
FINDINGS_MAX = 100


async def verify_record(store: AuditStore, folder: Path) -> VerifyReport:
    """Check rows, leaves and heads; return everything that is wrong (at most 100 findings)."""
    logged, findings = await asyncio.to_thread(_logged, folder)
    heads, root, wrong = await asyncio.to_thread(_heads, folder, logged)
    findings += wrong
    places = {leaf: position for position, leaf in enumerate(logged)}
    position = 0
    while True:
        rows = await store.leaves(position, BATCH)
        for row, computed in await asyncio.to_thread(_computed, rows):
            findings += [_removed(missing) for missing in range(position, min(row.position, len(logged)))]
            findings += _compare(row, computed, logged, places)
            position = row.position + 1
            if len(findings) >= FINDINGS_MAX:
                break
        if len(rows) < BATCH or len(findings) >= FINDINGS_MAX:
            break
    findings += [_removed(missing) for missing in range(position, min(len(logged), position + FINDINGS_MAX))]
    for entry_id in await store.orphans(FINDINGS_MAX):
        findings.append(
            Finding(Fault.INSERTED, None, entry_id, f"entry {entry_id} was put in without a leaf of its own")
        )
    grown = await asyncio.to_thread(_size, folder)
    findings = [
        f for f in findings if f.fault is not Fault.CUT or not f.entry_id or (f.position or 0) >= grown
    ]
    return VerifyReport(len(logged), heads, root, tuple(findings[:FINDINGS_MAX]))


def _computed(rows: list[Leaf]) -> list[tuple[Leaf, bytes]]:
    return [(row, row.computed()) for row in rows]


def _removed(position: int) -> Finding:
    return Finding(Fault.REMOVED, position, "", f"the entry at place {position} is gone from the database")


def _compare(row: Leaf, computed: bytes, logged: list[bytes], places: dict[bytes, int]) -> list[Finding]:
    if row.position >= len(logged):
        # Placed by a sequencer that has not appended yet: it stands in the rows only for a moment.
        text = f"entry {row.entry_id} has place {row.position}, which the log does not reach"
        return [Finding(Fault.CUT, row.position, row.entry_id, text)]
    if computed == logged[row.position] and computed == row.leaf_hash:
        return []
    elsewhere = places.get(computed)
    if elsewhere is not None and elsewhere != row.position:
        text = f"entry {row.entry_id} stands at place {row.position} but was logged at {elsewhere}"
        return [Finding(Fault.REORDERED, row.position, row.entry_id, text)]
    text = f"entry {row.entry_id} at place {row.position} is not what was logged there"
    return [Finding(Fault.CHANGED, row.position, row.entry_id, text)]


def _logged(folder: Path) -> tuple[list[bytes], list[Finding]]:
    """Return the leaves of the log (those it has) and what is wrong with the file itself."""
    size = _size(folder)
    return (list(read_leaves(folder, size)) if size else []), []


def _size(folder: Path) -> int:
    """Return how many leaves the log has now; a server that runs may have added some since."""
    path = folder / LEAVES
    return path.stat().st_size // HASH_BYTES if path.exists() else 0


def _heads(folder: Path, logged: list[bytes]) -> tuple[int, str, list[Finding]]:
    """Check each signed head against the leaves before it."""
    findings: list[Finding] = []
    tree = Tree()
    heads = 0
    if not (folder / HEADS).exists():
        if logged:
            findings.append(Finding(Fault.HEAD, None, "", f"{HEADS} is gone"))
        return 0, "", findings
    key = NoteKey.parse((folder / PUBLIC).read_text(encoding="utf-8"))
    for note in _notes(folder, findings):
        heads += 1
        try:
            head = verify(note, [key])
        except CheckpointError as error:
            findings.append(Finding(Fault.HEAD, None, "", f"signed head {heads}: {error}"))
            continue
        if head.size > len(logged):
            text = f"the log has {len(logged)} leaves, a signed head says {head.size}"
            findings.append(Finding(Fault.CUT, len(logged), "", text))
            continue
        if head.size < tree.size:
            findings.append(Finding(Fault.HEAD, head.size, "", f"signed head {heads} goes backwards"))
            continue
        tree.extend(logged[tree.size : head.size])
        if tree.root() != head.root:
            text = f"signed head {heads} over {head.size} leaves does not fit them"
            findings.append(Finding(Fault.HEAD, head.size, "", text))
    tree.extend(logged[tree.size :])
    return heads, tree.root().hex() if logged else "", findings


def _notes(folder: Path, findings: list[Finding]) -> Iterator[str]:
    try:
        yield from read_heads(folder)
    except (LedgerDamaged, UnicodeDecodeError) as error:
        findings.append(Finding(Fault.HEAD, None, "", f"{HEADS} cannot be read: {error}"))
