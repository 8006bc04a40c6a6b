"""Tables of the room identity: accounts, sessions, tokens, mandates, need to know."""

from __future__ import annotations

import sqlalchemy as sa

from storage.migrations.tables import BLOB, INTEGER, TEXT, column, index, table

revision = "0003_identity"
down_revision = "0002_organisations"


def upgrade() -> None:
    """Make the tables of the room identity."""
    _accounts()
    _sessions()
    _mandates()
    # Who may see what: one row for each way in. Read by the predicate in server/identity/scope.sql.
    table(
        "participants",
        column("subject_kind", TEXT),
        column("subject_id", TEXT),
        column("body_id", TEXT),
        column("grantee", TEXT),
        column("reason", TEXT),
        column("since", TEXT),
        column("restricted", INTEGER, default=0),
        sa.PrimaryKeyConstraint("subject_kind", "subject_id", "grantee"),
    )
    index("participants_grantee", "participants", ["grantee", "subject_kind", "subject_id"])
    index("participants_body", "participants", ["body_id", "subject_kind", "subject_id"])


def _accounts() -> None:
    table(
        "accounts",
        column("id", TEXT, primary_key=True),
        column("username", TEXT, unique=True),
        column("full_name", TEXT),
        column("email", TEXT, default=""),
        column("phone", TEXT, default=""),
        column("state", TEXT),
        # Name and username folded for search: lower case, no marks.
        column("search", TEXT),
        # argon2id in its own text form; '' = none set yet.
        column("password_hash", TEXT, default=""),
        column("must_change_password", INTEGER, default=0),
        # Sealed with the key of the installation; the pending one counts only when confirmed.
        column("totp_sealed", BLOB, nullable=True),
        column("totp_pending", BLOB, nullable=True),
        # Time step of the last code that was used: no code works twice.
        column("totp_step", INTEGER, default=0),
        column("created_at", TEXT),
        column("version", INTEGER, default=1),
    )
    table(
        "recovery_codes",
        column("account_id", TEXT, references="accounts.id"),
        column("digest", BLOB),
        sa.PrimaryKeyConstraint("account_id", "digest"),
    )
    table(
        "one_time_links",
        column("digest", BLOB, primary_key=True),
        column("account_id", TEXT, references="accounts.id"),
        column("purpose", TEXT),
        column("expires_at", TEXT),
    )
    index("one_time_links_account", "one_time_links", ["account_id"])


def _sessions() -> None:
    table(
        "sessions",
        column("id", TEXT, primary_key=True),
        # SHA-256 of the token; the token itself is nowhere.
        column("digest", BLOB, unique=True),
        column("account_id", TEXT, references="accounts.id"),
        column("post_id", TEXT, default=""),
        column("created_at", TEXT),
        column("last_seen_at", TEXT),
        column("expires_at", TEXT),
        column("address", TEXT),
        column("user_agent", TEXT),
    )
    index("sessions_account", "sessions", ["account_id"])
    index("sessions_expires", "sessions", ["expires_at"])
    table(
        "machine_tokens",
        column("id", TEXT, primary_key=True),
        column("digest", BLOB, unique=True),
        column("account_id", TEXT, references="accounts.id"),
        column("post_id", TEXT),
        column("name", TEXT),
        column("scopes", TEXT),
        column("created_at", TEXT),
        column("expires_at", TEXT),
        column("revoked_at", TEXT, nullable=True),
    )
    index("machine_tokens_account", "machine_tokens", ["account_id"])


def _mandates() -> None:
    table(
        "mandates",
        column("id", TEXT, primary_key=True),
        column("account_id", TEXT, references="accounts.id"),
        column("valid_from", TEXT),
        column("valid_to", TEXT),
        column("basis", TEXT),
        column("ended_at", TEXT, nullable=True),
    )
    index("mandates_account", "mandates", ["account_id"])
    table(
        "mandate_bodies",
        column("mandate_id", TEXT, references="mandates.id"),
        column("body_id", TEXT, references="bodies.id"),
        sa.PrimaryKeyConstraint("mandate_id", "body_id"),
    )
