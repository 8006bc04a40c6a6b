"""The inside of a PDF: read with qpdf, every object looked at, nothing executed and no content decoded.

What counts is the latest revision. A script that an older revision had and the latest one no longer reaches
is not refused: no viewer runs it, and the bytes of older revisions are part of what earlier signatures cover,
so they cannot be cleaned. A script that any object reachable from the trailer of the latest revision has is
refused, whatever the trigger, since what triggers it differs from viewer to viewer.

References are to ISO 32000-2:2020.
"""

from __future__ import annotations

from pathlib import Path

import pikepdf

from server.files.guard import facts
from server.files.guard.active import Scan
from server.files.guard.model import Inspection
from server.files.guard.wire import Ask, Finding

_MAPPED_BYTES = 128 * 1024 * 1024
"""A larger file is read piece by piece, since the worker's address space is limited."""


def configure() -> None:
    """Set the limits of qpdf for the whole process; call it once."""
    pikepdf.settings.set_qpdf_limits(
        parser_max_nesting=100,
        max_stream_filters=5,
        # Only object streams, cross-reference streams and metadata are decoded at all.
        flate_max_memory=64 * 1024 * 1024,
        run_length_max_memory=64 * 1024 * 1024,
        png_max_memory=64 * 1024 * 1024,
        tiff_max_memory=64 * 1024 * 1024,
    )


def examine(path: Path, size: int, ask: Ask) -> Inspection | list[Finding]:
    """Judge a file that begins and ends like a PDF: what it is, or everything that is wrong with it."""
    mode = pikepdf.AccessMode.mmap if size <= _MAPPED_BYTES else pikepdf.AccessMode.stream
    try:
        with pikepdf.open(
            path, attempt_recovery=False, inherit_page_attributes=False, access_mode=mode
        ) as pdf:
            return _examine_open(pdf, ask)
    except pikepdf.PasswordError:
        return [Finding("files.encrypted", {})]
    except MemoryError:
        return [Finding("files.too_complex", {"limit": ask.max_objects})]
    except (pikepdf.PikepdfError, ValueError, TypeError, KeyError, RuntimeError, OverflowError) as error:
        # qpdf's own errors, and what a tree of the wrong types does to a reader that expects the right ones.
        return [_broken(error, ask)]


def _examine_open(pdf: pikepdf.Pdf, ask: Ask) -> Inspection | list[Finding]:
    if pdf.is_encrypted:  # also with the empty password, which opens without asking
        return [Finding("files.encrypted", {})]
    if len(pdf.get_xref_table()) > ask.max_objects:
        return [Finding("files.too_complex", {"limit": ask.max_objects})]
    findings = [Finding(code, {}) for code in Scan(pdf).codes()]
    doubts = _doubts(pdf)
    findings += [_broken(doubt, ask) for doubt in doubts]
    pages = facts.page_count(pdf, ask.max_pages)
    if pages == 0 and not doubts:
        findings.append(Finding("files.no_pages", {}))
    if pages > ask.max_pages:
        findings.append(Finding("files.too_many_pages", {"limit": ask.max_pages}))
    if findings:
        return findings
    first = pdf.pages[0]
    width, height = facts.shown_size(first)
    return Inspection(
        kind="pdf",
        media_type="application/pdf",
        pdf_version=facts.version(pdf),
        pages=pages,
        first_page_width_points=width,
        first_page_height_points=height,
        signatures=facts.signatures(pdf),
        has_fonts=facts.has_fonts(pdf),
        pdfa=facts.pdfa_claim(pdf),
    )


def _doubts(pdf: pikepdf.Pdf) -> list[str]:
    """Return the first thing that qpdf had to guess while it read the objects, if any.

    Where it guesses, another reader may guess otherwise, and show or run something else than what was judged.
    A wrong /Size is no such doubt: the entries themselves are there.
    """
    warnings = [str(warning) for warning in pdf.get_warnings()]
    return [warning for warning in warnings if "reported number of objects" not in warning][:1]


def _broken(reason: object, ask: Ask) -> Finding:
    """Name the damage as the parser does, without the path; English and technical, so for the log."""
    return Finding("files.broken", {"reason": str(reason).replace(ask.path, "").strip(" :")[:200]})
