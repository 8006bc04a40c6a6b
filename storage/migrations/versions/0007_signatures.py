"""Tables of the room ``signatures``: inventory of keys, reports of verifications."""

from __future__ import annotations

import sqlalchemy as sa

from storage.migrations.tables import INTEGER, TEXT, column, index, table

revision = "0007_signatures"
down_revision = "0006_documents"


def upgrade() -> None:
    """Make the tables of the room."""
    table(
        "signing_keys",
        column("id", TEXT, primary_key=True),
        column("owner_kind", TEXT),
        column("owner_id", TEXT),
        column("subject", TEXT),
        column("organ_id", TEXT),
        column("serial", TEXT),
        column("issuer", TEXT),
        column("not_before", TEXT),
        column("not_after", TEXT),
        column("path", TEXT),
        column("passphrase_path", TEXT),
        column("image_path", TEXT),
        column("state", TEXT),
        column("added_at", TEXT),
        sa.UniqueConstraint("issuer", "serial", name="signing_keys_certificate"),
    )
    # One key in use for each owner: signing never has to choose.
    index(
        "signing_keys_in_use",
        "signing_keys",
        ["owner_kind", "owner_id"],
        unique=True,
        where="state = 'active'",
    )
    table(
        "verifications",
        column("digest", TEXT, primary_key=True),
        column("verdict", TEXT),
        column("signatures", INTEGER),
        column("report", TEXT),
        column("verified_at", TEXT),
    )
