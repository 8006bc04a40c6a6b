"""PDF objects as plain Python values, and how they are written (ISO 32000-1, 7.3).

============  ===================================================
PDF           here
============  ===================================================
null          None
boolean       bool
integer       int
real          float
name          :class:`Name`, with its slash
string        bytes
array         list
dictionary    dict, keys with their slash
reference     :class:`Ref`
stream        :class:`Stream`, an indirect object only
============  ===================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from signing.errors import UnreadableFile


class Name(str):
    """A name with its slash. Bytes outside ASCII stand as the code points of Latin-1."""

    __slots__ = ()


class Ref(NamedTuple):
    """An indirect reference."""

    number: int
    generation: int


@dataclass(slots=True)
class Stream:
    """A stream object; the data stand as they are in the file, filters applied."""

    entries: dict[str, Value]
    data: bytes


Value: TypeAlias = "bool | int | float | Name | bytes | Ref | Stream | list[Value] | dict[str, Value] | None"
"""Any PDF object."""
_PLAIN_NAME = re.compile(r"/[!\"$&'*+,\-.0-9:;=?@A-Z\\^_`a-z|~]*\Z")
_DEEPEST = 100


def encoded(value: Value) -> bytes:
    """Return an object as it is written to a file, without ``obj`` and ``endobj``."""
    out: list[bytes] = []
    _write(value, out.append, 0)
    return b"".join(out)


def _write(value: Value, put: Callable[[bytes], None], depth: int) -> None:
    if depth > _DEEPEST:
        raise UnreadableFile("an object of the PDF file is nested too deeply")
    kind = type(value)
    if kind is Name:
        put(_name(value))  # type: ignore[arg-type]  # the type was compared above, which mypy does not follow
    elif kind is dict:
        put(b"<<")
        for key, item in value.items():  # type: ignore[union-attr]  # as above
            put(_name(key))
            put(b" ")
            _write(item, put, depth + 1)
        put(b">>")
    elif isinstance(value, Ref):
        put(b"%d %d R" % value)
    elif value is True or value is False:
        put(b"true" if value else b"false")
    elif isinstance(value, int):
        put(b"%d" % value)
    elif isinstance(value, float):
        put(real(value))
    elif isinstance(value, bytes):
        put(b"<" + value.hex().encode() + b">" if _awkward(value) else b"(" + value + b")")
    elif isinstance(value, list):
        put(b"[")
        for index, item in enumerate(value):
            if index:
                put(b" ")
            _write(item, put, depth + 1)
        put(b"]")
    elif isinstance(value, Stream):
        _write({**value.entries, "/Length": len(value.data)}, put, depth + 1)
        put(b"\nstream\n")
        put(value.data)
        put(b"\nendstream")
    else:
        put(b"null")


_NAMES: dict[str, bytes] = {}
_MOST_NAMES = 4096


def _name(name: str) -> bytes:
    known = _NAMES.get(name)
    if known is not None:
        return known
    if _PLAIN_NAME.match(name):
        made = name.encode("ascii")
    else:
        made = b"/" + b"".join(map(_letter, name[1:].encode("latin-1")))
    if len(_NAMES) < _MOST_NAMES:
        _NAMES[name] = made
    return made


def _letter(code: int) -> bytes:
    return bytes((code,)) if _PLAIN_NAME.match("/" + chr(code)) else b"#%02X" % code


_SIMPLE = re.compile(rb"[ !\"#-'*-\[\]-~]*\Z")


def _awkward(value: bytes) -> bool:
    return _SIMPLE.match(value) is None


def real(value: float) -> bytes:
    """Return a number without exponent (7.3.3); whole ones without a fraction."""
    if value == int(value):
        return b"%d" % int(value)
    return f"{value:.6f}".rstrip("0").encode()


def numbers(*values: float) -> list[Value]:
    """Return an array of numbers rounded to three digits, whole ones as integers."""
    return [int(v) if v == int(v) else round(v, 3) for v in values]


def text(value: str) -> bytes:
    """Return a text string: ASCII, or UTF-16 with its mark (7.9.2.2)."""
    return value.encode() if value.isascii() else b"\xfe\xff" + value.encode("utf-16-be")


def as_text(value: bytes) -> str:
    """Read a text string: UTF-16, UTF-8 (PDF 2.0), else PDFDocEncoding, taken as Latin-1."""
    if value.startswith(b"\xfe\xff"):
        return value[2:].decode("utf-16-be", "replace")
    if value.startswith(b"\xef\xbb\xbf"):
        return value[3:].decode("utf-8", "replace")
    return value.decode("latin-1")


def names(items: Iterable[str]) -> list[Value]:
    """Return an array of text strings."""
    return [text(item) for item in items]
