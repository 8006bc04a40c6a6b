"""Reading PDF objects from bytes (ISO 32000-1, 7.2 and 7.3): one regular expression a token.

Only what is written as the standard says is read. Anything else raises :class:`Odd`, and the file goes to
the tolerant reader (:mod:`signing.pades.odd`).
"""

from __future__ import annotations

import mmap
import re
from typing import Final, TypeAlias

from signing.pades.values import Name, Ref, Value

Buffer: TypeAlias = bytes | mmap.mmap
"""A file in memory, or mapped into it."""

_SPACE = rb"\x00\t\n\x0c\r "
_ENDS = rb"(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|\Z)"
_TOKEN: Final = re.compile(
    rb"[" + _SPACE + rb"]*+"
    rb"(?:(/[^\x00\t\n\x0c\r ()<>\[\]{}/%]*+)"  # 1 name
    rb"|(\d{1,10}+)(?:[" + _SPACE + rb"]++(\d{1,5}+)[" + _SPACE + rb"]++R" + _ENDS + rb"|" + _ENDS + rb")"
    rb"|([+-]?\d{1,20}+)"
    + _ENDS  # 4 integer with a sign; before it 2 integer, 3 reference
    + rb"|(<<)|(>>)|(\[)|(\])"  # 5 to 8
    rb"|\(([^()\\\r]*+)\)"  # 9 simple string
    rb"|<([0-9A-Fa-f" + _SPACE + rb"]*+)>"  # 10 hexadecimal string
    rb"|([+-]?(?:\d{1,20}\.\d{0,20}|\.\d{1,20}))"
    + _ENDS  # 11 real
    + rb"|(true|false|null)"
    + _ENDS  # 12
    + rb"|(\()"  # 13 string with escapes
    rb"|(%[^\r\n]*+))"  # 14 comment
)
_NAME: Final = 1
_INTEGER: Final = 2
_REFERENCE: Final = 3
_SIGNED: Final = 4
_DICTIONARY: Final = 5
_DICTIONARY_END: Final = 6
_ARRAY: Final = 7
_ARRAY_END: Final = 8
_OPENING: Final = (_DICTIONARY, _ARRAY)
_CLOSING: Final = (_DICTIONARY_END, _ARRAY_END)
_STRING: Final = 9
_HEXADECIMAL: Final = 10
_REAL: Final = 11
_KEYWORD: Final = 12
_COMMENT: Final = 14
_OBJECT: Final = re.compile(
    rb"[" + _SPACE + rb"]*+(\d{1,10})[" + _SPACE + rb"]+(\d{1,5})[" + _SPACE + rb"]+obj" + _ENDS
)
_AFTER: Final = re.compile(rb"(?:[" + _SPACE + rb"]+|%[^\r\n]*+)*+(?:(endobj)|(stream)(?:\r\n|\n))")
_ENDSTREAM: Final = re.compile(rb"(?:\r\n|\n|\r)?endstream[" + _SPACE + rb"]+endobj")
_ESCAPE: Final = re.compile(rb"\\([0-7]{1,3}|\r\n|.)|(\r\n?)|([()])", re.DOTALL)
_ESCAPED: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_KEYWORDS: Final[dict[bytes, Value]] = {b"true": True, b"false": False, b"null": None}
_DEEPEST: Final = 60
_LONGEST_STRING: Final = 1 << 20


class Odd(Exception):
    """The bytes are not written as the standard says; a tolerant reader may make something of them."""


class StreamHead:
    """The dictionary of a stream and where its data begin."""

    __slots__ = ("entries", "start")

    def __init__(self, entries: dict[str, Value], start: int) -> None:
        self.entries = entries
        self.start = start


_names: dict[bytes, Name] = {}
_MOST_NAMES: Final = 4096


def _name(raw: bytes) -> Name:
    known = _names.get(raw)
    if known is not None:
        return known
    decoded = raw
    if b"#" in raw:
        decoded = re.sub(rb"#([0-9A-Fa-f]{2})", lambda m: bytes((int(m[1], 16),)), raw)
    made = Name(decoded.decode("latin-1"))
    if len(_names) < _MOST_NAMES:
        _names[raw] = made
    return made


