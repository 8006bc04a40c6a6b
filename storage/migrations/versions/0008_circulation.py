"""Tables of the room circulation."""

from __future__ import annotations

revision = "0008_circulation"
down_revision = "0007_signatures"


def upgrade() -> None:
    """Make the tables of the room circulation."""
