"""Rows become typed values, checked on the way out.

A row type is a dataclass or a msgspec Struct whose field names are the column names. TEXT becomes str, an
enum, a date or an aware datetime as the field says; INTEGER becomes int or bool; a field written
``Annotated[list[str], Json]`` is decoded from JSON text.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec

T = TypeVar("T")
Rows = Sequence[Iterable[object]]


class JsonText:
    """Marks a field whose column holds JSON text."""


Json: Final = JsonText()
"""The marker: ``Annotated[tuple[str, ...], Json]``."""


class RowMismatch(TypeError):
    """A statement and the type its rows should become do not fit: an error of the program."""


class Converter(Generic[T]):
    """Turns the rows of one shape into one type."""

    def __init__(self, columns: tuple[str, ...], into: type[T]) -> None:
        fields = _fields(into)
        if set(columns) != set(fields) or len(columns) != len(fields):
            raise RowMismatch(_difference(columns, tuple(fields), into))
        self._columns = columns
        self._into = into
        self._target = list[into]  # type: ignore[valid-type]  # the type is a value here
        self._json = tuple(name for name in columns if _is_json(fields[name]))
        prepare(self._target)

    def __call__(self, rows: Rows) -> list[T]:
        """Convert; raises RowMismatch when a value is not what its field says."""
        columns = self._columns
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        try:
            for name in self._json:
                for record in records:
                    record[name] = _decoded(record[name])
            return msgspec.convert(records, self._target, strict=False)
        except msgspec.MsgspecError as error:
            raise RowMismatch(f"{self._into.__name__}: {error}") from error


_PREPARING: Final = threading.Lock()


def prepare(kind: object) -> None:
    """Have msgspec learn a type, with everything inside it, before threads use it.

    At the first use of a type msgspec (0.22) hangs what it learns on the class while it is still learning;
    a second thread that meets the half of it reads a null pointer and the process dies. One type at a time is
    learned here, and what is learned is never changed, so later uses need no lock.
    """
    with _PREPARING, contextlib.suppress(msgspec.ValidationError):
        msgspec.convert(None, kind)


_converters: Final[dict[tuple[type, tuple[str, ...]], Converter[Any]]] = {}
"""One for each shape that the program's statements ask for: bounded by their number."""


def convert(name: str, columns: tuple[str, ...], rows: Rows, into: type[T]) -> list[T]:
    """Turn rows of the statement ``name`` into ``into``. Raises RowMismatch that names the statement."""
    try:
        converter: Converter[T] | None = _converters.get((into, columns))
        if converter is None:
            converter = _converters[into, columns] = Converter(columns, into)
        return converter(rows)
    except RowMismatch as error:
        raise RowMismatch(f"{name}: {error}") from error


def _fields(into: type) -> dict[str, object]:
    """Return field names and their annotations."""
    if dataclasses.is_dataclass(into):
        names = tuple(field.name for field in dataclasses.fields(into))
    elif issubclass(into, msgspec.Struct):
        names = into.__struct_fields__
    else:
        raise RowMismatch(f"{into.__name__} is neither a dataclass nor a msgspec Struct")
    hints = get_type_hints(into, include_extras=True)
    return {name: hints[name] for name in names}


def _is_json(annotation: object) -> bool:
    """Tell whether the marker stands on the annotation or on a member of its union."""
    if get_origin(annotation) is Annotated:
        return any(isinstance(extra, JsonText) for extra in get_args(annotation)[1:])
    return any(_is_json(member) for member in get_args(annotation) if get_origin(member) is Annotated)


def _decoded(value: object) -> object:
    return msgspec.json.decode(value) if isinstance(value, str) else value


def _difference(columns: tuple[str, ...], fields: tuple[str, ...], into: type) -> str:
    twice = sorted({name for name in columns if columns.count(name) > 1})
    return (
        f"columns and fields of {into.__name__} differ; "
        f"missing columns: {sorted(set(fields) - set(columns))}, "
        f"columns without a field: {sorted(set(columns) - set(fields))}, columns twice: {twice}"
    )
