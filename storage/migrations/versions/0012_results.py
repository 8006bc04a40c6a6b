"""Tables of the room results: batches, and the results in them."""

from __future__ import annotations

from storage.migrations.tables import INTEGER, TEXT, column, index, table

revision = "0012_results"
down_revision = "0011_ledger"


def upgrade() -> None:
    """Make the tables of the room results."""
    table(
        "result_batches",
        column("id", TEXT, primary_key=True),
        column("body_id", TEXT),
        column("body_name", TEXT),
        column("issuer_id", TEXT),
        column("issuer_name", TEXT),
        column("procedure", TEXT),
        column("procedure_from", TEXT),
        column("title", TEXT),
        column("source", TEXT),
        column("signer", TEXT),
        column("author", TEXT),
        column("stage", TEXT),
        column("work", TEXT),
        column("work_id", TEXT),
        column("work_by", TEXT),
        column("work_at", TEXT, nullable=True),
        column("total", INTEGER),
        column("version", INTEGER),
        column("search", TEXT),
        column("created_at", TEXT),
        column("updated_at", TEXT),
    )
    index("result_batches_newest", "result_batches", ["updated_at", "id"])
    index("result_batches_open", "result_batches", ["stage"], where="stage <> 'issued'")
    _results()


def _results() -> None:
    table(
        "results",
        column("id", TEXT, primary_key=True),
        column("batch_id", TEXT, references="result_batches.id"),
        column("body_id", TEXT),
        column("n", INTEGER),
        # One code, one result, for ever: a code is never given twice.
        column("code", TEXT, unique=True),
        column("state", TEXT),
        column("dossier", TEXT),
        column("holder", TEXT),
        column("fields", TEXT),
        column("second", TEXT),
        column("file_name", TEXT),
        column("source_digest", TEXT),
        column("made_digest", TEXT),
        column("signed_digest", TEXT),
        column("digest", TEXT),
        column("size_bytes", INTEGER),
        column("pages", INTEGER),
        column("signed_at", TEXT, nullable=True),
        column("number_id", TEXT),
        column("number_text", TEXT),
        column("number_date", TEXT),
        column("issued_at", TEXT, nullable=True),
        column("sealed_by", TEXT),
        column("problem", TEXT),
        column("problem_params", TEXT),
        column("tried", TEXT),
        column("handed_at", TEXT, nullable=True),
        column("handed_how", TEXT),
        column("ended_at", TEXT, nullable=True),
        column("ended_reason", TEXT),
        column("ended_by", TEXT),
        column("replaced_by", TEXT),
        column("search", TEXT),
        column("version", INTEGER),
    )
    index("results_place", "results", ["batch_id", "n"], unique=True)
    index("results_state", "results", ["batch_id", "state"])
    for stage in ("digest", "signed_digest", "made_digest"):
        index(f"results_{stage}", "results", [stage], where=f"{stage} <> ''")
