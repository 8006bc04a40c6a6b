"""Loops, bombs and nonsense end soon, in little memory, with one of the five verdicts."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signing.validate.pdf import validate
from signing.validate.report import Verdict
from tests.data.bombs import BOMBS
from tests.unit.signing.samples import NOW, Office, blank_pdf
from tests.unit.signing.test_attacks import by_pyhanko, foreign_signer

_SECONDS = 10
_MEGABYTES = 512


@pytest.mark.parametrize("name", BOMBS)
def test_it_ends_soon_with_a_verdict(name: str) -> None:
    data = BOMBS[name]()
    before = time.process_time()
    report = validate(data, trust=None, at=NOW)
    assert time.process_time() - before < _SECONDS
    assert report.verdict in (Verdict.UNREADABLE, Verdict.UNSIGNED, Verdict.INVALID)
    assert report.reason


def test_the_command_stays_within_its_bounds(tmp_path: Path) -> None:
    """The whole program, of several bombs at once: time and memory of it and of the children that judge."""
    names = []
    chosen = (name for name in BOMBS if name.startswith(("cross", "no PDF", "a million", "revisions")))
    for index, make in enumerate(BOMBS[name] for name in chosen):
        path = tmp_path / f"{index}.pdf"
        path.write_bytes(make())
        names.append(str(path))
    # The command tells its own peak. What the system keeps as the peak of a process is inherited from who
    # started it, here a test process that may be large; VmHWM begins anew with the program.
    main = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from server.cli.verify import verify\n"
        "try:\n"
        "    verify()\n"
        "finally:\n"
        "    own = Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]\n"
        "    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
        "    print(max(int(own), children), file=sys.stderr)\n"
    )
    words = [sys.executable, "-c", main, *names, "--integrity-only", "--json"]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=_SECONDS * len(names), check=False)
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
    assert len(ran.stdout.splitlines()) == len(names)
    peak = int(ran.stderr.split()[-1])
    assert peak < _MEGABYTES * 1024


@pytest.fixture(scope="module")
def victim(office: Office, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small file with two signatures by another program."""
    signer = foreign_signer(office, tmp_path_factory.mktemp("victim"))
    return by_pyhanko(by_pyhanko(blank_pdf(), signer, "A"), signer, "B")


_WORDS = (
    *(b"<<", b">>", b"[", b"]", b"(", b")", b" 0 R", b"/Prev 0", b"endobj", b"%%EOF", b"startxref\n0\n"),
    *(b"/ByteRange[0 0 0 0]", b"/Contents<>", b"/V null", b"stream\n", b"xref\n0 1\n", b"9999999999"),
)
_PIECES = st.one_of(st.binary(max_size=40), st.sampled_from(_WORDS))
CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 60), _PIECES), min_size=1, max_size=4)


def never_passes_unseen(victim: bytes, changes: list[tuple[float, int, bytes]]) -> None:
    """Change a file here and there: a verdict, and not a good one unless nothing changed."""
    data = victim
    for place, drop, piece in changes:
        at = int(place * len(data))
        data = data[:at] + piece + data[at + drop :]
    report = validate(data, trust=None, at=NOW)
    if report.verdict is Verdict.VALID:
        assert data.rstrip(b"\0\t\n\f\r ") == victim.rstrip()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=CHANGES)
def test_any_mutation_gets_a_verdict_and_never_passes_unseen(
    victim: bytes, changes: list[tuple[float, int, bytes]]
) -> None:
    never_passes_unseen(victim, changes)


def test_a_fault_that_nobody_foresaw_is_a_verdict_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> list[object]:
        raise ValueError("a library gave up")

    monkeypatch.setattr("signing.validate.pdf.fields_of", broken)
    assert validate(blank_pdf(), trust=None, at=NOW).verdict is Verdict.UNREADABLE
