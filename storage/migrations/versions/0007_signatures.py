"""Tables of the room signatures."""

from __future__ import annotations

revision = "0007_signatures"
down_revision = "0006_documents"


def upgrade() -> None:
    """Make the tables of the room signatures."""
