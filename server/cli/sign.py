"""``lienthong sign``: sign one PDF file, or all of a folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import click

from server.cli.batch import Job, Signed, sign_file, sign_folder
from server.cli.outcome import Exit, Stop, secret_from
from signing.errors import SigningError
from signing.fetch import Fetcher, http_services
from signing.fonts import TextFont, load_font
from signing.keys.pkcs11 import open_uri
from signing.keys.protocol import SignatureAlgorithm, Signer
from signing.keys.software import open_pkcs12
from signing.local import open_services
from signing.model import Level
from signing.pades.appearance import StampImage
from signing.pades.purpose import Purpose, Request
from signing.services import Services

_ROOT = Path(__file__).resolve().parents[2]
_DEFAULT_FONT = _ROOT / "node_modules/@expo-google-fonts/tinos/400Regular/Tinos_400Regular.ttf"


_PKI_PASSPHRASE = "LIENTHONG_PKI_PASSPHRASE"  # noqa: S105 - the name of a variable


@click.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--batch", is_flag=True, help="IN and OUT are folders: sign every PDF file in IN.")
@click.option("--key", "key_name", required=True, help="PKCS#12 file, or a pkcs11: URI (RFC 7512).")
@click.option("--passphrase-env", required=True, help="Variable that holds the passphrase, or the PIN.")
@click.option("--level", default=Level.B_B.value, type=click.Choice([level.value for level in Level]))
@click.option("--pki", type=click.Path(path_type=Path), help="Authority folder for levels above B-B.")
@click.option("--tsa", help="URL of a time-stamping authority, when there is no --pki.")
@click.option("--pss", is_flag=True, help="RSA keys: PSS padding instead of PKCS#1 v1.5.")
@click.option("--purpose", type=click.Choice([purpose.value for purpose in Purpose]))
@click.option("--image", type=click.Path(path_type=Path), help="PNG: handwritten signature or seal.")
@click.option("--number", default="", help="Number to fill in, or to show on an attachment.")
@click.option("--font", type=click.Path(path_type=Path), help="TrueType font for visible text.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per file.")
def sign(
    source: Path,
    target: Path,
    batch: bool,
    key_name: str,
    passphrase_env: str,
    level: str,
    pki: Path | None,
    tsa: str | None,
    pss: bool,
    purpose: str | None,
    image: Path | None,
    number: str,
    font: Path | None,
    as_json: bool,
) -> None:
    """Sign IN as OUT (PAdES). Without --purpose the signature is invisible.

    When a service does not answer, the file is written at the level reached, which is told, and the command
    exits 1: sign IN again when the service is back.
    """
    try:
        job = Job(
            _key(key_name, secret_from(passphrase_env), pss=pss),
            Request(
                Purpose(purpose) if purpose else None,
                StampImage.load(_read(image)) if image else None,
                number,
            ),
            _font(font, needed=purpose is not None),
            Level(level),
            _services(Level(level), pki, tsa),
        )
    except SigningError as error:
        places = {"signing.key": key_name, "signing.pki": pki}
        place = next((p for code, p in places.items() if error.code.startswith(code)), image or font)
        raise Stop(f"{place}: {error}") from error
    results = sign_folder(job, source, target) if batch else [sign_file(job, source, target)]
    worst = _tell_all(results, job, as_json=as_json)
    if worst is not Exit.GOOD:
        raise SystemExit(int(worst))


def _key(name: str, secret: bytes, *, pss: bool) -> Signer:
    """Open a key file or a key on a token."""
    key = open_uri(name, secret) if name.startswith("pkcs11:") else open_pkcs12(_read(Path(name)), secret)
    return key.using(SignatureAlgorithm.RSA_PSS_SHA256) if pss else key


def _services(level: Level, pki: Path | None, tsa: str | None) -> Services:
    """Return what a level needs: the authority of a folder, or services over HTTP."""
    if level is Level.B_B:
        return Services()
    if pki is not None:
        passphrase = os.environ.get(_PKI_PASSPHRASE, "").encode() or None
        return open_services(pki, passphrase=passphrase)
    if tsa is None:
        raise Stop(f"level {level} needs a time-stamping authority: name its folder (--pki) or URL (--tsa)")
    # Whoever types the address of an authority means it, wherever it lies.
    host = urlsplit(tsa).hostname or ""
    return http_services(tsa, Fetcher(allowed_hosts=frozenset((host,))))


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


def _tell_all(results: Iterable[Signed], job: Job, *, as_json: bool) -> Exit:
    """Print the outcomes; return the worst."""
    worst = Exit.GOOD
    for result in results:
        _tell(result, job, as_json=as_json)
        this = Exit.USAGE if result.error else Exit.NO if result.shortfall else Exit.GOOD
        worst = max(worst, this)
    return worst


def _tell(result: Signed, job: Job, *, as_json: bool) -> None:
    if as_json:
        line = {
            "file": result.source,
            "output": None if result.error else result.output,
            "level": result.reached or None,
            "wanted": job.level.value,
            "field": result.field or None,
            "signer": job.key.identity.name,
            "signed_at": result.signed_at or None,
            "error": result.error or result.shortfall or None,
        }
        print(json.dumps(line, ensure_ascii=False))  # not click.echo, which flushes each line
    elif result.error is None:
        print(f"{result.output}: {result.reached}")
    if result.error is not None:
        click.echo(f"lienthong: {result.source}: {_line(result.error)}", err=True)
    elif result.shortfall:
        click.echo(
            f"lienthong: {result.output}: level {result.reached} reached and not {job.level}: "
            f"{_line(result.shortfall)}",
            err=True,
        )


def _line(text: str) -> str:
    return " ".join(text.split())
