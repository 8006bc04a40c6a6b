"""Tables of the room registers."""

from __future__ import annotations

revision = "0005_registers"
down_revision = "0004_files"


def upgrade() -> None:
    """Make the tables of the room registers."""
