"""Fills an archive: some documents are really sent, then their rows are multiplied with ids of their own.

Copies get older ids and lie behind the real ones in every list; all but one of fifty are finished, as in
an archive.
Files are not multiplied (only their rows): no list reads them.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.benchmarks import stage
from tests.benchmarks.figures import ROOT, WORK
from tests.factories.province import CHEAP
from tests.factories.server import ServerProcess

SENT: Final = 10
"""Documents that are really sent."""
AUDIT: Final = "audit_entries"
"""Of these only what was done with documents is multiplied, not the building of the province."""
IDS: Final = {
    "objects": ("digest",),
    "object_holdings": ("digest",),
    "documents": ("id", "number_id"),
    "document_versions": ("document_id",),
    "document_steps": ("id", "document_id"),
    "series_numbers": ("id", "document_id"),
    "dispatches": ("id", "document_id"),
    "arrivals": ("id", "document_id", "dispatch_id"),
    "receipts": ("id", "arrival_id"),
    "participants": ("subject_id",),
    AUDIT: ("id", "subject_id"),
}
"""Tables, and their columns that hold ids: each copy of a row gets ids of its own."""
CHANGED: Final = {
    "series_numbers": {"number": "number + 100 * nth"},
    "arrivals": {
        "status": "CASE WHEN nth % 50 THEN '06' ELSE status END",
        "priority": "CASE WHEN nth % 50 THEN 0 ELSE priority END",
    },
}
"""Other columns that change from copy to copy."""


def fill(base: stage.Stage, data: Path, arrivals: int) -> None:
    """Fill a fresh copy of the stage to so many arrivals."""
    files = stage.signed_files(base, SENT)
    job = {
        "token": base.token,
        "files": [str(file) for file in files],
        "sender": stage.SENDER,
        "recipients": stage.RECIPIENTS,
        "at_once": 4,
    }
    with ServerProcess(data, environment=CHEAP) as server:
        path = WORK / "fill.json"
        path.write_text(json.dumps({**job, "url": server.url}))
        subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.send_client", str(path)],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        server.stop()
    multiply(data / "lienthong.db", max(0, arrivals // (SENT * len(stage.RECIPIENTS)) - 1))


def multiply(path: Path, copies: int) -> None:
    """Add so many copies of every document with all that belongs to it."""
    if not copies:
        return
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;")
    database.execute("BEGIN")
    for table, keys in IDS.items():
        names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        values = [CHANGED.get(table, {}).get(name, renamed(name) if name in keys else name) for name in names]
        numbers = f"(SELECT 1 UNION ALL SELECT nth + 1 FROM copy_of WHERE nth < {copies})"
        only = "WHERE action LIKE 'circulation.%' OR action LIKE 'documents.%'" if table == AUDIT else ""
        source = f"SELECT {', '.join(values)} FROM copy_of CROSS JOIN {table} {only}"
        database.execute(f"INSERT INTO {table} WITH RECURSIVE copy_of(nth) AS {numbers} {source}")
    highest = (
        "(SELECT COALESCE(MAX(number) + 1, next_number) FROM series_numbers WHERE series_id = series.id)"
    )
    database.execute(f"UPDATE series SET next_number = MAX(next_number, {highest})")
    database.execute("COMMIT")
    database.executescript("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);")
    database.close()


def renamed(column: str) -> str:
    """Return the id of a copy: older than every real one, and none for a row that has none."""
    at = 8 if column == "digest" else 1
    fresh = f"substr({column}, 1, {at - 1}) || '00' || printf('%08d', nth) || substr({column}, {at + 10})"
    return f"CASE WHEN {column} = '' THEN '' ELSE {fresh} END"


def ids(data: Path) -> tuple[str, str]:
    """Return a document, and its arrival at the receiver."""
    with sqlite3.connect(data / "lienthong.db") as database:
        row = database.execute(
            "SELECT document_id, id FROM arrivals WHERE to_body = ? AND status = '01' ORDER BY id DESC",
            (stage.RECIPIENTS[0],),
        ).fetchone()
        return str(row[0]), str(row[1])
