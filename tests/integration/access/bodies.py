"""The smallest body that a route takes: shape right, so that what is refused is refused for who asks."""

from __future__ import annotations

import types
import typing
from datetime import UTC, date, datetime
from enum import Enum
from typing import Annotated, Any, Literal

import msgspec

from server.kernel.clock import local_date

DIGEST = "sha256:" + "0" * 64


def smallest(kind: Any) -> Any:  # a type as the route table names it, and JSON as it goes over the wire
    """Return JSON builtins of a type: required fields only, each as small as its limits allow."""
    metas: list[msgspec.Meta] = []
    while typing.get_origin(kind) is Annotated:
        kind, *more = typing.get_args(kind)
        metas += [item for item in more if isinstance(item, msgspec.Meta)]
    least = max((item.min_length or 0 for item in metas), default=0)
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return smallest(next(item for item in typing.get_args(kind) if item is not types.NoneType))
    if origin is Literal:
        return typing.get_args(kind)[0]
    if origin in (tuple, list, set, frozenset):
        return [smallest(typing.get_args(kind)[0])] * least
    if origin is dict or kind is dict:
        return {}
    if kind is str:
        if any("sha256" in (item.pattern or "") for item in metas):
            return DIGEST
        return "x" * max(least, 1)
    if kind is bool:
        return True
    if kind is int:
        return max((item.ge or 0 for item in metas), default=0)
    if kind is date:
        return local_date(datetime.now(UTC)).isoformat()
    if kind is datetime:
        return f"{local_date(datetime.now(UTC)).isoformat()}T00:00:00Z"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind)).value
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return {
            item.encode_name: smallest(item.type) for item in msgspec.structs.fields(kind) if item.required
        }
    hints = typing.get_type_hints(kind, include_extras=True)
    return {name: smallest(hint) for name, hint in hints.items() if not hasattr(kind, name)}
