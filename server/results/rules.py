"""What is allowed with results, how rows are read, what the public may see. Pure."""

from __future__ import annotations

import csv
import hmac
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from server.kernel.errors import Conflict, Fault, Invalid
from server.results.model import ROWS_MAX, Count, Row, Source, Stage, State, Work
from server.results.procedures import FieldKind, Procedure, SecondFact

TEXT_MAX = 500
"""Characters of one cell, unless the field says less."""
PASTED_MAX = 2_000_000
"""Characters of pasted rows."""
REASON_MAX = 2000
NEEDS: Mapping[Work, tuple[State, ...]] = {
    Work.MAKE: (State.NEW,),
    Work.SIGN: (State.MADE,),
    Work.SEAL: (State.SIGNED, State.NUMBERED),
}
"""The states from which a run takes its results."""
HOLDER, DOSSIER, FILE = "holder", "dossier", "file"
"""Columns that every procedure has."""
_COMMON = {
    HOLDER: ("ho ten", "ho va ten", "ten", "nguoi nop", "chu ho so", "holder", "name"),
    DOSSIER: ("ma ho so", "ho so", "dossier"),
    FILE: ("tep", "ten tep", "file"),
}
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


def stage_of(counts: Iterable[Count]) -> Stage:
    """Return what a batch waits for: the step of the result that is least far on."""
    present = {one.state for one in counts if one.n}
    if State.NEW in present:
        return Stage.DRAFT
    if State.MADE in present:
        return Stage.TO_SIGN
    if present & {State.SIGNED, State.NUMBERED}:
        return Stage.TO_SEAL
    return Stage.ISSUED if present - {State.DROPPED} else Stage.DRAFT


def require_state(state: State, allowed: Sequence[State], code: str) -> None:
    """Raise Conflict ``results.not_issued`` or ``results.issued_already`` unless the state is one of them."""
    if state in allowed:
        return
    if code == "results.issued_already":
        raise Conflict("results.issued_already", state=state.value)
    raise Conflict("results.not_issued", state=state.value)


def checked_reason(reason: str) -> str:
    """Return a reason without outer spaces; raises Invalid ``results.reason_missing``."""
    words = reason.strip()
    if not words or len(words) > REASON_MAX:
        raise Invalid("results.reason_missing", field="/reason", limit=REASON_MAX)
    return words


# --- rows --------------------------------------------------------------------------------------------


def read_rows(pasted: str, procedure: Procedure) -> list[Row]:
    """Read rows pasted from a spreadsheet (tabs), CSV (comma or semicolon) or a JSON array of objects.

    The first line names the columns, by key or by the words of the form, with or without marks. Raises
    Invalid ``results.rows_unreadable``, ``results.column_unknown``, ``results.rows_missing``,
    ``results.rows_too_many``.
    """
    if len(pasted) > PASTED_MAX:
        raise Invalid("results.rows_too_many", field="/rows", limit=ROWS_MAX)
    text = pasted.strip().removeprefix("\ufeff")
    if not text:
        raise Invalid("results.rows_missing", field="/rows")
    records = _from_json(text) if text.startswith("[") else _from_table(text)
    columns = _columns(procedure)
    unknown = {name for record in records for name in record if folded(name) not in columns}
    if unknown:
        known = ", ".join([procedure.holder_label.vi, *(one.label.vi for one in procedure.fields)])
        raise Invalid.of(
            [
                Fault("results.column_unknown", "/rows", {"column": name, "known": known})
                for name in sorted(unknown)[:10]
            ]
        )
    rows = []
    for record in records:
        values = {columns[folded(name)]: value for name, value in record.items()}
        rows.append(
            Row(
                holder=values.pop(HOLDER, ""),
                dossier=values.pop(DOSSIER, ""),
                file_name=values.pop(FILE, ""),
                fields=values,
            )
        )
    return rows


def _columns(procedure: Procedure) -> dict[str, str]:
    """Return folded column name -> key."""
    columns = {folded(word): key for key, words in _COMMON.items() for word in words}
    columns |= {folded(word): HOLDER for word in (procedure.holder_label.vi, procedure.holder_label.en)}
    for one in procedure.fields:
        columns |= {folded(word): one.key for word in (one.key, one.label.vi, one.label.en)}
    return columns


def _from_json(text: str) -> list[dict[str, str]]:
    try:
        records = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("results.rows_unreadable", field="/rows") from error
    if not all(isinstance(record, dict) for record in records):
        raise Invalid("results.rows_unreadable", field="/rows")
    found = []
    for record in records:
        if not all(isinstance(value, str | int | None) for value in record.values()):
            raise Invalid("results.rows_unreadable", field="/rows")
        found.append({str(name): "" if value is None else str(value) for name, value in record.items()})
    return found


def _from_table(text: str) -> list[dict[str, str]]:
    head = text.splitlines()[0]
    delimiter = max("\t;,", key=head.count)
    try:
        lines = [
            line
            for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
            if any(line)
        ]
    except csv.Error as error:
        raise Invalid("results.rows_unreadable", field="/rows") from error
    names = [name.strip() for name in lines[0]]
    if len(set(names)) != len(names) or any(len(line) > len(names) for line in lines):
        raise Invalid("results.rows_unreadable", field="/rows")
    return [dict(zip(names, line, strict=False)) for line in lines[1:]]


