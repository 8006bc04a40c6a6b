"""A font as PDF files of this product embed it: a subset with every Vietnamese letter.

Character codes in content streams are Unicode code points (two bytes, big endian, encoding Identity-H),
and a CIDToGIDMap stream leads from them to the glyphs. So a text field can be filled years later from
what the file itself holds, without the font file. PDF/A-2 allows it (ISO 19005-2, 6.2.11.3.2).
"""

from __future__ import annotations

import io
import unicodedata
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from signing.errors import FontFault

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # no annotations shipped

_VIETNAMESE = "".join(chr(c) for c in range(0x1EA0, 0x1EFA)) + "ĂăÂâĐđÊêÔôƠơƯưÀÁÃÈÉÌÍĨÒÓÕÙÚŨÝàáãèéìíĩòóõùúũý"
_SIGNS = "–—…‘’“”«»•·°§×№₫€±²³½"
CHARACTERS = frozenset("".join(chr(c) for c in range(0x20, 0x7F)) + _VIETNAMESE + _SIGNS + "\u00a0")
"""What can be written: ASCII, all Vietnamese letters composed (NFC), common signs."""


SUBSET_TAG = "LTVNAA+"
"""Marks fonts cut by this module."""


@dataclass(frozen=True, slots=True)
class TextFont:
    """A subset ready to be embedded. Make it once per process and hold it (0.2 s)."""

    name: str
    """PostScript name with the subset tag (ISO 32000-1, 9.6.4)."""
    program: bytes
    """TrueType program, deflated."""
    program_length: int
    """Its length before deflation."""
    glyph_map: bytes
    """CIDToGIDMap stream, deflated."""
    widths: dict[int, int]
    """Advance by code point in thousandths of the font size."""
    ascent: int
    descent: int
    cap_height: int
    box: tuple[int, int, int, int]
    """FontBBox in thousandths."""

    def width(self, text: str, size: float) -> float:
        """Return the width of a line in points. ``text`` must have passed :func:`checked`."""
        return sum(self.widths[ord(c)] for c in text) * size / 1000

    def checked(self, text: str) -> str:
        """Return the text composed (NFC). Raises FontFault naming the letters that cannot be shown."""
        composed = unicodedata.normalize("NFC", text)
        missing = sorted({c for c in composed if ord(c) not in self.widths})
        if missing:
            raise FontFault(f"the font has no glyph for {', '.join(map(repr, missing))}")
        return composed


def load_font(source: Path | bytes) -> TextFont:
    """Read a TrueType font and cut it to :data:`CHARACTERS`. Raises FontFault when it is none."""
    # Imported here: the font tools take a quarter of a second, and most commands need no font.
    from fontTools.ttLib import TTFont, TTLibError

    try:
        data = source if isinstance(source, bytes) else source.read_bytes()
        font = TTFont(io.BytesIO(data), lazy=True, recalcTimestamp=False)
        if "glyf" not in font:
            raise FontFault("the font has no TrueType outlines")
        return _cut(font)
    except (OSError, TTLibError, KeyError) as error:
        raise FontFault(f"the font cannot be read: {error}") from error


def _cut(font: TTFont) -> TextFont:
    from fontTools import subset  # type: ignore[import-untyped]  # no annotations shipped

    units = font["head"].unitsPerEm
    postscript = font["name"].getDebugName(6) or "Font"
    cap_height = getattr(font["OS/2"], "sCapHeight", 0) or font["hhea"].ascent * 0.7

    def thousandths(value: float) -> int:
        return round(value * 1000 / float(units))

    present = font.getBestCmap()
    codes = sorted(ord(c) for c in CHARACTERS if ord(c) in present)
    options = subset.Options()
    options.hinting = False
    options.layout_features = []
    options.drop_tables += [
        "GSUB",
        "GPOS",
        "GDEF",
        "DSIG",
        "kern",
        "gasp",
        "hdmx",
        "VDMX",
        "LTSH",
        "FFTM",
        "meta",
    ]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=codes)
    cutter.subset(font)
    glyphs = {code: font.getGlyphID(name) for code, name in font.getBestCmap().items()}
    widths = {code: thousandths(font["hmtx"][font.getGlyphName(g)][0]) for code, g in glyphs.items()}
    head, hhea = font["head"], font["hhea"]
    box = (thousandths(head.xMin), thousandths(head.yMin), thousandths(head.xMax), thousandths(head.yMax))
    for table in ("name", "post", "OS/2", "cmap"):  # a CIDFontType2 program needs none of them
        del font[table]
    out = io.BytesIO()
    font.save(out, reorderTables=None)
    program = out.getvalue()
    glyph_map = bytearray(2 * (max(glyphs) + 1))
    for code, glyph in glyphs.items():
        glyph_map[2 * code : 2 * code + 2] = glyph.to_bytes(2, "big")
    return TextFont(
        name=SUBSET_TAG + postscript,
        program=zlib.compress(program, 9),
        program_length=len(program),
        glyph_map=zlib.compress(bytes(glyph_map), 9),
        widths=dict(sorted(widths.items())),
        ascent=thousandths(hhea.ascent),
        descent=thousandths(hhea.descent),
        cap_height=thousandths(cap_height),
        box=box,
    )
