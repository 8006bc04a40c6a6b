"""Lines of the books: outgoing numbers, incoming entries, postal entries, and the report of completeness.

The columns are those of standards 3.4 (Decree 30, annex IV). Days are those of Viet Nam.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from server.registers.series import Book, EntryState, NumberState, Origin, Series
from storage.sql.rows import Json

__all__ = [
    "Book",
    "BookQuery",
    "Completeness",
    "CorrectionRow",
    "EntryState",
    "IncomingFacts",
    "IncomingNumber",
    "IncomingRow",
    "Number",
    "NumberLine",
    "NumberState",
    "Origin",
    "OutgoingFacts",
    "OutgoingRow",
    "PostalFacts",
    "PostalRow",
    "ReadableBook",
    "Series",
]


@dataclass(frozen=True, slots=True)
class OutgoingFacts:
    """What the outgoing book says about a document besides its number (standards 3.4)."""

    subject: str = ""
    """Trích yếu."""
    signer: str = ""
    """Người ký."""
    recipients: str = ""
    """Nơi nhận văn bản."""
    keeper: str = ""
    """Đơn vị, người nhận bản lưu."""
    copies: int = 0
    """Số lượng bản on paper; 0 = electronic only."""
    note: str = ""
    """Ghi chú."""


@dataclass(frozen=True, slots=True)
class Number:
    """An outgoing number."""

    id: str
    """Id."""
    series_id: str
    """Series it was taken from."""
    number: int
    """The number."""
    text: str
    """Number and notation: ``12-QĐ/TU``."""
    date: date
    """Date written beside it."""
    state: NumberState = NumberState.ALLOCATED
    """Where it stands."""
    document_id: str = ""
    """Document that has it; "" = used outside."""


@dataclass(frozen=True, slots=True)
class OutgoingRow:
    """A line of the outgoing book."""

    id: str
    """Id of the number."""
    series_id: str
    """Its series."""
    body_id: str
    """Body whose book it is."""
    book: Book
    """Outgoing or copies."""
    period_start: date
    """First day of the series' period."""
    number: int
    """The number."""
    text: str
    """Số, ký hiệu."""
    state: NumberState
    """Where it stands."""
    number_date: date
    """Ngày tháng văn bản."""
    type_code: str
    """Type."""
    type_name: str
    """Tên loại."""
    subject: str
    """Trích yếu."""
    signer: str
    """Người ký."""
    recipients: str
    """Nơi nhận văn bản."""
    keeper: str
    """Đơn vị, người nhận bản lưu."""
    copies: int
    """Số lượng bản; 0 = electronic only."""
    note: str
    """Ghi chú."""
    reason: str
    """Why it was voided, used outside, or dated back; "" = none of them."""
    document_id: str
    """Document; "" = none in the system."""
    co_issuers: Annotated[tuple[str, ...], Json]
    """Other bodies that issued it jointly; the number is this body's, as the lead."""
    allocated_at: datetime
    """When it was taken."""
    allocated_by: str
    """Name of the clerk."""
    version: int
    """Counts its changes."""
    corrected: int = 0
    """How often it was corrected; the corrections are read beside it."""


@dataclass(frozen=True, slots=True)
class IncomingFacts:
    """What the incoming book says about a document (standards 3.4)."""

    author: str
    """Tác giả: issuing body, or the citizen who wrote."""
    subject: str
    """Trích yếu."""
    origin: Origin = Origin.ELECTRONIC
    """How it came."""
    arrival_id: str = ""
    """Arrival in circulation; "" = none (a citizen's letter on paper)."""
    author_address: str = ""
    """Address of a citizen; "" for bodies."""
    notation: str = ""
    """Số, ký hiệu văn bản."""
    document_date: date | None = None
    """Ngày tháng văn bản; None = it bears none."""
    type_name: str = ""
    """Tên loại."""
    urgency: str = ""
    """Code of urgency; "" = ordinary."""
    pages: int = 0
    """Pages; 0 = not counted."""
    receiver: str = ""
    """Đơn vị hoặc người nhận; "" = not forwarded yet."""
    note: str = ""
    """Ghi chú."""


@dataclass(frozen=True, slots=True)
class IncomingNumber:
    """A number of the incoming book (or of the book of citizens' letters)."""

    id: str
    """Id of the entry."""
    series_id: str
    """Series."""
    number: int
    """The number."""
    text: str
    """As stamped: ``05``."""
    date: date
    """Ngày đến."""


