"""Tables of the room identity."""

from __future__ import annotations

revision = "0003_identity"
down_revision = "0002_organisations"


def upgrade() -> None:
    """Make the tables of the room identity."""
