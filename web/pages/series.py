"""Series of numbers: rules, completeness, numbers used outside, voiding."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from server.kernel.errors import Invalid
from server.kernel.page import PageRequest
from server.registers.model import Book, Number, NumberState, OutgoingRow
from server.registers.series import (
    FOREVER,
    Period,
    PeriodKind,
    SecretRule,
    SeriesRule,
    Start,
)
from web.links import address
from web.pages.books import PATH, Short
from web.pages.shared import once
from web.routes import Body, Call, Html, NoBody, NoQuery, PageQuery, Redirect, Route

SERIES = "/so/day-so/{series_id}"
Why = Annotated[str, Meta(min_length=1, max_length=2000)]


class VoidForm(Body):
    """Why a number is voided."""

    reason: Why


class RuleForm(Body, kw_only=True):
    """How numbers run in one book: a new rule, or a changed one under its old key."""

    id: Annotated[str, Meta(min_length=1, max_length=80, pattern="^[a-z0-9][a-z0-9-]*$")]
    book: Book
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    period: PeriodKind = PeriodKind.YEAR
    valid_from: date
    types: Annotated[str, Meta(max_length=1000)] = ""
    per_type: bool = False
    label: Short = ""
    start: date | None = None
    end: date | None = None
    first: Annotated[int, Meta(ge=1, le=9_999_999)] | None = None
    width: Annotated[int, Meta(ge=0, le=9)] = 0
    pattern: Short = ""


class OutsideForm(Body):
    """A number used outside the system."""

    on: date
    reason: Why
    type_code: Short = ""
    secret: bool = False


async def series_list(call: Call[NoBody, PageQuery]) -> Html:
    """Show the series of a body, the newest period first, and the rules they run by."""
    body = await call.services.organisations.body(call.path["body_id"])
    part = call.query.page if isinstance(call.query, PageQuery) else PageRequest()
    page = await call.services.registers.series_of(call.actor, body.id, part)
    rules = await call.services.registers.rules(call.actor, body.id)
    return Html(
        "books/series.html",
        {
            "body": body,
            "rows": page.items,
            "rules": rules,
            "may_configure": call.services.access.allows(call.actor, "registers.configure"),
            "kinds": [book.value for book in Book],
            "periods": [kind.value for kind in PeriodKind],
            "today": call.services.organisations.today(),
            "next": page.next,
            "more": address(f"{PATH}/{body.id}/day-so", PageQuery(limit=part.limit), after=page.next or ""),
        },
    )


async def configure(call: Call[RuleForm, NoQuery]) -> Redirect:
    """Bring in a rule; series open from it by themselves. The periods it has already stay."""
    form, registers = call.body, call.services.registers
    body_id = call.path["body_id"]
    old = next((rule for rule in await registers.rules(call.actor, body_id) if rule.id == form.id), None)
    periods = old.periods if old else ()
    if form.label and form.start:
        fresh = Period(form.label, form.start, form.end or FOREVER)
        periods = (*(period for period in periods if period.label != form.label), fresh)
    starts = old.starts if old else ()
    if form.first is not None:
        starts = (*starts, Start(form.start or form.valid_from, form.first))
    rule = SeriesRule(
        id=form.id,
        body_id=body_id,
        book=form.book,
        name=form.name,
        period=form.period,
        valid_from=form.valid_from,
        types=tuple(dict.fromkeys(form.types.replace(",", " ").split())),
        per_type=form.per_type,
        periods=periods,
        starts=starts,
        width=form.width,
        pattern=form.pattern,
        secret=old.secret if old else SecretRule.OWN,
    )
    await once(registers.configure(call.actor, [rule]), list[SeriesRule])
    return Redirect(f"{PATH}/{body_id}/day-so", notice="books.rule_saved")


async def series(call: Call[NoBody, NoQuery]) -> Html:
    """Show each number of a series with its state: the proof that nothing is missing."""
    report = await call.services.registers.complete(call.actor, call.path["series_id"])
    return Html(
        "books/complete.html",
        {
            "report": report,
            "series": report.series,
            "may_outside": call.services.access.allows(call.actor, "registers.use_outside"),
        },
    )


async def use_outside(call: Call[OutsideForm, NoQuery]) -> Redirect:
    """Record the next number as used outside, without content."""
    body = call.body
    taken = await once(
        call.services.registers.use_outside(
            call.actor,
            series_id=call.path["series_id"],
            on=body.on,
            reason=body.reason,
            type_code=body.type_code,
            secret=body.secret,
        ),
        Number,
    )
    path = f"/so/day-so/{call.path['series_id']}"
    return Redirect(path, notice="books.used_outside", params={"number": taken.text or taken.number})


async def number(call: Call[NoBody, NoQuery]) -> Html:
    """Show one number and, if it may be voided, the form for it."""
    row = await call.services.registers.number(call.actor, call.path["number_id"])
    allowed = call.services.access.allows(call.actor, "registers.void")
    return Html(
        "books/number.html",
        {
            "row": row,
            "may_void": allowed
            and row.state in (NumberState.ALLOCATED, NumberState.SEALED)
            and not row.document_id,
        },
    )


async def void(call: Call[VoidForm, NoQuery]) -> Redirect:
    """Void a number with a reason; it stays in the book."""
    number_id = call.path["number_id"]
    row = await call.services.registers.number(call.actor, number_id)
    if row.document_id:
        raise Invalid("web.void_by_document", field="/reason")
    await once(call.services.registers.void(call.actor, number_id, call.body.reason), OutgoingRow)
    return Redirect(
        f"{PATH}/{row.body_id}/{row.book.value}", notice="books.voided", params={"number": row.text}
    )


PAGES = [
    Route("GET", SERIES, "pages.series", series, "registers.read", "Completeness", page=True),
    Route(
        "POST",
        SERIES + "/dung-ngoai",
        "pages.use_outside",
        use_outside,
        "registers.use_outside",
        "Used outside",
        OutsideForm,
        page=True,
        again=series,
    ),
    Route(
        "GET", PATH + "/so-di/{number_id}", "pages.number", number, "registers.read", "A number", page=True
    ),
    Route(
        "POST",
        PATH + "/so-di/{number_id}/huy",
        "pages.void",
        void,
        "registers.void",
        "Void a number",
        VoidForm,
        page=True,
        again=number,
    ),
    Route(
        "GET",
        PATH + "/{body_id}/day-so",
        "pages.series_list",
        series_list,
        "registers.read",
        "Series of a body",
        query=PageQuery,
        page=True,
    ),
    Route(
        "POST",
        PATH + "/{body_id}/day-so",
        "pages.configure",
        configure,
        "registers.configure",
        "Bring in a rule of numbering",
        RuleForm,
        page=True,
        again=series_list,
    ),
]
