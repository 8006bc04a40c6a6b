"""Rows are made in several threads at once, from the first statement of a process on.

A type that two threads learn at the same moment has killed the process (segmentation fault in msgspec 0.22),
so the test needs a process of its own, and several, since it is a matter of chance.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROCESSES = 6
PROGRAM = """
import dataclasses, sys, threading
from server.documents.model import Document, Fields, Version
from server.documents.views import DocumentView, VersionView
from storage.sql.rows import RowMismatch, convert

sys.setswitchinterval(1e-6)
together = threading.Barrier(8)

def work(kinds):
    together.wait()
    for kind in kinds:
        columns = tuple(field.name for field in dataclasses.fields(kind))
        for _ in range(50):
            try:
                convert("rows", columns, [tuple(None for _ in columns)], kind)
            except RowMismatch:
                pass

orders = [
    [Document, Fields, Version, VersionView], [VersionView, Fields], [Fields, DocumentView], [DocumentView],
]
threads = [threading.Thread(target=work, args=(order,)) for order in orders * 2]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_types_are_learned_one_at_a_time() -> None:
    root = Path(__file__).resolve().parents[3]
    children = [
        subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=root, stderr=subprocess.PIPE)
        for _ in range(PROCESSES)
    ]
    ends = [(child.communicate(timeout=120)[1][-500:], child.returncode) for child in children]
    assert ends == [(b"", 0)] * PROCESSES
