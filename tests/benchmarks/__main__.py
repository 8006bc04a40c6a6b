"""``make bench``: every benchmark, one after the other; a table, and ``var/bench.json``.

``python -m tests.benchmarks send reads`` runs only those that are named. Exit 1 when a target is not met.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from tests.benchmarks.figures import ROOT, Figure

MODULES: Final = (
    "sql_commit",
    "send",
    "reads",
    "growth",
    "big_files",
    "pki",
    "log",
    "sign",
    "validate",
    "bulk",
)
RESULT: Final = ROOT / "var" / "bench.json"


def main() -> int:
    """Run and print."""
    chosen = sys.argv[1:] or list(MODULES)
    if unknown := [name for name in chosen if name not in MODULES]:
        print(f"benchmarks: no {', '.join(unknown)}; there are {', '.join(MODULES)}", file=sys.stderr)
        return 2
    found: list[Figure] = []
    for name in chosen:
        print(f"{name} ...", file=sys.stderr, flush=True)
        module = importlib.import_module(f"tests.benchmarks.{name}")
        for figure in module.measure():
            print(line(figure), flush=True)
            found.append(figure)
    write(found, RESULT)
    return 1 if any(figure.met is False for figure in found) else 0


def line(figure: Figure) -> str:
    """Return one line of the table."""
    floor = "" if figure.floor is None else f"floor {figure.floor:9.2f}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:5.2f} x"
    verdict = {None: "", True: "met", False: "NOT MET"}[figure.met]
    wanted = f"{figure.target:26} {verdict:8}"
    return (
        f"{figure.name:40} {figure.value:9.2f} {figure.unit:16} {floor:15} {ratio:8} {wanted} {figure.note}"
    )


def write(figures: list[Figure], path: Path) -> None:
    """Keep the figures with the machine they were measured on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "load": os.getloadavg()[0],
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    rows = [figure.row() for figure in figures]
    path.write_bytes(
        msgspec.json.format(msgspec.json.encode({"machine": machine, "figures": rows}), indent=2)
    )


if __name__ == "__main__":
    sys.exit(main())
