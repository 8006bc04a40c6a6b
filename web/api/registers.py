"""Registers over HTTP: profiles, rules, series and numbers. Books: ``registers_books``."""

from __future__ import annotations

from server.kernel.clock import local_date
from server.kernel.page import Page
from server.registers.correcting import OutgoingChanges
from server.registers.model import Completeness, Number, OutgoingFacts, OutgoingRow
from server.registers.series import Book, Series, SeriesRule
from web.api.registers_forms import (
    READ,
    TAKING,
    BodyQuery,
    NumberCorrection,
    Outside,
    ProfileView,
    Reason,
    Rules,
    SeriesQuery,
    TakeNumber,
    TypeView,
)
from web.routes import SIGNED_IN, Call, NoBody, NoQuery, Route


async def profiles(call: Call[NoBody, NoQuery]) -> list[ProfileView]:
    """Return the profiles in force today."""
    known, today = call.services.registers.profiles, local_date(call.services.units.now())
    views = []
    for profile in known.in_force(today):
        types = [TypeView(t.code, t.name, t.abbreviation, t.letter, t.copy) for t in profile.types]
        views.append(
            ProfileView(
                profile.code, profile.name.vi, profile.name.en, profile.basis, profile.words.urgency, types
            )
        )
    return views


async def rules(call: Call[NoBody, BodyQuery]) -> list[SeriesRule]:
    """Return the rules of a body."""
    return await call.services.registers.rules(call.actor, call.query.body_id or call.actor.body_id)


async def configure(call: Call[Rules, NoQuery]) -> list[SeriesRule]:
    """Bring in rules."""
    return await call.services.registers.configure(call.actor, call.body.rules)


async def series_list(call: Call[NoBody, SeriesQuery]) -> Page[Series]:
    """Return the series of a body."""
    return await call.services.registers.series_of(call.actor, call.query.body_id, call.query.page)


async def series(call: Call[NoBody, NoQuery]) -> Series:
    """Return one series."""
    return await call.services.registers.series(call.actor, call.path["series_id"])


async def complete(call: Call[NoBody, NoQuery]) -> Completeness:
    """Return each number of a series with its state."""
    return await call.services.registers.complete(call.actor, call.path["series_id"])


async def outside(call: Call[Outside, NoQuery]) -> Number:
    """Record a number as used outside."""
    body = call.body
    return await call.services.registers.use_outside(
        call.actor,
        series_id=call.path["series_id"],
        on=body.on or local_date(call.services.units.now()),
        reason=body.reason,
        type_code=body.type_code,
        secret=body.secret,
    )


async def take(call: Call[TakeNumber, NoQuery]) -> Number:
    """Take a number."""
    body = call.body
    return await call.services.registers.take_number(
        call.actor,
        body_id=body.body_id or call.actor.body_id,
        type_code=body.type_code,
        on=body.on or local_date(call.services.units.now()),
        facts=OutgoingFacts(
            subject=body.subject,
            signer=body.signer,
            recipients=body.recipients,
            keeper=body.keeper,
            copies=body.copies,
            note=body.note,
        ),
        drafting_unit=body.drafting_unit,
        book=Book(body.book),
        reason=body.reason,
        rule_id=body.rule_id,
    )


async def number(call: Call[NoBody, NoQuery]) -> OutgoingRow:
    """Return one number."""
    return await call.services.registers.number(call.actor, call.path["number_id"])


async def void(call: Call[Reason, NoQuery]) -> OutgoingRow:
    """Void a number."""
    return await call.services.registers.void(call.actor, call.path["number_id"], call.body.reason)


async def correct(call: Call[NumberCorrection, NoQuery]) -> OutgoingRow:
    """Correct what the book says beside a number."""
    body = call.body
    changes = OutgoingChanges(
        subject=body.subject,
        signer=body.signer,
        recipients=body.recipients,
        keeper=body.keeper,
        copies=body.copies,
        note=body.note,
    )
    return await call.services.registers.correct_number(
        call.actor, call.path["number_id"], changes, reason=body.reason
    )


ROUTES: list[Route] = [
    Route(
        "GET",
        "/api/v1/profiles",
        "registers.profiles",
        profiles,
        SIGNED_IN,
        "Format profiles in force, with their types",
        answer=list[ProfileView],
    ),
    Route(
        "GET",
        "/api/v1/series-rules",
        "registers.rules",
        rules,
        READ,
        "Rules by which the numbers of a body run",
        query=BodyQuery,
        answer=list[SeriesRule],
    ),
    Route(
        "POST",
        "/api/v1/series-rules",
        "registers.configure",
        configure,
        "registers.configure",
        "Bring in rules of series, new or changed",
        body=Rules,
        answer=list[SeriesRule],
        once=True,
        errors=(
            "registers.rules_overlap",
            "registers.periods_overlap",
            "registers.period_missing",
            "registers.rule_moved",
            "registers.not_keeper",
            "organisations.body_unknown",
        ),
    ),
    Route(
        "GET",
        "/api/v1/series",
        "registers.series_list",
        series_list,
        READ,
        "Series of a body, the newest period first",
        query=SeriesQuery,
        answer=Page[Series],
        errors=("registers.cursor",),
    ),
    Route(
        "GET",
        "/api/v1/series/{series_id}",
        "registers.series",
        series,
        READ,
        "One series",
        answer=Series,
        errors=("registers.series_unknown",),
    ),
    Route(
        "GET",
        "/api/v1/series/{series_id}/complete",
        "registers.complete",
        complete,
        READ,
        "Every number of a series with its state: no unexplained gap",
        answer=Completeness,
        errors=("registers.series_unknown",),
    ),
    Route(
        "POST",
        "/api/v1/series/{series_id}/outside",
        "registers.use_outside",
        outside,
        "registers.use_outside",
        "Record the next number as used outside, without content",
        body=Outside,
        answer=Number,
        status=201,
        once=True,
        errors=(
            *TAKING,
            "registers.series_unknown",
            "registers.reason_missing",
            "registers.secret_apart",
            "registers.other_period",
            "registers.type_missing",
            "registers.type_unknown",
            "registers.wrong_book",
        ),
    ),
    Route(
        "POST",
        "/api/v1/numbers",
        "registers.take_number",
        take,
        "registers.allocate",
        "Take a number for a paper outside the system",
        body=TakeNumber,
        answer=Number,
        status=201,
        once=True,
        errors=(*TAKING, "registers.type_unknown", "registers.wrong_book", "registers.profile_unknown"),
    ),
    Route(
        "GET",
        "/api/v1/numbers/{number_id}",
        "registers.number",
        number,
        READ,
        "One number",
        answer=OutgoingRow,
        errors=("registers.number_unknown",),
    ),
    Route(
        "POST",
        "/api/v1/numbers/{number_id}/void",
        "registers.void",
        void,
        "registers.void",
        "Void a number that was not issued; it stays in the book",
        body=Reason,
        answer=OutgoingRow,
        once=True,
        errors=(
            "registers.number_unknown",
            "registers.state",
            "registers.reason_missing",
            "registers.not_keeper",
        ),
    ),
    Route(
        "POST",
        "/api/v1/numbers/{number_id}/correct",
        "registers.correct_number",
        correct,
        "registers.allocate",
        "Correct what the outgoing book says beside a number; the number stays",
        body=NumberCorrection,
        answer=OutgoingRow,
        once=True,
        errors=(
            "registers.number_unknown",
            "registers.entry_voided",
            "registers.reason_missing",
            "registers.nothing_corrected",
            "registers.from_document",
        ),
    ),
]
