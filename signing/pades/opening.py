"""Opening a file for an update: by our own reader when it can, by pyHanko's when the file is odd."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import pikepdf

from signing.errors import UnreadableFile
from signing.pades.revision import FastRevision, Revision, Written, catalog
from signing.pades.source import Source
from signing.pades.syntax import Buffer, Odd

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Updated(Generic[T]):
    """A file with an update."""

    base: Buffer
    """What the update is appended to."""
    rewritten: bool
    """Whether ``base`` was written anew and is not the file as it was given."""
    written: Written
    result: T
    """What the change returned."""


def updated(
    base: Buffer, change: Callable[[Revision], T], *, tail: bytes = b"", mend: bool = False
) -> Updated[T]:
    """Open ``base`` followed by ``tail``, let ``change`` make an update, and write it.

    When our own reader stumbles on the way, ``change`` begins anew with pyHanko's, so it must have no other
    effect than its result. ``mend``: an unsigned file of unsound structure is written anew first (see
    :func:`mended`). Raises UnreadableFile, and what ``change`` raises.
    """
    try:
        revision = _fast(base, tail)
        result = change(revision)
        return Updated(base, False, revision.written(), result)
    except Odd:
        if mend and not tail:
            made, rewritten = mended(base)
            if rewritten:
                return Updated(made, True, *_again(made, change))
    return Updated(base, False, *_tolerantly(base, tail, change))


def read(base: Buffer, look: Callable[[Revision], T]) -> T:
    """Return what ``look`` finds in a file, without changing it. Raises UnreadableFile."""
    try:
        return look(_fast(base, b"", check=False))
    except Odd:
        from signing.pades.odd import OddRevision

        return look(OddRevision(base))


def _fast(base: Buffer, tail: bytes, *, check: bool = True) -> FastRevision:
    source = Source(base, tail)
    if check:
        if not source.clean:
            raise Odd("bytes follow the end of the file")
        source.require_sound()
    revision = FastRevision(source)
    catalog(revision)
    return revision


def _again(base: bytes, change: Callable[[Revision], T]) -> tuple[Written, T]:
    done = updated(base, change)
    return done.written, done.result


def _tolerantly(base: Buffer, tail: bytes, change: Callable[[Revision], T]) -> tuple[Written, T]:
    # Imported here: the library takes half a second, and most files do not need it.
    from signing.pades.odd import OddRevision

    revision = OddRevision(base, tail)
    catalog(revision)
    result = change(revision)
    return revision.written(), result


def mended(pdf: Buffer) -> tuple[bytes, bool]:
    """Return the file, and whether it had to be written anew.

    Only an unsigned file is written anew: when bytes follow its end, or when its cross-references are hybrid
    (two readers would see two documents). A file that cannot be read is refused, never repaired: what a
    repair finds is not what the author saw. Raises UnreadableFile.
    """
    from signing.pades.fields import walk
    from signing.pades.odd import OddRevision

    try:
        source = Source(pdf)
        if source.clean:
            return bytes(pdf), False
    except Odd:
        pass
    tolerant = OddRevision(pdf)
    if not tolerant.hybrid and _ends_cleanly(bytes(pdf)):
        return bytes(pdf), False
    if any(found.is_signature and found.filled for found in walk(tolerant)):
        raise UnreadableFile("the file is signed and its structure unsound: it can take no more signatures")
    return _rewritten(bytes(pdf)), True


def _ends_cleanly(pdf: bytes) -> bool:
    end = pdf.rfind(b"%%EOF")
    return end >= 0 and not pdf[end + 5 :].strip(b"\x00\t\n\x0c\r ")


def _rewritten(pdf: bytes) -> bytes:
    out = io.BytesIO()
    try:
        with pikepdf.open(io.BytesIO(pdf), attempt_recovery=False) as document:
            if document.is_encrypted:
                raise UnreadableFile("the PDF file is encrypted: remove its protection first")
            document.save(out)
    except (pikepdf.PdfError, pikepdf.PasswordError, RuntimeError, ValueError) as error:
        raise UnreadableFile("the PDF file cannot be read") from error
    return out.getvalue()
