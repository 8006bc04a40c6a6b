"""An index of what is open, by urgency and arrival, so that looking for silence never walks the archive."""

from __future__ import annotations

from storage.migrations.tables import index

revision = "0015_silence"
down_revision = "0014_certificates"


def upgrade() -> None:
    """Add the index."""
    index(
        "arrivals_silent",
        "arrivals",
        ["urgency", "arrived_at"],
        where="status IN ('01', '03', '04', '05') AND dispatch_id <> ''",
    )
