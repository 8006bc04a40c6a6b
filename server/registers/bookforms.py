"""The printed form of each book: title, columns, who signs (``config/registers/books.toml``)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import msgspec

from server.kernel.errors import Invalid
from server.registers.model import IncomingRow, OutgoingRow, PostalRow
from server.registers.rules import shown
from server.registers.series import Book, EntryState, NumberState
from server.render.slips import Column


class BookFormError(ValueError):
    """The file of book forms is wrong: says what."""


class BookForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The printed form of one book."""

    book: Book
    """Which book."""
    title: str
    """Title over the pages."""
    basis: str
    """Where the columns come from."""
    valid_from: date
    """First day of the form."""
    columns: tuple[Column, ...]
    """Columns, left to right."""
    signers: tuple[str, ...]
    """Titles over the places to sign at the end."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    forms: tuple[BookForm, ...]


class BookForms:
    """The forms by book and day."""

    def __init__(self, forms: tuple[BookForm, ...]) -> None:
        self._forms = sorted(forms, key=lambda form: form.valid_from, reverse=True)
        for form in forms:
            unknown = [column.key for column in form.columns if column.key not in KEYS[form.book]]
            if unknown:
                raise BookFormError(f"{form.book}: no such column: {', '.join(unknown)}")

    @classmethod
    def load(cls, path: Path) -> BookForms:
        """Read the file (blocking: at start only). Raises BookFormError, OSError."""
        try:
            return cls(msgspec.toml.decode(path.read_bytes(), type=_File).forms)
        except msgspec.MsgspecError as error:
            raise BookFormError(f"{path.name}: {error}") from error

    def on(self, book: Book, day: date) -> BookForm:
        """Return the form in force; raises Invalid ``registers.form_unknown``."""
        for form in self._forms:
            if form.book is book and form.valid_from <= day:
                return form
        raise Invalid("registers.form_unknown", book=book.value)


OUTSIDE_WORDS = "Dùng ngoài hệ thống, không có nội dung"
"""What the printed book says of a number that was used outside."""
VOIDED_WORDS = "HỦY"


def outgoing_cells(row: OutgoingRow) -> Mapping[str, str]:
    """Return the cells of a line of the outgoing book."""
    subject = " ".join(word for word in (row.type_name, row.subject) if word)
    notes = [row.note]
    if row.state is NumberState.OUTSIDE:
        subject, notes = OUTSIDE_WORDS, [row.reason]
    elif row.state is NumberState.VOIDED:
        notes = [row.note, f"{VOIDED_WORDS}: {row.reason}"]
    elif row.reason:
        notes = [row.note, row.reason]
    if row.co_issuers:
        notes.append(f"Cùng ban hành: {', '.join(row.co_issuers)}")
    return {
        "notation": row.text,
        "date": shown(row.number_date),
        "subject": subject,
        "signer": row.signer,
        "recipients": row.recipients,
        "keeper": row.keeper,
        "copies": str(row.copies) if row.copies else "",
        "note": "; ".join(note for note in notes if note),
    }


def incoming_cells(row: IncomingRow) -> Mapping[str, str]:
    """Return the cells of a line of the incoming book or of citizens' letters."""
    note = f"{VOIDED_WORDS}: {row.reason}" if row.state is EntryState.VOIDED else row.note
    return {
        "arrived_on": shown(row.arrived_on),
        "number": row.text,
        "author": row.author,
        "author_full": ", ".join(word for word in (row.author, row.author_address) if word),
        "notation": row.notation,
        "document_date": shown(row.document_date) if row.document_date else "",
        "subject": " ".join(word for word in (row.type_name, row.subject) if word),
        "receiver": row.receiver,
        "forwarded_on": shown(row.forwarded_on) if row.forwarded_on else "",
        "signed_for": row.signed_for,
        "note": note,
    }


def postal_cells(row: PostalRow) -> Mapping[str, str]:
    """Return the cells of a line of the postal book."""
    note = f"{VOIDED_WORDS}: {row.reason}" if row.state is EntryState.VOIDED else row.note
    return {
        "number": str(row.number),
        "sent_on": shown(row.sent_on),
        "notation": row.notation,
        "recipient": ", ".join(word for word in (row.recipient, row.address) if word),
        "copies": str(row.copies),
        "carrier": " ".join(word for word in (row.carrier, row.tracking) if word),
        "delivered_on": shown(row.delivered_on) if row.delivered_on else "",
        "note": note,
    }


_OUTGOING = frozenset({"notation", "date", "subject", "signer", "recipients", "keeper", "copies", "note"})
_INCOMING = frozenset(
    {
        "arrived_on",
        "number",
        "author",
        "author_full",
        "notation",
        "document_date",
        "subject",
        "receiver",
        "forwarded_on",
        "signed_for",
        "note",
    }
)
_POSTAL = frozenset(
    {"number", "sent_on", "notation", "recipient", "copies", "carrier", "delivered_on", "note"}
)
KEYS: Mapping[Book, frozenset[str]] = {
    Book.OUTGOING: _OUTGOING,
    Book.COPIES: _OUTGOING,
    Book.INCOMING: _INCOMING,
    Book.CITIZEN: _INCOMING,
    Book.POSTAL: _POSTAL,
}
"""Names of the cells that each book has."""
