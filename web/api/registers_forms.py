"""What the registers take over HTTP: bodies and queries of their routes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from server.documents.model import Urgency
from server.registers.model import BookQuery, Origin
from server.registers.series import Book, SeriesRule
from web.routes import Body, PageQuery, Query

ID_MAX = 80
Line = Annotated[str, Meta(max_length=500)]
FilledLine = Annotated[str, Meta(min_length=1, max_length=500)]
LongLine = Annotated[str, Meta(max_length=4000)]
Key = Annotated[str, Meta(max_length=ID_MAX)]
FilledKey = Annotated[str, Meta(min_length=1, max_length=ID_MAX)]
Amount = Annotated[int, Meta(ge=0, le=100_000)]
Name = Annotated[str, Meta(max_length=200)]


class TypeView(Struct, frozen=True):
    """A type of document, as a form offers it."""

    code: str
    """Key."""
    name: str
    """Name."""
    abbreviation: str
    """Letters in the notation; "" = none."""
    letter: bool
    """Set as a letter."""
    copy: bool
    """A copy, numbered in the book of copies."""


class ProfileView(Struct, frozen=True):
    """A format profile, as a form offers it."""

    code: str
    """Key."""
    name_vi: str
    """Vietnamese name."""
    name_en: str
    """English name."""
    basis: str
    """Legal basis."""
    urgency: dict[str, str]
    """Levels of urgency by code."""
    types: list[TypeView]
    """Types."""


class SeriesQuery(PageQuery):
    """Whose series."""

    body_id: Key = ""
    """Body; "" = one's own."""


class BodyQuery(Query):
    """Whose rules."""

    body_id: Key = ""
    """Body; "" = one's own."""


class BookFilter(PageQuery):
    """Which part of a book."""

    body_id: Key = ""
    """Body; "" = one's own."""
    series_id: Key = ""
    """One series; "" = all."""
    since: date | None = None
    """First day."""
    until: date | None = None
    """Last day, included."""
    q: Annotated[str, Meta(max_length=200)] = ""
    """Words to look for, with or without marks."""
    order: Literal["newest", "oldest"] = "newest"
    """Newest first, or as the book is printed."""

    def wanted(self, book: Book | None) -> BookQuery:
        """Return the query as the service takes it."""
        return BookQuery(
            body_id=self.body_id,
            series_id=self.series_id,
            book=book,
            since=self.since,
            until=self.until,
            text=self.q,
            oldest_first=self.order == "oldest",
        )


class OutgoingFilter(BookFilter):
    """Which part of the outgoing book or of the book of copies."""

    book: Literal["outgoing", "copies"] = "outgoing"
    """Which of the two."""


class IncomingFilter(BookFilter):
    """Which part of the incoming book or of citizens' letters."""

    book: Literal["incoming", "citizen"] = "incoming"
    """Which of the two."""


class PrintQuery(Query):
    """Which part of a book is printed."""

    book: Book
    """Which book."""
    body_id: Key = ""
    """Body; "" = one's own."""
    series_id: Key = ""
    """One series, whose completeness is then stated; "" = all."""
    since: date | None = None
    """First day."""
    until: date | None = None
    """Last day, included."""


class TakeNumber(Body):
    """Take a number for a paper that is not a document of the system."""

    type_code: FilledKey
    """Type in the body's profile."""
    subject: FilledLine
    """Trích yếu."""
    body_id: Key = ""
    """Body; "" = one's own."""
    on: date | None = None
    """Date beside the number; None = today."""
    book: Literal["outgoing", "copies"] = "outgoing"
    """Outgoing book or book of copies."""
    drafting_unit: Annotated[str, Meta(max_length=40)] = ""
    """Abbreviation of the drafting unit, in letters of state bodies."""
    signer: Line = ""
    """Người ký."""
    recipients: LongLine = ""
    """Nơi nhận văn bản."""
    keeper: Line = ""
    """Đơn vị, người nhận bản lưu."""
    copies: Amount = 0
    """Số lượng bản on paper."""
    note: Line = ""
    """Ghi chú."""
    reason: Line = ""
    """Why the date lies before that of the number before; "" = it does not."""
    rule_id: Key = ""
    """A rule used only when named, such as a congress."""


