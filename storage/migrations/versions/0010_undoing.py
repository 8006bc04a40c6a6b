"""Mistakes undone and lines corrected: withdrawn parts, corrections of the books with their history."""

from __future__ import annotations

from alembic import op

from storage.migrations.tables import INTEGER, TEXT, column, index, table

revision = "0010_undoing"
down_revision = "0009_notifications"


def upgrade() -> None:
    """Add what an undone mistake leaves behind."""
    for name in ("revoked_at", "revoked_by", "revoke_reason"):
        op.add_column("assignments", column(name, TEXT, default=""))
    for lines in ("series_numbers", "incoming_entries"):
        op.add_column(lines, column("corrected", INTEGER, default=0))
    table(
        "line_corrections",
        column("id", TEXT, primary_key=True),
        column("line_id", TEXT),
        column("series_id", TEXT, references="series.id"),
        column("at", TEXT),
        column("by_account", TEXT),
        column("by_name", TEXT),
        column("reason", TEXT),
        # Only the columns that changed, as canonical JSON: name -> words.
        column("before", TEXT),
        column("after", TEXT),
    )
    index("line_corrections_line", "line_corrections", ["line_id", "id"])
