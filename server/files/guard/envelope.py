"""The first and last bytes of a file: is it a PDF and nothing else beside it.

A signature must cover what everybody sees. So a file that another program would read as something else (a
"polyglot"), and one with bytes before or after the PDF, is refused although many viewers open it.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from server.files.guard.kinds import HEAD_BYTES, recognise
from server.files.guard.wire import Finding

_TAIL_BYTES = 66 * 1024
"""Longest end of a ZIP file: its last record, 22 bytes, and a comment of 65,535 (APPNOTE.TXT, 4.3.16)."""
_PADDING_BYTES = 1024
"""White space that is tolerated after the end."""
_END = re.compile(rb"startxref\s+\d+\s+%%EOF")
_HEADER_WITHIN = 1024
_OTHER_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (257, b"ustar", "TAR"),
    (128, b"DICM", "DICOM"),
    (32769, b"CD001", "ISO 9660"),
)
_ZIP_END = b"PK\x05\x06"


def examine(file: BinaryIO, size: int) -> list[Finding]:
    """Return what is wrong with the two ends of the file; nothing when it is a PDF and only that."""
    if size == 0:
        return [Finding("files.empty", {})]
    head = file.read(HEAD_BYTES)
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read()
    if not head.startswith(b"%PDF-"):
        return [_not_pdf(head, tail)]
    for offset, magic, name in _OTHER_MAGIC:
        file.seek(offset)
        if file.read(len(magic)) == magic:
            return [Finding("files.polyglot", {"kind": name})]
    if _is_zip(tail, size):
        return [Finding("files.polyglot", {"kind": "ZIP"})]
    return _examine_end(tail)


def _not_pdf(head: bytes, tail: bytes) -> Finding:
    """Name what the file is instead."""
    kind = recognise(head, tail)
    if kind is not None and kind.executable:
        return Finding("files.executable", {"kind": kind.name})
    if kind is not None:
        return Finding("files.not_pdf", {"kind": kind.name})
    at = head.find(b"%PDF-", 0, _HEADER_WITHIN)
    if at > 0:
        return Finding("files.leading_data", {"bytes": at})
    return Finding("files.unknown_kind", {})


def _examine_end(tail: bytes) -> list[Finding]:
    """Check that ``startxref``, a number and ``%%EOF`` end the file (ISO 32000-2, 7.5.5)."""
    ends = list(_END.finditer(tail))
    if not ends:
        return [Finding("files.broken", {"reason": "startxref"})]
    rest = tail[ends[-1].end() :]
    if rest.strip(b"\x00\t\n\x0c\r ") or len(rest) > _PADDING_BYTES:
        return [Finding("files.trailing_data", {"bytes": len(rest)})]
    return []


def _is_zip(tail: bytes, size: int) -> bool:
    """Whether a ZIP program would find its directory: a last record whose comment ends where the file does.

    Programs tolerate a few bytes more or less, so the size of the directory decides, not the exact end.
    """
    at = tail.rfind(_ZIP_END)
    if at < 0 or len(tail) - at < 22:
        return False
    directory_bytes = int.from_bytes(tail[at + 12 : at + 16], "little")
    if directory_bytes == 0 or directory_bytes > size:
        return False
    begin = at - directory_bytes
    return begin < 0 or tail[begin : begin + 4] == b"PK\x01\x02"
