"""Validation against the bare signature of an RSA-2048 key.

``python -m tests.benchmarks validate``. The floor is ``key.sign`` of cryptography (PKCS#1 v1.5, 120 bytes).
Processor time, ours and the floor in turn, medians; trust anchors and revocation lists are given and were
read before, as in a worker that has validated a file already. Every round validates another file.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from signing.keys.protocol import SignatureAlgorithm
from signing.local import open_services
from signing.model import Level
from signing.pades.embed import SignatureText, sign_invisibly
from signing.pades.purpose import Request, sign_for
from signing.validate.material import TrustMaterial, load
from signing.validate.pdf import validate
from signing.validate.report import Verdict
from tests.benchmarks.figures import ROOT, Figure, middle, notes, spread
from tests.unit.signing.samples import NOW, Office, letter, new_office

FILES: Final = 40
"""Different files; each is validated several times, in turn with the others."""
ROUNDS: Final = 5
TARGET: Final = 12.5
LARGE: Final = 200 * 1024 * 1024
MOST_ABOVE: Final = 200
_AT: Final = NOW + timedelta(minutes=5)
_CHILD: Final = """
import resource, sys
from datetime import datetime
from pathlib import Path
from signing.validate.files import validate_file
from signing.validate.material import load
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = validate_file(Path(sys.argv[1]), load(Path(sys.argv[2])), datetime.fromisoformat(sys.argv[3]))
print(report.verdict.value, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def measure() -> Iterator[Figure]:
    """Yield the figures."""
    with tempfile.TemporaryDirectory() as name:
        office = new_office(Path(name) / "pki")
        trust = load(office.authority.folder / "trust")
        once = [sign_invisibly(source(i), office.body, "a", SignatureText(), NOW) for i in range(FILES)]
        size = sum(map(len, once)) // FILES // 1024
        yield compare(f"validate, one signature, {size} KB", once, office, trust, target=TARGET)
        twice = [sign_invisibly(pdf, office.person, "b", SignatureText(), NOW) for pdf in once]
        yield compare("validate, two signatures", twice, office, trust)
        services = open_services(office.authority.folder)
        archived = [
            sign_for(source(i), office.body, Request(), None, NOW, level=Level.B_LTA, services=services).pdf
            for i in range(FILES)
        ]
        yield compare("validate, B-LTA", archived, office, trust)
        yield memory(Path(name), office)


def source(number: int) -> bytes:
    """Render a document of about 100 KB, another one for each number."""
    return letter(
        f'#set text(font: "Tinos", lang: "vi")\nSố {number}\n#lorem({8600 + number})', archival=False
    )


def compare(
    name: str, files: list[bytes], office: Office, trust: TrustMaterial, target: float | None = None
) -> Figure:
    """Measure in turn; the ratio is the median of those of pairs."""
    for pdf in files:
        if validate(pdf, trust=trust, at=_AT).verdict is not Verdict.VALID:
            raise RuntimeError(f"{name}: a file is not valid")
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(ROUNDS):
        for pdf in files:
            ours.append(cost(lambda pdf=pdf: validate(pdf, trust=trust, at=_AT)))  # type: ignore[misc]  # bound now
            bare.append(cost(lambda: office.body.sign_raw(b"x" * 120, SignatureAlgorithm.RSA_PKCS1_SHA256)))
    ratio = middle(ours) / middle(bare)
    rounds = [middle(ours[i : i + len(files)]) for i in range(0, len(ours), len(files))]
    return Figure(
        name,
        middle(ours) * 1000,
        "ms of processor",
        middle(bare) * 1000,
        1 / ratio,
        f"<= {target} x bare" if target else "",
        ratio <= target if target else None,
        notes(f"{ratio:.1f} x the bare signature", spread(rounds)),
    )


def cost(work: Callable[[], object]) -> float:
    """Return processor seconds of one call."""
    before = time.process_time()
    work()
    return time.process_time() - before


def memory(folder: Path, office: Office) -> Figure:
    """Validate a long file in a process of its own; what it holds beyond the file itself, at its peak."""
    plain = letter(archival=False)
    start = int(plain.rsplit(b"startxref", 1)[1].split()[0])
    body = b"900 0 obj\n<</Length %d>>\nstream\n" % LARGE
    path = folder / "long.pdf"
    with path.open("wb") as out:
        out.write(plain + body)
        for _ in range(LARGE // (1024 * 1024)):
            out.write(bytes(1024 * 1024))
        out.write(b"\nendstream\nendobj\n")
        at = out.tell()
        root = plain[plain.rindex(b"/Root") :].split(b"R", 2)[1].split(b"oot", 1)[-1] + b"R"
        table = b"xref\n900 1\n%010d 00000 n \ntrailer\n<</Size 901/Prev %d/Root %s>>" % (
            len(plain),
            start,
            root.strip(),
        )
        out.write(table + b"\nstartxref\n%d\n%%%%EOF\n" % at)
    path.write_bytes(sign_invisibly(path.read_bytes(), office.body, "a", SignatureText(), NOW))
    words = [str(path), str(office.authority.folder / "trust"), _AT.isoformat()]
    ran = subprocess.run(
        [sys.executable, "-c", _CHILD, *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    verdict, kilobytes = ran.stdout.split()
    if verdict != "valid":
        raise RuntimeError(f"the long file is {verdict}")
    above = int(kilobytes) / 1024 - path.stat().st_size / (1024 * 1024)
    return Figure(
        "validate, 200 MB, memory above the file",
        max(above, 0.0),
        "MB",
        target=f"< {MOST_ABOVE} MB",
        met=above < MOST_ABOVE,
        note="peak resident memory less the size of the file, which is mapped and counts when it was read",
    )
