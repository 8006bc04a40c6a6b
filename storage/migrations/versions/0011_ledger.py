"""The log of acts: who may place entries, its tiles, its checkpoints, and what witnesses said of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.tables import BLOB, INTEGER, TEXT, column, table

revision = "0011_ledger"
down_revision = "0010_undoing"


def upgrade() -> None:
    """Make the tables of the log; what was placed before keeps its place."""
    # One row: whoever takes the lease raises the fence, and no holder of a lower one can place any more.
    table(
        "audit_log",
        column("name", TEXT, primary_key=True),
        column("fence", INTEGER),
        column("owner", TEXT),
        column("until", TEXT),
        column("size", INTEGER),
        column("verifier", TEXT),
    )
    op.execute(
        "INSERT INTO audit_log (name, fence, owner, until, size, verifier) "
        "SELECT 'log', 0, '', '', coalesce(max(position) + 1, 0), '' FROM audit_leaves"
    )
    op.add_column("audit_leaves", column("fence", INTEGER, default=0))
    table(
        "audit_tiles",
        column("level", INTEGER),
        column("idx", INTEGER),
        column("width", INTEGER),
        column("digest", TEXT),
        # Root over a full tile: its hash in the level above. Empty for a partial one.
        column("root", BLOB),
        sa.PrimaryKeyConstraint("level", "idx", "width"),
    )
    table(
        "audit_checkpoints",
        column("size", INTEGER, primary_key=True),
        column("at", TEXT),
        column("note", TEXT),
        # RFC 3161 token over the note, DER; empty = none yet.
        column("token", BLOB),
        column("stamped_at", TEXT, default=""),
    )
    table(
        "audit_cosignatures",
        column("size", INTEGER, references="audit_checkpoints.size"),
        column("witness", TEXT),
        column("line", TEXT),
        column("at", TEXT),
        sa.PrimaryKeyConstraint("size", "witness"),
    )
    table(
        "audit_witnesses",
        column("witness", TEXT, primary_key=True),
        # The size it cosigned last, and what it refused; "" = nothing.
        column("size", INTEGER),
        column("alarm", TEXT),
        column("at", TEXT),
    )
