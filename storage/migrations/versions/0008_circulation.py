"""Tables of the room circulation: dispatches, arrivals, receipts, assignments, notes, replies, post."""

from __future__ import annotations

import sqlalchemy as sa

from storage.migrations.tables import INTEGER, TEXT, column, index, table

revision = "0008_circulation"
down_revision = "0007_signatures"


def upgrade() -> None:
    """Make the tables of the room circulation."""
    _dispatches()
    _arrivals()
    _receipts()
    _handling()


def _header() -> list[sa.schema.SchemaItem]:
    """The copy of the document's header: what was sent stays readable whatever happens to the document."""
    return [
        column("document_id", TEXT),
        column("from_body", TEXT),
        column("from_code", TEXT),
        column("from_name", TEXT),
        column("number_text", TEXT),
        column("document_date", TEXT),
        column("type_code", TEXT),
        column("type_name", TEXT),
        column("subject", TEXT),
        column("signer", TEXT),
        column("urgency", TEXT),
        column("pages", INTEGER),
        column("note", TEXT),
        column("due_date", TEXT),
        column("restricted", INTEGER),
        column("main_digest", TEXT),
        column("files", TEXT),
    ]


def _dispatches() -> None:
    table(
        "dispatches",
        column("id", TEXT, primary_key=True),
        *_header(),
        column("office", TEXT),
        column("reply_to", TEXT),
        column("sent_at", TEXT),
        column("sent_by", TEXT),
        column("sent_by_name", TEXT),
        column("sent_post", TEXT),
        column("sent_post_title", TEXT),
        column("recipients", INTEGER),
        column("outside", INTEGER),
        column("search", TEXT),
    )
    index("dispatches_office", "dispatches", ["office", "id"])
    index("dispatches_document", "dispatches", ["document_id"])
    table(
        "outside_recipients",
        column("id", TEXT, primary_key=True),
        column("dispatch_id", TEXT, references="dispatches.id"),
        column("name", TEXT),
        column("address", TEXT),
        column("posted_on", TEXT),
        column("posted_by", TEXT),
        column("postal_number", TEXT),
        column("tracking", TEXT),
    )
    index("outside_recipients_dispatch", "outside_recipients", ["dispatch_id", "id"])


def _arrivals() -> None:
    table(
        "arrivals",
        column("id", TEXT, primary_key=True),
        *_header(),
        column("dispatch_id", TEXT),
        column("from_address", TEXT, default=""),
        column("to_body", TEXT),
        column("to_code", TEXT),
        column("to_name", TEXT),
        column("to_parent", TEXT),
        # The body whose clerk keeps the books of the recipient: the inbox is one per office.
        column("office", TEXT),
        column("origin", TEXT),
        column("book", TEXT),
        column("arrived_at", TEXT),
        column("status", TEXT),
        column("recall", TEXT, default=""),
        column("recall_reason", TEXT, default=""),
        # 0 when done, else 1 + rank of the urgency: urgent work stands first in the inbox.
        column("priority", INTEGER),
        column("incoming_number", INTEGER, default=0),
        column("incoming_text", TEXT, default=""),
        column("incoming_series", TEXT, default=""),
        column("incoming_entry", TEXT, default=""),
        column("incoming_date", TEXT, default=""),
        column("result", TEXT, default=""),
        column("reply_document", TEXT, default=""),
        # ResponseFor: the document that this one answers, when the recipient is the body that asked.
        column("response_arrival", TEXT, default=""),
        column("response_document", TEXT, default=""),
        column("response_number", TEXT, default=""),
        column("response_date", TEXT, default=""),
        column("search", TEXT),
        column("version", INTEGER, default=1),
        column("sequence", INTEGER),
        column("receipt_digest", TEXT),
        column("changed_at", TEXT),
        column("changed_by", TEXT),
    )
    index("arrivals_office", "arrivals", ["office", "priority", "id"])
    index("arrivals_new", "arrivals", ["office"], where="status = '01'")
    index("arrivals_recalled", "arrivals", ["office"], where="recall = '13'")
    index("arrivals_dispatch", "arrivals", ["dispatch_id", "id"])
    index("arrivals_due", "arrivals", ["office", "due_date"], where="due_date <> ''")
    # A body gets a document once, unless it refused it or the sender got it back.
    index(
        "arrivals_once",
        "arrivals",
        ["document_id", "to_body"],
        unique=True,
        where="document_id <> '' AND status <> '02' AND status <> '15'",
    )


def _receipts() -> None:
    table(
        "receipts",
        column("id", TEXT, primary_key=True),
        column("arrival_id", TEXT, references="arrivals.id"),
        column("sequence", INTEGER),
        column("code", TEXT),
        column("at", TEXT),
        column("body_id", TEXT),
        # Canonical JSON, kept byte for byte: its UTF-8 bytes are what a signature covers.
        column("content", TEXT),
        column("digest", TEXT),
        sa.UniqueConstraint("arrival_id", "sequence", name="receipts_sequence"),
    )


def _handling() -> None:
    table(
        "assignments",
        column("arrival_id", TEXT, references="arrivals.id"),
        column("post_id", TEXT),
        column("unit_id", TEXT),
        column("label", TEXT),
        column("part", TEXT),
        column("instruction", TEXT),
        column("due_date", TEXT),
        column("at", TEXT),
        column("by_account", TEXT),
        column("by_name", TEXT),
        column("by_post", TEXT),
        column("by_title", TEXT),
        column("done_at", TEXT, default=""),
        sa.PrimaryKeyConstraint("arrival_id", "post_id"),
    )
    index("assignments_waiting", "assignments", ["post_id", "arrival_id"], where="done_at = ''")
    table(
        "arrival_notes",
        column("id", TEXT, primary_key=True),
        column("arrival_id", TEXT, references="arrivals.id"),
        column("kind", TEXT),
        column("text", TEXT),
        column("at", TEXT),
        column("by_account", TEXT),
        column("by_name", TEXT),
        column("by_post", TEXT),
        column("by_title", TEXT),
    )
    index("arrival_notes_arrival", "arrival_notes", ["arrival_id", "id"])
    table(
        "replies",
        column("arrival_id", TEXT, references="arrivals.id"),
        column("document_id", TEXT),
        column("linked_at", TEXT),
        column("linked_by", TEXT),
        column("number_text", TEXT, default=""),
        column("document_date", TEXT, default=""),
        column("sent_at", TEXT, default=""),
        column("reply_arrival", TEXT, default=""),
        sa.PrimaryKeyConstraint("arrival_id", "document_id"),
    )
    index("replies_document", "replies", ["document_id"])
