"""Typed constructors of PDF objects.

The PDF library does not annotate these constructors fully, so the exceptions that strict type checking
needs are gathered here, one a line, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.writer import BasePdfFileWriter

name = generic.NameObject


def dictionary(entries: Mapping[str, generic.PdfObject] | None = None) -> generic.DictionaryObject:
    """Return a dictionary; keys with their slash."""
    content = {name(key): value for key, value in (entries or {}).items()}
    return generic.DictionaryObject(content)  # type: ignore[no-untyped-call]  # library not annotated


def array(items: Iterable[generic.PdfObject]) -> generic.ArrayObject:
    """Return an array."""
    return generic.ArrayObject(items)


def whole(value: int) -> generic.NumberObject:
    """Return an integer."""
    return generic.NumberObject(value)  # type: ignore[no-untyped-call]  # library not annotated


def numbers(*values: float) -> generic.ArrayObject:
    """Return an array of numbers; whole ones without a fraction, others with three digits."""
    return array(whole(int(v)) if v == int(v) else _real(v) for v in values)


def _real(value: float) -> generic.PdfObject:
    return generic.FloatObject(f"{value:.3f}")  # type: ignore[no-untyped-call]  # library not annotated


def stream(deflated: bytes, entries: Mapping[str, generic.PdfObject]) -> generic.StreamObject:
    """Return a stream of data that is deflated already."""
    content = {name(key): value for key, value in entries.items()}
    content[name("/Filter")] = name("/FlateDecode")
    return generic.StreamObject(dict_data=content, encoded_data=deflated)


def plain_stream(data: bytes, entries: Mapping[str, generic.PdfObject]) -> generic.StreamObject:
    """Return a stream of data as it is."""
    content = {name(key): value for key, value in entries.items()}
    return generic.StreamObject(dict_data=content, encoded_data=data)


def reference(to: generic.Reference, writer: BasePdfFileWriter) -> generic.IndirectObject:
    """Return an indirect object that points to what ``to`` names."""
    return generic.IndirectObject(  # type: ignore[no-untyped-call]  # library not annotated
        to.idnum, to.generation, writer
    )


def text(value: str) -> generic.PdfObject:
    """Return a text string (PDFDocEncoding or UTF-16)."""
    return generic.TextStringObject(value)
