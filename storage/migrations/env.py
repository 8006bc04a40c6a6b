"""Entry point of Alembic: runs the steps on the connection that storage.sql.migrate hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection


def run() -> None:
    """Run the steps inside the transaction that is already open: all of them, or none."""
    connection = context.config.attributes["connection"]
    if not isinstance(connection, Connection):
        raise TypeError("start migrations through storage.sql.migrate")
    context.configure(connection=connection, target_metadata=None, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


run()
