"""Rows of bodies and their forms. Posts and what hangs on them: ``store_posts``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from server.organisations.folding import fold, like
from server.organisations.model import (
    Authority,
    Body,
    BodyDetail,
    BodyForm,
    DirectoryEntry,
    Node,
    Post,
    Unit,
)
from server.unit import Unit as Work
from storage.sql.protocol import Params, Reader, SqlValue
from storage.sql.rows import Json
from storage.sql.statements import Engine, load_all


@dataclass(frozen=True, slots=True)
class _Version:
    version: int


@dataclass(frozen=True, slots=True)
class _From:
    valid_from: date


@dataclass(frozen=True, slots=True)
class _Detail:
    body: Annotated[Body, Json]
    forms: Annotated[tuple[BodyForm, ...], Json]
    units: Annotated[tuple[Unit, ...], Json]
    posts: Annotated[tuple[Post, ...], Json]
    authorities: Annotated[tuple[Authority, ...], Json]


def iso(day: date | None) -> str | None:
    """Return a day as rows keep it; None = open."""
    return None if day is None else day.isoformat()


def ids_param(ids: Sequence[str]) -> str:
    """Return ids as the JSON array that ``{{list:ids}}`` reads."""
    return json.dumps(list(ids))


class BodyStore:
    """Statements of the room over bodies. Every method takes a reader or the open unit first."""

    def __init__(self, engine: Engine) -> None:
        self._statements = load_all(Path(__file__).parent, engine)

    async def version(self, reader: Reader) -> int:
        """Return the number that grows with every change of structure."""
        row = await reader.fetch_one(self._statements["version"], {}, _Version)
        return row.version if row else 0

    async def lock(self, unit: Work) -> None:
        """Take the turn among changes of structure until the unit ends, and make cached trees stale."""
        await unit.execute(self._statements["bump_version"], {})

    async def body(self, reader: Reader, body_id: str) -> Body | None:
        """Return one body as it is now."""
        return await reader.fetch_one(self._statements["body"], {"id": body_id}, Body)

    async def by_ids(self, reader: Reader, ids: Sequence[str]) -> dict[str, Body]:
        """Return the bodies of these ids that exist, by id."""
        rows = await reader.fetch(self._statements["bodies_by_id"], {"ids": ids_param(ids)}, Body)
        return {body.id: body for body in rows}

    async def everything(self, reader: Reader) -> dict[str, Body]:
        """Return every body, closed ones too, by id."""
        return {body.id: body for body in await reader.fetch(self._statements["all_bodies"], {}, Body)}

    async def page(
        self, reader: Reader, *, after: str, limit: int, query: str, bloc: str, on: date | None
    ) -> list[Body]:
        """Return up to ``limit`` bodies after an id; ``on`` None = closed ones too."""
        params: Params = {
            "after": after,
            "limit_rows": limit,
            "pattern": like(query),
            "bloc": bloc,
            "on_day": iso(on) or "",
        }
        return await reader.fetch(self._statements["bodies_page"], params, Body)

    async def directory(
        self, reader: Reader, *, after: str, limit: int, query: str, on: date
    ) -> list[DirectoryEntry]:
        """Return up to ``limit`` bodies open on a day, after an id."""
        params: Params = {"after": after, "limit_rows": limit, "pattern": like(query), "on_day": iso(on)}
        return await reader.fetch(self._statements["directory"], params, DirectoryEntry)

    async def kept_by(self, reader: Reader, body_id: str) -> list[Body]:
        """Return the other bodies whose books this body's clerk keeps."""
        return await reader.fetch(self._statements["bodies_kept_by"], {"id": body_id}, Body)

    async def below(self, reader: Reader, body_id: str) -> list[Body]:
        """Return the bodies right below."""
        return await reader.fetch(self._statements["bodies_below"], {"id": body_id}, Body)

    async def with_code(self, reader: Reader, code: str) -> list[Body]:
        """Return every body that has or had a code, in either form, the newest body first."""
        return await reader.fetch(self._statements["bodies_with_code"], {"code": code}, Body)

    async def nodes(self, reader: Reader, on: date) -> list[Node]:
        """Return the bodies of a day as they were then, in no order, depth 0."""
        return await reader.fetch(self._statements["nodes"], {"on_day": iso(on)}, Node)

    async def form_on(self, reader: Reader, body_id: str, on: date) -> BodyForm | None:
        """Return how a body was called and placed on a day."""
        params: Params = {"body_id": body_id, "on_day": iso(on)}
        return await reader.fetch_one(self._statements["form_on"], params, BodyForm)

    async def detail(self, reader: Reader, body_id: str) -> BodyDetail | None:
        """Return a body with all that belongs to it, in one statement."""
        row = await reader.fetch_one(self._statements["detail"], {"id": body_id}, _Detail)
        if row is None:
            return None
        return BodyDetail(row.body, row.forms, row.units, row.posts, row.authorities)

    async def insert(self, unit: Work, bodies: Sequence[Body], basis: str) -> None:
        """Write new bodies with their first form."""
        await unit.execute_many(self._statements["insert_body"], [_body_row(body) for body in bodies])
        forms = [form_of(body, body.valid_from, basis) for body in bodies]
        await unit.execute_many(self._statements["insert_form"], [_form_row(form) for form in forms])

    async def update(self, unit: Work, body: Body) -> bool:
        """Write a body over the version it was read at; False when somebody was faster."""
        return await unit.execute(self._statements["update_body"], _body_row(body)) == 1

    async def new_form(self, unit: Work, form: BodyForm) -> None:
        """Begin a form on its first day and end the one before; the form of that very day is replaced."""
        key: Params = {"body_id": form.body_id, "valid_from": iso(form.valid_from)}
        await unit.execute(self._statements["delete_form"], key)
        await self.end_form(unit, form.body_id, form.valid_from)
        await unit.execute(self._statements["insert_form"], _form_row(form))

    async def rewrite_form(self, unit: Work, body: Body) -> None:
        """Make the newest form say what the body says now: a correction, not a change with a day."""
        forms = await unit.fetch(self._statements["forms_from"], {"body_id": body.id}, _From)
        first = forms[0].valid_from if len(forms) > 1 else body.valid_from
        for form in forms[:1]:
            key: Params = {"body_id": body.id, "valid_from": iso(form.valid_from)}
            await unit.execute(self._statements["delete_form"], key)
        await unit.execute(self._statements["insert_form"], _form_row(form_of(body, first, "")))

    async def end_form(self, unit: Work, body_id: str, on: date) -> None:
        """End the present form of a body."""
        await unit.execute(self._statements["end_form"], {"body_id": body_id, "valid_to": iso(on)})


def form_of(body: Body, valid_from: date, basis: str) -> BodyForm:
    """Return the body's present form as one that begins on a day."""
    return BodyForm(
        body_id=body.id,
        valid_from=valid_from,
        valid_to=body.valid_to,
        code=body.code,
        code_old=body.code_old,
        name=body.name,
        name_en=body.name_en,
        short_name=body.short_name,
        abbreviation=body.abbreviation,
        parent_id=body.parent_id,
        superior_name=body.superior_name,
        place=body.place,
        basis=basis,
    )


def _body_row(body: Body) -> dict[str, SqlValue]:
    row: dict[str, SqlValue] = asdict(body)
    row |= {
        "bloc": body.bloc.value,
        "has_seal": int(body.has_seal),
        "keeps_books": int(body.keeps_books),
        "valid_from": iso(body.valid_from),
        "valid_to": iso(body.valid_to),
        "search": fold(
            f"{body.name} {body.short_name} {body.name_en} {body.abbreviation} {body.code} {body.code_old}"
        ),
    }
    return row


def _form_row(form: BodyForm) -> dict[str, SqlValue]:
    row: dict[str, SqlValue] = asdict(form)
    return row | {"valid_from": iso(form.valid_from), "valid_to": iso(form.valid_to)}
