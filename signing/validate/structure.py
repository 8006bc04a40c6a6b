"""The structure of a signed file, before anything is believed (rules of our own, stricter than readers').

1. The file starts with its header and ends with the marker that its reader used; only white space follows.
2. A ByteRange has two ranges; the first starts at 0, the second ends where a revision of the file ends; what
   lies between is exactly the hexadecimal string in ``/Contents`` of the same signature dictionary, at the
   place where it stands in the file. In that string only zeros follow the signature value.
3. No two signatures leave out the same bytes.
4. What was appended after a signature is updates and nothing else: objects that its cross-references
   name, each once, then the cross-references, then the end. Nothing points back into the signed bytes.
"""

from __future__ import annotations

import re
from typing import Final

from signing.validate.reader import File, View
from signing.validate.syntax import Buffer, Dict, HexString, whole
from signing.validate.xref import Section

_HEADER: Final = re.compile(rb"%PDF-[12]\.\d[\x00\t\n\x0c\r %]")
_SPACE: Final = re.compile(rb"(?:[\x00\t\n\x0c\r ]++|%(?!PDF-|%EOF)[^\r\n]{0,80}+(?=[\r\n]))*+")
_SPACES: Final = rb"[\x00\t\n\x0c\r ]"
_OBJECT: Final = re.compile(rb"\d{1,10}[\x00\t\n\x0c\r ]+\d{1,5}[\x00\t\n\x0c\r ]+obj")
_CLOSE: Final = re.compile(
    _SPACES + rb"*+startxref" + _SPACES + rb"+(\d{1,20})" + _SPACES + rb"+%%EOF(?=[\x00\t\n\x0c\r ]|\Z)"
)


def header_fault(buffer: Buffer) -> str | None:
    """Return what is wrong with the start of the file, None when nothing is."""
    return None if _HEADER.match(buffer) else "the file does not start with the header of a PDF file"


def range_fault(buffer: Buffer, entries: Dict) -> str | None:
    """Return what is wrong with the ByteRange of a signature dictionary, None when nothing is (12.8.1)."""
    ranges, contents = entries.get("ByteRange"), entries.get("Contents")
    if not isinstance(ranges, list) or len(ranges) != 4:
        return "the byte range does not have two parts"
    start, first, second, length = (whole(value) for value in ranges)
    if start is None or first is None or second is None or length is None:
        return "the byte range is not made of numbers"
    if start != 0 or first <= 0 or second <= first or length <= 0 or second + length > len(buffer):
        return "the byte range does not start at 0 or leaves the file"
    if not isinstance(contents, HexString) or len(contents) < 2 or not contents.strip(b"\0"):
        return "the signature value is missing or not hexadecimal"
    if (first, second) != (contents.start, contents.end):
        return "the byte range leaves out something else than this signature's value"
    if second - first != 2 * len(contents) + 2:
        return "the byte range leaves out more than the signature value"
    return None


def covered(entries: Dict) -> int:
    """Return where the bytes end that a ByteRange (found sound) covers."""
    ranges = entries["ByteRange"]
    second, length = (whole(v) for v in ranges[2:]) if isinstance(ranges, list) else (0, 0)
    return (second or 0) + (length or 0)


def update_fault(file: File, signed: View, end: int) -> str | None:
    """Return what is wrong with the form of the updates after ``end``, None when nothing is.

    ``signed`` is the view at ``end``. Raises Malformed when an object cannot be read.
    """
    later = {s.offset: s for s in file.chain[: len(file.chain) - len(signed.sections)]}
    if any(offset < end for offset in later):
        return "an update lies within the signed bytes"
    if any(section.two_faced() for section in later.values()):
        return "the file shows different content to different readers"
    at = end
    written: dict[int, int] = {}
    while (at := _skipped(file.buffer, at)) < len(file.buffer):
        section = later.pop(at, None)
        if section is not None:
            fault = _section_fault(file, section, written, signed, end)
            if fault is not None:
                return fault
            close = _CLOSE.match(file.buffer, section.end)
            if close is None or int(close[1]) != section.offset:
                return "an update does not end with its own marker"
            at, written = close.end(), {}
        elif _OBJECT.match(file.buffer, at):
            ref, _ = file.at((at, -1))
            if ref.number in written:
                return f"an update defines object {ref.number} twice"
            written[ref.number] = at
            at = file.end_at(at)
        else:
            return "bytes that belong to no update follow the signed revision"
    if later or written:
        return "an update is not part of the file's revisions"
    return None


def _skipped(buffer: Buffer, at: int) -> int:
    """Return where the next thing starts; a short comment is passed over unless an object hides in it."""
    found = _SPACE.match(buffer, at)
    if found is None or b"obj" in found[0] or b"xref" in found[0]:
        return at
    return found.end()


def _section_fault(
    file: File, section: Section, written: dict[int, int], signed: View, end: int
) -> str | None:
    """Every object written is the one listed, and what is listed is written here or was there before."""
    hidden = section.hybrid.offset if section.hybrid is not None else None
    for number, offset in written.items():
        entry = section.entry(number)
        if entry is None and offset == hidden:
            continue
        if entry is None or entry[:2] != (1, offset):
            return f"object {number} of an update is not the one that its cross-references name"
    for number in set(section.numbers()):
        entry = section.entry(number)
        if entry is None or entry[0] == 0 or entry == signed.entry(number):
            continue
        if entry[0] == 1 and entry[1] < end:
            return f"an update points object {number} back into the signed bytes"
    return None
