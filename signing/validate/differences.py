"""What was changed after a signature, in words that a clerk understands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Kind(StrEnum):
    """What a change is about."""

    FIELD = "field"
    """A form field was filled or changed."""
    SIGNATURE = "signature"
    """A signature or seal was added."""
    TIME_STAMP = "time_stamp"
    """A time-stamp of the whole document was added."""
    VALIDATION_DATA = "validation_data"
    """Certificates and revocation data were added (DSS)."""
    ANNOTATION = "annotation"
    PAGE = "page"
    """The content, place or number of pages."""
    FONT = "font"
    STRUCTURE = "structure"
    """Tags for readers who cannot see."""
    DESCRIPTION = "description"
    """Title, dates and other metadata."""
    CATALOG = "catalog"
    """Settings of the whole document: actions, layers, attachments."""
    OBJECT = "object"
    """Something else in the file."""
    FILE = "file"
    """Bytes that are no regular update."""


class Permission(IntEnum):
    """What may happen after a signature (ISO 32000-1, table 254; level 1 lets archives renew)."""

    NOTHING = 1
    """Only validation data and time-stamps of the whole document."""
    FILLING = 2
    """Also filling fields and signing."""
    ANNOTATING = 3
    """Also notes and marks that cannot be taken for the page itself."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One change."""

    kind: Kind
    allowed: bool
    words: str
    """One plain phrase."""
    page: int | None = None
    """Page counted from 1, None when it is on no page or on several."""
    name: str = ""
    """Field or object it is about."""
    rectangle: tuple[float, float, float, float] | None = None
    """Where it shows, in the page's own coordinates (points, lower left and upper right)."""

    def as_json(self) -> dict[str, object]:
        """Return it as plain values."""
        return {
            "kind": self.kind.value,
            "allowed": self.allowed,
            "words": self.words,
            "page": self.page,
            "name": self.name,
            "rectangle": list(self.rectangle) if self.rectangle else None,
        }


@dataclass(frozen=True, slots=True)
class Terms:
    """What one signature allows afterwards."""

    permission: Permission
    certified: bool
    """Whether DocMDP says so (then no new visible signature field may appear)."""
    locked: frozenset[str] | None = frozenset()
    """Names of fields that FieldMDP locks; None: all but ``unlocked``."""
    unlocked: frozenset[str] = frozenset()

    def locks(self, name: str) -> bool:
        """Whether a field may not change (a locked parent locks what is below)."""
        parts = name.split(".")
        names = {".".join(parts[: i + 1]) for i in range(len(parts))}
        if self.locked is None:
            return not names & self.unlocked
        return bool(names & self.locked)
