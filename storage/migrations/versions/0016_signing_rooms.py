"""Tables of tokens, offers, bulk runs and levels; since when a signer has approved a document."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.tables import BLOB, INTEGER, TEXT, column, index, table

revision = "0016_signing_rooms"
down_revision = "0015_silence"


def upgrade() -> None:
    """Make the tables and the column."""
    op.add_column("documents", column("approved_at", TEXT, nullable=True))
    table(
        "signing_tokens",
        column("id", TEXT, primary_key=True),
        column("owner_kind", TEXT),
        column("owner_id", TEXT),
        column("subject", TEXT),
        column("serial", TEXT),
        column("issuer", TEXT),
        column("fingerprint", TEXT),
        column("certificate", BLOB),
        column("chain", BLOB),
        column("image_path", TEXT),
        column("not_before", TEXT),
        column("not_after", TEXT),
        column("state", TEXT),
        column("added_at", TEXT),
        sa.UniqueConstraint("fingerprint", name="signing_tokens_certificate"),
    )
    index("signing_tokens_owner", "signing_tokens", ["owner_kind", "owner_id"], where="state = 'active'")
    _offers()
    _bulk()
    table(
        "signature_levels",
        column("document_id", TEXT, references="documents.id"),
        column("n", INTEGER),
        column("wanted", TEXT),
        column("reached", TEXT),
        column("reason", TEXT),
        column("at", TEXT),
        sa.PrimaryKeyConstraint("document_id", "n"),
    )


def _offers() -> None:
    table(
        "signature_offers",
        column("id", TEXT, primary_key=True),
        column("way", TEXT),
        column("act", TEXT),
        column("document_id", TEXT, references="documents.id"),
        column("row_version", INTEGER),
        column("digest", TEXT),
        column("field", TEXT),
        column("owner_kind", TEXT),
        column("owner_id", TEXT),
        column("account_id", TEXT),
        column("post_id", TEXT),
        column("body_id", TEXT),
        column("actor", TEXT),
        column("get_digest", TEXT),
        column("put_digest", TEXT),
        column("token_id", TEXT),
        column("pending", TEXT),
        column("state", TEXT),
        column("fetched_at", TEXT, nullable=True),
        column("created_at", TEXT),
        column("expires_at", TEXT),
        column("ended_at", TEXT, nullable=True),
        column("result_digest", TEXT),
        column("fault", TEXT),
    )
    index("signature_offers_get", "signature_offers", ["get_digest"], unique=True, where="get_digest <> ''")
    index("signature_offers_put", "signature_offers", ["put_digest"], unique=True, where="put_digest <> ''")
    index("signature_offers_document", "signature_offers", ["document_id", "id"])


def _bulk() -> None:
    table(
        "bulk_runs",
        column("id", TEXT, primary_key=True),
        column("kind", TEXT),
        column("account_id", TEXT),
        column("post_id", TEXT),
        column("body_id", TEXT),
        column("actor", TEXT),
        column("state", TEXT),
        column("total", INTEGER),
        column("created_at", TEXT),
        column("ended_at", TEXT, nullable=True),
    )
    index("bulk_runs_account", "bulk_runs", ["account_id", "id DESC"])
    index("bulk_runs_open", "bulk_runs", ["id"], where="state = 'running'")
    table(
        "bulk_items",
        column("run_id", TEXT, references="bulk_runs.id"),
        column("n", INTEGER),
        column("subject_id", TEXT),
        column("title", TEXT),
        column("version", INTEGER),
        column("state", TEXT),
        column("claimed_by", TEXT),
        column("claimed_until", TEXT),
        column("attempts", INTEGER),
        column("result", TEXT),
        column("fault", TEXT),
        column("ended_at", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("run_id", "n"),
        sa.UniqueConstraint("run_id", "subject_id", name="bulk_items_subject"),
    )
    index("bulk_items_open", "bulk_items", ["run_id", "n"], where="state IN ('waiting', 'claimed')")