@dataclass(frozen=True, slots=True)
class IncomingRow:
    """A line of the incoming book."""

    id: str
    """Id of the entry."""
    series_id: str
    """Series."""
    body_id: str
    """Body whose book it is."""
    book: Book
    """Incoming or citizen."""
    period_start: date
    """First day of the series' period."""
    number: int
    """Số đến."""
    text: str
    """Số đến as stamped."""
    state: EntryState
    """Where it stands."""
    arrived_on: date
    """Ngày đến."""
    origin: Origin
    """How it came."""
    author: str
    """Tác giả."""
    author_address: str
    """Address of a citizen."""
    notation: str
    """Số, ký hiệu văn bản."""
    document_date: date | None
    """Ngày tháng văn bản."""
    type_name: str
    """Tên loại."""
    subject: str
    """Trích yếu."""
    urgency: str
    """Code of urgency."""
    pages: int
    """Pages."""
    receiver: str
    """Đơn vị hoặc người nhận."""
    forwarded_on: date | None
    """Ngày chuyển."""
    signed_for: str
    """Ký nhận: who took it over."""
    note: str
    """Ghi chú."""
    reason: str
    """Why it was voided or dated back."""
    arrival_id: str
    """Arrival in circulation; "" = none."""
    registered_at: datetime
    """When it was entered."""
    registered_by: str
    """Name of the clerk."""
    version: int
    """Counts its changes."""
    corrected: int = 0
    """How often it was corrected; the corrections are read beside it."""


@dataclass(frozen=True, slots=True)
class PostalFacts:
    """What goes out by post, and to whom."""

    recipient: str
    """Nơi nhận."""
    address: str
    """Postal address."""
    notation: str
    """Số, ký hiệu of what is sent."""
    document_id: str = ""
    """Document; "" = none in the system."""
    copies: int = 1
    """Envelopes or copies."""
    carrier: str = ""
    """Who carries it."""
    tracking: str = ""
    """Number of the shipment."""
    note: str = ""
    """Ghi chú."""


@dataclass(frozen=True, slots=True)
class PostalRow:
    """A line of the postal book."""

    id: str
    """Id of the entry."""
    series_id: str
    """Series."""
    body_id: str
    """Body whose book it is."""
    period_start: date
    """First day of the series' period."""
    number: int
    """Running number."""
    state: EntryState
    """Where it stands."""
    sent_on: date
    """Ngày chuyển."""
    notation: str
    """Số, ký hiệu."""
    document_id: str
    """Document; "" = none."""
    recipient: str
    """Nơi nhận."""
    address: str
    """Address."""
    copies: int
    """Số lượng."""
    carrier: str
    """Who carries it."""
    tracking: str
    """Number of the shipment."""
    delivered_on: date | None
    """When its receipt was confirmed; None = not yet."""
    note: str
    """Ghi chú."""
    reason: str
    """Why it was voided or dated back."""
    registered_at: datetime
    """When it was entered."""
    registered_by: str
    """Name of the clerk."""
    version: int
    """Counts its changes."""


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """One correction of a line of a book."""

    id: str
    """Id."""
    line_id: str
    """Line: an incoming entry or an outgoing number."""
    at: datetime
    """When."""
    by_name: str
    """Name of the clerk."""
    reason: str
    """Why."""
    before: Annotated[dict[str, str | int | None], Json]
    """What the columns that changed said before, by name."""
    after: Annotated[dict[str, str | int | None], Json]
    """What they say since."""


@dataclass(frozen=True, slots=True)
class NumberLine:
    """One number in a report of completeness."""

    number: int
    """The number."""
    text: str
    """As written."""
    state: str
    """Its state; ``missing`` = not in the book, which must never happen."""
    date: date | None
    """Its date; None when missing."""
    reason: str
    """Reason of a voided, outside or back-dated number."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """Each number of a series from its start to the one before the next."""

    series: Series
    """The series."""
    lines: list[NumberLine]
    """Every number, in order."""
    missing: list[int]
    """Numbers without a row; empty = no unexplained gap."""

    @property
    def complete(self) -> bool:
        """Tell whether no number is unexplained."""
        return not self.missing


@dataclass(frozen=True, slots=True)
class BookQuery:
    """Which part of a book is wanted."""

    body_id: str = ""
    """Body; "" = every book the actor may read."""
    series_id: str = ""
    """One series; "" = all."""
    book: Book | None = None
    """Outgoing or copies, incoming or citizen; None = the first of the two."""
    since: date | None = None
    """First day; None = from the beginning."""
    until: date | None = None
    """Last day, included; None = to the end."""
    text: str = ""
    """Words to look for, with or without marks; "" = all."""
    oldest_first: bool = False
    """Order: as the book is printed, or newest first."""


@dataclass(frozen=True, slots=True)
class ReadableBook:
    """A book that an actor may read."""

    body_id: str
    """Body whose book it is."""
    book: Book
    """Which book."""
