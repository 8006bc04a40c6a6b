"""Writing a text font into a file, and reading back what is needed to use it later."""

from __future__ import annotations

import zlib
from itertools import groupby

from signing.fonts import SUBSET_TAG, TextFont
from signing.pades.revision import Revision, entry, value_of
from signing.pades.values import Name, Ref, Stream, Value, numbers

_TO_UNICODE_HEAD = (
    "/CIDInit /ProcSet findresource begin 12 dict begin begincmap "
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def "
    "/CMapName /Adobe-Identity-UCS def /CMapType 2 def "
    "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
)
_TO_UNICODE_TAIL = "endcmap CMapName currentdict /CMap defineresource pop end end"


def add_font(revision: Revision, font: TextFont) -> Ref:
    """Write a Type 0 font (ISO 32000-1, 9.7.6) whose codes are Unicode code points; return its reference."""
    program = revision.add(_deflated(font.program, {"/Length1": font.program_length}))
    descriptor = revision.add(
        {
            "/Type": Name("/FontDescriptor"),
            "/FontName": Name("/" + font.name),
            "/Flags": 4,
            "/FontBBox": numbers(*font.box),
            "/ItalicAngle": 0,
            "/Ascent": font.ascent,
            "/Descent": font.descent,
            "/CapHeight": font.cap_height,
            "/StemV": 80,
            "/FontFile2": program,
        }
    )
    descendant = revision.add(
        {
            "/Type": Name("/Font"),
            "/Subtype": Name("/CIDFontType2"),
            "/BaseFont": Name("/" + font.name),
            "/CIDSystemInfo": {"/Registry": b"Adobe", "/Ordering": b"Identity", "/Supplement": 0},
            "/FontDescriptor": descriptor,
            "/W": _widths(font),
            "/CIDToGIDMap": revision.add(_deflated(font.glyph_map, {})),
        }
    )
    return revision.add(
        {
            "/Type": Name("/Font"),
            "/Subtype": Name("/Type0"),
            "/BaseFont": Name("/" + font.name),
            "/Encoding": Name("/Identity-H"),
            "/DescendantFonts": [descendant],
            "/ToUnicode": revision.add(_deflated(zlib.compress(_to_unicode(font)), {})),
        }
    )


def _deflated(data: bytes, entries: dict[str, Value]) -> Stream:
    return Stream({**entries, "/Filter": Name("/FlateDecode")}, data)


def read_font(revision: Revision, font: Value) -> TextFont | None:
    """Return the metrics of a font that :func:`add_font` wrote; None for any other font."""
    base = entry(revision, font, "/BaseFont")
    if not isinstance(base, Name) or not base.startswith("/" + SUBSET_TAG):
        return None
    below = entry(revision, font, "/DescendantFonts")
    descendant = value_of(revision, below[0]) if isinstance(below, list) and below else None
    descriptor = entry(revision, descendant, "/FontDescriptor")
    runs = entry(revision, descendant, "/W")
    if not isinstance(runs, list) or not isinstance(descriptor, dict):
        return None
    widths: dict[int, int] = {}
    for start, run in zip(runs[::2], runs[1::2], strict=False):
        if isinstance(start, int) and isinstance(run, list):
            widths.update((start + i, int(w)) for i, w in enumerate(run) if isinstance(w, int | float))

    def size(key: str) -> int:
        found = descriptor.get(key)
        return int(found) if isinstance(found, int | float) else 0

    return TextFont(
        name=base[1:],
        program=b"",
        program_length=0,
        glyph_map=b"",
        widths=widths,
        ascent=size("/Ascent"),
        descent=size("/Descent"),
        cap_height=size("/CapHeight"),
        box=(0, 0, 0, 0),
    )


def _runs(codes: list[int]) -> list[list[int]]:
    """Split ascending codes where they are not consecutive or cross a row of 256."""
    keyed = groupby(enumerate(codes), key=lambda pair: (pair[1] - pair[0], pair[1] >> 8))
    return [[code for _, code in run] for _, run in keyed]


def _widths(font: TextFont) -> list[Value]:
    out: list[Value] = []
    for run in _runs(list(font.widths)):
        out.append(run[0])
        out.append(numbers(*(font.widths[code] for code in run)))
    return out


def _to_unicode(font: TextFont) -> bytes:
    runs = [f"<{r[0]:04X}> <{r[-1]:04X}> <{r[0]:04X}>\n" for r in _runs(list(font.widths))]
    blocks = [runs[i : i + 100] for i in range(0, len(runs), 100)]
    body = "".join(f"{len(block)} beginbfrange\n{''.join(block)}endbfrange\n" for block in blocks)
    return (_TO_UNICODE_HEAD + body + _TO_UNICODE_TAIL).encode("ascii")
