"""Reading the objects of a PDF file from its bytes (ISO 32000-1, 7.2 and 7.3), strictly.

One grammar, no repair: what a lenient reader would guess at is a :class:`Malformed`. Values are plain:
``bool``, ``int``, ``float``, ``bytes`` (strings), :class:`Name`, ``list``, ``dict`` (keys without
their slash), :class:`Ref`, :class:`Stream`, ``None``. A key that a dictionary names twice is a fault: two
readers would see two values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from mmap import mmap
from typing import Final, NamedTuple

from signing.errors import SigningError

Buffer = bytes | mmap
WHITE: Final = b"\x00\t\n\x0c\r "
DEEPEST: Final = 64
"""Nesting of arrays and dictionaries that is read."""
MOST_TOKENS: Final = 1_000_000
"""Tokens of one object that are read."""


class Malformed(SigningError):
    """The bytes are not what the grammar asks for at this place."""

    code = "signing.malformed"


class Name(str):
    """A name, without its slash, ``#xx`` resolved."""

    __slots__ = ()


class Ref(NamedTuple):
    """An indirect reference."""

    number: int
    generation: int


class HexString(bytes):
    """A string written in hexadecimal; knows where it stands in the buffer it was read from."""

    start: int
    """Offset of its ``<``."""
    end: int
    """Offset after its ``>``."""


@dataclass(slots=True)
class Stream:
    """A stream: its dictionary and where its raw bytes lie."""

    entries: dict[str, Value]
    raw: bytes
    """The bytes as stored (decrypted, not yet decoded)."""


Value = bool | int | float | bytes | Name | list["Value"] | dict[str, "Value"] | Ref | Stream | None
"""Any object."""
Dict = dict[str, Value]

_TOKEN: Final = re.compile(
    rb"""(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+)*+(?:
    /(?P<name>[^\x00\t\n\x0c\r ()<>\[\]{}/%]*)
    |(?P<ref>\d{1,10})[\x00\t\n\x0c\r ]+(?P<gen>\d{1,5})[\x00\t\n\x0c\r ]+
        R(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|\Z)
    |(?P<int>[+-]?\d{1,20})(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|\Z)
    |(?P<real>[+-]?(?:\d{1,40}\.\d{0,40}|\.\d{1,40}))(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|\Z)
    |(?P<open><<)|(?P<close>>>)
    |<(?P<hex>[0-9A-Fa-f\x00\t\n\x0c\r ]*)>
    |(?P<array>\[)|(?P<end>\])
    |(?P<string>\()
    |(?P<word>[A-Za-z'"*][A-Za-z0-9'"*]*)
    )""",
    re.VERBOSE,
)
_STRING_PART: Final = re.compile(rb"[^()\\\r]+|\\[0-7]{1,3}|\\\r\n|\\[\x00-\xff]|\r\n?|[()]")
_HEADER: Final = re.compile(
    rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+[\r\n])*+(\d{1,10})[\x00\t\n\x0c\r ]+(\d{1,5})[\x00\t\n\x0c\r ]+obj"
    rb"(?=[\x00\t\n\x0c\r ()<>\[\]{}/%+\-.0-9tfn]|\Z)"
)
_STREAM: Final = re.compile(rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+[\r\n])*+stream(?:\r\n|\n)")
_END_STREAM: Final = re.compile(rb"[\x00\t\n\x0c\r ]*endstream(?![A-Za-z0-9])")
_END_OBJECT: Final = re.compile(rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+[\r\n])*+endobj(?![A-Za-z0-9])")
_WORDS: Final[dict[bytes, bool | None]] = {b"true": True, b"false": False, b"null": None}
_ESCAPES: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_HASH: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_NAMES: dict[bytes, Name] = {}


def name_of(raw: bytes) -> Name:
    """Return the name written as ``raw`` (without its slash)."""
    known = _NAMES.get(raw)
    if known is not None:
        return known
    plain = _HASH.sub(lambda m: bytes((int(m[1], 16),)), raw) if b"#" in raw else raw
    made = Name(plain.decode("latin-1"))
    if len(_NAMES) < 4096 and len(raw) < 64:
        _NAMES[raw] = made
    return made


