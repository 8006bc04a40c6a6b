"""Lists are paged by key, never by offset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

LIMIT_DEFAULT = 50
LIMIT_MAX = 200


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What part of a list is wanted."""

    after: str = ""
    """Cursor of the last row already seen; "" = from the start."""
    limit: int = LIMIT_DEFAULT
    """Rows wanted, 1 to 200."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One part of a list."""

    items: list[T]
    """The rows, in the order of the list."""
    next: str | None
    """Cursor for ``?after=``; None = this was the last part."""
