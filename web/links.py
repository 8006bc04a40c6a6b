"""Addresses of pages: filters live in the query, so a list can be sent to somebody as a link."""

from __future__ import annotations

from enum import Enum
from urllib.parse import urlencode

import msgspec

from server.kernel.page import LIMIT_DEFAULT


def address(path: str, query: msgspec.Struct, **changes: object) -> str:
    """Return a path with a query, some of it changed; a change to "" takes the parameter out.

    The cursor never survives a change of filter: it belongs to one order of one list.
    """
    values: list[tuple[str, str]] = []
    for item in msgspec.structs.fields(query):
        value: object = getattr(query, item.name)
        if item.name in changes:
            value = changes[item.name]
        elif item.name == "after":
            continue
        if item.name == "limit" and value == LIMIT_DEFAULT:
            continue
        for one in value if isinstance(value, list | tuple | frozenset) else (value,):
            text = str(one.value) if isinstance(one, Enum) else "" if one is None else str(one)
            if text and text != "False":
                values.append((item.encode_name, "1" if text == "True" else text))
    return f"{path}?{urlencode(values)}" if values else path
