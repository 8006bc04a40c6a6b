"""Tables of the room files."""

from __future__ import annotations

revision = "0004_files"
down_revision = "0003_identity"


def upgrade() -> None:
    """Make the tables of the room files."""
