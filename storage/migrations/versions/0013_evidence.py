"""Tables of the room evidence: keys, records, what waits to be signed, signatures."""

from __future__ import annotations

from storage.migrations.tables import BLOB, TEXT, column, index, table

revision = "0013_evidence"
down_revision = "0012_results"


def upgrade() -> None:
    """Make the tables of the room evidence."""
    table(
        "evidence_keys",
        column("serial", TEXT, primary_key=True),
        # "" = the root of the installation.
        column("body_id", TEXT),
        column("name", TEXT),
        column("certificate", BLOB),
        column("sealed_key", BLOB),
        column("valid_until", TEXT),
        column("made_at", TEXT),
    )
    index("evidence_keys_body", "evidence_keys", ["body_id", "valid_until"])
    table(
        "evidence_records",
        column("id", TEXT, primary_key=True),
        # What may be said once only: an event of an arrival, a request that was refused.
        column("once", TEXT, unique=True),
        column("event", TEXT),
        column("at", TEXT),
        column("arrival_id", TEXT),
        column("dispatch_id", TEXT),
        column("document_id", TEXT),
        # Canonical JSON, kept byte for byte: its UTF-8 bytes are what the signature covers.
        column("content", TEXT),
        column("digest", TEXT),
    )
    index("evidence_records_document", "evidence_records", ["document_id", "id"], where="document_id <> ''")
    index("evidence_records_arrival", "evidence_records", ["arrival_id", "id"], where="arrival_id <> ''")
    # A receipt or record whose signature is still to be made.
    table(
        "evidence_unsigned",
        column("record_id", TEXT, primary_key=True),
        column("body_id", TEXT),
        column("digest", TEXT),
    )
    table(
        "evidence_signatures",
        column("record_id", TEXT, primary_key=True),
        column("serial", TEXT, references="evidence_keys.serial"),
        column("signature", BLOB),
        column("signed_at", TEXT),
    )
