"""Slips and register pages: the forms of standards 3.4 (Decree 30, annex IV)."""

from __future__ import annotations

from typing import Literal

import msgspec


class IncomingSlip(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Phiếu giải quyết văn bản đến: what came, who handles it, and the opinions of each step."""

    superior: str
    """Body above; "" = none."""
    body: str
    """Receiving body."""
    incoming_number: str
    """Number in the incoming book."""
    incoming_date: str
    """Day of arrival, ``dd/mm/yyyy``."""
    author: str
    """Issuing body."""
    notation: str
    """Number and notation of the document."""
    document_date: str
    """Its date, ``dd/mm/yyyy``."""
    type_name: str
    """Name of its type."""
    subject: str
    """Subject."""
    urgency: str = ""
    """Word of urgency; "" = ordinary."""
    due: str = ""
    """Date by which it is to be settled; "" = none."""
    leader_opinion: str = ""
    """Opinion of the body's leader: who leads, who joins, by when."""
    unit_opinion: str = ""
    """Opinion of the unit's leader."""
    proposal: str = ""
    """Proposal of the person who handles it."""


class ArrivalStamp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cover of an arrival copy with the stamp ĐẾN (30 x 50 mm); the original stays untouched beside it."""

    body: str
    """Receiving body, first line of the stamp."""
    number: str
    """Incoming number."""
    date: str
    """Day of arrival, ``dd/mm/yyyy``."""
    forward: str = ""
    """Chuyển: unit or person it goes to."""
    file_code: str = ""
    """Số và ký hiệu hồ sơ; "" = left blank to be written."""
    author: str
    """Issuing body."""
    notation: str
    """Number and notation of the document."""
    document_date: str
    """Its date, ``dd/mm/yyyy``."""
    subject: str
    """Subject."""
    digest: str = ""
    """``sha256:`` of the original file; "" for paper."""
    received: str = ""
    """Instant of arrival, ``dd/mm/yyyy HH:MM:SS +07:00``."""


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column of a register page."""

    key: str
    """Name of the value in a row."""
    title: str
    """Head of the column."""
    width: int
    """Relative width."""
    align: Literal["left", "center"] = "left"
    """How the words lie."""


class BookPages(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pages of a register, A4 across, with every column of its form."""

    superior: str
    """Body above; "" = none."""
    body: str
    """Body whose book it is."""
    title: str
    """``SỔ ĐĂNG KÝ VĂN BẢN ĐI``."""
    range: str
    """What the pages hold: ``Từ ngày 01/01/2026 đến ngày 31/01/2026``."""
    columns: tuple[Column, ...]
    """Columns, left to right."""
    rows: tuple[tuple[str, ...], ...]
    """One cell per column."""
    first_page: int = 1
    """Number of the first page of this part."""
    opening: bool = True
    """Whether the heading stands on the first page."""
    closing: tuple[str, ...] = ()
    """Lines under the last row (count, completeness); empty when the book goes on."""
    signers: tuple[str, ...] = ()
    """Titles over the places to sign under the closing lines."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sheet of facts and one table, A4 upright: control sheet, delivery note."""

    superior: str
    """Body above; "" = none."""
    body: str
    """Body whose sheet it is."""
    title: str
    """Title, in capitals."""
    right: tuple[str, ...] = ()
    """Lines at the upper right."""
    facts: tuple[tuple[str, str], ...]
    """Name and value; those without a value are left out."""
    columns: tuple[Column, ...] = ()
    """Columns of the table; empty = no table."""
    rows: tuple[tuple[str, ...], ...] = ()
    """One cell per column."""
    closing: tuple[str, ...] = ()
    """Lines under the table."""
    signers: tuple[str, ...] = ()
    """Titles over the places to sign."""
