"""``lienthong verify``: judge the signatures of any files that anyone brings."""

from __future__ import annotations

import json
import multiprocessing
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import click

from server.cli.outcome import Exit, Stop
from server.kernel.clock import VIETNAM
from signing.validate.files import limit_process, validate_file
from signing.validate.material import TrustFault, TrustMaterial, load
from signing.validate.report import Report, SignatureReport, Verdict

_SECONDS = 8
"""For one file; with the start of the program it ends within 10."""
_MEGABYTES = 512
_EXITS = {Verdict.VALID: Exit.GOOD, Verdict.UNREADABLE: Exit.USAGE}
_VIETNAMESE = {
    Verdict.VALID: "hợp lệ",
    Verdict.INVALID: "không hợp lệ",
    Verdict.INDETERMINATE: "chưa xác định",
    Verdict.UNSIGNED: "chưa ký",
    Verdict.UNREADABLE: "không đọc được",
}


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--trust", type=click.Path(path_type=Path), help="Trust anchors: PEM file or folder.")
@click.option("--integrity-only", is_flag=True, help="Do not judge trust, revocation and time.")
@click.option("--at", help="Judge for this instant (RFC 3339 with zone) instead of now.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per file.")
def verify(
    files: tuple[Path, ...], trust: Path | None, integrity_only: bool, at: str | None, as_json: bool
) -> None:
    """Verify signed PDF files. Exit 0: all valid; 1: some are not; 2: some cannot be read.

    Revocation lists are found beside the trust anchors: *.crl in the folder, in crl/ or in ../crl/.
    """
    if (trust is None) == (not integrity_only):
        raise Stop("give either --trust DIR_OR_PEM or --integrity-only")
    moment = _instant(at)
    try:
        material = load(trust) if trust is not None else None
    except TrustFault as error:
        raise Stop(str(error)) from error
    worst = Exit.GOOD
    for file in files:
        report = _bounded(file, material, moment)
        click.echo(json.dumps(report.as_json(), ensure_ascii=False) if as_json else _told(report))
        if report.verdict is Verdict.UNREADABLE:
            click.echo(f"lienthong: {file}: {report.reason}", err=True)
        worst = max(worst, _EXITS.get(report.verdict, Exit.NO))
    if worst:
        raise SystemExit(int(worst))


def _instant(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Stop(f"--at {text} is no instant: write 2026-11-22T20:00:00+07:00") from error
    if moment.tzinfo is None:
        raise Stop(f"--at {text} names no zone: write 2026-11-22T20:00:00+07:00")
    return moment


def _bounded(file: Path, trust: TrustMaterial | None, at: datetime) -> Report:
    """Judge one file in a child process that may use 8 seconds and 512 MB beyond the file's size."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(theirs, file, trust, at), daemon=True)
    child.start()
    theirs.close()
    try:
        if ours.poll(_SECONDS):
            report = ours.recv()
            if isinstance(report, Report):
                return report
        reason = f"it cannot be judged within {_SECONDS} seconds"
    except EOFError:
        reason = f"it cannot be judged within {_SECONDS} seconds and {_MEGABYTES} MB"
    finally:
        child.kill()
        child.join()
        ours.close()
    return Report(Verdict.UNREADABLE, reason, file=str(file))


def _child(pipe: Connection, file: Path, trust: TrustMaterial | None, at: datetime) -> None:
    size = file.stat().st_size if file.is_file() else 0
    limit_process(seconds=_SECONDS, extra_bytes=_MEGABYTES * 1024 * 1024 + 2 * size)
    pipe.send(validate_file(file, trust, at))
    pipe.close()


def _told(report: Report) -> str:
    """Return the report as lines for a person."""
    head = f"{report.file}: {_VIETNAMESE[report.verdict]} ({report.verdict.value}): {report.reason}"
    return "\n".join([head, *(_line(signature) for signature in report.signatures)])


def _line(signature: SignatureReport) -> str:
    result = signature.indication.value if signature.indication else signature.integrity.value
    parts = [result, signature.sub_indication.value if signature.sub_indication else ""]
    when = signature.signed_at.astimezone(VIETNAM).isoformat() if signature.signed_at else "?"
    details = (
        f"{signature.signer or '?'}, {when} ({signature.time_source.value}), "
        f"covers {signature.covers.value}, changes after: {signature.changes_after.value}, "
        f"revocation: {signature.revocation.value}"
    )
    return f"  {signature.field}: {' '.join(p for p in parts if p)}; {details}"
