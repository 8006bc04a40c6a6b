"""From what was found of a file to what is said about it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from server.lookup.model import Check, Outcome, PublicResult, Replacement, Signature, Standing, Words
from server.results.codes import LENGTH, read_code, shown
from server.results.core import LOOK_UP
from server.results.model import Batch, Result, State
from server.results.procedures import Procedure
from server.results.rules import masked
from signing.model import Level
from signing.validate.report import Report

MARK = re.compile(re.escape(LOOK_UP.encode()) + b"/([2-9A-Za-z]{%d})" % LENGTH)
"""The address in the QR's link, as it stands in plain in every file that is issued here."""
STANDING = {
    State.ISSUED: Standing.IN_FORCE,
    State.REVOKED: Standing.REVOKED,
    State.REPLACED: Standing.REPLACED,
}
ALONE = {
    "valid": Outcome.ELSEWHERE,
    "invalid": Outcome.BROKEN,
    "indeterminate": Outcome.UNCERTAIN,
    "unsigned": Outcome.UNSIGNED,
    "unreadable": Outcome.UNREADABLE,
}
"""Verdict of the check -> outcome, for a file that has nothing to do with a result of ours."""


def marked_code(data: bytes) -> str | None:
    """Return the look-up code that a file bears; None = none, or one that cannot be."""
    for found in MARK.finditer(data):
        code = read_code(found[1].decode("ascii"))
        if code is not None:
            return code
    return None


def outcome(verdict: str, *, issued: bool, stage: bool, begins_as_issued: bool, bears_code: bool) -> Outcome:
    """Return what a file is. ``verdict`` is that of the check of its signatures.

    ``issued``: byte for byte an issued result; ``stage``: byte for byte an earlier stage of one;
    ``begins_as_issued``: its first bytes are a whole issued result; ``bears_code``: it names one's code.
    """
    if issued:
        return Outcome.ISSUED
    if stage:
        return Outcome.UNFINISHED
    if begins_as_issued and verdict == "valid":
        return Outcome.EXTENDED
    if begins_as_issued or bears_code:
        return Outcome.ALTERED
    return ALONE[verdict]


def check_of(report: Report, at: datetime) -> Check:
    """Return a report of the engine in the words of this room."""
    return Check(
        report.verdict.value,
        tuple(
            Signature(
                signer=one.signer or "",
                organ_id=one.organ_id or "",
                signed_at=one.signed_at,
                time_source=one.time_source.value,
                level=one.level.value if isinstance(one.level, Level) else "",
                indication=one.indication.value if one.indication else "",
                sub_indication=one.sub_indication.value if one.sub_indication else "",
                integrity=one.integrity.value,
                revocation=one.revocation.value,
                covers=one.covers.value,
                changes_after=one.changes_after.value,
            )
            for one in report.signatures
        ),
        at,
    )


def check_of_json(verdict: str, report: Mapping[str, object], at: datetime) -> Check:
    """Return a kept report (``verify --json``) in the words of this room."""
    signatures = report.get("signatures")
    return Check(
        verdict,
        tuple(_signature(one) for one in signatures if isinstance(one, dict))
        if isinstance(signatures, list)
        else (),
        at,
    )


def _signature(one: Mapping[str, object]) -> Signature:
    def word(key: str) -> str:
        return str(one.get(key) or "")

    at = word("signed_at")
    return Signature(
        signer=word("signer"),
        organ_id=word("organ_id"),
        signed_at=datetime.fromisoformat(at) if at else None,
        time_source=word("time_source"),
        level=word("level"),
        indication=word("indication"),
        sub_indication=word("sub_indication"),
        integrity=word("integrity"),
        revocation=word("revocation"),
        covers=word("covers"),
        changes_after=word("changes_after"),
    )


def public_result(
    result: Result, batch: Batch, procedure: Procedure, by: Result | None, check: Check | None
) -> PublicResult:
    """Return what anybody with the code may know; ``by`` is the result that replaces it."""
    person = procedure.holder == "person"
    second = procedure.second if procedure.file == "second_fact" else None
    return PublicResult(
        code=shown(result.code),
        standing=STANDING[result.state],
        procedure=Words(procedure.name.vi, procedure.name.en),
        result=Words(procedure.result.vi, procedure.result.en),
        holder=masked(result.holder) if person else result.holder,
        body=batch.issuer_name,
        sealed_by=batch.body_name,
        signer=batch.signer.name,
        signer_title=batch.signer.title,
        signed_at=result.signed_at,
        issued_at=result.issued_at,
        number_text=result.number_text,
        number_date=result.number_date,
        pages=result.pages,
        digest=result.digest,
        size_bytes=result.size_bytes,
        ended_at=result.ended_at,
        ended_reason=result.ended_reason,
        replacement=Replacement(shown(by.code), by.number_text, by.number_date) if by else None,
        file=procedure.file,
        second=Words(second.label.vi, second.label.en) if second else None,
        check=check,
    )
