"""Whether the appearance of a filled field shows its value and nothing else.

A reader sees the appearance, a program reads the value. Form filling is allowed after a signature, so an
attacker would fill a number whose appearance shows another. The text of the appearance is read back through
its fonts and compared; whatever could show something that is not read here (pictures, outlines, letters
covered, hidden or drawn by a font that nobody signed) is refused.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

from signing.validate.content import MOST_CONTENT, FontReader, font_of, numbers, operations
from signing.validate.filters import decoded
from signing.validate.reader import View
from signing.validate.syntax import Dict, Malformed, Stream, Value

_HARMLESS: Final = frozenset(
    (
        "q", "Q", "cm", "w", "J", "j", "M", "d", "ri", "i", "BT", "ET", "Tc", "Tw", "Tz", "TL", "Ts",
        "TD", "Td", "T*", "BMC", "BDC", "EMC", "MP", "DP", "W", "W*", "n", "re", "m", "l", "h", "S",
        "s", "G", "RG", "K", "CS", "SC", "SCN", "cs", "sc", "scn", "g", "rg", "k", "f", "f*", "F", "Tf",
        "Tm", "Tj", "TJ", "'", '"', "Tr", "gs",
    )
)  # fmt: skip
_FILLS: Final = frozenset({"f", "F", "f*"})
_SHOWS: Final = frozenset({"Tj", "TJ", "'", '"'})
_SMALLEST: Final = 1.5
"""Points: smaller letters are not read by people."""
_SLACK: Final = 3.0
"""Points by which letters may start outside the box."""


class Deceptive(Malformed):
    """The appearance could show something else than its value."""


Trusts = Callable[[Value], bool]


def shown(view: View, stream: Stream, trusts: Trusts) -> str:
    """Return the text that an appearance shows.

    ``trusts`` says whether a font was there when the signature was made. Raises Deceptive or Malformed.
    """
    return _Reading(view, stream, trusts).run()


def same(text: str, value: str) -> bool:
    """Whether two texts are the same to a reader: white space aside, in normal form."""
    return _plain(text) == _plain(value)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())


class _Reading:
    """The state of a content stream that is read."""

    def __init__(self, view: View, stream: Stream, trusts: Trusts) -> None:
        self.view = view
        self.entries = stream.entries
        self.data = decoded(stream, MOST_CONTENT)
        self.resources: Dict = view.dictionary(stream.entries.get("Resources"))
        self.trusts = trusts
        self.parts: list[str] = []
        self.font: FontReader | None = None
        self.size = 0.0
        self.scale = 1.0
        self.white = False
        self.painted = False
        """Something that is not white was filled below the text."""
        self.pending_white = True
        self.kept: list[tuple[FontReader | None, float, bool]] = []
        self.box = numbers(view.array(stream.entries.get("BBox")))
        self.at = (0.0, 0.0)
        self.moved = False

    def run(self) -> str:
        for operator, operands in operations(self.data):
            if operator not in _HARMLESS:
                raise Deceptive(f"an appearance does something that is not text ({operator[:10]})")
            self._step(operator, operands)
        return "".join(self.parts)

    def _step(self, operator: str, operands: list[Value]) -> None:
        values = numbers(operands)
        if operator in _SHOWS:
            self._show(operands)
        elif operator in _FILLS:
            if self.parts:
                raise Deceptive("an appearance covers its text")
            self.painted = self.painted or not self.white
        elif operator == "Tf":
            self._select(operands)
        elif operator == "Tm" and len(values) == 6:
            self.scale = max(abs(v) for v in values[:4])
            self.at = (values[4], values[5])
        elif operator in ("Td", "TD") and len(values) == 2:
            self.at = (self.at[0] + values[0] * self.scale, self.at[1] + values[1] * self.scale)
        elif operator == "BT":
            self.scale, self.at = 1.0, (0.0, 0.0)
        elif operator == "Tr" and values[:1] not in ([0.0], [2.0]):
            raise Deceptive("an appearance hides its text")
        elif operator in ("g", "rg", "k", "sc", "scn"):
            self.white = _white(operator, values)
        elif operator == "q":
            self.kept.append((self.font, self.size, self.white))
        elif operator == "Q" and self.kept:
            self.font, self.size, self.white = self.kept.pop()
        elif operator == "cm":
            self.moved = True
        elif operator == "gs":
            self._state(operands)
        elif operator in ("S", "s") and self.parts:
            raise Deceptive("an appearance draws over its text")

    def _state(self, operands: list[Value]) -> None:
        named = str(operands[0]) if operands else ""
        state = self.view.dictionary(self.view.dictionary(self.resources.get("ExtGState")).get(named))
        opaque = all(v in (None, 1, 1.0) for v in (state.get("ca"), state.get("CA")))
        if not opaque or "Font" in state or state.get("SMask") not in (None, "None"):
            raise Deceptive("an appearance is transparent")

    def _select(self, operands: list[Value]) -> None:
        name, size = (str(operands[0]), numbers(operands[1:])) if len(operands) == 2 else ("", [])
        font = font_of(self.view, self.resources, name)
        if font is None or not size:
            raise Deceptive("an appearance uses a font that is not there")
        self.font = FontReader(self.view, font, trusted=self.trusts(font))
        self.size = abs(size[0])

    def _show(self, operands: list[Value]) -> None:
        if self.font is None or not self.font.usable:
            raise Deceptive("an appearance uses a font that was not signed")
        if self.size * self.scale < _SMALLEST and not self.moved:
            raise Deceptive("an appearance shows its text too small to read")
        if self.white and not self.painted:
            raise Deceptive("an appearance shows its text in white")
        if len(self.box) == 4 and not self.moved:
            low_x, high_x = sorted((self.box[0], self.box[2]))
            low_y, high_y = sorted((self.box[1], self.box[3]))
            inside = low_x - _SLACK <= self.at[0] <= high_x and low_y - _SLACK <= self.at[1] <= high_y
            if not inside:
                raise Deceptive("an appearance shows its text outside its field")
        items = operands[-1] if operands else b""
        for item in items if isinstance(items, list) else [items]:
            if isinstance(item, bytes):
                self.parts.append(self.font.text(item))


def _white(operator: str, values: list[float]) -> bool:
    if operator == "k" or (operator in ("sc", "scn") and len(values) == 4):
        return len(values) == 4 and max(values) <= 0.08
    return bool(values) and min(values) >= 0.92
