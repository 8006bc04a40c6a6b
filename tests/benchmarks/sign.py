"""Signing against the bare signature of the same key.

``python -m tests.benchmarks sign``. The floor is ``key.sign`` of cryptography (RSA-2048, PKCS#1 v1.5)
over 120 bytes in memory. Processor time, ours and the floor in turn, medians; the corpus is built once under
``var/bench`` (several minutes) and each output is judged by pdfsig.
"""

from __future__ import annotations

import gc
import io
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import pikepdf

from server.cli.batch import Job, sign_folder
from signing.fonts import TextFont, load_font
from signing.keys.pkcs11 import open_uri
from signing.keys.protocol import SignatureAlgorithm, Signer
from signing.keys.software import SoftwareSigner, open_pkcs12
from signing.local import local_services
from signing.model import Level
from signing.pades.appearance import StampImage
from signing.pades.embed import sign_person
from signing.pades.pictures import signature_picture
from signing.pades.prepare import prepare
from signing.pades.purpose import Request, sign_for
from signing.pki import ca
from signing.pki.opened import open_pki
from signing.pki.profiles import KeyType, Kind
from signing.services import Services
from tests.benchmarks.figures import ROOT, WORK, Figure, middle, notes
from tests.data import signing_corpus
from tests.factories.softhsm import PIN, add_key, new_token
from tests.unit.signing.samples import FONT, letter, plan

_ALL: Final = 2000
FILES: Final = int(os.environ.get("LIENTHONG_BENCH_FILES", str(_ALL)))
"""Fewer for a quick look."""
_DATA: Final = b"x" * 120
_PASSPHRASE: Final = "bench"
_ROUNDS: Final = 200
_LARGE: Final = 200 * 1024 * 1024


@dataclass(frozen=True)
class Bench:
    """An authority with one key, opened."""

    folder: Path
    authority: ca.Authority
    key: SoftwareSigner
    key_file: Path
    font: TextFont
    at: datetime

    def bare(self) -> bytes:
        """Make the signature that is the floor."""
        return self.key.sign_raw(_DATA, SignatureAlgorithm.RSA_PKCS1_SHA256)


def measure() -> Iterator[Figure]:
    """Yield the figures."""
    files = signing_corpus.build(
        WORK / ("signing-corpus" if FILES == 2000 else f"signing-corpus-{FILES}"), FILES
    )
    with tempfile.TemporaryDirectory() as name:
        bench = _bench(Path(name))
        gc.collect()
        gc.freeze()  # as the workers of a batch do
        yield from _corpus(bench, files)
        yield _odd(bench, files)
        yield from _prepared(bench)
        yield from _levels(bench)
        yield _batch(bench, files)
        yield _token(bench, files)
        yield from _large(bench)


def _bench(folder: Path) -> Bench:
    at = datetime.now(UTC).replace(microsecond=0)
    authority = ca.init(folder / "pki", passphrase=None, now=at - timedelta(hours=1))
    request = ca.CertificateRequest(Kind.PERSON, "Văn thư", "000.00.01.X99", KeyType.RSA2048, None)
    issued = authority.issue(request, passphrase=_PASSPHRASE.encode(), now=at)
    key_file = folder / "key.p12"
    key_file.write_bytes(issued.pkcs12)
    key = open_pkcs12(issued.pkcs12, _PASSPHRASE.encode())
    return Bench(folder, authority, key, key_file, load_font(FONT), at)


def cost(work: Callable[[], object]) -> float:
    """Return milliseconds of processor time of one call."""
    start = time.process_time_ns()
    work()
    return (time.process_time_ns() - start) / 1e6


def pairs(bench: Bench, works: Iterable[Callable[[], object]]) -> tuple[float, float, float]:
    """Measure ours and the floor in turn; return both medians and their ratio."""
    ours, floor = [], []
    for work in works:
        floor.append(cost(bench.bare))
        ours.append(cost(work))
    one, other = middle(ours), middle(floor)
    return one, other, one / other


def figure(name: str, found: tuple[float, float, float], most: float, *more: str) -> Figure:
    """Return a figure against its target."""
    ours, floor, ratio = found
    target = f"<= {most:g} x bare signature"
    return Figure(
        name, ours, "ms CPU", floor, 1 / ratio, target, ratio <= most, notes(f"{ratio:.2f} x", *more)
    )


def _sign(bench: Bench, pdf: bytes, level: Level = Level.B_B, services: Services = Services()) -> bytes:  # noqa: B008
    return sign_for(pdf, bench.key, Request(), None, bench.at, level=level, services=services).pdf