class Parser:
    """Reads values one after the other from a place in a buffer."""

    __slots__ = ("at", "buffer", "left")

    def __init__(self, buffer: Buffer, at: int = 0) -> None:
        self.buffer = buffer
        self.at = at
        """Offset of what is read next."""
        self.left = MOST_TOKENS

    def value(self) -> Value:
        """Return the next value. Raises Malformed."""
        kind, found = self._token()
        return self._made(kind, found, 0)

    def _token(self) -> tuple[str, re.Match[bytes]]:
        found = _TOKEN.match(self.buffer, self.at)
        if found is None:
            raise Malformed(f"there is no PDF object at offset {self.at}")
        self.at = found.end()
        self.left -= 1
        if self.left < 0:
            raise Malformed("an object of the PDF file is too large")
        kind = found.lastgroup or ""
        return kind, found

    def _made(self, kind: str, found: re.Match[bytes], depth: int) -> Value:
        if kind == "name":
            return name_of(found["name"])
        if kind == "gen":
            return Ref(int(found["ref"]), int(found["gen"]))
        if kind == "int":
            return int(found["int"])
        if kind == "open":
            return self._dictionary(depth + 1)
        if kind == "array":
            return self._array(depth + 1)
        if kind == "hex":
            return _hexadecimal(found)
        if kind == "string":
            return self._literal()
        if kind == "real":
            return float(found["real"])
        if kind == "word" and found["word"] in _WORDS:
            return _WORDS[found["word"]]
        raise Malformed(f"there is no PDF value at offset {found.start()}")

    def _dictionary(self, depth: int) -> Dict:
        if depth > DEEPEST:
            raise Malformed("the PDF file nests too deeply")
        entries: Dict = {}
        while True:
            kind, found = self._token()
            if kind == "close":
                return entries
            if kind != "name":
                raise Malformed(f"a dictionary has no key at offset {found.start()}")
            key = name_of(found["name"])
            kind, found = self._token()
            value = self._made(kind, found, depth)
            if key in entries and entries[key] != value:
                raise Malformed(f"a dictionary names /{key} twice at offset {found.start()}")
            entries[key] = value

    def _array(self, depth: int) -> list[Value]:
        if depth > DEEPEST:
            raise Malformed("the PDF file nests too deeply")
        items: list[Value] = []
        while True:
            kind, found = self._token()
            if kind == "end":
                return items
            items.append(self._made(kind, found, depth))

    def _literal(self) -> bytes:
        """Read a string in round brackets whose first one was taken (7.3.4.2)."""
        parts: list[bytes] = []
        depth = 1
        while True:
            found = _STRING_PART.match(self.buffer, self.at)
            if found is None:
                raise Malformed("a string of the PDF file has no end")
            self.at = found.end()
            self.left -= 1
            if self.left < 0:
                raise Malformed("a string of the PDF file is too large")
            part = found[0]
            if part == b"(":
                depth += 1
            elif part == b")":
                depth -= 1
                if not depth:
                    return b"".join(parts)
            elif part[:1] == b"\\":
                part = _escaped(part[1:])
            elif part[:1] == b"\r":
                part = b"\n"
            parts.append(part)

    def indirect(self) -> tuple[Ref, Value]:
        """Read an indirect object, a stream with a direct length only. Raises Malformed."""
        ref = self.header()
        value = self.value()
        if isinstance(value, dict) and (begin := _STREAM.match(self.buffer, self.at)):
            value = self.stream(value, begin.end(), None)
        self.finish()
        return ref, value

    def header(self) -> Ref:
        """Read ``n g obj``."""
        found = _HEADER.match(self.buffer, self.at)
        if found is None:
            raise Malformed(f"there is no object at offset {self.at}")
        self.at = found.end()
        return Ref(int(found[1]), int(found[2]))

    def begins_stream(self) -> int | None:
        """Return where the bytes of a stream begin, None when no stream follows."""
        found = _STREAM.match(self.buffer, self.at)
        return found.end() if found else None

    def stream(self, entries: Dict, begin: int, length: int | None) -> Stream:
        """Read the bytes of a stream; ``length`` replaces an indirect ``/Length``."""
        size = entries.get("Length") if length is None else length
        if not isinstance(size, int) or isinstance(size, bool) or size < 0 or begin + size > len(self.buffer):
            raise Malformed(f"the stream at offset {begin} has no true length")
        end = _END_STREAM.match(self.buffer, begin + size)
        if end is None:
            raise Malformed(f"the stream at offset {begin} does not end where it says")
        self.at = end.end()
        return Stream(entries, bytes(self.buffer[begin : begin + size]))

    def finish(self) -> None:
        """Read ``endobj``."""
        found = _END_OBJECT.match(self.buffer, self.at)
        if found is None:
            raise Malformed(f"the object before offset {self.at} has no end")
        self.at = found.end()

    def keyword(self) -> bytes | None:
        """Read a bare word (an operator of a content stream), None when a value follows."""
        found = _TOKEN.match(self.buffer, self.at)
        if found is None or found.lastgroup != "word" or found["word"] in _WORDS:
            return None
        self.at = found.end()
        return found["word"]

    def at_end(self) -> bool:
        """Whether only white space and comments follow."""
        return _TRAILING.match(self.buffer, self.at) is not None


_TRAILING: Final = re.compile(rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+)*+\Z")


def _hexadecimal(found: re.Match[bytes]) -> HexString:
    digits = found["hex"].translate(None, WHITE)
    made = HexString(bytes.fromhex((digits + b"0" if len(digits) % 2 else digits).decode("ascii")))
    made.start, made.end = found.start("hex") - 1, found.end()
    return made


def _escaped(part: bytes) -> bytes:
    if part[:1].isdigit() and part[:1] < b"8":
        return bytes((int(part, 8) & 0xFF,))
    if part[:1] in (b"\r", b"\n"):
        return b""
    return _ESCAPES.get(part, part)


def whole(value: Value) -> int | None:
    """Return an integer, None for anything else (a boolean too)."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def text_of(value: Value) -> str:
    """Return a text string (7.9.2.2) as text: UTF-16 or UTF-8 with a mark, else PDFDocEncoding."""
    if isinstance(value, Name):
        return str(value)
    if not isinstance(value, bytes):
        return ""
    if value[:2] == b"\xfe\xff":
        return value[2:].decode("utf-16-be", "replace")
    if value[:2] == b"\xff\xfe":
        return value[2:].decode("utf-16-le", "replace")
    if value[:3] == b"\xef\xbb\xbf":
        return value[3:].decode("utf-8", "replace")
    return value.decode("latin-1").translate(_PDF_DOC)


_PDF_DOC: Final = dict(
    zip(
        [*range(0x18, 0x20), *range(0x80, 0x9F), 0xA0],
        "˘ˇˆ˙˝˛˚˜•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž€",
        strict=True,
    )
)
"""Where PDFDocEncoding differs from Latin-1 (Annex D.3)."""
