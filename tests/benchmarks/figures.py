"""What a benchmark answers, and how a noisy machine is read: rounds in turn, medians, CPU seconds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
WORK: Final = ROOT / "var" / "bench"
"""Where benchmarks write: the same disk as the data of an installation."""
NOISE: Final = 1.5
"""Slowest round / fastest round from which a figure is called noisy."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value against its floor."""

    name: str
    """What was measured."""
    value: float
    """Median of the rounds."""
    unit: str
    """Its unit."""
    floor: float | None = None
    """The same work by the shortest means, measured in the same run; None = has none."""
    ratio: float | None = None
    """How near the value comes to the floor, 1 = as good (above 1 = better); None = has no floor."""
    target: str = ""
    """What it should be; "" = shown for information."""
    met: bool | None = None
    """Whether it is; None = no target."""
    note: str = ""
    """How it was measured, and ``noisy`` with the spread when rounds differed much."""

    def row(self) -> dict[str, str | float | bool | None]:
        """Return the figure for ``var/bench.json``."""
        return asdict(self)


def spread(values: Sequence[float]) -> str:
    """Return a note when rounds differ by more than half: the machine did something else too."""
    low, high = min(values), max(values)
    return f"noisy: {low:.3g} to {high:.3g}" if low > 0 and high / low > NOISE else ""


def notes(*parts: str) -> str:
    """Join the notes that say something."""
    return "; ".join(part for part in parts if part)


def middle(values: Iterable[float]) -> float:
    """Return the median of rounds."""
    return float(median(values))


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it (Linux /proc)."""
    found = [pid]
    for parent in found:
        for task in _tasks(parent):
            try:
                children = Path(f"/proc/{parent}/task/{task}/children").read_text().split()
            except OSError:  # ended meanwhile
                continue
            found += [int(child) for child in children if int(child) not in found]
    return found


def _tasks(pid: int) -> Iterator[str]:
    try:
        yield from os.listdir(f"/proc/{pid}/task")
    except OSError:  # ended meanwhile
        return


def cpu_seconds(pid: int, *, children: bool = True) -> float:
    """Return processor time used so far by a process, and by those that live below it."""
    total = 0
    for one in family(pid) if children else [pid]:
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        total += int(fields[11]) + int(fields[12])
        if children:
            total += int(fields[13]) + int(fields[14])  # children that were waited for
    return total / _TICKS


def resident_bytes(pid: int) -> int:
    """Return the memory of a process and its children that is in RAM (VmRSS)."""
    return sum(_memory(one, "VmRSS:") for one in family(pid))


def peak_bytes(pid: int) -> int:
    """Return the highest VmRSS of a process since ``forget_peak``, without children (VmHWM)."""
    return _memory(pid, "VmHWM:")


def forget_peak(pid: int) -> None:
    """Begin a new peak (Linux: writing 5 to clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _memory(pid: int, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # ended meanwhile
        return 0
    for line in lines:
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return 0