class Reason(Body):
    """Why."""

    reason: FilledLine
    """The reason, kept in the book."""


class Outside(Body):
    """Record the next number as used outside the system, without content."""

    reason: FilledLine
    """Why."""
    on: date | None = None
    """Date; None = today."""
    type_code: Key = ""
    """Type; needed where the series counts several."""
    secret: bool = False
    """The paper bears a state-secret mark."""


class Letter(Body):
    """Enter a citizen's letter."""

    author: FilledLine
    """Who wrote."""
    subject: FilledLine
    """What about."""
    body_id: Key = ""
    """Body; "" = one's own."""
    author_address: Line = ""
    """Address."""
    origin: Origin = Origin.PAPER
    """How it came."""
    letter_date: date | None = None
    """Date on the letter."""
    arrived_on: date | None = None
    """Day of arrival; None = today."""
    receiver: Line = ""
    """Unit or person it goes to."""
    pages: Amount = 0
    """Pages."""
    note: Line = ""
    """Ghi chú."""
    reason: Line = ""
    """Why the day lies before the last entry's."""


class Correction(Body):
    """What the incoming book should say; a field left out stays as it is, and so does the number."""

    reason: FilledLine
    """Why it is corrected; kept with the old words."""
    author: FilledLine | None = None
    """Tác giả."""
    subject: FilledLine | None = None
    """Trích yếu."""
    author_address: Line | None = None
    """Address of a citizen."""
    notation: Name | None = None
    """Số, ký hiệu văn bản."""
    document_date: date | None = None
    """Ngày tháng văn bản."""
    type_name: Name | None = None
    """Tên loại."""
    urgency: Urgency | None = None
    """Code of urgency."""
    pages: Amount | None = None
    """Pages."""
    receiver: Line | None = None
    """Đơn vị hoặc người nhận."""
    note: Line | None = None
    """Ghi chú; left out = the reason is noted."""


class NumberCorrection(Body):
    """What the outgoing book should say beside a number; a field left out stays as it is."""

    reason: FilledLine
    """Why it is corrected; kept with the old words."""
    subject: FilledLine | None = None
    """Trích yếu; not of a document of the system, whose subject is signed."""
    signer: Line | None = None
    """Người ký; not of a document of the system."""
    recipients: LongLine | None = None
    """Nơi nhận văn bản."""
    keeper: Line | None = None
    """Đơn vị, người nhận bản lưu."""
    copies: Amount | None = None
    """Số lượng bản on paper."""
    note: Line | None = None
    """Ghi chú; left out = the reason is noted."""


class Posting(Body):
    """Enter a copy in the postal book."""

    recipient: FilledLine
    """Nơi nhận."""
    notation: Annotated[str, Meta(min_length=1, max_length=200)]
    """Số, ký hiệu of what is sent."""
    body_id: Key = ""
    """Body; "" = one's own."""
    address: Line = ""
    """Address."""
    document_id: Key = ""
    """Document; "" = none in the system."""
    copies: Annotated[int, Meta(ge=1, le=100_000)] = 1
    """Envelopes."""
    carrier: Name = ""
    """Who carries it."""
    tracking: Name = ""
    """Number of the shipment."""
    sent_on: date | None = None
    """Day; None = today."""
    note: Line = ""
    """Ghi chú."""
    reason: Line = ""
    """Why the day lies before the last entry's."""


class Delivery(Body):
    """Note when a posted copy was received."""

    on: date
    """Day of delivery."""
    tracking: Name = ""
    """Number of the shipment; "" = as it was."""


class Rules(Body):
    """Rules of series to bring in."""

    rules: Annotated[list[SeriesRule], Meta(min_length=1, max_length=200)]
    """New and changed rules."""


READ = "registers.read"
"""Action of every reading route."""
TAKING = (
    "registers.no_series",
    "registers.no_period",
    "registers.future_date",
    "registers.back_dated",
    "registers.not_keeper",
)
"""Errors of every act that takes a number."""
