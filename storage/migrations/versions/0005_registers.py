"""Tables of the room registers: rules, series, outgoing numbers, incoming and postal entries."""

from __future__ import annotations

import sqlalchemy as sa

from storage.migrations.tables import INTEGER, TEXT, column, index, table

revision = "0005_registers"
down_revision = "0004_files"


def upgrade() -> None:
    """Make the tables of the books."""
    _series()
    _numbers()
    _incoming()
    _postal()


def _series() -> None:
    table(
        "series_rules",
        column("id", TEXT, primary_key=True),
        column("body_id", TEXT),
        column("kept_by", TEXT),
        column("book", TEXT),
        column("rule", TEXT),  # the whole rule as canonical JSON
        column("updated_at", TEXT),
    )
    index("series_rules_body", "series_rules", ["body_id", "book"])
    index("series_rules_kept_by", "series_rules", ["kept_by"])
    table(
        "series",
        column("id", TEXT, primary_key=True),
        column("rule_id", TEXT, references="series_rules.id"),
        column("body_id", TEXT),
        column("book", TEXT),
        column("name", TEXT),
        column("profile", TEXT),
        column("type_code", TEXT),
        column("period", TEXT),
        column("period_label", TEXT),
        column("period_start", TEXT),
        column("period_end", TEXT),
        column("start_number", INTEGER),
        column("next_number", INTEGER),
        column("last_date", TEXT, nullable=True),
        column("opened_at", TEXT),
        sa.UniqueConstraint("rule_id", "type_code", "period_start", name="series_period"),
        sa.CheckConstraint("next_number >= start_number", name="series_counts_up"),
    )
    index("series_body", "series", ["body_id", "period_start", "id"])


def _place() -> list[sa.schema.SchemaItem]:
    # Body, book and period stand on each line, so that a page of a book reads one index.
    return [
        column("id", TEXT, primary_key=True),
        column("series_id", TEXT, references="series.id"),
        column("body_id", TEXT),
        column("book", TEXT),
        column("period_start", TEXT),
        column("number", INTEGER),
        column("text", TEXT),
        column("state", TEXT),
        column("reason", TEXT, default=""),
        column("search", TEXT),
        column("version", INTEGER, default=1),
    ]


def _numbers() -> None:
    table(
        "series_numbers",
        *_place(),
        column("number_date", TEXT),
        column("type_code", TEXT),
        column("type_name", TEXT),
        column("subject", TEXT),
        column("signer", TEXT),
        column("recipients", TEXT),
        column("keeper", TEXT),
        column("copies", INTEGER),
        column("note", TEXT),
        column("document_id", TEXT),
        column("co_issuers", TEXT),
        column("allocated_at", TEXT),
        column("allocated_account", TEXT),
        column("allocated_by", TEXT),
        column("allocated_post", TEXT),
        column("sealed_at", TEXT, nullable=True),
        column("issued_at", TEXT, nullable=True),
        column("voided_at", TEXT, nullable=True),
        sa.UniqueConstraint("series_id", "number", name="series_numbers_once"),
        sa.CheckConstraint(
            "state IN ('allocated', 'sealed', 'issued', 'voided', 'outside')", name="series_numbers_state"
        ),
    )
    index("series_numbers_book", "series_numbers", ["body_id", "book", "period_start", "number", "id"])
    index("series_numbers_page", "series_numbers", ["period_start", "number", "id"])
    index(
        "series_numbers_document",
        "series_numbers",
        ["document_id", "book"],
        unique=True,
        where="document_id <> '' AND state <> 'voided' AND book = 'outgoing'",
    )


def _incoming() -> None:
    table(
        "incoming_entries",
        *_place(),
        column("arrived_on", TEXT),
        column("origin", TEXT),
        column("author", TEXT),
        column("author_address", TEXT),
        column("notation", TEXT),
        column("document_date", TEXT, nullable=True),
        column("type_name", TEXT),
        column("subject", TEXT),
        column("urgency", TEXT),
        column("pages", INTEGER),
        column("receiver", TEXT),
        column("forwarded_on", TEXT, nullable=True),
        column("signed_for", TEXT),
        column("note", TEXT),
        column("arrival_id", TEXT),
        column("registered_at", TEXT),
        column("registered_account", TEXT),
        column("registered_by", TEXT),
        column("registered_post", TEXT),
        sa.UniqueConstraint("series_id", "number", name="incoming_entries_once"),
        sa.CheckConstraint("state IN ('registered', 'voided')", name="incoming_entries_state"),
    )
    index("incoming_entries_book", "incoming_entries", ["body_id", "book", "period_start", "number", "id"])
    index("incoming_entries_page", "incoming_entries", ["period_start", "number", "id"])
    index(
        "incoming_entries_arrival",
        "incoming_entries",
        ["arrival_id"],
        unique=True,
        where="arrival_id <> '' AND state <> 'voided'",
    )


def _postal() -> None:
    table(
        "postal_entries",
        *_place(),
        column("sent_on", TEXT),
        column("notation", TEXT),
        column("document_id", TEXT),
        column("recipient", TEXT),
        column("address", TEXT),
        column("copies", INTEGER),
        column("carrier", TEXT),
        column("tracking", TEXT),
        column("delivered_on", TEXT, nullable=True),
        column("note", TEXT),
        column("registered_at", TEXT),
        column("registered_account", TEXT),
        column("registered_by", TEXT),
        column("registered_post", TEXT),
        sa.UniqueConstraint("series_id", "number", name="postal_entries_once"),
        sa.CheckConstraint("state IN ('registered', 'voided')", name="postal_entries_state"),
    )
    index("postal_entries_book", "postal_entries", ["body_id", "book", "period_start", "number", "id"])
    index("postal_entries_page", "postal_entries", ["period_start", "number", "id"])
    index("postal_entries_document", "postal_entries", ["document_id"])