def parse(data: Buffer, pos: int) -> tuple[Value, int]:
    """Return the object at an offset and the offset behind it. Raises Odd."""
    # The order of the tests is that of frequency: this loop is what reading a file costs.
    match, known = _TOKEN.match, _names
    stack: list[tuple[list[Value] | None, int]] = []
    items: list[Value] | None = None
    closer = 0
    value: Value
    while True:
        found = match(data, pos)
        if found is None:
            raise Odd("an object cannot be read")
        pos = found.end()
        kind = found.lastindex
        if kind == _NAME:
            raw = found[_NAME]
            value = known.get(raw) or _name(raw)
        elif kind == _INTEGER:
            value = int(found[_INTEGER])
        elif kind == _REFERENCE:
            value = Ref(int(found[2]), int(found[_REFERENCE]))
        elif kind in _OPENING:
            if len(stack) >= _DEEPEST:
                raise Odd("objects are nested too deeply")
            stack.append((items, closer))
            items, closer = [], kind + 1
            continue
        elif kind in _CLOSING:
            if items is None or kind != closer:
                raise Odd("a dictionary or an array ends that did not begin")
            value = _dictionary(items) if kind == _DICTIONARY_END else items
            items, closer = stack.pop()
        elif kind == _STRING:
            value = found[_STRING]
        elif kind == _HEXADECIMAL:
            value = _hexadecimal(found[_HEXADECIMAL])
        elif kind == _REAL:
            value = float(found[_REAL])
        elif kind == _KEYWORD:
            value = _KEYWORDS[found[_KEYWORD]]
        elif kind == _SIGNED:
            value = int(found[_SIGNED])
        elif kind == _COMMENT:
            continue
        else:
            value, pos = _string(data, pos)
        if items is None:
            return value, pos
        items.append(value)


_ONLY_NAMES: Final = frozenset((Name,))


def _dictionary(items: list[Value]) -> dict[str, Value]:
    keys, values = items[::2], items[1::2]
    made: dict[str, Value] = dict(zip(keys, values, strict=False))  # type: ignore[arg-type]  # checked below
    if len(items) % 2 or len(made) != len(keys) or not _ONLY_NAMES.issuperset(map(type, keys)):
        raise Odd("a dictionary has a key twice, without value, or that is no name")
    return made


def _hexadecimal(digits: bytes) -> bytes:
    try:
        return bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        packed = bytes(c for c in digits if c not in b"\x00\t\n\x0c\r ").decode("ascii")
        return bytes.fromhex(packed + "0" * (len(packed) % 2))


def _string(data: Buffer, pos: int) -> tuple[bytes, int]:
    """Read a string with escapes or brackets, from behind its opening bracket (7.3.4.2)."""
    out: list[bytes] = []
    depth, start, limit = 1, pos, pos + _LONGEST_STRING
    while depth:
        found = _ESCAPE.search(data, pos, limit)
        if found is None:
            raise Odd("a string does not end")
        out.append(data[start : found.start()])
        pos = start = found.end()
        if found[3] == b"(":
            depth += 1
            out.append(b"(")
        elif found[3] == b")":
            depth -= 1
            if depth:
                out.append(b")")
        elif found[2] is not None or found[1] in (b"\n", b"\r\n", b"\r"):
            out.append(b"\n" if found[2] is not None else b"")
        elif found[1][:1].isdigit() and found[1][:1] in b"01234567":
            out.append(bytes((int(found[1], 8) & 0xFF,)))
        else:
            out.append(_ESCAPED.get(found[1], found[1]))
    return b"".join(out), pos


def header(data: Buffer, pos: int) -> tuple[int, int, int] | None:
    """Return number, generation and offset behind ``obj`` of an indirect object; None when there is none."""
    found = _OBJECT.match(data, pos)
    return (int(found[1]), int(found[2]), found.end()) if found else None


def indirect(data: Buffer, pos: int, ref: Ref | None) -> tuple[Ref, Value | StreamHead, int]:
    """Read an indirect object at an offset; ``ref`` None: whichever. Returns its reference and end.

    Of a stream only the head is read, since its length may stand elsewhere. Raises Odd.
    """
    head = header(data, pos)
    if head is None or (ref is not None and (head[0], head[1]) != ref):
        raise Odd("the cross-references lead to another object")
    value, end = parse(data, head[2])
    after = _AFTER.match(data, end)
    if after is None:
        raise Odd("an object does not end")
    mine = Ref(head[0], head[1])
    if after.lastindex == 1:
        return mine, value, after.end()
    if not isinstance(value, dict):
        raise Odd("a stream has no dictionary")
    return mine, StreamHead(value, after.end()), after.end()


def stream_data(data: Buffer, start: int, length: Value) -> bytes:
    """Return the data of a stream of that length. Raises Odd unless ``endstream`` follows them."""
    if not isinstance(length, int) or length < 0:
        raise Odd("the length of a stream is no number")
    end = start + length
    if _ENDSTREAM.match(data, end) is None:
        raise Odd("a stream is not as long as it says")
    return bytes(data[start:end])
