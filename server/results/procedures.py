"""The procedures whose results are signed here: dated data in ``config/procedures``, one file each.

A batch keeps the version of the procedure with which it began (standards 5.8: a change of the catalogue never
changes what runs).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from server.kernel.errors import Invalid, NotFound

Key = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in both languages."""

    vi: Annotated[str, Meta(min_length=1)]
    en: Annotated[str, Meta(min_length=1)]


class FieldKind(StrEnum):
    """What may stand in a cell."""

    TEXT = "text"
    """One line of text."""
    DATE = "date"
    """A day."""
    DIGITS = "digits"
    """Digits only: identity and telephone numbers."""


class RowField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column of the rows of a procedure."""

    key: Key
    """Name in rows and in ``{...}`` of the text."""
    label: Words
    """Head of the column, and the words before the value on the page."""
    kind: FieldKind = FieldKind.TEXT
    """What may stand in it."""
    required: bool = True
    """It may not be empty."""
    max: int = 0
    """Longest value in characters; 0 = 500."""
    shown: bool = True
    """Printed in the list of facts on the page."""


class SecondFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What opens the file beside the code: something that only the applicant and the officer know."""

    field: Key
    """Field of the row."""
    label: Words
    """How it is asked for."""
    last: Annotated[int, Meta(ge=0, le=20)] = 0
    """That many last characters are asked for; 0 = a whole day."""


class Numbering(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which book the results take their numbers."""

    type: str
    """Type of document in the profile of the body."""
    book_of: Literal["centre", "issuer"] = "centre"
    """Whose book: the body that seals, or the one competent for the result."""


class Procedure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One procedure in one version."""

    code: Annotated[str, Meta(pattern=r"^[A-Za-z0-9.-]{1,60}$")]
    """Code of the catalogue, such as ``1.005129``."""
    valid_from: date
    """First day of this version."""
    name: Words
    """Name of the procedure."""
    result: Words
    """Name of its result: the title of the page."""
    subject: Words
    """Line under the title; ``{key}`` is filled from the row. The English one is for lists only."""
    holder: Literal["person", "organisation"] = "person"
    """Who gets it: names of persons are masked before the public."""
    holder_label: Words
    """Head of the column of the applicant."""
    file: Literal["second_fact", "open"] = "second_fact"
    """Who may fetch the file: who knows the second fact, or anybody with the code (public results)."""
    second: SecondFact | None = None
    """The second fact; needed unless the file is open."""
    number: Numbering | None = None
    """Numbering; None = these results bear no number."""
    text: tuple[str, ...]
    """Paragraphs; ``{key}`` is filled from the row, ``{holder}`` with the applicant."""
    fields: tuple[RowField, ...] = ()
    """Columns besides applicant, dossier and file."""

    def filled(self, words: str, values: dict[str, str]) -> str:
        """Return a text with every ``{key}`` replaced by its value, by plain replacement in one pass."""
        parts = []
        rest = words
        while rest:
            before, brace, after = rest.partition("{")
            parts.append(before)
            if not brace:
                break
            key, _, rest = after.partition("}")
            parts.append(values.get(key, ""))
        return "".join(parts)


class Procedures:
    """Every procedure of the installation, by code and day."""

    def __init__(self, procedures: Iterable[Procedure]) -> None:
        self._all = sorted(procedures, key=lambda one: (one.code, one.valid_from))

    @classmethod
    def load(cls, folder: Path) -> Procedures:
        """Read every file of a folder. Raises Invalid ``results.procedure_invalid`` naming it, OSError."""
        found = []
        for path in sorted(folder.glob("*.toml")):
            try:
                one = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Procedure)
                _check(one)
            except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as error:
                raise Invalid("results.procedure_invalid", file=path.name, reason=str(error)) from error
            found.append(one)
        return cls(found)

    def on(self, code: str, day: date) -> Procedure:
        """Return the version in force on a day. Raises NotFound ``results.procedure_unknown``."""
        versions = [one for one in self._all if one.code == code and one.valid_from <= day]
        if not versions:
            raise NotFound("results.procedure_unknown", code=code)
        return versions[-1]

    def known(self, code: str, valid_from: date) -> Procedure:
        """Return a version by its first day. Raises NotFound ``results.procedure_unknown``."""
        return self.on(code, valid_from)

    def in_force(self, day: date) -> list[Procedure]:
        """Return the procedures in force on a day, by code."""
        return [
            self.on(code, day)
            for code in dict.fromkeys(one.code for one in self._all)
            if self._has(code, day)
        ]

    def _has(self, code: str, day: date) -> bool:
        return any(one.code == code and one.valid_from <= day for one in self._all)


def _check(one: Procedure) -> None:
    """Raise ValueError for a procedure that contradicts itself."""
    keys = [field.key for field in one.fields]
    if len(set(keys)) != len(keys) or {"holder", "dossier", "file"} & set(keys):
        raise ValueError("two fields of one key, or a key that every procedure has")
    if one.file == "second_fact":
        if one.second is None:
            raise ValueError("the file needs a second fact")
        asked = next((field for field in one.fields if field.key == one.second.field), None)
        if asked is None or not asked.required:
            raise ValueError("the second fact is not a required field")
        if not one.second.last and asked.kind is not FieldKind.DATE:
            raise ValueError("a second fact of a whole day needs a date")
        if 0 < one.second.last < 4:
            raise ValueError("fewer than four characters are no second fact")
    for words in (one.subject.vi, *one.text):
        for part in words.split("{")[1:]:
            key, brace, _ = part.partition("}")
            if not brace or key not in {"holder", "dossier", *keys}:
                raise ValueError(f"the text names {{{key}}}, which no row has")
