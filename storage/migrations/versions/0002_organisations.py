"""Tables of the room organisations: bodies, their forms through time, units, posts, holdings, authorities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.tables import INTEGER, TEXT, column, index, table

revision = "0002_organisations"
down_revision = "0001_kernel"


def _span() -> list[sa.schema.SchemaItem]:
    # Half-open days; NULL = open.
    return [column("valid_from", TEXT), column("valid_to", TEXT, nullable=True)]


def upgrade() -> None:
    """Make the tables of the room organisations."""
    # One row: its version says when a cached tree is stale, and its lock puts changes of structure in order.
    table("organisation_state", column("name", TEXT, primary_key=True), column("version", INTEGER))
    op.execute("INSERT INTO organisation_state (name, version) VALUES ('tree', 1)")
    _bodies()
    _posts()


def _bodies() -> None:
    table(
        "bodies",
        column("id", TEXT, primary_key=True),
        *_form_columns(),
        column("bloc", TEXT),
        column("level", TEXT),
        column("profile", TEXT),
        column("has_seal", INTEGER),
        column("keeps_books", INTEGER),
        column("kept_by_body_id", TEXT, default=""),
        *_span(),
        column("successor_id", TEXT, default=""),
        # Name, short name and codes folded for search: lower case, no marks.
        column("search", TEXT),
        column("version", INTEGER, default=1),
    )
    index("bodies_parent", "bodies", ["parent_id"])
    index("bodies_code", "bodies", ["code"])
    index("bodies_kept_by", "bodies", ["kept_by_body_id"])
    table(
        "body_forms",
        column("body_id", TEXT, references="bodies.id"),
        *_span(),
        *_form_columns(),
        column("basis", TEXT, default=""),
        sa.PrimaryKeyConstraint("body_id", "valid_from"),
    )
    index("body_forms_code", "body_forms", ["code"])
    index("body_forms_code_old", "body_forms", ["code_old"], where="code_old <> ''")
    table(
        "units",
        column("id", TEXT, primary_key=True),
        column("body_id", TEXT, references="bodies.id"),
        column("parent_id", TEXT, default=""),
        column("name", TEXT),
        column("abbreviation", TEXT, default=""),
        *_span(),
    )
    index("units_body", "units", ["body_id"])


def _form_columns() -> list[sa.schema.SchemaItem]:
    return [
        column("code", TEXT),
        column("code_old", TEXT, default=""),
        column("name", TEXT),
        column("name_en", TEXT, default=""),
        column("short_name", TEXT),
        column("abbreviation", TEXT, default=""),
        column("parent_id", TEXT, default=""),
        column("superior_name", TEXT, default=""),
        column("place", TEXT, default=""),
    ]


def _posts() -> None:
    table(
        "posts",
        column("id", TEXT, primary_key=True),
        column("body_id", TEXT, references="bodies.id"),
        column("unit_id", TEXT, default=""),
        column("title", TEXT),
        column("role", TEXT),
        *_span(),
    )
    index("posts_body", "posts", ["body_id", "role"])
    # The account stands in the room above (identity), so there is no foreign key to it.
    table(
        "holdings",
        column("id", TEXT, primary_key=True),
        column("post_id", TEXT, references="posts.id"),
        column("account_id", TEXT),
        column("kind", TEXT),
        *_span(),
        column("basis", TEXT, default=""),
    )
    index("holdings_account", "holdings", ["account_id"])
    index("holdings_post", "holdings", ["post_id"])
    table(
        "authorities",
        column("id", TEXT, primary_key=True),
        column("post_id", TEXT, references="posts.id"),
        column("body_id", TEXT, references="bodies.id"),
        column("mode", TEXT),
        column("for_title", TEXT, default=""),
        column("own_title", TEXT, default=""),
        column("granted_by_post_id", TEXT, default=""),
        *_span(),
        column("basis", TEXT, default=""),
    )
    index("authorities_post", "authorities", ["post_id", "body_id"])
    index("authorities_body", "authorities", ["body_id"])
