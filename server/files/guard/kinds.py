"""Recognising what a file is by its first bytes ("magic"), for a refusal that says what was sent.

Signatures are those of the formats' own specifications, as also collected in the ``file`` command's database.
"""

from __future__ import annotations

from dataclasses import dataclass

HEAD_BYTES = 4096
"""How much of the start is looked at."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A format and whether it runs."""

    name: str
    """Short name, the same in every language, such as ``DOCX``."""
    executable: bool = False
    """Whether opening it runs a program."""


_MACH_O = tuple(bytes.fromhex(word) for word in ("feedface", "feedfacf", "cefaedfe", "cffaedfe"))

_STARTS: tuple[tuple[bytes, Kind], ...] = (
    (b"\x7fELF", Kind("ELF", executable=True)),
    *((start, Kind("Mach-O", executable=True)) for start in _MACH_O),
    (b"\xca\xfe\xba\xbe", Kind("Java class", executable=True)),
    (b"MZ", Kind("EXE", executable=True)),
    (b"#!", Kind("script", executable=True)),
    (b"L\x00\x00\x00\x01\x14\x02\x00", Kind("LNK", executable=True)),
    (b"\x89PNG\r\n\x1a\n", Kind("PNG")),
    (b"\xff\xd8\xff", Kind("JPEG")),
    (b"GIF8", Kind("GIF")),
    (b"II*\x00", Kind("TIFF")),
    (b"MM\x00*", Kind("TIFF")),
    (b"BM", Kind("BMP")),
    (b"{\\rtf", Kind("RTF")),
    (b"7z\xbc\xaf\x27\x1c", Kind("7Z")),
    (b"Rar!\x1a\x07", Kind("RAR")),
    (b"\x1f\x8b", Kind("GZIP")),
    (b"%!PS", Kind("PostScript")),
    (b"OggS", Kind("OGG")),
    (b"ID3", Kind("MP3")),
    (b"SQLite format 3\x00", Kind("SQLite")),
)
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_OLE_STREAMS = (("WordDocument", "DOC"), ("Workbook", "XLS"), ("PowerPoint Document", "PPT"))
_ZIP_PARTS = (
    (b"word/", "DOCX"),
    (b"xl/", "XLSX"),
    (b"ppt/", "PPTX"),
    (b"application/vnd.oasis.opendocument.text", "ODT"),
    (b"application/vnd.oasis.opendocument.spreadsheet", "ODS"),
    (b"application/vnd.etsi.asic-e", "ASIC-E"),
)
_SCRIPTS = (b"<script", b"@echo off", b"powershell")


def recognise(head: bytes, tail: bytes = b"") -> Kind | None:
    """Tell what the bytes are, or None. ``tail`` (the last bytes) holds the list of a ZIP file's parts."""
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head.startswith(b"PK\x03\x04"):
        return Kind(next((name for part, name in _ZIP_PARTS if part in head or part in tail), "ZIP"))
    if head.startswith(_OLE):
        everything = head + tail
        found = (name for stream, name in _OLE_STREAMS if stream.encode("utf-16-le") in everything)
        return Kind(next(found, "OLE"))
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind("WEBP")
    if head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        return Kind("HEIC")
    if head[4:8] == b"ftyp":
        return Kind("MP4")
    return _recognise_text(head)


def _recognise_text(head: bytes) -> Kind | None:
    """Tell the kinds of text apart, after white space and a byte order mark."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script")):
        return Kind("HTML")
    if text.startswith(_SCRIPTS):
        return Kind("script", executable=True)
    if text.startswith(b"<?xml"):
        return Kind("SVG" if b"<svg" in text else "XML")
    if text.startswith(b"<svg"):
        return Kind("SVG")
    if text and b"%pdf-" not in text and _is_text(head):
        return Kind("TXT")
    return None


def _is_text(head: bytes) -> bool:
    """Whether the bytes are UTF-8 without control characters; the last letter may be cut."""
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return False
        text = head[: error.start].decode()
    return all(letter.isprintable() or letter in "\t\r\n\f" for letter in text)
