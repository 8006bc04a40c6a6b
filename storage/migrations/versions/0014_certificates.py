"""Tables of the room ``certificates``: certificates of persons and bodies, requests to their provider."""

from __future__ import annotations

from storage.migrations.tables import INTEGER, TEXT, column, index, table

revision = "0014_certificates"
down_revision = "0013_evidence"


def upgrade() -> None:
    """Make the tables of the room."""
    table(
        "certificates",
        column("id", TEXT, primary_key=True),
        column("owner_kind", TEXT),
        column("owner_id", TEXT),
        column("body_id", TEXT),
        column("subject", TEXT),
        column("organ_id", TEXT),
        column("serial", TEXT),
        column("issuer", TEXT),
        column("not_before", TEXT),
        column("not_after", TEXT),
        column("fingerprint", TEXT, unique=True),
        column("pem", TEXT),
        column("provider", TEXT),
        column("keeper", TEXT),
        column("device", TEXT),
        column("state", TEXT),
        column("reason", TEXT),
        column("state_at", TEXT),
        column("warned_days", INTEGER),
        column("added_at", TEXT),
    )
    index("certificates_ending", "certificates", ["not_after", "id"])
    index("certificates_of_body", "certificates", ["body_id", "not_after", "id"])
    index("certificates_of_owner", "certificates", ["owner_kind", "owner_id"])
    table(
        "certificate_requests",
        column("id", TEXT, primary_key=True),
        column("purpose", TEXT),
        column("owner_kind", TEXT),
        column("owner_id", TEXT),
        column("body_id", TEXT),
        column("subject", TEXT),
        column("organ_id", TEXT),
        column("provider", TEXT),
        column("certificate_id", TEXT),
        column("csr", TEXT),
        column("note", TEXT),
        column("state", TEXT),
        column("version", INTEGER),
        column("made_at", TEXT),
        column("made_by", TEXT),
        column("closed_at", TEXT, nullable=True),
    )
    index("certificate_requests_of_body", "certificate_requests", ["body_id", "id"])
    # A certificate is asked to be revoked once at a time.
    index(
        "certificate_requests_open",
        "certificate_requests",
        ["certificate_id"],
        unique=True,
        where="certificate_id <> '' AND state IN ('prepared', 'sent')",
    )
