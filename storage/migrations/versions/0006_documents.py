"""Tables of the room documents. Rows of versions, steps, requests and comments are never changed."""

from __future__ import annotations

import sqlalchemy as sa

from storage.migrations.tables import INTEGER, TEXT, column, index, table

revision = "0006_documents"
down_revision = "0005_registers"


def upgrade() -> None:
    """Make the tables of the room documents."""
    _documents()
    _versions()
    _steps()
    _opinions()


def _documents() -> None:
    table(
        "documents",
        column("id", TEXT, primary_key=True),
        column("body_id", TEXT),
        column("author_body", TEXT),
        column("author_post", TEXT),
        column("author_title", TEXT),
        column("author_account", TEXT),
        column("author_name", TEXT),
        column("office_body", TEXT),
        column("form_role", TEXT),
        column("origin", TEXT),
        column("body_name", TEXT),
        column("type_code", TEXT),
        column("type_name", TEXT),
        column("subject", TEXT),
        column("search_text", TEXT),
        column("urgency", TEXT),
        column("restricted", INTEGER),
        column("reply_to", TEXT, default=""),
        column("renews", TEXT, default=""),
        column("fields", TEXT),
        column("state", TEXT),
        column("round", INTEGER),
        column("turn", TEXT),
        column("chain_at", INTEGER),
        column("signed_count", INTEGER),
        column("sealed_count", INTEGER),
        column("version", INTEGER),
        column("current_n", INTEGER),
        column("current_kind", TEXT),
        column("main_digest", TEXT),
        column("number_id", TEXT, default=""),
        column("number_text", TEXT, default=""),
        column("document_date", TEXT, nullable=True),
        column("signer_name", TEXT, default=""),
        column("signed_at", TEXT, nullable=True),
        column("created_at", TEXT),
        column("updated_at", TEXT),
    )
    index("documents_updated", "documents", ["updated_at DESC", "id DESC"])
    # Only what waits for somebody: final documents have no turn, so this stays small for ever.
    index("documents_turn", "documents", ["turn", "updated_at DESC", "id DESC"], where="turn <> ''")
    index("documents_author", "documents", ["author_post", "state", "updated_at DESC"])
    index("documents_mine", "documents", ["author_post", "updated_at DESC", "id DESC"])
    index("documents_body", "documents", ["body_id", "state", "updated_at DESC"])
    index("documents_reply", "documents", ["reply_to"], where="reply_to <> ''")


def _versions() -> None:
    table(
        "document_versions",
        column("document_id", TEXT, references="documents.id"),
        column("n", INTEGER),
        column("round", INTEGER),
        column("kind", TEXT),
        column("main", TEXT, nullable=True),
        column("main_digest", TEXT),
        column("attachments", TEXT),
        column("placements", TEXT),
        column("fields", TEXT),
        column("note", TEXT),
        column("account_id", TEXT),
        column("account_name", TEXT),
        column("post_title", TEXT),
        column("at", TEXT),
        sa.PrimaryKeyConstraint("document_id", "n"),
    )
    index("document_versions_digest", "document_versions", ["main_digest"], where="main_digest <> ''")


def _steps() -> None:
    table(
        "document_steps",
        column("id", TEXT, primary_key=True),
        column("document_id", TEXT, references="documents.id"),
        column("round", INTEGER),
        column("act", TEXT),
        column("from_state", TEXT),
        column("to_state", TEXT),
        column("version_n", INTEGER),
        column("reason", TEXT),
        column("account_id", TEXT),
        column("account_name", TEXT),
        column("post_id", TEXT),
        column("post_title", TEXT),
        column("body_id", TEXT),
        column("on_behalf", TEXT),
        column("at", TEXT),
    )
    index("document_steps_document", "document_steps", ["document_id", "id"])


def _opinions() -> None:
    table(
        "document_requests",
        column("id", TEXT, primary_key=True),
        column("document_id", TEXT, references="documents.id"),
        column("post_id", TEXT),
        column("post_title", TEXT),
        column("question", TEXT),
        column("due_date", TEXT, nullable=True),
        column("asked_by", TEXT),
        column("asked_by_title", TEXT),
        column("at", TEXT),
    )
    index("document_requests_document", "document_requests", ["document_id", "id"])
    index("document_requests_post", "document_requests", ["post_id", "document_id"])
    table(
        "document_comments",
        column("id", TEXT, primary_key=True),
        column("document_id", TEXT, references="documents.id"),
        column("version_n", INTEGER),
        column("stance", TEXT),
        column("text", TEXT),
        column("account_id", TEXT),
        column("account_name", TEXT),
        column("post_id", TEXT),
        column("post_title", TEXT),
        column("on_behalf", TEXT),
        column("at", TEXT),
    )
    index("document_comments_document", "document_comments", ["document_id", "id"])
    index("document_comments_post", "document_comments", ["post_id", "document_id"])
