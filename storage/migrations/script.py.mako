"""${message}.

Revision: ${up_revision}. Follows: ${down_revision | comma,n}.
"""

from __future__ import annotations

from storage.migrations.tables import BLOB, INTEGER, TEXT, column, index, table

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Make the tables."""