def _corpus(bench: Bench, files: list[Path]) -> Iterator[Figure]:
    """One signature of each file of the corpus, over all and by producer; all judged by pdfsig."""
    signed = bench.folder / "signed"
    signed.mkdir()
    costs: dict[str, list[tuple[float, float]]] = {}
    for path in files:
        pdf = path.read_bytes()
        floor = cost(bench.bare)
        ours = cost(partial(_sign, bench, pdf))
        costs.setdefault(path.name.partition("-")[0], []).append((ours, floor))
        (signed / path.name).write_bytes(_sign(bench, pdf))
    everything = [pair for found in costs.values() for pair in found]
    bad = _refused_by_pdfsig(bench, sorted(signed.iterdir()))
    size = middle(path.stat().st_size for path in files) / 1000
    note = f"{len(files)} files of {len(costs)} producers, median {size:.0f} KB; pdfsig refuses {bad}"
    whole = figure("sign B-B", _medians(everything), 10, note)
    yield whole if not bad else Figure(**{**whole.row(), "met": False})  # type: ignore[arg-type]  # same fields
    for name, found in sorted(costs.items()):
        yield figure(f"sign B-B, {name}", _medians(found), 10, f"{len(found)} files")


def _medians(found: list[tuple[float, float]]) -> tuple[float, float, float]:
    ours, floor = middle(o for o, _ in found), middle(f for _, f in found)
    return ours, floor, ours / floor


