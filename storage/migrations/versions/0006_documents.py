"""Tables of the room documents."""

from __future__ import annotations

revision = "0006_documents"
down_revision = "0005_registers"


def upgrade() -> None:
    """Make the tables of the room documents."""
