"""Tables of the kernel: audit record, outbox, idempotency, leases, rate limits."""

from __future__ import annotations

import sqlalchemy as sa

from storage.migrations.tables import BLOB, INTEGER, TEXT, column, index, table

revision = "0001_kernel"
down_revision = None


def upgrade() -> None:
    """Make the tables that every unit of work writes."""
    _audit()
    _outbox()
    table(
        "idempotency",
        column("account_id", TEXT),
        column("route", TEXT),
        column("key", TEXT),
        column("body_digest", TEXT),
        column("answer", BLOB),
        column("created_at", TEXT),
        sa.PrimaryKeyConstraint("account_id", "route", "key"),
    )
    table(
        "leases",
        column("name", TEXT, primary_key=True),
        column("owner", TEXT),
        column("until", TEXT),
    )
    table(
        "rate_limits",
        column("bucket", TEXT, primary_key=True),
        column("count", INTEGER),
        column("window_start", TEXT),
        column("locked_until", TEXT),
    )


def _audit() -> None:
    table(
        "audit_entries",
        column("id", TEXT, primary_key=True),
        column("at", TEXT),
        column("account_id", TEXT),
        column("account_name", TEXT),
        column("post_id", TEXT),
        column("body_id", TEXT),
        column("on_behalf", TEXT),
        column("channel", TEXT),
        column("address", TEXT),
        column("request_id", TEXT),
        column("action", TEXT),
        column("subject_kind", TEXT),
        column("subject_id", TEXT),
        column("subject_body", TEXT),
        column("old_digest", TEXT),
        column("new_digest", TEXT),
        column("detail", TEXT),
        column("salt", BLOB),
        column("leaf_hash", BLOB),
    )
    index("audit_entries_subject", "audit_entries", ["subject_kind", "subject_id", "id"])
    index("audit_entries_body", "audit_entries", ["body_id", "id"])
    index("audit_entries_account", "audit_entries", ["account_id", "id"])
    # Positions are given in batches after the commit, so that writers do not queue for a counter.
    table(
        "audit_leaves",
        column("position", INTEGER, primary_key=True),
        column("entry_id", TEXT, unique=True, references="audit_entries.id"),
    )
    table("audit_pending", column("entry_id", TEXT, primary_key=True, references="audit_entries.id"))


def _message_columns() -> list[sa.schema.SchemaItem]:
    return [
        column("id", TEXT, primary_key=True),
        column("kind", TEXT),
        column("key", TEXT),
        column("payload", TEXT),
        column("due_at", TEXT),
        column("attempts", INTEGER, default=0),
        column("lease_until", TEXT, default=""),
        column("lease_owner", TEXT, default=""),
        column("last_error", TEXT, default=""),
        column("created_at", TEXT),
    ]


def _outbox() -> None:
    # A finished message is deleted and a dead one moved away, so this table holds only what is due.
    table("outbox", *_message_columns())
    index("outbox_due", "outbox", ["due_at"])
    index("outbox_key", "outbox", ["kind", "key"], unique=True, where="key <> ''")
    table("outbox_dead", *_message_columns(), column("died_at", TEXT))