def checked_rows(rows: Sequence[Row], procedure: Procedure, source: Source) -> list[Row]:
    """Return the rows cleaned: composed letters, one line, dates as ``dd/mm/yyyy``.

    Raises Invalid with every fault, at most a hundred: ``results.rows_missing``, ``results.rows_too_many``,
    ``results.cell_missing``, ``results.cell_too_long``, ``results.cell_not_date``,
    ``results.cell_not_number``, ``results.field_unknown``, ``results.file_twice``,
    ``results.dossier_twice``.
    """
    if not rows:
        raise Invalid("results.rows_missing", field="/rows")
    if len(rows) > ROWS_MAX:
        raise Invalid("results.rows_too_many", field="/rows", limit=ROWS_MAX)
    faults: list[Fault] = []
    checked = [_checked(at, row, procedure, source, faults) for at, row in enumerate(rows)]
    faults += _twice([row.dossier for row in checked], "dossier", "results.dossier_twice")
    if source is Source.FILES:
        faults += _twice([row.file_name for row in checked], "file_name", "results.file_twice")
    if faults:
        raise Invalid.of(faults[:100])
    return checked


def _checked(at: int, row: Row, procedure: Procedure, source: Source, faults: list[Fault]) -> Row:
    line = at + 1

    def text(key: str, value: str, *, required: bool, longest: int, label: str) -> str:
        words = one_line(value)
        where = f"/rows/{at}/{key}"
        if required and not words:
            faults.append(Fault("results.cell_missing", where, {"line": line, "column": label}))
        if len(words) > longest:
            given: dict[str, str | int] = {"line": line, "column": label, "limit": longest}
            faults.append(Fault("results.cell_too_long", where, given))
        return words

    holder = text("holder", row.holder, required=True, longest=300, label=procedure.holder_label.vi)
    dossier = text("dossier", row.dossier, required=False, longest=100, label="Mã hồ sơ")
    needs_file = source is Source.FILES
    file_name = text("file_name", row.file_name, required=needs_file, longest=255, label="Tệp")
    known = {one.key for one in procedure.fields}
    for key in sorted(set(row.fields) - known):
        faults.append(
            Fault("results.field_unknown", f"/rows/{at}/fields", {"line": line, "column": key[:100]})
        )
    fields = {}
    for one in procedure.fields:
        words = text(
            one.key,
            row.fields.get(one.key, ""),
            required=one.required,
            longest=one.max or TEXT_MAX,
            label=one.label.vi,
        )
        fields[one.key] = _typed(words, one.kind, one.label.vi, at, one.key, faults)
    return Row(holder=holder, dossier=dossier, file_name=file_name if needs_file else "", fields=fields)


def _typed(words: str, kind: FieldKind, label: str, at: int, key: str, faults: list[Fault]) -> str:
    """Return a cell in the one form of its kind; a fault when it has none."""
    if not words or kind is FieldKind.TEXT:
        return words
    where = f"/rows/{at}/{key}"
    given: dict[str, str | int] = {"line": at + 1, "column": label}
    if kind is FieldKind.DATE:
        day = day_of(words)
        if day is None:
            faults.append(Fault("results.cell_not_date", where, given))
            return words
        return f"{day:%d/%m/%Y}"
    digits = "".join(character for character in words if character not in " .-")
    if not (digits.isascii() and digits.isdigit()):
        faults.append(Fault("results.cell_not_number", where, given))
    return digits


def _twice(values: Sequence[str], key: str, code: str) -> list[Fault]:
    seen: set[str] = set()
    faults = []
    for at, value in enumerate(values):
        if value and value in seen:
            faults.append(Fault(code, f"/rows/{at}/{key}", {"line": at + 1, "value": value}))
        seen.add(value)
    return faults


def one_line(text: str) -> str:
    """Return text as one line: composed letters (NFC), nothing that cannot be printed, single spaces."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(c if c.isprintable() else " " for c in composed).split())


def day_of(words: str) -> date | None:
    """Return the day that is written as ``dd/mm/yyyy`` or ``yyyy-mm-dd``; None when it is none."""
    parts = _DAY.fullmatch(words)
    numbers = tuple(int(part) for part in reversed(parts.groups())) if parts else ()
    if not numbers and (iso := _ISO.fullmatch(words)):
        numbers = tuple(int(part) for part in iso.groups())
    try:
        return date(*numbers) if numbers else None
    except ValueError:
        return None


def folded(text: str) -> str:
    """Return a text as searches and columns compare it: lower case, without marks, single spaces."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d").replace("_", " "))
    return " ".join("".join(mark for mark in plain if not unicodedata.combining(mark)).split())


# --- what the public sees ------------------------------------------------------------------------------


def masked(name: str) -> str:
    """Return a person's name as anybody may see it: the family name, then first letters.

    ``Nguyễn Văn An`` becomes ``Nguyễn V** A**``. A name of one word keeps its first letter only.
    """
    words = name.split()
    if not words:
        return ""
    if len(words) == 1:
        return f"{words[0][0]}**"
    return " ".join([words[0], *(f"{word[0]}**" for word in words[1:])])


def second_fact(row: Row, procedure: Procedure) -> str:
    """Return what opens the file of a result beside its code; "" when the procedure asks for nothing."""
    asked = procedure.second
    return "" if asked is None else normal_fact(row.fields.get(asked.field, ""), asked)


def normal_fact(given: str, asked: SecondFact) -> str:
    """Return a second fact in the one form in which it is compared."""
    if not asked.last:
        day = day_of(one_line(given))
        return day.isoformat() if day else ""
    digits = "".join(character for character in given if character.isascii() and character.isalnum())
    return digits[-asked.last :].upper() if len(digits) >= asked.last else ""


def same_fact(given: str, kept: str, asked: SecondFact) -> bool:
    """Tell whether somebody knows the second fact; takes the same time for every wrong answer."""
    plain = normal_fact(given, asked)
    return bool(kept) and bool(plain) and hmac.compare_digest(plain.encode(), kept.encode())
