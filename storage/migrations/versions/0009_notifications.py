"""Tables of the room notifications: notices and who has read them."""

from __future__ import annotations

import sqlalchemy as sa

from storage.migrations.tables import INTEGER, TEXT, column, index, table

revision = "0009_notifications"
down_revision = "0008_circulation"


def upgrade() -> None:
    """Make the tables of the room notifications."""
    table(
        "notices",
        column("id", TEXT, primary_key=True),
        # The outbox message and the place in it: a message delivered twice makes each notice once.
        column("message_id", TEXT),
        column("place", INTEGER),
        column("grantee", TEXT),
        column("body_id", TEXT),
        column("event", TEXT),
        column("subject_kind", TEXT),
        column("subject_id", TEXT),
        column("params", TEXT),
        column("urgent", INTEGER),
        column("at", TEXT),
        sa.UniqueConstraint("message_id", "place", name="notices_once"),
    )
    index("notices_grantee", "notices", ["grantee", "id"])
    table(
        "notice_reads",
        column("notice_id", TEXT, references="notices.id"),
        column("account_id", TEXT),
        column("at", TEXT),
        sa.PrimaryKeyConstraint("notice_id", "account_id"),
    )
