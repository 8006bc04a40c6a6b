"""Writing a text font into a file, and reading back what is needed to use it later."""

from __future__ import annotations

import zlib
from itertools import groupby

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from signing.fonts import SUBSET_TAG, TextFont
from signing.pades.geometry import entry
from signing.pades.objects import array, dictionary, name, numbers, stream, text, whole

_TO_UNICODE_HEAD = (
    "/CIDInit /ProcSet findresource begin 12 dict begin begincmap "
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def "
    "/CMapName /Adobe-Identity-UCS def /CMapType 2 def "
    "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
)
_TO_UNICODE_TAIL = "endcmap CMapName currentdict /CMap defineresource pop end end"


def add_font(writer: BasePdfFileWriter, font: TextFont) -> generic.IndirectObject:
    """Write a Type 0 font (ISO 32000-1, 9.7.6) whose codes are Unicode code points; return its reference."""
    program = writer.add_object(stream(font.program, {"/Length1": whole(font.program_length)}))
    descriptor = writer.add_object(
        dictionary(
            {
                "/Type": name("/FontDescriptor"),
                "/FontName": name("/" + font.name),
                "/Flags": whole(4),
                "/FontBBox": numbers(*font.box),
                "/ItalicAngle": whole(0),
                "/Ascent": whole(font.ascent),
                "/Descent": whole(font.descent),
                "/CapHeight": whole(font.cap_height),
                "/StemV": whole(80),
                "/FontFile2": program,
            }
        )
    )
    system = dictionary(
        {
            "/Registry": text("Adobe"),
            "/Ordering": text("Identity"),
            "/Supplement": whole(0),
        }
    )
    descendant = writer.add_object(
        dictionary(
            {
                "/Type": name("/Font"),
                "/Subtype": name("/CIDFontType2"),
                "/BaseFont": name("/" + font.name),
                "/CIDSystemInfo": system,
                "/FontDescriptor": descriptor,
                "/W": _widths(font),
                "/CIDToGIDMap": writer.add_object(stream(font.glyph_map, {})),
            }
        )
    )
    return writer.add_object(
        dictionary(
            {
                "/Type": name("/Font"),
                "/Subtype": name("/Type0"),
                "/BaseFont": name("/" + font.name),
                "/Encoding": name("/Identity-H"),
                "/DescendantFonts": array([descendant]),
                "/ToUnicode": writer.add_object(stream(zlib.compress(_to_unicode(font)), {})),
            }
        )
    )


def read_font(font: object) -> TextFont | None:
    """Return the metrics of a font that :func:`add_font` wrote; None for any other font."""
    if not isinstance(font, generic.DictionaryObject) or not str(entry(font, "/BaseFont")).startswith(
        "/" + SUBSET_TAG
    ):
        return None
    descendant = font["/DescendantFonts"][0]
    descriptor = descendant["/FontDescriptor"]
    widths: dict[int, int] = {}
    runs = descendant["/W"]
    for index in range(0, len(runs), 2):
        start = int(runs[index])
        widths.update((start + i, int(w)) for i, w in enumerate(runs[index + 1]))
    box = descriptor["/FontBBox"]
    return TextFont(
        name=str(font["/BaseFont"])[1:],
        program=b"",
        program_length=0,
        glyph_map=b"",
        widths=widths,
        ascent=int(descriptor["/Ascent"]),
        descent=int(descriptor["/Descent"]),
        cap_height=int(descriptor["/CapHeight"]),
        box=(int(box[0]), int(box[1]), int(box[2]), int(box[3])),
    )


def _runs(codes: list[int]) -> list[list[int]]:
    """Split ascending codes where they are not consecutive or cross a row of 256."""
    keyed = groupby(enumerate(codes), key=lambda pair: (pair[1] - pair[0], pair[1] >> 8))
    return [[code for _, code in run] for _, run in keyed]


def _widths(font: TextFont) -> generic.ArrayObject:
    out = array(())
    for run in _runs(list(font.widths)):
        out.append(whole(run[0]))
        out.append(numbers(*(font.widths[code] for code in run)))
    return out


def _to_unicode(font: TextFont) -> bytes:
    runs = [f"<{r[0]:04X}> <{r[-1]:04X}> <{r[0]:04X}>\n" for r in _runs(list(font.widths))]
    blocks = [runs[i : i + 100] for i in range(0, len(runs), 100)]
    body = "".join(f"{len(block)} beginbfrange\n{''.join(block)}endbfrange\n" for block in blocks)
    return (_TO_UNICODE_HEAD + body + _TO_UNICODE_TAIL).encode("ascii")
