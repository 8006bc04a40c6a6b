"""Validation of the signatures of a PDF file, each judged alone.

The bytes are read by readers of our own (``syntax``, ``xref``, ``reader``), strictly; whatever a foreign file
holds becomes FORMAT_FAILURE of the signature it touches, the others are judged all the same. How a file is
judged, step by step, is told in docs/validation.md.

Everything here holds the processor (a few ms for a usual file): call it in a thread or a child process.
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from typing import Final

from signing.validate.fields import Field, fields_of
from signing.validate.material import TrustMaterial
from signing.validate.reader import File
from signing.validate.report import (
    Indication,
    Report,
    Revocation,
    SignatureReport,
    Verdict,
)
from signing.validate.signature import Judged
from signing.validate.structure import header_fault
from signing.validate.syntax import Buffer, Malformed
from signing.validate.trust import Judge

_LATER_CHANGE: Final = "the file was changed in a way that this signature does not allow"
_MOST_SIGNATURES: Final = 500
_CANDIDATES: Final = 5
_CLOSED: Final = re.compile(rb"startxref[\x00\t\n\x0c\r ]+\d{1,20}[\x00\t\n\x0c\r ]+%%EOF")


def validate(pdf: Buffer, *, trust: TrustMaterial | None, at: datetime) -> Report:
    """Validate every signature of a file; ``trust`` None judges integrity and later changes only.

    ``at`` is the moment for which certificates are judged. Never raises on account of the bytes; raises
    RuntimeError when called on the thread of a running event loop, which it would hold up.
    """
    _refuse_in_event_loop()
    try:
        file, fault = _opened(pdf)
        fields = [f for f in fields_of(file.now) if f.kind == "Sig" and f.value is not None]
        if len(fields) > _MOST_SIGNATURES:
            raise Malformed("the file has too many signatures")
    except Malformed as error:
        return Report(Verdict.UNREADABLE, str(error))
    except (MemoryError, RecursionError):
        return Report(Verdict.UNREADABLE, "the file is too large or too deep to be read")
    except Exception as error:  # noqa: BLE001 - a stranger's bytes: an unforeseen fault is a verdict too
        return Report(Verdict.UNREADABLE, f"the file cannot be read ({type(error).__name__})")
    if not fields and fault is not None and pdf.rfind(b"/ByteRange") >= 0:
        return Report(Verdict.UNREADABLE, f"the file was signed and is damaged: {fault}")
    if not fields:
        return Report(Verdict.UNSIGNED, "the file carries no signature")
    reports = _judge(file, fields, fault, trust, at)
    return _conclude(tuple(reports), judged=trust is not None)


def _refuse_in_event_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("validate holds the processor: call it in a thread or a child process")


def _opened(pdf: Buffer) -> tuple[File, str | None]:
    """Open a file, and say what is wrong with it as a whole.

    When other bytes follow its last end, it is read up to that end, so that its signatures can be named; none
    of them passes.
    """
    fault = header_fault(pdf)
    if pdf[:1024].find(b"%PDF-") < 0:
        raise Malformed("this is no PDF file")
    try:
        return File(pdf), fault
    except Malformed as error:
        stop = len(pdf)
        for _ in range(_CANDIDATES):
            start = pdf.rfind(b"startxref", 0, stop)
            if start < 0:
                break
            found = _CLOSED.match(pdf, start)
            if found is not None:
                try:
                    return File(pdf, found.end()), str(error)
                except Malformed:
                    pass  # an older end may be sound
            stop = start
        raise


def _judge(
    file: File, fields: list[Field], fault: str | None, trust: TrustMaterial | None, at: datetime
) -> list[SignatureReport]:
    """Each signature alone; then time and trust, for which the time-stamps of all are needed."""
    gaps: set[int] = set()
    found = [Judged(file, field, gaps).run(fault) for field in fields]
    Judge(file, found, trust, at).run()
    return [f.report(judged=trust is not None) for f in found]


def _conclude(reports: tuple[SignatureReport, ...], *, judged: bool) -> Report:
    """The worst signature decides."""
    if not judged:
        bad = next((r for r in reports if not r.sound), None)
        note = "trust, revocation and time were not judged"
        if bad is None:
            return Report(Verdict.VALID, f"every signature is intact; {note}", reports)
        return Report(Verdict.INVALID, f"{bad.field}: {bad.reason or _LATER_CHANGE}; {note}", reports)
    for indication, verdict in (
        (Indication.TOTAL_FAILED, Verdict.INVALID),
        (Indication.INDETERMINATE, Verdict.INDETERMINATE),
    ):
        bad = next((r for r in reports if r.indication is indication), None)
        if bad is not None:
            return Report(verdict, f"{bad.field}: {bad.reason}", reports)
    if all(r.document_time_stamp for r in reports):
        return Report(Verdict.UNSIGNED, "the file carries time-stamps but no signature", reports)
    unchecked = any(r.revocation is Revocation.NOT_CHECKED and not r.document_time_stamp for r in reports)
    note = "; revocation was not checked (no list at hand)" if unchecked else ""
    return Report(Verdict.VALID, f"every signature passed{note}", reports)
