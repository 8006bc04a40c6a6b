"""Tables of the room organisations."""

from __future__ import annotations

revision = "0002_organisations"
down_revision = "0001_kernel"


def upgrade() -> None:
    """Make the tables of the room organisations."""
