"""``lienthong sign``: sign one PDF file, or all of a folder."""

from __future__ import annotations

import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from server.cli.outcome import Exit, Stop, secret_from
from signing.errors import SigningError
from signing.fonts import TextFont, load_font
from signing.keys.software import SoftwareSigner, open_pkcs12
from signing.model import Level
from signing.pades.appearance import StampImage
from signing.pades.purpose import Purpose, Request, sign_for
from signing.pki.register import write_atomically

_ROOT = Path(__file__).resolve().parents[2]
_DEFAULT_FONT = _ROOT / "node_modules/@expo-google-fonts/tinos/400Regular/Tinos_400Regular.ttf"


@dataclass(frozen=True, slots=True)
class Job:
    """What is the same for every file of one call; opened once, inherited by workers."""

    key: SoftwareSigner
    request: Request
    font: TextFont | None
    level: Level


@dataclass(frozen=True, slots=True)
class Signed:
    """Outcome for one file."""

    source: str
    output: str
    error: str | None
    field: str = ""
    signed_at: str = ""


@click.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--batch", is_flag=True, help="IN and OUT are folders: sign every PDF file in IN.")
@click.option("--key", "key_file", required=True, type=click.Path(path_type=Path), help="PKCS#12 file.")
@click.option("--passphrase-env", required=True, help="Variable that holds the passphrase of the key.")
@click.option("--level", default=Level.B_B.value, type=click.Choice([level.value for level in Level]))
@click.option("--pki", type=click.Path(path_type=Path), help="Authority folder; levels above B-B need it.")
@click.option("--purpose", type=click.Choice([purpose.value for purpose in Purpose]))
@click.option("--image", type=click.Path(path_type=Path), help="PNG: handwritten signature or seal.")
@click.option("--number", default="", help="Number to fill in, or to show on an attachment.")
@click.option("--font", type=click.Path(path_type=Path), help="TrueType font for visible text.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per file.")
def sign(
    source: Path,
    target: Path,
    batch: bool,
    key_file: Path,
    passphrase_env: str,
    level: str,
    pki: Path | None,
    purpose: str | None,
    image: Path | None,
    number: str,
    font: Path | None,
    as_json: bool,
) -> None:
    """Sign IN as OUT (PAdES). Without --purpose the signature is invisible."""
    if level != Level.B_B.value:
        raise Stop(f"level {level} needs a time-stamp service, which is not available here: use --level B-B")
    del pki  # only levels above B-B use it
    try:
        job = Job(
            open_pkcs12(_read(key_file), secret_from(passphrase_env)),
            Request(
                Purpose(purpose) if purpose else None,
                StampImage.load(_read(image)) if image else None,
                number,
            ),
            _font(font, needed=purpose is not None),
            Level(level),
        )
    except SigningError as error:
        raise Stop(
            f"{key_file if error.code.startswith('signing.key') else image or font}: {error}"
        ) from error
    results = _sign_folder(job, source, target) if batch else [_sign_file(job, source, target)]
    for result in results:
        _tell(result, job, as_json=as_json)
    if any(result.error is not None for result in results):
        raise SystemExit(int(Exit.USAGE))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Stop(f"{path}: {error.strerror}") from error


def _font(path: Path | None, *, needed: bool) -> TextFont | None:
    """Return the font asked for, else the one that comes with the product when it is installed."""
    if path is None and not (needed and _DEFAULT_FONT.exists()):
        return None
    return load_font(path or _DEFAULT_FONT)


def _sign_file(job: Job, source: Path, target: Path) -> Signed:
    """Sign one file; a fault of the file becomes part of the outcome."""
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        outcome = sign_for(source.read_bytes(), job.key, job.request, job.font, now)
        write_atomically(target, outcome.pdf)
    except SigningError as error:
        return Signed(str(source), str(target), str(error))
    except OSError as error:
        return Signed(str(source), str(target), f"{error.filename or source}: {error.strerror}")
    return Signed(str(source), str(target), None, outcome.field, now.isoformat().replace("+00:00", "Z"))


_held: list[Job] = []
"""The job of a worker process."""


def _hold(job: Job) -> None:
    _held[:] = [job]


def _sign_held(paths: tuple[Path, Path]) -> Signed:
    return _sign_file(_held[0], *paths)


def _sign_folder(job: Job, source: Path, target: Path) -> list[Signed]:
    """Sign every PDF file of a folder on all cores; the key stays opened in each worker."""
    if not source.is_dir():
        raise Stop(f"{source} is no folder: --batch needs two folders")
    if target.exists() and not target.is_dir():
        raise Stop(f"{target} is no folder: --batch needs two folders")
    target.mkdir(parents=True, exist_ok=True)
    names = sorted(p.name for p in source.iterdir() if p.is_file() and p.suffix.lower() == ".pdf")
    if not names:
        raise Stop(f"{source} holds no PDF file")
    pairs = [(source / name, target / name) for name in names]
    workers = min(len(os.sched_getaffinity(0)), len(pairs))
    # Forked before any thread is started, so that the opened key is inherited and never written anywhere.
    context = multiprocessing.get_context("fork")
    try:
        with ProcessPoolExecutor(workers, context, initializer=_hold, initargs=(job,)) as pool:
            return list(pool.map(_sign_held, pairs, chunksize=8))
    except BrokenProcessPool as error:
        raise Stop("a worker process died: sign the folder again, or its files one by one") from error


def _tell(result: Signed, job: Job, *, as_json: bool) -> None:
    if as_json:
        line = {
            "file": result.source,
            "output": None if result.error else result.output,
            "level": None if result.error else job.level.value,
            "field": result.field or None,
            "signer": job.key.identity.name,
            "signed_at": result.signed_at or None,
            "error": result.error,
        }
        click.echo(json.dumps(line, ensure_ascii=False))
    elif result.error is None:
        click.echo(f"{result.output}: {job.level.value}")
    if result.error is not None:
        click.echo(f"lienthong: {result.source}: {result.error}", err=True)
