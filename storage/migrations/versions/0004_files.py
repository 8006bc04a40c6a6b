"""Tables of the room files: objects by digest, and which body holds which."""

from __future__ import annotations

import sqlalchemy as sa

from storage.migrations.tables import BLOB, INTEGER, TEXT, column, index, table

revision = "0004_files"
down_revision = "0003_identity"


def upgrade() -> None:
    """Make the tables of the room files."""
    table(
        "objects",
        column("digest", TEXT, primary_key=True),
        column("size_bytes", INTEGER),
        column("media_type", TEXT),
        column("pages", INTEGER, default=0),
        column("chunk_digests", BLOB),
        column("created_at", TEXT),
    )
    # One key per object and body: destroying the wrapped key of a body destroys its copy, nobody else's.
    table(
        "object_holdings",
        column("digest", TEXT, references="objects.digest"),
        column("body_id", TEXT),
        column("name", TEXT, default=""),
        column("first_at", TEXT),
        column("key_id", TEXT, default=""),
        column("wrapped_key", BLOB, nullable=True),
        sa.PrimaryKeyConstraint("digest", "body_id"),
    )
    index("object_holdings_body", "object_holdings", ["body_id", "first_at"])
    # Resumable uploads under way; the bytes lie in the spool of the installation until they are judged.
    table(
        "uploads",
        column("id", TEXT, primary_key=True),
        column("account_id", TEXT),
        column("post_id", TEXT),
        column("body_id", TEXT),
        column("name", TEXT),
        column("size_bytes", INTEGER),
        column("expires_at", TEXT),
        column("digest", TEXT, default=""),
        column("created_at", TEXT),
    )
    index("uploads_expires", "uploads", ["expires_at"])