def _refused_by_pdfsig(bench: Bench, paths: list[Path]) -> int:
    """Count the files in which pdfsig does not find one valid signature of a trusted certificate."""
    nss = bench.folder / "nss"
    nss.mkdir()
    base = ["certutil", "-d", f"sql:{nss}"]
    subprocess.run([*base, "-N", "--empty-password"], check=True, timeout=30)
    anchor = str(bench.authority.trust_anchor)
    subprocess.run([*base, "-A", "-n", "root", "-t", "CT,C,C", "-i", anchor], check=True, timeout=30)

    def refused(path: Path) -> bool:
        run = subprocess.run(
            ["pdfsig", "-nssdir", str(nss), str(path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return run.stdout.count("Signature is Valid.") != 1

    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(refused, paths))


def _odd(bench: Bench, files: list[Path]) -> Figure:
    """Files that go to pyHanko's writer."""
    chosen = [path for path in files if path.name.startswith("qpdf")][:60]
    works = [partial(_sign, bench, signing_corpus.written_oddly(path.read_bytes())) for path in chosen]
    works[0]()  # loads the library
    return figure("sign B-B, pyHanko's writer", pairs(bench, works), 40, f"{len(works)} odd files")


def _prepared(bench: Bench) -> Iterator[Figure]:
    """Letters of this system with their fields: the person signs."""
    picture = StampImage.load(signature_picture("Chủ tịch", FONT, seed=1))
    head = '#set page("a4")\n#set text(font: "Tinos", lang: "vi")\n'
    texts = (head + signing_corpus.text(i, 15000) for i in range(60))
    made = [prepare(letter(text), plan(), bench.font).pdf for text in texts]
    for name, image in (("", None), (", with picture", picture)):
        works = [partial(sign_person, pdf, bench.key, "person", image, "Ký", bench.at) for pdf in made]
        yield figure(f"sign prepared file{name}", pairs(bench, works * 3), 3, f"{len(made)} files")


def _levels(bench: Bench) -> Iterator[Figure]:
    """Levels above B-B with the authority of the same process."""
    pdf = signing_corpus.letter(1)
    for kind in (KeyType.P256, KeyType.RSA2048):
        folder = bench.folder / f"pki-{kind}"
        authority = ca.init(folder, passphrase=None, now=bench.at - timedelta(hours=1), service_key=kind)
        request = ca.CertificateRequest(Kind.PERSON, "Văn thư", "X", KeyType.RSA2048, None)
        issued = authority.issue(request, passphrase=b"x", now=bench.at)
        key = open_pkcs12(issued.pkcs12, b"x")
        services = local_services(open_pki(folder))
        for level, most in ((Level.B_T, 4), (Level.B_LT, 6), (Level.B_LTA, 9)):
            work = partial(sign_for, pdf, key, Request(), None, bench.at, level=level, services=services)
            reached = work().reached
            if reached is not level:
                raise RuntimeError(f"{level} is not reached")
            found = pairs(bench, [work] * _ROUNDS)
            yield figure(f"sign {level}, services {kind}", found, most / 0.24)


def _batch(bench: Bench, files: list[Path]) -> Figure:
    """``lienthong sign --batch`` of the corpus; start-up is left out by a second run over few files."""
    some = files[:: max(len(files) // 50, 1)][:50]
    sample = files[:: max(len(files) // 300, 1)]
    # In memory where there is room, since a file made on a busy disk may cost more than a signature.
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        folder = Path(name)
        source, few = _folder(folder / "in", files), _folder(folder / "few", some)
        whole = _lienthong(bench, str(source), str(folder / "out"), "--batch")
        start = _lienthong(bench, str(few), str(folder / "few-out"), "--batch")
    count = len(files) - len(some)
    each = (whole.cpu - start.cpu) / count * 1000
    alone = sum(cost(partial(_sign, bench, path.read_bytes())) for path in sample) / len(sample)
    cores = len(os.sched_getaffinity(0))
    return Figure(
        "sign --batch",
        each,
        "ms CPU a file",
        alone,
        alone / each,
        ">= 0.9 of cores x rate",
        alone / each >= 0.9,
        f"{count / (whole.seconds - start.seconds):.0f} files/s by the clock on {cores} cores",
    )


def _token(bench: Bench, files: list[Path]) -> Figure:
    """200 files with one PIN against 200 signatures of the token alone, by the clock, start-up left out."""
    token = new_token(bench.folder / "hsm")
    add_key(token, bench.key_file, _PASSPHRASE, "rsa")
    os.environ.update(token.environment)
    key: Signer = open_uri(token.uri("rsa"), PIN.encode())
    more, few = _folder(bench.folder / "token", files[:220]), _folder(bench.folder / "few", files[:20])
    job = Job(key, Request(), None, Level.B_B, Services())
    ratios, ours, floors = [], [], []
    for number in range(5):
        long = _clock(lambda n=number: list(sign_folder(job, more, bench.folder / f"t{n}")))  # type: ignore[misc]
        short = _clock(lambda n=number: list(sign_folder(job, few, bench.folder / f"u{n}")))  # type: ignore[misc]
        own = _clock(lambda: _token_alone(key, 200))
        ours.append(long - short)
        floors.append(own)
        ratios.append((long - short) / own)
    ratio = middle(ratios)
    return Figure(
        "sign 200 files, token",
        middle(ours),
        "s",
        middle(floors),
        1 / ratio,
        "<= 1.2 x the token's own time",
        ratio <= 1.2,
        f"{ratio:.2f} x; SoftHSM, a session for each core, the floor one session",
    )


def _token_alone(key: Signer, count: int) -> None:
    for _ in range(count):
        key.sign_raw(_DATA, SignatureAlgorithm.RSA_PKCS1_SHA256)


def _clock(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _large(bench: Bench) -> Iterator[Figure]:
    """A file of 200 MB: memory above the file."""
    path = bench.folder / "large.pdf"
    _large_file(path, _LARGE)
    for level in (Level.B_B, Level.B_LTA):
        words = ("--level", level.value, "--pki", str(bench.authority.folder))
        ran = _lienthong(bench, str(path), str(bench.folder / "large-out.pdf"), *words)
        above = (ran.peak - path.stat().st_size) / 1e6
        yield Figure(
            f"sign 200 MB, {level}, memory above it",
            above,
            "MB",
            target="< 200",
            met=above < 200,
            note=f"{ran.seconds:.1f} s with start-up",
        )


def _large_file(path: Path, size: int) -> None:
    """Write a file with one page and a stream of that size."""
    small = io.BytesIO()
    with pikepdf.new() as document:
        # Below the page and last in its dictionary, so that the stream becomes the last object.
        document.add_blank_page().obj.ZZ = document.make_stream(b"LARGE")
        document.save(small, compress_streams=False)
    head, _, _ = small.getvalue().partition(b"LARGE")
    head = head.replace(b"/Length 5", b"/Length %d" % size)
    block = os.urandom(1 << 20)
    with path.open("wb") as out:
        out.write(head)
        for _ in range(size >> 20):
            out.write(block)
        out.write(b"\nendstream\nendobj\n")
        body = out.tell()
        places = sorted((int(m[1]), m.start()) for m in re.finditer(rb"(?m)^(\d+) 0 obj", head))
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
        out.writelines(b"%010d 00000 n \n" % offset for _, offset in places)
        out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(places) + 1))
        out.write(b"startxref\n%d\n%%%%EOF\n" % body)


def _folder(folder: Path, files: list[Path]) -> Path:
    """Copy files into a new folder."""
    folder.mkdir()
    for path in files:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@dataclass(frozen=True)
class Ran:
    """What a command used."""

    seconds: float
    cpu: float
    peak: int
    """Bytes: the largest of the process and its children, each alone."""


def _lienthong(bench: Bench, *words: str) -> Ran:
    """Run ``lienthong sign``."""
    command = [str(ROOT / ".venv/bin/lienthong"), "sign", *words]
    command += ["--key", str(bench.key_file), "--passphrase-env", "BENCH_KEY"]
    environment = {**os.environ, "BENCH_KEY": _PASSPHRASE}
    # Started by a small process: the peak of a child is never told below that of who started it.
    run = subprocess.run(
        [sys.executable, "-c", _MEASURED, *command],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, cpu, peak = run.stderr.split()[-3:]
    return Ran(float(seconds), float(cpu), int(peak) * 1024)


_MEASURED: Final = """
import os, subprocess, sys, time
started = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""
