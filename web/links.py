"""Addresses of pages: filters live in the query, so a list can be sent to somebody as a link."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from urllib.parse import urlencode

import msgspec

from server.kernel.page import LIMIT_DEFAULT


@lru_cache(maxsize=256)
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    """Return (name, name in the query) of each field; looking them up costs 0.1 ms each time."""
    return tuple((item.name, item.encode_name) for item in msgspec.structs.fields(kind))


def address(path: str, query: msgspec.Struct, **changes: object) -> str:
    """Return a path with a query, some of it changed; a change to "" takes the parameter out.

    The cursor never survives a change of filter: it belongs to one order of one list.
    """
    values: list[tuple[str, str]] = []
    for name, shown in _fields(type(query)):
        value: object = getattr(query, name)
        if name in changes:
            value = changes[name]
        elif name == "after":
            continue
        if name == "limit" and value == LIMIT_DEFAULT:
            continue
        for one in value if isinstance(value, list | tuple | frozenset) else (value,):
            text = str(one.value) if isinstance(one, Enum) else "" if one is None else str(one)
            if text and text != "False":
                values.append((shown, "1" if text == "True" else text))
    return f"{path}?{urlencode(values)}" if values else path
