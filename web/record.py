"""The record of acts in words: what an inspector reads in a line, and what is folded away below it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from server.audit.model import AuditRow
from web.i18n import Catalogue
from web.routes import Language

_MACHINE = re.compile(r"(?:sha256:)?[0-9a-f]{24,}|[0-9A-HJKMNP-TV-Z]{26}|[0-9a-f-]{32,36}", re.IGNORECASE)
"""Values that only a program compares: digests, ids."""
_FAMILIES = {
    "document": "document.state.",
    "number": "number.state.",
    "account": "account.state.",
    "arrival": "arrival.state.",
}
"""Kind of subject -> where the words of its states are."""
_STATES = ("state", "from", "to")
_VALUES = {"verdict": "signature.verdict.", "level": "secrecy.", "book": "book."}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in words."""

    row: AuditRow
    """As it is recorded."""
    act: str
    """What was done."""
    kind: str
    """To what kind of thing."""
    facts: tuple[tuple[str, str], ...]
    """What a person reads: name and value."""
    folded: tuple[tuple[str, str], ...]
    """Ids and digests: name and value."""


def line(catalogue: Catalogue, language: Language, row: AuditRow) -> Line:
    """Return an entry in words; what has no words (an act of an older version) keeps its name."""

    def word(key: str, value: str) -> str:
        return catalogue.words[language].get(key, value)

    facts: list[tuple[str, str]] = []
    folded: list[tuple[str, str]] = [(word("record.id", "id"), row.subject_id)]
    for key, value in row.detail.items():
        if value == "":
            continue
        text = _value(catalogue, language, row.subject_kind, key, str(value))
        (folded if _MACHINE.fullmatch(text) else facts).append((word(f"record.key.{key}", key), text))
    for key, text in (("old", row.old_digest), ("new", row.new_digest), ("request", row.request_id)):
        folded.append((word(f"record.{key}", key), text))
    folded.append((word("record.entry", "entry"), row.id))
    return Line(
        row,
        word(f"record.act.{row.action}", row.action),
        word(f"record.kind.{row.subject_kind}", row.subject_kind),
        tuple(facts),
        tuple((name, text) for name, text in folded if text),
    )


def _value(catalogue: Catalogue, language: Language, kind: str, key: str, value: str) -> str:
    family = _FAMILIES.get(kind, "") if key in _STATES else _VALUES.get(key, "")
    return catalogue.words[language].get(family + value, value) if family else value


def acts(catalogue: Catalogue, language: Language) -> Sequence[tuple[str, list[tuple[str, str]]]]:
    """Return every act that can be recorded, by room, for a choice: (room, [(name, words)])."""
    words = catalogue.words[language]
    rooms: dict[str, list[tuple[str, str]]] = {}
    for key, text in words.items():
        if key.startswith("record.act."):
            action = key.removeprefix("record.act.")
            rooms.setdefault(words[f"record.room.{action.partition('.')[0]}"], []).append((action, text))
    return [(room, sorted(found, key=lambda one: one[1])) for room, found in sorted(rooms.items())]
