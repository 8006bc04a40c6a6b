"""Reading content streams (ISO 32000-1, 7.8.2) of appearances: operators and the text that they show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from signing.validate.filters import decoded
from signing.validate.reader import View
from signing.validate.syntax import Dict, Malformed, Parser, Stream, Value

MOST_OPERATORS: Final = 50_000
MOST_CONTENT: Final = 4 * 1024 * 1024
_STANDARD_FONTS: Final = re.compile(
    r"(Helvetica|Courier|Times|Symbol|ZapfDingbats|Arial|CourierNew|TimesNewRoman)"
)
_CODECS: Final = {"WinAnsiEncoding": "cp1252", "MacRomanEncoding": "mac_roman", "PDFDocEncoding": "latin-1"}


def operations(data: bytes) -> Iterator[tuple[str, list[Value]]]:
    """Yield operators with their operands. Raises Malformed (inline pictures are malformed here)."""
    parser = Parser(data)
    operands: list[Value] = []
    for _ in range(MOST_OPERATORS):
        if parser.at_end():
            return
        word = parser.keyword()
        if word is None:
            operands.append(parser.value())
        else:
            yield word.decode("latin-1"), operands
            operands = []
    raise Malformed("an appearance is too long")


def numbers(operands: list[Value]) -> list[float]:
    """Return operands that are numbers."""
    return [float(v) for v in operands if isinstance(v, int | float) and not isinstance(v, bool)]


class FontReader:
    """Turns the codes of a font into text."""

    def __init__(self, view: View, font: Value, *, trusted: bool) -> None:
        entries = view.dictionary(font)
        self._wide = entries.get("Subtype") == "Type0"
        self._map = _to_unicode(view, entries)
        self._codec: str | None = None
        self._differences: dict[int, str] = {}
        self.usable = trusted or _built_in(view, entries)
        """Whether what it shows is known: it was signed, or is a font that every viewer has."""
        if self._wide:
            if entries.get("Encoding") not in ("Identity-H", "Identity-V"):
                self.usable = False
        else:
            self._simple(view, entries)

    def _simple(self, view: View, entries: Dict) -> None:
        encoding = view.resolve(entries.get("Encoding"))
        base: Value = encoding
        if isinstance(encoding, dict):
            base = encoding.get("BaseEncoding")
            code = 0
            for item in view.array(encoding.get("Differences")):
                if isinstance(item, int):
                    code = item
                else:
                    self._differences[code] = _glyph(str(item))
                    code += 1
        self._codec = _CODECS.get(str(base), "latin-1")

    def text(self, codes: bytes) -> str:
        """Return the text of a shown string. Raises Malformed for a code that has none."""
        if self._wide:
            return "".join(self._wide_one(codes[i : i + 2]) for i in range(0, len(codes), 2))
        return "".join(self._narrow_one(code) for code in codes)

    def _wide_one(self, code: bytes) -> str:
        if self._map is None:
            raise Malformed("a font does not tell its letters")
        if code not in self._map:
            raise Malformed("a font does not tell one of its letters")
        return self._map[code]

    def _narrow_one(self, code: int) -> str:
        single = bytes((code,))
        if self._map is not None and single in self._map:
            return self._map[single]
        if code in self._differences:
            return self._differences[code]
        return single.decode(self._codec or "latin-1", "replace")


def _built_in(view: View, entries: Dict) -> bool:
    """Whether it is one of the fonts that viewers bring along, and not one embedded under its name."""
    name = str(entries.get("BaseFont") or "")
    descriptor = view.dictionary(entries.get("FontDescriptor"))
    embedded = any(key in descriptor for key in ("FontFile", "FontFile2", "FontFile3"))
    plain = entries.get("Subtype") in ("Type1", "TrueType") and not embedded
    return plain and bool(_STANDARD_FONTS.match(name))


@lru_cache(maxsize=2048)
def _glyph(name: str) -> str:
    from fontTools.agl import toUnicode  # type: ignore[import-untyped]  # slow to load, seldom needed

    return str(toUnicode(name)) or "\ufffd"


_CHARS: Final = re.compile(rb"beginbfchar(.*?)endbfchar", re.DOTALL)
_RANGES: Final = re.compile(rb"beginbfrange(.*?)endbfrange", re.DOTALL)


def _to_unicode(view: View, entries: Dict) -> dict[bytes, str] | None:
    stream = view.resolve(entries.get("ToUnicode"))
    if not isinstance(stream, Stream):
        return None
    data = decoded(stream, MOST_CONTENT)
    found: dict[bytes, str] = {}
    for block in _CHARS.findall(data):
        items = _strings(block)
        for code, text in zip(items[::2], items[1::2], strict=False):
            if isinstance(code, bytes) and isinstance(text, bytes):
                found[code] = text.decode("utf-16-be", "replace")
    for block in _RANGES.findall(data):
        items = _strings(block)
        for low, high, to in zip(items[::3], items[1::3], items[2::3], strict=False):
            if isinstance(low, bytes) and isinstance(high, bytes):
                _range(found, low, high, to)
    return found


def _strings(block: bytes) -> list[Value]:
    parser = Parser(block)
    items: list[Value] = []
    while not parser.at_end() and len(items) < 200_000:
        items.append(parser.value())
    return items


def _range(found: dict[bytes, str], low: bytes, high: bytes, to: Value) -> None:
    first, last = int.from_bytes(low, "big"), int.from_bytes(high, "big")
    if last - first > 0xFFFF:
        raise Malformed("a font maps too many letters")
    for code in range(first, last + 1):
        key = code.to_bytes(len(low), "big")
        if isinstance(to, list):
            item = to[code - first] if code - first < len(to) else b""
            found[key] = item.decode("utf-16-be", "replace") if isinstance(item, bytes) else ""
        elif isinstance(to, bytes):
            number = int.from_bytes(to, "big") + code - first
            found[key] = (
                (number % (1 << (8 * max(len(to), 1))))
                .to_bytes(max(len(to), 1), "big")
                .decode("utf-16-be", "replace")
            )


def font_of(view: View, resources: Dict, name: str) -> Value:
    """Return the reference or dictionary of a font among resources."""
    return view.dictionary(resources.get("Font")).get(name)
